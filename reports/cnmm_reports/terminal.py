"""The assessment for a terminal: the range, what decided it and the cheapest next evidence, on one screen."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cnmm_reports.changes import compared, finding_words, reality_first, summary
from cnmm_reports.firstpage import (
    Reason,
    coverage,
    ends,
    estimates,
    excused,
    headline,
    holding_down,
    meaning,
    notes,
    ruling_out,
    scope_line,
)
from cnmm_reports.gaps import uncollected
from cnmm_reports.inert import line
from cnmm_reports.losses import losses
from cnmm_reports.nextsteps import next_steps
from cnmm_reports.review import marks_summary
from cnmm_reports.titles import row_title, subject_title
from cnmm_reports.view import ReportView
from cnmm_reports.wording import bar, count, sentence, short_interval

_GAPS = 8
_ESTIMATES = 6
_CHANGES = 8
_ROWS, _MANY, _NARROWS = 3, 3, 2
_CELL = 300
_LOST = 5


@dataclass(frozen=True, slots=True)
class TerminalRenderer:
    """Writes `terminal.txt`; `colour` is for a real terminal only, `width` counts columns (40 or more)."""

    colour: bool = False
    width: int = 100

    def fit(self, *, colour: bool, width: int) -> TerminalRenderer:
        """Return the renderer for a terminal of so many columns, with colours where it has them."""
        return TerminalRenderer(colour, width)

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file: plain text, or text with ANSI styles where colour was asked for."""
        screen = _Screen(self.colour, max(40, self.width))
        _lead(screen, view)
        _sections(screen, view)
        _next(screen, view)
        _reasons(screen, "What keeps the next level from being proven", holding_down(view))
        _reasons(screen, "What rules a higher level out", ruling_out(view))
        _estimates(screen, view)
        _changes(screen, view)
        _gaps(screen, view)
        _ledger(screen, view)
        return {"terminal.txt": screen.text().encode()}


class _Screen:
    """Collects lines; every text from outside goes through `say`, which makes it inert."""

    def __init__(self, colour: bool, width: int) -> None:
        self._out = io.StringIO()
        self._console = Console(
            file=self._out,
            width=width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
            _environ={},
        )

    def say(self, text: object, style: str = "", indent: int = 0) -> None:
        body = Text(line(text, _CELL), style=style)
        self._console.print(Padding(body, (0, 0, 0, indent), expand=False))

    def title(self, text: str) -> None:
        self._console.print()
        self.say(text, "bold")

    def show(self, table: Table) -> None:
        self._console.print(table)

    def text(self) -> str:
        rows = self._out.getvalue().splitlines()
        return "\n".join(row.rstrip() for row in rows) + "\n"


def _cell(text: object, style: str = "") -> Text:
    return Text(line(text, _CELL), style=style)


def _lead(screen: _Screen, view: ReportView) -> None:
    document = view.assessment
    screen.say(f"{document['organisation']} · as of {document['as_of']}")
    screen.say(headline(view), "bold cyan")
    screen.say(" ".join(meaning(view)))
    screen.say(scope_line(view), "dim")
    for note in notes(view):
        screen.say(note, "dim")


def _reasons(screen: _Screen, title: str, reasons: tuple[Reason, ...]) -> None:
    if not reasons:
        return
    screen.title(title)
    for reason in reasons:
        screen.say(f"{reason.section}: {reason.words}")
        shown = reason.rows[: _ROWS if len(reasons) < _MANY else 1]
        for name, statement, why in shown:
            screen.say(statement or name, indent=2)
            screen.say(f"{why}; {name}", "dim", indent=4)
        if more := reason.more + len(reason.rows) - len(shown):
            screen.say(f"and {count(more, 'more row')}", "dim", indent=2)


