"""What changed since an earlier scan, and how levels moved over time, as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cnmm_reports.inert import line
from cnmm_reports.wording import count, observed, outcome_word, short_interval

Diff = Mapping[str, Any]
Trend = Mapping[str, Any]

SHOWN = 200


class Names(NamedTuple):
    """What rows and signals are called; by default their own ids."""

    row: Callable[[str], str] = str
    signal: Callable[[str], str] = str


PLAIN = Names()
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


def diff_lines(diff: Diff, names: Names = PLAIN) -> Iterator[str]:
    """Yield a comparison as lines of text, every change with its cause."""
    yield compared(diff)
    yield summary(diff)
    yield f"Headline: {moved(diff['headline'])}"
    for section in diff["sections"]:
        yield f"{section['title']} ({section['subject']}): {moved(section)}"
    if diff["findings"]:
        yield ""
    for finding in reality_first(diff)[:SHOWN]:
        yield from _finding_lines(finding, names)
    if len(diff["findings"]) > SHOWN:
        yield f"and {count(len(diff['findings']) - SHOWN, 'more finding')}; the JSON form holds all"
    for name, words in (("added", "new rows"), ("removed", "rows that are no longer judged")):
        if diff["rules"][name]:
            yield f"{words}: {', '.join(map(names.row, diff['rules'][name]))}"
    yield from (f"note: {note}" for note in diff["notes"])


def reality_first(diff: Diff) -> list[Mapping[str, Any]]:
    """Return the changed findings, those that reality changed first, the organisation's before its teams'."""
    order = list(CAUSES)

    def place(finding: Mapping[str, Any]) -> tuple[int, bool]:
        return min(map(order.index, finding["causes"]), default=len(order)), "org:" not in finding["subject"]

    return sorted(diff["findings"], key=place)


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


def moved(part: Mapping[str, Any]) -> str:
    """Return how an interval moved, with the cause of each step."""
    old, new = short_interval(*part["old"]), short_interval(*part["new"])
    same = f"unchanged at {new}" if part["old"] == part["new"] else f"{old} to {new}"
    steps = [f"{short_interval(*step['to'])} as {CAUSES[step['cause']]}" for step in part["steps"]]
    causes = [CAUSES[step["cause"]] for step in part["steps"]]
    causes = causes or [CAUSES[cause] for cause in part.get("causes", ())]
    said = "; then ".join(steps) if len(steps) > 1 else ", ".join(causes)
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


def _finding_lines(finding: Mapping[str, Any], names: Names) -> Iterator[str]:
    yield f"{names.row(finding['criterion'])} ({finding['subject']}): {finding_words(finding)}"
    yield from (f"    {words}" for words in test_words(finding, names))


def test_words(finding: Mapping[str, Any], names: Names = PLAIN) -> Iterator[str]:
    """Yield the measures behind a changed finding: old and new ranges, and which readings moved."""
    for test in finding["tests"]:
        seen = f"{_seen(test['old'])}, now {_seen(test['new'])}"
        yield f"{names.signal(test['signal'])} {test['threshold']}: {seen}"
    for signal, readings in finding["readings"].items():
        yield f"{names.signal(signal)}: {_readings(readings)}"


def _seen(side: Sequence[Any] | None) -> str:
    return "not asked" if side is None else f"{observed(side[0], side[1])} ({side[2]})"


def _readings(readings: Mapping[str, Any]) -> str:
    parts = [f"{readings[kind]} {words}" for kind, words in _KINDS.items() if readings[kind]]
    return f"{', '.join(parts)}, such as {'; '.join(readings['examples'])}"


def trend_table(trend: Trend) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return heads and one row for each scan: date, headline, sections that have a level, on what terms."""
    levelled = {
        section["id"]
        for point in trend["points"]
        for section in point["sections"]
        if section["proven"] is not None
    }
    shown = [section for section in trend["sections"] if section["id"] in levelled]
    rows = []
    for point in trend["points"]:
        own = {section["id"]: section for section in point["sections"]}
        cells = [_level(own.get(section["id"])) for section in shown]
        rows.append((point["as_of"], short_interval(*point["headline"]), *cells, _terms(point)))
    return ("As of", "Headline", *(section["title"] for section in shown), "Terms"), rows


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
