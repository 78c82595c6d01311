"""From tickets to signals of teams: what cannot be told from an export alone is unknown, with the reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from statistics import median

from cnmm_collectors import takeup
from cnmm_collectors.hosts.tracking import (
    ACTIONS,
    DAYS,
    DEBT,
    FEW,
    HOURS,
    ITERATION,
    LONG,
    RATE,
    REPLIERS,
    SUPPORT,
    TOUCH,
    TYPED,
    UNPLANNED,
    median_hours,
)
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.signals import Gap, Interval, Reading, Signal, Unknown
from cnmm_collectors.tables.cells import Cells
from cnmm_collectors.work.citing import Citer
from cnmm_collectors.work.settings import Settings
from cnmm_collectors.work.tickets import Ticket, Tickets

SIGNALS = (ITERATION, DEBT, TOUCH, RATE, HOURS, UNPLANNED, ACTIONS, SUPPORT)
"""What exports of tickets answer."""
_LATE = 14
"""An export whose newest row is older than so many days does not reach the audit date."""


def window(as_of: date, days: int) -> datetime:
    """Return the first moment of a window that ends with the audit date."""
    return datetime.combine(as_of - timedelta(days=days), time(), UTC)


def uncovered(moments: Sequence[datetime], as_of: date, days: int) -> Unknown | None:
    """Return why an export does not cover a window whole, None where it does."""
    if not moments or max(moments) < window(as_of, _LATE):
        return Unknown(Gap.STALE, f"the newest row of the export is more than {_LATE} days old")
    if min(moments) > window(as_of, days - 1):
        return Unknown(Gap.NOT_VISIBLE, f"the export begins within the {days} days that are looked at")
    return None


@dataclass(frozen=True)
class Answers:
    """Answers the signals of tickets from all ticket exports together; `lost` says why some are missing."""

    tickets: Tickets
    settings: Settings
    citer: Citer
    as_of: date
    cells: Cells
    lost: Unknown | None = None

    def signals(self) -> Iterator[Signal]:
        """Yield the readings of every team that a ticket names, and how support is spread."""
        own: dict[str, list[Ticket]] = defaultdict(list)
        asked: dict[str, list[Ticket]] = defaultdict(list)
        for one in self.tickets.found:
            own[one.team].append(one)
            if self._is_request(one) and one.requester:
                asked[one.requester].append(one)
        for team in sorted({*own, *asked} - {""}):
            for key, reading in self._team(team, own[team], asked[team]).items():
                yield Signal(key, self.citer.team(team), "work", reading)
        yield Signal(SUPPORT, self.citer.org, "work", self._support())

    def taken_up(self) -> Iterator[PersonFact]:
        """Yield the requests of 90 days that teams made of platform teams, and whose are all here."""
        if self._why_no_requests() is None:
            since = window(self.as_of, DAYS)
            for one in self.tickets.found:
                if self._is_request(one) and one.requester and one.opened >= since:
                    yield takeup.of_request(self.citer.team(one.requester), one.kinds)
        unread = any(self._is_request(one) and not one.requester for one in self.tickets.found)
        blind = unread or self.tickets.unread or self._why_no_requests()
        whole = set() if blind else {*self.settings.tracked, *self.settings.asking}
        named = {one if one == "*" else str(self.citer.team(one)) for one in whole}
        yield from takeup.of_tracker(self.citer.org, named)

    def _is_request(self, ticket: Ticket) -> bool:
        return ticket.team in self.settings.platform and bool(ticket.kinds & set(self.settings.requests))

    def _team(self, team: str, own: list[Ticket], asked: list[Ticket]) -> Mapping[str, Reading]:
        readings = {ITERATION: self._iterates(own), DEBT: self._debt(team, own), TOUCH: self._touches(team)}
        small = self._small(own)
        readings[RATE], readings[HOURS] = (small, small) if small else self._requests(team, asked)
        readings[UNPLANNED] = small or self._unplanned(team, own)
        readings[ACTIONS] = small or self._actions(team, own)
        return readings

    @cached_property
    def _cite(self) -> Citer:
        return self.citer.of(self.tickets.files)

    def _small(self, own: list[Ticket]) -> Unknown | None:
        """Return why a team's numbers are not told: they might be one person's."""
        if "handler" not in self.tickets.columns:
            return Unknown(Gap.NOT_COLLECTED, "the export does not say to how many people tickets go")
        if len({one.handler for one in own} - {""}) < max(FEW, self.cells.k):
            return Unknown(Gap.NOT_VISIBLE, "a team of too few people: its numbers would be a person's")
        return None

    def _iterates(self, own: list[Ticket]) -> Reading:
        since = window(self.as_of, DAYS)
        if any(one.planned and one.moved >= since for one in own):
            return self._cite.observed(True, "tickets in an iteration")
        return Unknown(Gap.NOT_COLLECTED, "no ticket in an iteration moved: planning may live elsewhere")

    def _untracked(self, team: str, days: int) -> Unknown | None:
        if team not in self.settings.tracked and "*" not in self.settings.tracked:
            return Unknown(Gap.NOT_COLLECTED, "the team is not named under collectors.work.tracked")
        return self.lost or uncovered([one.opened for one in self.tickets.found], self.as_of, days)

    def _debt(self, team: str, own: list[Ticket]) -> Reading:
        since = window(self.as_of, LONG)
        listed = [one for one in own if one.kinds & set(self.settings.debt)]
        if not listed:
            return Unknown(Gap.NOT_COLLECTED, "no register of debt in the export: it may be kept elsewhere")
        reviewed = any(one.moved >= since for one in listed)
        worked = any(one.closed and one.closed >= since and one.by_change for one in listed)
        if reviewed and worked:
            return self._cite.observed(True, "register of debt")
        why = self._untracked(team, LONG)
        if why is not None or self.tickets.unread:
            return why or Unknown(Gap.MALFORMED, "rows of the export are unread")
        if reviewed and all(one.closed for one in listed):
            return self._cite.observed(True, "register of debt")
        if "change_link" not in self.tickets.columns and any(
            one.closed and one.closed >= since for one in listed
        ):
            return Unknown(Gap.NOT_COLLECTED, "the export does not say whether a change closed the ticket")
        return self._cite.observed(False, "register of debt")

    def _touches(self, team: str) -> Reading:
        if not self.settings.platform:
            return Unknown(Gap.NOT_COLLECTED, "no platform team is named under collectors.work.platform")
        if team in self.settings.platform:
            return self._cite.absent("platform team")
        since = window(self.as_of, DAYS)
        for one in self.tickets.found:
            if one.requester == team and one.team in self.settings.platform and one.opened >= since:
                return self._cite.observed(True, "tickets for platform teams")
        return Unknown(Gap.NOT_VISIBLE, "no ticket of the team for a platform team: it may ask elsewhere")

    def _requests(self, team: str, asked: list[Ticket]) -> tuple[Reading, Reading]:
        if team in self.settings.platform:
            outside = self._cite.absent("platform team")
            return outside, outside
        why = self._why_no_requests()
        if why is not None:
            return why, why
        recent = [one for one in asked if one.opened >= window(self.as_of, DAYS)]
        most = Fraction(30 * (len(recent) + self.tickets.unread), DAYS)
        rate = self._cite.observed(_between(Fraction(30 * len(recent), DAYS), most), "requests")
        if self.tickets.unread:
            return rate, Unknown(Gap.MALFORMED, "rows of the export are unread")
        if not recent:
            return rate, self._cite.absent("requests")
        hours = median_hours([(one.opened, one.closed) for one in recent], self.as_of)
        return rate, self._cite.observed(hours, "requests")

    def _why_no_requests(self) -> Unknown | None:
        if not self.settings.platform:
            return Unknown(Gap.NOT_COLLECTED, "no platform team is named under collectors.work.platform")
        if "requester_team" not in self.tickets.columns:
            return Unknown(Gap.NOT_COLLECTED, "the export has no column for the team that asks")
        return self.lost or uncovered([one.opened for one in self.tickets.found], self.as_of, DAYS)

    def _unplanned(self, team: str, own: list[Ticket]) -> Reading:
        why = self._untracked(team, DAYS)
        if why is not None:
            return why
        since = window(self.as_of, DAYS)
        closed = [one for one in own if one.closed is not None and one.closed >= since]
        typed = sum(bool(one.kinds) for one in closed)
        unread = self.tickets.unread
        if not closed or Fraction(typed, len(closed) + unread) < TYPED:
            return Unknown(Gap.NOT_COLLECTED, "fewer than 85 % of the closed tickets carry a type")
        hot = sum(bool(one.kinds & set(self.settings.unplanned)) for one in closed)
        open_ = len(closed) - typed + unread
        whole = len(closed) + unread
        return self._cite.observed(
            _between(Fraction(hot, whole), Fraction(hot + open_, whole)), "closed tickets"
        )

    def _actions(self, team: str, own: list[Ticket]) -> Reading:
        why = self._untracked(team, LONG)
        if why is not None:
            return why
        since, words = window(self.as_of, LONG), set(self.settings.reviews)
        actions = [one for one in own if one.kinds & words and one.opened >= since]
        if not actions:
            return Unknown(Gap.NOT_COLLECTED, "no action of a review is tracked in the export")
        done, whole = sum(one.closed is not None for one in actions), len(actions) + self.tickets.unread
        low, high = Fraction(done, whole), Fraction(done + self.tickets.unread, whole)
        return self._cite.observed(_between(low, high), "actions of reviews")

    def _support(self) -> Reading:
        why = self._why_no_requests()
        if why is not None or self.tickets.unread:
            return why or Unknown(Gap.MALFORMED, "rows of the export are unread")
        since = window(self.as_of, DAYS)
        answered = [one for one in self.tickets.found if self._is_request(one) and one.opened >= since]
        handlers = Counter(one.handler for one in answered if one.handler)
        if len(handlers) < REPLIERS:
            return Unknown(Gap.NOT_VISIBLE, "fewer than ten people answered requests")
        if any(not one.handler for one in answered):
            return Unknown(Gap.NOT_COLLECTED, "some requests do not say who answered")
        top = max(Counter(one.team for one in answered).values())
        most, total = max(handlers.values()), len(answered)
        return self._cite.observed(
            _between(Fraction(max(0, top - most), total), Fraction(min(total, top + most), total)),
            "requests to platform teams",
        )


def _between(low: Fraction, high: Fraction) -> Fraction | Interval:
    return low if low == high else Interval(low, high)


def spread(values: Sequence[Fraction], unread: int, top: Fraction | None = None) -> Fraction | Interval:
    """Return the median where `unread` more values may lie anywhere from 0 to `top`, None for no end."""
    if not unread:
        return Fraction(median(values))
    low = Fraction(median([Fraction(0)] * unread + sorted(values)))
    if top is None and unread >= len(values):
        return Interval(low, None)
    high = Fraction(median([*values, *[max([*values, top or Fraction(0)])] * unread]))
    return Interval(low, high)
