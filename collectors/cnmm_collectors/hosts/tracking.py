"""What the issues and boards of a host say of its teams; accounts are compared, never given on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from statistics import median

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.changes import Belonging
from cnmm_collectors.hosts.facts import Change, Team, Unread
from cnmm_collectors.hosts.ownership import Ownership
from cnmm_collectors.hosts.tracker import Tracking
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Unknown

ITERATION = "host.iteration_team_ratio"
RATE = "host.request_ticket_rate"
HOURS = "host.request_resolution_hours_p50"
TOUCH = "host.platform_interaction_team_ratio"
UNPLANNED = "host.unplanned_work_ratio"
DEBT = "host.debt_managed_ratio"
ACTIONS = "host.retro_action_closed_ratio"
SUPPORT = "host.support_reply_concentration"
TEAM_SIGNALS = (ITERATION, RATE, HOURS, TOUCH, UNPLANNED, DEBT, ACTIONS)
DAYS, LONG = 90, 180
"""The days that are looked back on: for planning and requests, and for debt and actions."""
FEW, REPLIERS = 5, 10
"""Below so many members a team's numbers would be a person's; so many must have replied."""
TYPED = Fraction(85, 100)


@dataclass(frozen=True, slots=True)
class Item:
    """One issue; accounts stay in memory.

    `labels` are spelled for comparison and include the type. `planned` says that it is in an iteration, a
    milestone or on a board, `by_change` that a merged change closed it. `replies` are the accounts of those
    who answered, None where they were not read.
    """

    repository: str
    author: str = field(repr=False)
    opened_at: datetime
    moved_at: datetime
    closed_at: datetime | None
    labels: frozenset[str]
    planned: bool
    by_change: bool
    replies: tuple[str, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Board:
    """A board or a plan of iterations: whose it is, and when something on it last moved."""

    teams: frozenset[str]
    repositories: frozenset[str]
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """The issues that moved in 180 days and the boards; `why` says why part of them is missing.

    `debt` is, by repository, how many issues of technical debt are open, and how many there are; `counted`
    is how many issues the host counts.
    """

    items: tuple[Item, ...]
    boards: tuple[Board, ...]
    debt: Mapping[str, tuple[int, int]]
    counted: int = 0
    why: Unread | None = None
    boards_why: Unread | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the judgement of a team's work rests on; `changes_why` says why changes are not whole."""

    work: Work
    changes: Sequence[Change]
    changes_why: Unread | None
    tracking: Tracking
    ownership: Ownership
    belonging: Belonging
    as_of: date

    def since(self, days: int) -> datetime:
        """Return the first moment of the window."""
        return datetime.combine(self.as_of - timedelta(days=days), time(), UTC)

    def own(self, slug: str) -> list[Item]:
        """Return the issues of the repositories that belong to a team."""
        names = set(self.ownership.repositories(slug))
        return [item for item in self.work.items if item.repository in names]


def team_work(team: Team, desk: Desk, cite: tuple[Evidence, ...]) -> dict[str, Reading]:
    """Return the readings of one team, by signal."""
    if not desk.ownership.repositories(team.slug):
        return {key: Absent(team.cite) for key in TEAM_SIGNALS} if desk.ownership.whole else {}
    measured: dict[str, Reading] = {
        ITERATION: _iterates(team, desk, cite),
        DEBT: _manages_debt(team, desk, cite),
    }
    measured[TOUCH] = _touches(team, desk, cite)
    if team.size < FEW:
        small = Unknown(Gap.NOT_VISIBLE, "a team of fewer than five: its numbers would be a person's")
        return measured | dict.fromkeys((RATE, HOURS, UNPLANNED, ACTIONS), small)
    measured[RATE], measured[HOURS] = _requests(team, desk, cite)
    return measured | {UNPLANNED: _unplanned(team, desk, cite), ACTIONS: _actions(team, desk, cite)}


def _unknown(why: Unread) -> Unknown:
    return Unknown(why.gap, why.detail)


