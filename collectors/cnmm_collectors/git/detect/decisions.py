"""Decision records: when they were decided, whether they compare options, whether they were replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cnmm_collectors.git.detect.prose import Line, front_matter, is_prose, read_prose
from cnmm_collectors.git.detect.readings import Hit, of_repository, tally_count
from cnmm_collectors.git.detect.survey import Doubt, Survey, remembered
from cnmm_collectors.signals import Gap, Reading, Signal, Unknown

KEYS = ("git.adr_count_12m", "git.adr_comparison_count_12m", "git.adr_superseded_count_12m")
WINDOW_DAYS = 365
_PLACE = re.compile(
    r"(^|/)(adrs?|decisions?|decision[-_]records?|architecture[-_]decisions?|architectural[-_]decisions?"
    r"|architecture[-_]decision[-_]records?)/[^/]+$|(^|/)adr[-_]?\d+[^/]*$",
    re.IGNORECASE,
)
_NOT_ONE = re.compile(r"(^|/)(index|readme|template|about|overview)[^/]*$|[-_.]template\.", re.IGNORECASE)
_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DATE_LINE = re.compile(r"^[\s*_>-]*(date|decided(?: on)?|accepted(?: on)?)[*_]*\s*[:|]", re.IGNORECASE)
_DECISION = re.compile(
    r"^(decision|decision outcome|the decision|outcome|resolution|status)\b", re.IGNORECASE
)
_STATUS_LINE = re.compile(r"^[\s*_>|-]*status[*_]*\s*[:|]\s*(.+)$", re.IGNORECASE)
_DRAFT = re.compile(r"^\W*(proposed|draft|wip|in review|under discussion)", re.IGNORECASE)
_REPLACED = re.compile(r"\b(superseded|superceded|deprecated|replaced by|retired|obsoleted)\b", re.IGNORECASE)
_OPTIONS = re.compile(r"\b(options|alternatives)\b", re.IGNORECASE)
_ITEM = re.compile(r"^\s{0,3}([-*+]|\d+[.)])\s+\S.{1,}")
_LINK = re.compile(r"\]\([^)\s]+\)|https?://\S|^\s*\[[\w ]+\]:\s*\S")


@dataclass(frozen=True, slots=True)
class Decision:
    """One record: the day it was decided, and the day it was replaced; None where nothing says when."""

    path: str
    day: date | None
    draft: bool
    compares: bool
    replaced_line: int
    replaced_on: date | None


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield how many records of the last 365 days there are, compare options, and were replaced."""
    records = decisions(survey)
    doubts = survey.doubts(could_decide)
    start = survey.view.as_of - timedelta(days=WINDOW_DAYS)

    def recent(day: date | None) -> bool:
        return day is not None and start <= day <= survey.view.as_of

    decided = [r for r in records if not r.draft]
    yield _signal(survey, KEYS[0], decided, lambda r: r.day, recent, doubts, "decision records")
    compared = [r for r in decided if r.compares]
    yield _signal(
        survey, KEYS[1], compared, lambda r: r.day, recent, doubts, "decision records that compare options"
    )
    replaced = [r for r in records if r.replaced_line]
    yield _signal(
        survey, KEYS[2], replaced, lambda r: r.replaced_on, recent, doubts, "replaced decision records"
    )


def _signal(
    survey: Survey,
    key: str,
    records: list[Decision],
    when: Callable[[Decision], date | None],
    recent: Callable[[date | None], bool],
    doubts: tuple[Doubt, ...],
    what: str,
) -> Signal:
    hits = [
        Hit(r.path, r.replaced_line, r.replaced_line, "decision record") for r in records if recent(when(r))
    ]
    undated = tuple(Doubt(r.path, Gap.NOT_COLLECTED) for r in records if when(r) is None)
    what = f"{what} of the last 365 days"
    reading: Reading = tally_count(survey, len(hits), hits, (*doubts, *undated), what)
    if isinstance(reading, Unknown) and undated and not doubts:
        reading = Unknown(
            Gap.NOT_COLLECTED, f"{what}: when {len(undated)} changed is not known, no date and no history"
        )
    return of_repository(survey, key, reading)


def could_decide(path: str) -> bool:
    """True for a document that stands where decision records are kept."""
    return is_prose(path) and _PLACE.search(path) is not None and not _NOT_ONE.search(path)


@remembered
def decisions(survey: Survey) -> list[Decision]:
    """Return every decision record of the repository."""
    found = (_read(survey, path) for path in survey.readable if could_decide(path))
    return [record for record in found if record is not None]


def _read(survey: Survey, path: str) -> Decision | None:
    raw = survey.lines(path)
    lines, fields = read_prose(raw), front_matter(raw)
    known = "status" in fields or any(line.level and _DECISION.match(line.text) for line in lines)
    if not known or not any(line.content for line in lines):
        return None
    statuses = _statuses(lines, fields)
    replaced = next(((n, text) for n, text in statuses if _REPLACED.search(text)), (0, ""))
    dated = _date_of(lines, fields, statuses)
    replaced_on = (_day(replaced[1]) or survey.last_change(path)) if replaced[0] else None
    return Decision(
        path=path,
        day=dated or survey.first_change(path),
        draft=bool(statuses) and _DRAFT.match(statuses[-1][1]) is not None,
        compares=_compares(lines, raw),
        replaced_line=replaced[0],
        replaced_on=replaced_on,
    )


def _statuses(lines: list[Line], fields: dict[str, tuple[str, int]]) -> list[tuple[int, str]]:
    found = [(fields["status"][1], fields["status"][0])] if "status" in fields else []
    for line in lines:
        match = _STATUS_LINE.match(line.text) if not line.level else None
        if match:
            found.append((line.number, match[1]))
        elif not line.level and line.under and line.under[-1].lower().startswith("status"):
            found.append((line.number, line.text))
    return found


def _date_of(
    lines: list[Line], fields: dict[str, tuple[str, int]], statuses: list[tuple[int, str]]
) -> date | None:
    texts = [fields["date"][0]] if "date" in fields else []
    texts += [line.text for line in lines if not line.level and _DATE_LINE.match(line.text)]
    texts += [line.text for line in lines if line.under and line.under[-1].lower().strip() == "date"]
    texts += [text for _, text in statuses if not _REPLACED.search(text)]
    return next((day for text in texts if (day := _day(text))), None)


def _day(text: str) -> date | None:
    match = _DAY.search(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def _compares(lines: list[Line], raw: list[str]) -> bool:
    about = [line for line in lines if line.under and _OPTIONS.search(line.under[-1]) and not line.level]
    listed = sum(_ITEM.match(line.text) is not None for line in about)
    titled = sum(
        line.level > 0 and bool(line.under) and _OPTIONS.search(line.under[-1]) is not None for line in lines
    )
    return max(listed, titled) >= 2 and any(_LINK.search(line) for line in raw)
