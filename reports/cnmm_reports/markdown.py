"""The assessment as a job summary in Markdown: under one MiB, with less detail where there is much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from cnmm_reports.changes import Names, diff_lines, trend_table
from cnmm_reports.escaping import escape
from cnmm_reports.firstpage import (
    Reason,
    coverage,
    ends,
    headline,
    holding_down,
    meaning,
    notes,
    one_line,
    org_findings,
    ruling_out,
    scope_line,
    section_words,
)
from cnmm_reports.gaps import uncollected
from cnmm_reports.inert import is_link, line
from cnmm_reports.losses import losses, losses_title
from cnmm_reports.nextsteps import NextStep, next_steps
from cnmm_reports.review import mark_lines
from cnmm_reports.titles import row_title, signal_title, subject_title
from cnmm_reports.view import ReportView
from cnmm_reports.wording import (
    bar,
    count,
    estimate,
    observed,
    outcome_glyph,
    outcome_word,
    population,
    sentence,
    short_interval,
)

MAX_BYTES = 1_000_000
"""Below the MiB that job summaries accept."""

_CITED = 3
_LOST = 50
_POINTS = 52


class MarkdownRenderer:
    """Writes `summary.md`, dropping whole kinds of detail until it fits, and saying which."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file, at most 1,000,000 bytes."""
        dropped: list[str] = []
        parts = dict(_PARTS)
        while True:
            text = "\n".join(_write(view, parts, dropped)) + "\n"
            data = text.encode()
            if len(data) <= MAX_BYTES or not parts:
                return {"summary.md": data}
            name = next(reversed(parts))
            del parts[name]
            dropped.append(name)


Part = Callable[[ReportView], Iterator[str]]


def _write(view: ReportView, parts: Mapping[str, Part], dropped: list[str]) -> Iterator[str]:
    yield from _lead(view)
    for part in parts.values():
        yield from part(view)
    if dropped:
        yield ""
        yield f"Left out to fit: {', '.join(reversed(dropped))}. assessment.json holds all."


def _lead(view: ReportView) -> Iterator[str]:
    document = view.assessment
    yield f"# {escape(document['organisation'])}: {escape(headline(view))}"
    yield ""
    yield escape(" ".join(meaning(view)))
    yield ""
    for step in next_steps(view, 1):
        yield f"**The next step: {escape(step.title)}.**{_helps(step)}"
        yield ""
    yield f"As of {escape(document['as_of'])}. {escape(scope_line(view))}."
    yield ""
    for note in notes(view):
        yield f"- {escape(note)}"
    yield ""
    yield "| Section | 1–5 | In words | Coverage |"
    yield "| --- | --- | --- | ---: |"
    for section in document["sections"]:
        yield _section(section)
    yield ""
    yield "■ proven · ▨ not ruled out · □ ruled out"


def _section(section: Mapping[str, Any]) -> str:
    words = section_words(section)
    signs = bar(*ends(section))
    cells = (escape(section["title"]), signs, escape(words), coverage(section))
    return f"| {' | '.join(cells)} |"


def _decided(view: ReportView) -> Iterator[str]:
    yield from _reasons("What keeps the next level from being proven", holding_down(view))
    yield from _reasons("What rules a higher level out", ruling_out(view))


def _reasons(title: str, reasons: tuple[Reason, ...]) -> Iterator[str]:
    if not reasons:
        return
    yield ""
    yield f"## {title}"
    for reason in reasons:
        yield ""
        yield f"**{escape(reason.section)}** · {escape(reason.words)}"
        yield ""
        for name, statement, why in reason.rows:
            yield f"- {escape(statement or name)} *{escape(why)}* `{escape(name)}`"
        if reason.more:
            yield f"- and {count(reason.more, 'more row')}"


def _changes(view: ReportView) -> Iterator[str]:
    names = Names(partial(row_title, view), partial(signal_title, view))
    for title, lines in (
        ("What changed", () if view.diff is None else diff_lines(view.diff, names)),
        ("Reviewers' marks", () if view.marks is None else mark_lines(view.marks)),
    ):
        shown = [f"- {escape(text)}" for text in lines if text.strip()]
        if shown:
            yield from ("", f"## {title}", "", *shown)
    if view.trend is not None:
        yield from ("", "## Levels over time", "")
        heads, rows = trend_table(view.trend)
        yield f"| {' | '.join(escape(head) for head in heads)} |"
        yield f"|{' --- |' * len(heads)}"
        for row in rows[-_POINTS:]:
            yield f"| {' | '.join(escape(cell) for cell in row)} |"


def _next(view: ReportView) -> Iterator[str]:
    steps = next_steps(view)
    if not steps:
        return
    yield ""
    yield "## Next evidence"
    yield ""
    for position, step in enumerate(steps, 1):
        rows = count(step.rows, "open row")
        yield f"{position}. **{escape(sentence(step.title))}** ({rows}).{_helps(step)}"


