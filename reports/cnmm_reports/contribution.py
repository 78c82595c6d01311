"""What one repository contributes: its readings beside the thresholds they feed, with file and line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Absence, Interval, Masses, Observation, SignalSpec, State, Tally
from cnmm_collectors.subjects import SubjectKind
from cnmm_reports.escaping import escape
from cnmm_reports.firstpage import org_findings
from cnmm_reports.inert import is_link
from cnmm_reports.titles import signal_title
from cnmm_reports.view import CriterionText, ReportView
from cnmm_reports.wording import count, number, outcome_word

MAX_LINES = 100
"""Signals of the table before it says how many more there are."""
MAX_FED = 8
"""Rows beside one signal before it says how many more there are."""

_UNITS = frozenset({SubjectKind.REPO, SubjectKind.COMPONENT})
_MORE_WANTED = (">", "= 1", "present")


@dataclass(frozen=True, slots=True)
class Fed:
    """A row that a signal feeds: its threshold and what became of it."""

    row: CriterionText
    threshold: str
    outcome: str
    counter: bool
    open: bool
    headline: bool
    """True where the row's section counts in the headline."""
    alone: bool
    """True where the row reads nothing but this signal: then its next step is about the signal."""


@dataclass(frozen=True, slots=True)
class Line:
    """One signal this repository answers: what it reads here, where, and which rows it feeds."""

    key: str
    title: str
    counts: str
    """What counts, as the signal is defined."""
    reading: str
    place: Evidence | None
    short: bool
    """True where at least one unit reads no, none or zero."""
    fed: tuple[Fed, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """The one change that would matter most: a signal that falls short, and the open rows it feeds."""

    line: Line
    rows: tuple[Fed, ...]

    @property
    def first(self) -> Fed:
        """The row that holds most back: the headline's, the lowest level, key rows, then the heaviest."""
        return min(
            self.rows,
            key=lambda fed: (not fed.headline, fed.row.level, fed.row.role != "key", -fed.row.weight),
        )

    @property
    def advice(self) -> str:
        """Return what to do about this signal: the row's next step where it is about nothing else."""
        alone = self.first.alone and self.first.row.next_step
        return self.first.row.next_step if alone else f"What counts: {self.line.counts}"


def contributed(
    view: ReportView,
    observations: Iterable[Observation],
    evidence: Mapping[str, Evidence],
    specs: Mapping[str, SignalSpec],
) -> tuple[Line, ...]:
    """Return what the repository answers, lowest level first; what it does not have at all is left out."""
    feeds = _feeds(view)
    readings: dict[str, list[Observation]] = defaultdict(list)
    for one in observations:
        if one.key in feeds and one.subject.kind in _UNITS and one.state is not State.UNKNOWN:
            readings[one.key].append(one)
    lines = [_line(view, key, feeds[key], seen, evidence, specs) for key, seen in readings.items()]
    return tuple(sorted((line for line in lines if line is not None), key=_order))


def largest_change(lines: Iterable[Line]) -> Change | None:
    """Return the shortfall that holds most back: the headline's rows, lowest level, key rows, then weight."""
    changes = [
        Change(line, rows) for line in lines if line.short and (rows := tuple(filter(_wanting, line.fed)))
    ]
    return min(changes, key=_rank, default=None)


def contribution(repository: str, lines: tuple[Line, ...]) -> str:
    """Return the Markdown a job summary leads with."""
    return "\n".join(_write(repository, lines)) + "\n"


def place_words(place: Evidence | None) -> str:
    """Return where a citation points, in a few words: path and lines, or what was looked through."""
    if place is None:
        return ""
    return " ".join(part for part in (place.path, place.lines) if part) or place.excerpt or place.query


def _feeds(view: ReportView) -> dict[str, tuple[Fed, ...]]:
    found: dict[str, list[Fed]] = defaultdict(list)
    top = {section["id"] for section in view.assessment["sections"] if section["in_headline"]}
    for name, finding in org_findings(view).items():
        if name not in view.texts:
            continue
        asked = {test["signal"] for test in finding["tests"]}
        for test in finding["tests"]:
            found[test["signal"]].append(
                _fed(view.texts[name], finding, test, name.partition(".")[0] in top, len(asked) == 1)
            )
    return {
        key: tuple(sorted(fed, key=lambda one: (one.row.level, one.row.id))) for key, fed in found.items()
    }


def _fed(
    row: CriterionText, finding: Mapping[str, Any], test: Mapping[str, Any], headline: bool, alone: bool
) -> Fed:
    undecided = finding["outcome"] in ("unknown", "unmet", "contested") and test["answer"] != "true"
    return Fed(
        row, test["threshold"], finding["outcome"], bool(test.get("counter")), undecided, headline, alone
    )


def _line(
    view: ReportView,
    key: str,
    fed: tuple[Fed, ...],
    seen: list[Observation],
    evidence: Mapping[str, Evidence],
    specs: Mapping[str, SignalSpec],
) -> Line | None:
    spec = specs.get(key.partition("{")[0])
    if spec is None:
        return None
    counted = [one for one in seen if one.state is State.OBSERVED or spec.absent is Absence.ZERO]
    if not counted:
        return None
    short = any(_falsy(one) for one in counted)
    shown = next((one for one in counted if _falsy(one)), counted[0])
    cited = [evidence[item] for item in shown.evidence if item in evidence]
    place = next((item for item in cited if item.path), cited[0] if cited else None)
    return Line(key, signal_title(view, key), spec.definition, _reading(counted), place, short, fed)


def _falsy(one: Observation) -> bool:
    zero = one.state is State.ABSENT or one.value is False or one.value == 0
    return zero or (isinstance(one.value, Tally) and one.value.passed < one.value.eligible)


def _reading(counted: list[Observation]) -> str:
    values = [one.value if one.state is State.OBSERVED else None for one in counted]
    if any(isinstance(value, bool) for value in values):
        yes = sum(value is True for value in values)
        words = "yes" if yes == len(values) else "no" if not yes else f"{yes} of {len(values)} yes"
        return words if len(values) == 1 or 0 < yes < len(values) else f"{words} ({len(values)} components)"
    words = ", ".join(_word(value) for value in values[:3])
    return words if len(values) <= 3 else f"{words} and {len(values) - 3} more"


def _word(value: Any) -> str:
    if value is None:
        return "none found"
    if isinstance(value, Tally):
        return f"{value.passed} of {value.eligible}"
    if isinstance(value, Masses):
        return count(len(value.items), "label")
    if isinstance(value, Interval):
        top = "more" if value.high is None else number(float(value.high))
        return f"{number(float(value.low))} to {top}"
    return number(float(value)) if isinstance(value, Fraction) else str(value)


def _order(line: Line) -> tuple[int, str]:
    return line.fed[0].row.level, line.key


def _wanting(fed: Fed) -> bool:
    wanted = fed.threshold.startswith(_MORE_WANTED)
    return fed.open and wanted and not fed.counter and fed.row.weight > 0 and fed.row.level > 0


def _rank(change: Change) -> tuple[bool, int, bool, float, str]:
    first = change.first
    weight = -float(sum(fed.row.weight for fed in change.rows))
    return not first.headline, first.row.level, first.row.role != "key", weight, change.line.key


def _write(repository: str, lines: tuple[Line, ...]) -> Iterator[str]:
    yield f"# What {escape(repository)} contributes"
    yield ""
    rows = {fed.row.id for line in lines for fed in line.fed}
    yield (
        f"It answers {count(len(lines), 'signal')}, which feed {count(len(rows), 'row')} of the catalogue. "
        "A level is a statement about an organisation: these readings count towards it, and alone they "
        "seldom prove one."
    )
    yield ""
    yield from _change(largest_change(lines))
    if lines:
        yield "| Signal | Here | Where | Rows it feeds, with the threshold there |"
        yield "| --- | --- | --- | --- |"
        yield from map(_cells, lines[:MAX_LINES])
        if len(lines) > MAX_LINES:
            yield f"\nand {count(len(lines) - MAX_LINES, 'more signal')}, all in the report."


def _change(change: Change | None) -> Iterator[str]:
    if change is None:
        return
    line, first = change.line, change.first
    more = f" and {count(len(change.rows) - 1, 'more open row')}" if len(change.rows) > 1 else ""
    yield (
        f"**The one change that would matter most here:** {escape(line.title)} (`{line.key}`) reads "
        f"{escape(line.reading)}{_found(line.place)}. It feeds {escape(first.row.id)} of level "
        f"{first.row.level}, which asks for {escape(first.threshold)} over the organisation{more}. "
        f"{escape(change.advice)}"
    )
    yield ""


def _found(place: Evidence | None) -> str:
    return "" if place is None else f" ({_where(place)})"


def _cells(line: Line) -> str:
    cells = (
        escape(line.title),
        escape(line.reading),
        _where(line.place),
        "<br>".join(map(_feeding, line.fed[:MAX_FED])),
    )
    more = f"<br>and {count(len(line.fed) - MAX_FED, 'more row')}" if len(line.fed) > MAX_FED else ""
    return f"| {' | '.join(cells)}{more} |"


def _feeding(fed: Fed) -> str:
    against = "against it: " if fed.counter else ""
    return f"{escape(fed.row.id)} ({against}{escape(fed.threshold)}): {outcome_word(fed.outcome)}"


def _where(place: Evidence | None) -> str:
    words = escape(place_words(place), 120)
    if place is None or not is_link(place.locator):
        return words
    address = place.locator.replace("|", "%7C").replace("(", "%28").replace(")", "%29")
    return f"[{words}](<{address}>)"
