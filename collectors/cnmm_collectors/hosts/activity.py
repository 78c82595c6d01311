"""From the changes of a window to what every repository's changes say; the same for every host."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from cnmm_collectors import accounts
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.asking import Client
from cnmm_collectors.hosts.changes import (
    COVERAGE,
    PROTECTION,
    SIGNALS,
    STALLED,
    TWO_PERSONS,
    Belonging,
    change_readings,
    kept_by_changes,
    stalled_reading,
    two_persons,
)
from cnmm_collectors.hosts.facts import SAMPLED, Change, Organisation, Read, Repository, Unread
from cnmm_collectors.hosts.ownership import Ownership
from cnmm_collectors.hosts.signals import Namer
from cnmm_collectors.plugin import LedgerRow, Yield
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, Unknown

STALLED_DAYS = 14


@dataclass(frozen=True, slots=True)
class Window:
    """Days of which changes are read, both included, and where they are looked for."""

    scope: str
    start: date
    end: date

    def split(self, parts: int) -> list[Window]:
        """Return the window in parts of whole days, at least one day each."""
        days = (self.end - self.start).days + 1
        parts = max(1, min(parts, days))
        edges = [self.start + timedelta(days=days * i // parts) for i in range(parts + 1)]
        return [Window(self.scope, first, last - timedelta(days=1)) for first, last in pairwise(edges)]

    def within(self, scopes: Sequence[str]) -> list[Window]:
        """Return the same days in each of some places, or where they are without any."""
        return [Window(scope, self.start, self.end) for scope in scopes] or [self]


@dataclass(slots=True)
class Found:
    """The changes that were read, how many the host counts, and why some are missing where some are."""

    changes: list[Change]
    counted: int = 0
    why: Unread | None = None
    sampled: bool = False
    """True where only the changes of drawn repositories were asked for."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """How many open changes requested changes block for too long, by repository; or why that is not known."""

    count: Mapping[str, int]
    why: Unread | None = None


def stalled_before(as_of: date) -> datetime:
    """Return the moment before which requested changes must have been asked for to count as stalled."""
    return datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) - timedelta(days=STALLED_DAYS)


def activity_signals(
    client: Client, namer: Namer, organisation: Organisation, ownership: Ownership | Unread,
    window: Window, asked: str, found: Found, stalled: Stalled,
) -> Iterator[Yield]:  # fmt: skip
    """Yield what the changes of the window say of each active repository; `asked` is cited as the query."""
    belonging = belonging_of(ownership)
    changes: dict[str, list[Change]] = defaultdict(list)
    for change in found.changes:
        changes[change.repository].append(change)
    for one in organisation.active:
        cite = _cite(client, asked, one, changes[one.name])
        left = SAMPLED if found.sampled and organisation.leaves_out(one) else one.moved
        readings = _readings(one, changes[one.name], left or found.why, belonging, cite)
        uncounted = stalled.why or one.moved or one.why.get("changes")
        readings[STALLED] = (
            Unknown(uncounted.gap, uncounted.detail) if uncounted
            else stalled_reading(stalled.count.get(one.name, 0), one.open_changes, cite)
        )  # fmt: skip
        if one.rests_on_changes:
            readings[PROTECTION] = kept_by_changes(readings[COVERAGE])
        yield from (
            Signal(key, namer.repo(one.name), client.source, found) for key, found in readings.items()
        )
        if two_persons(changes[one.name]):
            yield Signal(TWO_PERSONS, namer.component(one.name), client.source, Observed(True, cite))
    settled = found.why is None and not found.sampled and not any(one.moved for one in organisation.active)
    yield from accounts.merged(_firsts(found.changes), window.start, settled, "host", namer.org)
    read = len(found.changes)
    yield LedgerRow(
        client.source, "change", str(namer.org), max(found.counted, read), read,
        failed=max(found.counted, read) - read, cause=found.why.gap.value if found.why else "",
        detail=found.why.detail if found.why else f"merged {window.start} to {window.end}"
        + (", of the drawn repositories" if found.sampled else ""),
    )  # fmt: skip


def _firsts(changes: Iterable[Change]) -> dict[str, date]:
    """Return the day of each person's first merged change."""
    first: dict[str, date] = {}
    for one in changes:
        if one.human and one.author:
            day = one.merged_at.date()
            first[one.author] = min(day, first.get(one.author, day))
    return first


def _readings(
    one: Repository,
    changes: list[Change],
    why: Unread | None,
    belonging: Belonging,
    cite: tuple[Evidence, ...],
) -> dict[str, Reading]:
    if why is None and one.open_changes is None:
        # A search leaves out in silence what may not be read; another list of the same kind would have shown.
        hidden = Unread(Gap.NOT_PERMITTED, "changes are hidden; needs pull requests: read")
        why = one.why.get("changes", hidden)
    if why is not None:
        return {key: Unknown(why.gap, why.detail) for key in SIGNALS}
    demanded = one.rules.value.approvals if isinstance(one.rules, Read) else None
    return change_readings(one.name, changes, belonging, demanded, cite)


def belonging_of(ownership: Ownership | Unread) -> Belonging:
    """Return who is in which team; unknown as a whole where a team's members were not read whole."""
    if isinstance(ownership, Unread):
        return Belonging(None, {})
    teams: dict[str, set[str]] = defaultdict(set)
    for team in ownership.teams:
        for member in team.members or ():
            teams[member].add(team.slug)
    whole = ownership.whole and all(team.members is not None for team in ownership.teams)
    known = {member: frozenset(slugs) for member, slugs in teams.items()}
    return Belonging(known if whole else None, ownership.belongs)


def _cite(client: Client, asked: str, one: Repository, changes: Sequence[Change]) -> tuple[Evidence, ...]:
    approved = sum(any(review.approves for review in change.reviews) for change in changes)
    shown = {"repository": one.name, "merged": len(changes), "with an approval": approved,
             "open": one.open_changes}  # fmt: skip
    return (client.cite(asked, shown),)