def _next(screen: _Screen, view: ReportView) -> None:
    steps = next_steps(view)
    if not steps:
        return
    screen.title("Next evidence, what would move the headline first")
    for position, step in enumerate(steps, 1):
        title = f"{position}. {sentence(step.title)}"
        screen.say(title, "bold" if position == 1 else "", indent=1)
        screen.say(f"{step.needs or step.source} ({count(step.rows, 'open row')})", indent=4)
        if step.held:
            screen.say(step.held, "dim", indent=4)
        if step.narrows:
            more = len(step.narrows) - _NARROWS
            rest = f"; and {count(more, 'more section')}" if more > 0 else ""
            screen.say("; ".join(step.narrows[:_NARROWS]) + rest, "dim", indent=4)


def _sections(screen: _Screen, view: ReportView) -> None:
    screen.title("Sections   ■ proven   ▨ not ruled out   □ ruled out")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Section", no_wrap=True)
    table.add_column("1–5", no_wrap=True)
    table.add_column("In words", ratio=1)
    table.add_column("Coverage", justify="right", no_wrap=True)
    for section in view.assessment["sections"]:
        table.add_row(*_section(section))
    screen.show(table)


def _section(section: Mapping[str, Any]) -> tuple[Text, ...]:
    low, high, _ = ends(section)
    words = ["not applicable" if excused(section) else short_interval(low, high)]
    if high is not None and not section["sufficient"]:
        words.append("insufficient evidence")
    if not section["in_headline"]:
        words.append("not in the headline")
    return (
        _cell(section["title"]),
        _cell(bar(*ends(section)), "cyan"),
        _cell(", ".join(words)),
        _cell(coverage(section)),
    )


def _changes(screen: _Screen, view: ReportView) -> None:
    if view.diff is not None:
        screen.title("Since the last complete scan")
        screen.say(compared(view.diff), indent=2)
        screen.say(summary(view.diff), indent=2)
        for finding in reality_first(view.diff)[:_CHANGES]:
            title = row_title(view, finding["criterion"])
            screen.say(f"{title} ({subject_title(finding['subject'])}): {finding_words(finding)}", indent=2)
        if (more := len(view.diff["findings"]) - _CHANGES) > 0:
            screen.say(f"and {count(more, 'more change')}: cnmm diff says all", "dim", indent=2)
    if view.marks is not None:
        screen.title("Reviewers' marks")
        screen.say(marks_summary(view.marks), indent=2)


def _estimates(screen: _Screen, view: ReportView) -> None:
    found = estimates(view)
    if not found:
        return
    screen.title("What the sample says of open rows; it decides nothing")
    for statement, test, said in found[:_ESTIMATES]:
        screen.say(statement, indent=2)
        screen.say(f"{test}: {said.removesuffix('; decides nothing')}", "dim", indent=4)
    if len(found) > _ESTIMATES:
        screen.say(f"and {count(len(found) - _ESTIMATES, 'more estimate')}", "dim", indent=2)


def _gaps(screen: _Screen, view: ReportView) -> None:
    piles = uncollected(view)
    if not piles:
        return
    screen.title("Not collected, and why")
    for pile in piles[:_GAPS]:
        screen.say(
            f"{sentence(pile.title)}: {pile.words}; {count(len(pile.signals), 'signal')}, "
            f"{count(len(pile.rows), 'row')} left open",
            indent=2,
        )
    if len(piles) > _GAPS:
        screen.say(f"and {count(len(piles) - _GAPS, 'more cause')}", "dim", indent=2)


def _ledger(screen: _Screen, view: ReportView) -> None:
    ledger = view.assessment["ledger"]
    screen.title("Ledger")
    screen.say(
        f"{ledger['requested']:,} requested = {ledger['received']:,} received + "
        f"{ledger['skipped']:,} skipped + {ledger['failed']:,} failed",
        indent=2,
    )
    lost = losses(view)
    for one in lost[:_LOST]:
        screen.say(f"{one.about}: {one.unit}: {one.failed} failed; {line(one.why, _CELL)}", "dim", indent=2)
    left = ledger.get("losses_total", len(lost)) - len(lost[:_LOST])
    if left > 0:
        screen.say(f"and {count(left, 'more entry', 'more entries')} that failed", "dim", indent=2)
    screen.say(f"Conclusions {view.assessment['conclusions_digest']}", "dim", indent=2)
