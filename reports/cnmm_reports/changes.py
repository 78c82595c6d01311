"""What changed since an earlier scan, and how levels moved over time: as lines and as an HTML fragment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from cnmm_reports.inert import line
from cnmm_reports.wording import count, observed, outcome_word, short_interval

Diff = Mapping[str, Any]
Trend = Mapping[str, Any]

SHOWN = 200
_CELL = 300

CAUSES = {
    "reality": "reality changed",
    "rules": "the rules changed",
    "visibility": "more or less was read",
}
_KINDS = {
    "changed": "changed",
    "appeared": "new",
    "gone": "gone",
    "became_known": "became known",
    "became_unknown": "became unknown",
}
_WIDTH, _HEIGHT, _LEFT, _STEP = 640, 150, 30, 26


def diff_lines(diff: Diff) -> Iterator[str]:
    """Yield a comparison as lines of text, every change with its cause."""
    yield compared(diff)
    yield summary(diff)
    yield f"Headline: {_moved(diff['headline'])}"
    for section in diff["sections"]:
        yield f"{section['title']} ({section['subject']}): {_moved(section)}"
    if diff["findings"]:
        yield ""
    for finding in diff["findings"][:SHOWN]:
        yield from _finding_lines(finding)
    if len(diff["findings"]) > SHOWN:
        yield f"and {count(len(diff['findings']) - SHOWN, 'more finding')}; the JSON form holds all"
    for name, words in (("added", "new rows"), ("removed", "rows that are no longer judged")):
        if diff["rules"][name]:
            yield f"{words}: {', '.join(diff['rules'][name])}"
    yield from (f"note: {note}" for note in diff["notes"])


def compared(diff: Diff) -> str:
    """Return which two assessments a comparison is about."""
    old, new = diff["old"], diff["new"]
    rules = [f"{one['catalogue']['id']} {one['catalogue']['version']}" for one in (old, new)]
    under = rules[1] if rules[0] == rules[1] else f"{rules[0]}, now {rules[1]}"
    return f"{diff['organisation']}: {old['as_of']} to {new['as_of']}, {under}"


def summary(diff: Diff) -> str:
    """Return how many findings changed for which cause, in one line."""
    total = len(diff["findings"])
    if not total:
        return "No finding changed."
    parts = [
        f"{diff['counts'][name]} because {words}" for name, words in CAUSES.items() if diff["counts"][name]
    ]
    return f"{count(total, 'finding')} changed: {', '.join(parts)}."


def _moved(part: Mapping[str, Any]) -> str:
    old, new = short_interval(*part["old"]), short_interval(*part["new"])
    same = f"unchanged at {new}" if part["old"] == part["new"] else f"{old} to {new}"
    steps = [f"{short_interval(*step['to'])} as {CAUSES[step['cause']]}" for step in part["steps"]]
    causes = [CAUSES[cause] for cause in part.get("causes", ())]
    said = "; then ".join(steps) or ", ".join(causes)
    return f"{same} ({said})" if said else same


def finding_words(finding: Mapping[str, Any]) -> str:
    """Return one changed finding in a line: from what to what, and why."""
    steps = finding["steps"]
    if len(steps) > 1:
        causes = "; then ".join(f"{_outcome(step['to'])} as {CAUSES[step['cause']]}" for step in steps)
    else:
        causes = ", ".join(CAUSES[cause] for cause in finding["causes"])
    return f"{_outcome(finding['old'])} to {_outcome(finding['new'])}: {causes}"


def _outcome(outcome: str) -> str:
    return "not judged" if outcome == "none" else outcome_word(outcome)


def _finding_lines(finding: Mapping[str, Any]) -> Iterator[str]:
    yield f"{finding['criterion']} ({finding['subject']}): {finding_words(finding)}"
    for test in finding["tests"]:
        yield f"    {test['signal']} {test['threshold']}: {_seen(test['old'])}, now {_seen(test['new'])}"
    for signal, readings in finding["readings"].items():
        yield f"    {signal}: {_readings(readings)}"


def _seen(side: Sequence[Any] | None) -> str:
    return "not asked" if side is None else f"{observed(side[0], side[1])} ({side[2]})"


def _readings(readings: Mapping[str, Any]) -> str:
    parts = [f"{readings[kind]} {words}" for kind, words in _KINDS.items() if readings[kind]]
    return f"{', '.join(parts)}, such as {'; '.join(readings['examples'])}"


def diff_html(diff: Diff) -> Markup:
    """Return a comparison as an HTML fragment: summary, sections and findings, nothing executable."""
    sections = Markup("").join(
        _row(section["title"], section["subject"], _moved(section)) for section in diff["sections"][:SHOWN]
    )
    findings = Markup("").join(
        _row(one["criterion"], one["subject"], finding_words(one)) for one in diff["findings"][:SHOWN]
    )
    return Markup("<p>{}. {} Headline: {}.</p>").format(
        _cell(compared(diff)), _cell(summary(diff)), _cell(_moved(diff["headline"]))
    ) + Markup("").join(
        (
            _table("Levels that moved", ("Section", "Subject", "Change"), sections),
            _table("Findings that changed", ("Row", "Subject", "Change and cause"), findings),
            _more(len(diff["findings"])),
            Markup("").join(Markup('<p class="aside">{}</p>').format(_cell(note)) for note in diff["notes"]),
        )
    )


def _more(total: int) -> Markup:
    if total <= SHOWN:
        return Markup("")
    return Markup('<p class="aside">{} of {} shown; `cnmm diff` prints all.</p>').format(SHOWN, total)


def _cell(text: object) -> str:
    return line(text, _CELL)


def _row(name: object, *cells: object) -> Markup:
    rest = Markup("").join(Markup("<td>{}</td>").format(_cell(cell)) for cell in cells)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(_cell(name), rest)


def _table(caption: str, heads: Sequence[str], rows: Markup) -> Markup:
    if not rows:
        return Markup("")
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(_cell(head)) for head in heads)
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{c}, scrolls sideways"><table>'
        "<caption>{c}</caption><thead><tr>{h}</tr></thead><tbody>{r}</tbody></table></div>"
    ).format(c=caption, h=head, r=rows)


def trend_table(trend: Trend) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return heads and one row for each scan: date, headline, sections, what else changed the terms."""
    titles = [section["title"] for section in trend["sections"]]
    rows = []
    for point in trend["points"]:
        own = {section["id"]: section for section in point["sections"]}
        cells = [_level(own.get(section["id"])) for section in trend["sections"]]
        rows.append((point["as_of"], short_interval(*point["headline"]), *cells, _terms(point)))
    return ("As of", "Headline", *titles, "Terms"), rows


