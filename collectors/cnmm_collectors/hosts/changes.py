"""What merged changes and their reviews say of a repository; accounts are compared, never given on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.facts import Change, Review
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Unknown

COVERAGE = "host.review_coverage_ratio"
CROSS_TEAM = "host.cross_team_review_ratio"
EXTERNAL = "host.external_approval_ratio"
STALLED = "host.stalled_review_ratio"
TWO_PERSONS = "host.two_person_component_ratio"
PROTECTION = "host.branch_protection_ratio"
"""Answered by changes only where the plan knows no rule of approval."""
SIGNALS = (COVERAGE, CROSS_TEAM, EXTERNAL, STALLED)
"""The signals about a repository that only its changes answer."""
CONTROLLED = Fraction(85, 100)
WORKING_DAY = timedelta(hours=24)

Verdict = bool | None
"""What a change says; None where part of its reviews was not read and the rest does not decide."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Who is in which team, in memory only; `owning` are the teams a repository belongs to.

    `teams` is None where membership was not read whole.
    """

    teams: Mapping[str, frozenset[str]] | None
    owning: Mapping[str, Sequence[str]]


def change_readings(
    name: str,
    changes: Sequence[Change],
    belonging: Belonging,
    demanded: bool | None,
    cite: tuple[Evidence, ...],
) -> dict[str, Reading]:
    """Return the readings of one repository; `demanded` says whether its rules ask for an approval."""
    human = [change for change in changes if change.human]
    if not human:
        return {key: Absent(cite) for key in (COVERAGE, CROSS_TEAM, EXTERNAL)}
    coverage = _share(human, approved_by_other)
    return {
        COVERAGE: Observed(_flat(coverage), cite),
        CROSS_TEAM: _cross_team(human, belonging, cite),
        EXTERNAL: _external(name, human, belonging, demanded is True or coverage[0] > CONTROLLED, cite),
    }


def kept_by_changes(coverage: Reading) -> Reading:
    """Return whether so many changes were approved that an approval is the rule, where no rule can be set."""
    if not isinstance(coverage, Observed):
        return Unknown(Gap.NOT_LICENSED, "the plan knows no rule of approval, and no merged change was read")
    value = coverage.value
    low, high = (value.low, value.high) if isinstance(value, Interval) else (value, value)
    if isinstance(low, Fraction | int) and low > CONTROLLED:
        return Observed(True, coverage.evidence)
    if isinstance(high, Fraction | int) and high <= CONTROLLED:
        return Observed(False, coverage.evidence)
    return Unknown(Gap.NOT_COLLECTED, "the reviews of some changes were not read whole")


def two_persons(changes: Iterable[Change]) -> bool:
    """True where two people or more wrote or approved the changes."""
    people: set[str] = set()
    for change in changes:
        people |= {change.author} if change.human else set()
        people |= {review.author for review in change.reviews if review.human and review.approves}
    return len(people - {""}) >= 2


def approved_by_other(change: Change) -> Verdict:
    """True with an approval by a human other than the author."""
    found = any(review.approves and _is_other(change, review) for review in change.reviews)
    return True if found else False if change.complete else None


def _is_other(change: Change, review: Review) -> bool:
    return review.human and bool(review.author) and review.author != change.author


def _cross_team(changes: Sequence[Change], belonging: Belonging, cite: tuple[Evidence, ...]) -> Reading:
    teams = belonging.teams
    if teams is None:
        return Unknown(Gap.NOT_VISIBLE, "the members of the teams cannot be listed")

    def crosses(change: Change) -> Verdict:
        reviewers = [teams.get(review.author) for review in change.reviews if _is_other(change, review)]
        own = teams.get(change.author)
        if own and any(other and not other & own for other in reviewers):
            return True
        # An author without a team may be anybody's colleague.
        return None if not change.complete or (reviewers and not own) else False

    return Observed(_flat(_share(changes, crosses)), cite)


def _external(
    name: str, changes: Sequence[Change], belonging: Belonging, controlled: bool, cite: tuple[Evidence, ...]
) -> Reading:
    """Return the share of changes that waited long for an approval none but an outsider gave.

    Whether the outsider was needed is not shown, so the share is an upper bound.
    """
    if not controlled:
        return Unknown(
            Gap.NOT_COLLECTED, "no rule asks for approval and few changes have one: no wait shows nothing"
        )
    own = frozenset(belonging.owning.get(name, ()))
    teams = belonging.teams
    if teams is None or not own:
        return Unknown(Gap.NOT_VISIBLE, "the owning team or its members are not known")
    waits = [wait for change in changes if (wait := _outsider_wait(change, teams, own)) is not None]
    open_ = sum(not change.complete for change in changes)
    long = bool(waits) and median(wait.total_seconds() for wait in waits) > WORKING_DAY.total_seconds()
    high = Fraction(min(len(changes), (len(waits) if long else 0) + open_), len(changes))
    return Observed(Interval(Fraction(0), high) if high else Fraction(0), cite)


def _outsider_wait(
    change: Change, teams: Mapping[str, frozenset[str]], own: frozenset[str]
) -> timedelta | None:
    given = [review for review in change.reviews if review.approves and _is_other(change, review)]
    inside = any(teams.get(review.author, frozenset()) & own for review in given)
    outside = [review.at for review in given if not teams.get(review.author, frozenset()) & own]
    return None if inside or not outside else working_time(change.asked_at, min(outside))


def working_time(start: datetime, end: datetime) -> timedelta:
    """Return the time between two moments without Saturdays and Sundays (UTC)."""
    total, moment = timedelta(0), start
    while moment < end:
        midnight = (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        step = min(midnight, end)
        total += step - moment if moment.weekday() < 5 else timedelta(0)
        moment = step
    return total


def _share(changes: Sequence[Change], judge: Callable[[Change], Verdict]) -> tuple[Fraction, Fraction]:
    verdicts = [judge(change) for change in changes]
    passed, open_ = verdicts.count(True), verdicts.count(None)
    return Fraction(passed, len(verdicts)), Fraction(passed + open_, len(verdicts))


def _flat(share: tuple[Fraction, Fraction]) -> Fraction | Interval:
    return share[0] if share[0] == share[1] else Interval(*share)


def stalled_reading(stalled: int, open_changes: int | None, cite: tuple[Evidence, ...]) -> Reading:
    """Return the share of the open changes that requested changes block for too long."""
    if open_changes is None:
        return Unknown(Gap.NOT_COLLECTED, "the number of open changes was not given")
    if open_changes == 0:
        return Absent(cite)
    return Observed(Fraction(min(stalled, open_changes), open_changes), cite)