def _iterates(team: Team, desk: Desk, cite: tuple[Evidence, ...]) -> Reading:
    since, names = desk.since(DAYS), set(desk.ownership.repositories(team.slug))
    items = [item for item in desk.own(team.slug) if item.planned]
    boards = [one for one in desk.work.boards if team.slug in one.teams or names & one.repositories]
    if any(moved >= since for moved in [one.moved_at for one in items] + [one.moved_at for one in boards]):
        return Observed(True, cite)
    why = desk.work.why or desk.work.boards_why
    if why is not None:
        return _unknown(why)
    if items or boards:
        return Observed(False, cite)
    return Unknown(Gap.NOT_COLLECTED, "no board, milestone or iteration here: planning may live elsewhere")


def _manages_debt(team: Team, desk: Desk, cite: tuple[Evidence, ...]) -> Reading:
    if desk.work.why is not None:
        return _unknown(desk.work.why)
    names = desk.ownership.repositories(team.slug)
    counts = [desk.work.debt.get(name) for name in names]
    if None in counts:
        return Unknown(Gap.NOT_COLLECTED, "the issues of a repository were not counted")
    open_, listed = (sum(one[place] for one in counts if one is not None) for place in (0, 1))
    since = desk.since(LONG)
    items = [item for item in desk.own(team.slug) if item.labels & set(desk.tracking.debt)]
    if not listed and not items:
        return Unknown(Gap.NOT_COLLECTED, "no register of debt here: it may be kept elsewhere")
    closed = any(one.by_change and one.closed_at is not None and one.closed_at >= since for one in items)
    reviewed = any(one.moved_at >= since for one in items)
    if not reviewed and not open_:
        return Unknown(Gap.NOT_COLLECTED, "nothing is open, and nothing shows when that was last looked at")
    return Observed(reviewed and (closed or not open_), cite)


def _members(team: Team, desk: Desk) -> Collection[str] | None:
    return None if desk.belonging.teams is None else team.members


def _touches(team: Team, desk: Desk, cite: tuple[Evidence, ...]) -> Reading:
    platform = set(desk.tracking.platform)
    known = {one.slug for one in desk.ownership.teams}
    if not platform:
        return Unknown(Gap.NOT_COLLECTED, "no platform team is named under tracking.platform")
    if team.slug in platform:
        return Absent(team.cite)
    if not platform <= known:
        return Unknown(Gap.NOT_VISIBLE, "a platform team that is named was not listed")
    places = {name for slug in platform for name in desk.ownership.repositories(slug)}
    if not places:
        return Unknown(Gap.NOT_VISIBLE, "the repositories of the platform teams are not known")
    since = desk.since(DAYS)
    who = {item.author for item in desk.work.items if item.repository in places and item.opened_at >= since}
    for change in desk.changes:
        if change.repository in places:
            who |= {change.author, *(review.author for review in change.reviews)}
    members = team.members or frozenset()
    if members & who:
        return Observed(True, cite)
    why = desk.work.why or desk.changes_why
    if why is not None:
        return _unknown(why)
    if _members(team, desk) is None:
        return Unknown(Gap.NOT_VISIBLE, "the members of the teams cannot be listed")
    return Observed(False, cite)


def _requests(team: Team, desk: Desk, cite: tuple[Evidence, ...]) -> tuple[Reading, Reading]:
    tracking = desk.tracking
    if team.slug in tracking.platform:
        return Absent(team.cite), Absent(team.cite)
    members = _members(team, desk)
    why = _why_no_requests(desk, members)
    if why is not None or members is None:
        lost = why or Unknown(Gap.NOT_VISIBLE, "the members of the teams cannot be listed")
        return lost, lost
    since = desk.since(DAYS)
    asked = [
        item for item in desk.work.items
        if item.repository in tracking.requests and item.author in members and item.opened_at >= since
    ]  # fmt: skip
    rate = Observed(Fraction(30 * len(asked), DAYS), cite)
    return rate, _hours([(item.opened_at, item.closed_at) for item in asked], desk.as_of, cite)


def _why_no_requests(desk: Desk, members: Collection[str] | None) -> Unknown | None:
    if not desk.tracking.requests:
        return Unknown(Gap.NOT_COLLECTED, "no repository is named under tracking.requests")
    if desk.work.why is not None:
        return _unknown(desk.work.why)
    if not set(desk.tracking.requests) <= set(desk.work.debt):
        return Unknown(Gap.NOT_VISIBLE, "a repository named under tracking.requests was not read")
    return None if members is not None else Unknown(Gap.NOT_VISIBLE, "the team's members cannot be listed")


