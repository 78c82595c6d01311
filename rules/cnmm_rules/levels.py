"""Level inference: findings become an interval, in two passes over the same rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cnmm_rules.assessment import Finding, LevelState, Outcome, SectionState
from cnmm_rules.criteria import RATING_ROLES, Criterion, Role, Section

HALF = Fraction(1, 2)
SLACK = Fraction(15, 100)
COVERAGE_FLOOR = Fraction(1, 2)

Pass = Callable[[str], bool]
"""Whether a row counts as met in one pass, by criterion id."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rating rows of one section that apply to one subject."""

    section: Section
    rows: tuple[Criterion, ...]

    def at(self, level: int, tested: int) -> tuple[Criterion, ...]:
        """Return the rows of a level that still stand when `tested` is tested."""
        return tuple(
            row
            for row in self.rows
            if row.level == level and (row.retires_at is None or row.retires_at > tested)
        )

    def holds(self, tested: int, met: Pass) -> bool:
        """True where level `tested` holds and every lower level stands with at most minor weaknesses."""
        here = self.at(tested, tested)
        if not here or not _keys(here, met) or share(here, met) < HALF:
            return False
        return all(stands(self.at(level, tested), met) for level in range(1, tested))

    def highest(self, met: Pass) -> int:
        """Return the highest level that holds, 0 where none does."""
        return max((level for level in range(1, self.section.cap + 1) if self.holds(level, met)), default=0)


def _keys(rows: Iterable[Criterion], met: Pass) -> bool:
    return all(met(row.id) for row in rows if row.role is Role.KEY)


def share(rows: Iterable[Criterion], met: Pass) -> Fraction:
    """Return the weight of met rows over the weight of all, 0 where nothing weighs."""
    rows = tuple(rows)
    total = sum(row.points for row in rows)
    return Fraction(sum(row.points for row in rows if met(row.id)), total) if total else Fraction(0)


def stands(rows: tuple[Criterion, ...], met: Pass) -> bool:
    """True where the keys are met and the open weight is at most 15 % or the heaviest non-key row."""
    if not _keys(rows, met):
        return False
    total = sum(row.points for row in rows)
    open_ = sum(row.points for row in rows if not met(row.id))
    heaviest = max((row.points for row in rows if row.role is not Role.KEY), default=0)
    return open_ <= max(SLACK * total, Fraction(heaviest))


def interval(
    section: Section, criteria: tuple[Criterion, ...], findings: Mapping[str, Finding]
) -> tuple[int, int] | None:
    """Return (proven, possible) of a section, None where no level is inferred or nothing applies."""
    judged = tuple(row for row in criteria if row.id in findings)
    if not section.rated or not any(row.role is Role.KEY for row in judged):
        return None
    rows = rating_rows(section, judged, findings)
    if not rows.rows:
        return None
    return rows.highest(lambda name: findings[name].proven), rows.highest(
        lambda name: findings[name].possible
    )


def rating_rows(section: Section, criteria: Iterable[Criterion], findings: Mapping[str, Finding]) -> Rows:
    """Return the rows of a section that count for its level, as far as there is a finding."""
    return Rows(section, _rating(tuple(row for row in criteria if row.id in findings), findings))


def _rating(judged: tuple[Criterion, ...], findings: Mapping[str, Finding]) -> tuple[Criterion, ...]:
    return tuple(
        row
        for row in judged
        if row.role in RATING_ROLES and findings[row.id].outcome is not Outcome.NOT_APPLICABLE
    )


def infer(section: Section, criteria: tuple[Criterion, ...], findings: Mapping[str, Finding]) -> SectionState:
    """Return the state of one section for the subject the findings are about."""
    judged = tuple(row for row in criteria if row.id in findings)
    rating = _rating(judged, findings)
    rows = Rows(section, rating)
    held = interval(section, criteria, findings)
    proven, possible = held if held is not None else (None, None)
    coverage = _coverage(rating, findings, proven)
    return SectionState(
        id=section.id,
        title=section.title,
        rated=section.rated,
        in_headline=section.in_headline,
        proven=proven,
        possible=possible,
        coverage=coverage,
        sufficient=coverage >= COVERAGE_FLOOR,
        levels=tuple(_levels(rows, findings)),
        blocking=_blocking(rows, findings, proven) if proven is not None else (),
        contradictions=_contradictions(judged, findings, proven),
        self_attested=_self_attested(rating, findings),
        counts=Counter(findings[row.id].outcome.value for row in judged),
    )


def _coverage(rating: tuple[Criterion, ...], findings: Mapping[str, Finding], proven: int | None) -> Fraction:
    top = 5 if proven is None else min(proven + 1, 5)
    within = [row for row in rating if row.level <= top]
    total = sum((row.weight for row in within), Fraction(0))
    decided = (Outcome.MET, Outcome.UNMET)
    known = sum((row.weight for row in within if findings[row.id].outcome in decided), Fraction(0))
    return known / total if total else Fraction(0)


def _levels(rows: Rows, findings: Mapping[str, Finding]) -> Iterable[LevelState]:
    def proven(name: str) -> bool:
        return findings[name].proven

    def possible(name: str) -> bool:
        return findings[name].possible

    for level in range(1, rows.section.cap + 1):
        here = rows.at(level, level)
        minor = tuple(row.id for row in here if not proven(row.id) and row.role is not Role.KEY)
        yield LevelState(
            level=level,
            share_proven=share(here, proven),
            share_possible=share(here, possible),
            weight=Fraction(sum(row.points for row in here), 2),
            holds_proven=rows.holds(level, proven),
            holds_possible=rows.holds(level, possible),
            minor=minor,
        )


def _blocking(rows: Rows, findings: Mapping[str, Finding], proven: int) -> tuple[str, ...]:
    """Return the open rows of the next level and below that keep it from holding, keys first."""
    target = proven + 1
    if target > rows.section.cap:
        return ()
    open_ = [
        row for level in range(1, target + 1) for row in rows.at(level, target) if not findings[row.id].proven
    ]
    ordered = sorted(open_, key=lambda row: (row.role is not Role.KEY, row.level, -row.points, row.id))
    return tuple(row.id for row in ordered)


def _contradictions(
    judged: tuple[Criterion, ...], findings: Mapping[str, Finding], proven: int | None
) -> tuple[str, ...]:
    return tuple(
        row.id
        for row in judged
        if row.role is Role.MARKER
        and findings[row.id].outcome is Outcome.MET
        and proven is not None
        and proven >= row.level + 2
    )


def _self_attested(rating: tuple[Criterion, ...], findings: Mapping[str, Finding]) -> Fraction:
    total = sum((row.weight for row in rating), Fraction(0))
    stated = sum((row.weight for row in rating if findings[row.id].stated), Fraction(0))
    return stated / total if total else Fraction(0)