def _level(section: Mapping[str, Any] | None) -> str:
    return "–" if section is None else short_interval(section["proven"], section["possible"])


def _terms(point: Mapping[str, Any]) -> str:
    words = f"{point['catalogue']['id']} {point['catalogue']['version']}"
    return words if point["complete"] else f"{words}, incomplete"


def trend_lines(trend: Trend) -> Iterator[str]:
    """Yield a trend as an aligned text table, the oldest scan first."""
    heads, rows = trend_table(trend)
    cells = [[line(cell, _CELL) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    for row in cells:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def trend_html(trend: Trend) -> Markup:
    """Return a trend as an HTML fragment: the headline's interval as inline SVG, and the table behind it."""
    heads, rows = trend_table(trend)
    body = Markup("").join(_row(*row) for row in rows[-SHOWN:])
    return _chart(trend["points"]) + _table("Levels over time, oldest first", heads, body)


def _chart(points: Sequence[Mapping[str, Any]]) -> Markup:
    shown = [point for point in points[-SHOWN:] if point["headline"][0] is not None]
    if len(shown) < 2:
        return Markup("")
    first, last = shown[0], shown[-1]
    words = (
        f"From {first['as_of']}, {short_interval(*first['headline'])}, "
        f"to {last['as_of']}, {short_interval(*last['headline'])}"
    )
    gap = (_WIDTH - _LEFT - 20) / max(1, len(shown) - 1)
    bars = Markup("").join(_bar(point, _LEFT + 10 + place * gap) for place, point in enumerate(shown))
    grid = Markup("").join(_gridline(level) for level in range(6))
    return Markup(
        '<svg class="trend" role="img" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        'aria-labelledby="trend-t trend-d"><title id="trend-t">Headline interval over time</title>'
        '<desc id="trend-d">{d}</desc>{g}{b}</svg>'
    ).format(w=_WIDTH, h=_HEIGHT, d=_cell(words), g=grid, b=bars)


def _height(level: int) -> int:
    return _HEIGHT - 12 - level * _STEP


def _gridline(level: int) -> Markup:
    return Markup(
        '<line class="none" x1="{x}" x2="{w}" y1="{y}" y2="{y}"/><text x="12" y="{t}">{n}</text>'
    ).format(x=_LEFT, w=_WIDTH - 4, y=_height(level), t=_height(level) + 4, n=level)


def _bar(point: Mapping[str, Any], x: float) -> Markup:
    proven, possible = point["headline"]
    place = round(x, 1)
    return Markup(
        '<g><title>{t}</title><rect class="open" x="{x}" y="{top}" width="8" height="{open}"/>'
        '<rect class="proven" x="{x}" y="{low}" width="8" height="{shown}"/></g>'
    ).format(
        t=_cell(f"{point['as_of']}: {short_interval(proven, possible)}"),
        x=round(place - 4, 1),
        top=_height(possible) - 2,
        open=(possible - proven) * _STEP + 2,
        low=_height(proven),
        shown=max(2, proven * _STEP),
    )