def _hours(
    spans: Sequence[tuple[datetime, datetime | None]], as_of: date, cite: tuple[Evidence, ...]
) -> Reading:
    """Return the median hours; what is still open took at least until the audit date."""
    if not spans:
        return Absent(cite)
    found = median_hours(spans, as_of)
    return Observed(found, cite)


def median_hours(spans: Sequence[tuple[datetime, datetime | None]], as_of: date) -> Fraction | Interval:
    """Return the median length in hours of spans, never none; those without an end still last."""
    now = datetime.combine(as_of, time(), UTC)
    low = Fraction(median(_length(start, end or max(now, start)) for start, end in spans))
    ended = sorted(_length(start, end) for start, end in spans if end is not None)
    middle = len(spans) // 2
    if len(ended) <= middle:
        return Interval(low, None)
    high = ended[middle] if len(spans) % 2 else (ended[middle - 1] + ended[middle]) / 2
    return low if low == high else Interval(low, high)


def _length(start: datetime, end: datetime) -> Fraction:
    return Fraction(max(0, int((end - start).total_seconds())), 3600)


def _unplanned(team: Team, desk: Desk, cite: tuple[Evidence, ...]) -> Reading:
    lost = _untracked(team, desk)
    if lost is not None:
        return lost
    since = desk.since(DAYS)
    closed = [one for one in desk.own(team.slug) if one.closed_at is not None and one.closed_at >= since]
    if not closed:
        return Unknown(Gap.NOT_COLLECTED, "no item was closed in 90 days")
    hot, cold = set(desk.tracking.unplanned), set(desk.tracking.planned)
    unplanned = sum(bool(one.labels & hot) for one in closed)
    open_ = sum(not one.labels & (hot | cold) for one in closed)
    if Fraction(len(closed) - open_, len(closed)) < TYPED:
        return Unknown(Gap.NOT_COLLECTED, "fewer than 85 % of the closed items carry a type")
    low, high = Fraction(unplanned, len(closed)), Fraction(unplanned + open_, len(closed))
    return Observed(low if low == high else Interval(low, high), cite)


def _actions(team: Team, desk: Desk, cite: tuple[Evidence, ...]) -> Reading:
    lost = _untracked(team, desk)
    if lost is not None:
        return lost
    since, words = desk.since(LONG), set(desk.tracking.reviews)
    items = [one for one in desk.own(team.slug) if one.labels & words and one.opened_at >= since]
    if not items:
        return Unknown(Gap.NOT_COLLECTED, "no action of a review is tracked here")
    return Observed(Fraction(sum(one.closed_at is not None for one in items), len(items)), cite)


def _untracked(team: Team, desk: Desk) -> Unknown | None:
    if not desk.tracking.follows(team.slug):
        return Unknown(Gap.NOT_COLLECTED, "the team is not named under tracking.teams")
    return None if desk.work.why is None else _unknown(desk.work.why)


def support_reading(desk: Desk, cite: tuple[Evidence, ...]) -> Reading:
    """Return the busiest team's share of the replies to requests, open by what one person may have given."""
    if desk.belonging.teams is None:
        return Unknown(Gap.NOT_VISIBLE, "the members of the teams cannot be listed")
    why = _why_no_requests(desk, ())
    if why is not None:
        return why
    since = desk.since(DAYS)
    items = [
        one for one in desk.work.items
        if one.repository in desk.tracking.requests and one.opened_at >= since
    ]  # fmt: skip
    if any(one.replies is None for one in items):
        return Unknown(Gap.NOT_COLLECTED, "the replies to a request were not read whole")
    given = Counter(who for one in items for who in one.replies or () if who != one.author)
    if len(given) < REPLIERS:
        return Unknown(Gap.NOT_VISIBLE, "fewer than ten people replied")
    teams: Counter[str] = Counter()
    for who, count in given.items():
        teams.update(dict.fromkeys(desk.belonging.teams.get(who, ()), count))
    total, most = sum(given.values()), max(given.values())
    top = max(teams.values(), default=0)
    low, high = Fraction(max(0, top - most), total), Fraction(min(total, top + most), total)
    return Observed(Interval(low, high), cite)