def _helps(step: NextStep) -> str:
    """Return what a step takes, what it has to do with the headline, and what it could narrow."""
    needs = f" It takes: {escape(step.needs)}." if step.needs else ""
    return needs + "".join(f" {escape(words)}." for words in (step.held, *step.narrows) if words)


def _uncollected(view: ReportView) -> Iterator[str]:
    piles = uncollected(view)
    if not piles:
        return
    yield ""
    yield "## Not collected, and why"
    yield ""
    yield "| Source | Cause | Signals | Rows left open | Needs |"
    yield "| --- | --- | ---: | ---: | --- |"
    for pile in piles:
        needs = "; ".join(escape(need) for need in pile.needs[:5])
        if len(pile.needs) > 5:
            needs += f"; and {len(pile.needs) - 5} more"
        yield (
            f"| {escape(pile.title)} | {escape(pile.words)} | {len(pile.signals)} "
            f"| {len(pile.rows)} | {needs} |"
        )


def _ledger(view: ReportView) -> Iterator[str]:
    ledger = view.assessment["ledger"]
    yield ""
    yield "## Ledger"
    yield ""
    yield (
        f"{ledger['requested']:,} requested = {ledger['received']:,} received + "
        f"{ledger['skipped']:,} skipped + {ledger['failed']:,} failed"
    )
    lost = losses(view)[:_LOST]
    if lost:
        yield ""
        yield f"{losses_title(view, len(lost))}"
        yield ""
        yield "| What | Source | Failed | Why |"
        yield "| --- | --- | ---: | --- |"
    for one in lost:
        source = f"{escape(one.source)} {escape(one.unit)}"
        yield f"| {escape(one.about)} | {source} | {one.failed} | {escape(one.why)} |"
    yield ""
    yield f"Conclusions `{view.assessment['conclusions_digest']}`"


def _teams(view: ReportView) -> Iterator[str]:
    teams = view.assessment["teams"]
    if not teams:
        return
    titles = [section["title"] for section in teams[0]["sections"]]
    yield ""
    yield "## Teams"
    yield ""
    yield f"| Team | {' | '.join(escape(title) for title in titles)} |"
    yield f"| --- |{' --- |' * len(titles)}"
    for team in teams:
        cells = [short_interval(item["proven"], item["possible"]) for item in team["sections"]]
        yield f"| {escape(subject_title(team['id']))} | {' | '.join(cells)} |"


def _rows(view: ReportView) -> Iterator[str]:
    yield ""
    yield "## Rows"
    yield ""
    yield "| Row | Statement | Outcome |"
    yield "| --- | --- | --- |"
    for name, finding in org_findings(view).items():
        statement = view.texts[name].statement if name in view.texts else ""
        glyph = outcome_glyph(finding["outcome"])
        yield f"| {escape(name)} | {escape(statement)} | {glyph} {escape(one_line(view, finding))} |"


def _evidence(view: ReportView) -> Iterator[str]:
    evidence = {item["id"]: item for item in view.assessment["evidence"]}
    yield ""
    yield "## Evidence"
    for name, finding in org_findings(view).items():
        if not finding["evidence"]:
            continue
        yield ""
        word = outcome_word(finding["outcome"])
        yield f"**{escape(row_title(view, name))}** {word} `{escape(name)}`"
        yield ""
        for test in finding["tests"]:
            yield f"- {_test(view, test)}"
        cited = [evidence[item] for item in finding["evidence"][:_CITED] if item in evidence]
        for item in cited:
            yield f"- {_place(item)}"
        left = finding["evidence_total"] - len(cited)
        if left > 0:
            yield f"- and {count(left, 'more citation')}"


def _test(view: ReportView, test: Mapping[str, Any]) -> str:
    against = "counter-test " if test.get("counter") else ""
    seen = population(test["seen"], test["declared"])
    title = escape(signal_title(view, test["signal"]))
    return (
        f"{against}{title}: {escape(observed(test['low'], test['high']))} "
        f"against {escape(test['threshold'])} ({'; '.join(filter(None, (seen, estimate(test))))})"
    )


def _place(item: Mapping[str, Any]) -> str:
    locator = line(item["locator"])
    if not is_link(item["locator"]):
        return f"{escape(locator)} (asked: {escape(item['query'])})"
    words = " ".join(part for part in (item.get("path"), item.get("lines")) if part) or locator
    return f"[{escape(words)}](<{_address(item['locator'])}>)"


def _address(locator: str) -> str:
    return locator.replace("|", "%7C").replace("(", "%28").replace(")", "%29")


_PARTS: tuple[tuple[str, Part], ...] = (
    ("what decided it", _decided),
    ("next evidence", _next),
    ("changes", _changes),
    ("the ledger", _ledger),
    ("what was not collected", _uncollected),
    ("teams", _teams),
    ("rows", _rows),
    ("evidence", _evidence),
)
