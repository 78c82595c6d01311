"""From issues, boards, deployments and changes to what they say of teams, repositories and components."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.activity import Found, belonging_of
from cnmm_collectors.hosts.alerts import BY_OWNER, fixed_by_owner
from cnmm_collectors.hosts.asking import Client
from cnmm_collectors.hosts.changes import Belonging
from cnmm_collectors.hosts.deployments import (
    COMPONENT_SIGNALS,
    Delivery,
    Releases,
    delivery_readings,
    waits_of,
)
from cnmm_collectors.hosts.facts import SAMPLED, Change, Repository, Unread
from cnmm_collectors.hosts.findings import Known
from cnmm_collectors.hosts.ownership import Ownership
from cnmm_collectors.hosts.signals import Namer, gated
from cnmm_collectors.hosts.tracker import Tracking
from cnmm_collectors.hosts.tracking import SUPPORT, TEAM_SIGNALS, Desk, Item, Work, support_reading, team_work
from cnmm_collectors.plugin import LedgerRow, Yield
from cnmm_collectors.signals import Reading, Signal, Unknown

GATED = "host.env_external_approval_ratio"
SIGNALS = (GATED, BY_OWNER, *TEAM_SIGNALS, SUPPORT, *COMPONENT_SIGNALS)
"""What issues, boards and deployments answer, whatever it is about."""


@dataclass(frozen=True, slots=True)
class Window:
    """All that was read of the work of a window; `asked` is cited as the question about issues."""

    known: Known
    found: Found
    work: Work
    releases: Releases
    tracking: Tracking
    asked: str
    as_of: date


def work_signals(client: Client, namer: Namer, window: Window) -> Iterator[Yield]:
    """Yield the signals of every team and repository, and what became of issues and deployments."""
    ownership = window.known.ownership
    yield from _teams(client, namer, window, ownership) if isinstance(ownership, Ownership) else ()
    changes: dict[str, list[Change]] = defaultdict(list)
    for change in window.found.changes:
        changes[change.repository].append(change)
    belonging = belonging_of(ownership)
    for one in window.known.organisation.active:
        yield from _repository(client, namer, window, one, changes[one.name], belonging)
    yield from _ledger(client, namer, window)


def _teams(client: Client, namer: Namer, window: Window, ownership: Ownership) -> Iterator[Signal]:
    desk = Desk(
        window.work, window.found.changes, window.found.why or (SAMPLED if window.found.sampled else None),
        window.tracking, ownership,
        belonging_of(ownership), window.as_of,
    )  # fmt: skip
    moved = {one.name: one.moved for one in window.known.organisation.active if one.moved is not None}
    for team in ownership.teams:
        own = desk.own(team.slug)
        lost = next((moved[name] for name in ownership.repositories(team.slug) if name in moved), None)
        shown = {"team": team.slug, "issues that moved": len(own),
                 "closed": sum(item.closed_at is not None for item in own),
                 "planned": sum(item.planned for item in own)}  # fmt: skip
        readings = team_work(team, _without(desk, lost), (client.cite(window.asked, shown),))
        for key in TEAM_SIGNALS:
            if key in readings:
                yield Signal(key, namer.team(team.slug), client.source, readings[key])
    places = sorted(window.tracking.requests)
    cite = client.cite(window.asked, {"requests are raised in": places})
    unnamed = next((moved[name] for name in places if name in moved), None)
    yield Signal(SUPPORT, namer.org, client.source, support_reading(_without(desk, unnamed), (cite,)))


def _without(desk: Desk, lost: Unread | None) -> Desk:
    """Return the desk without what lists may have missed of a repository that moved."""
    if lost is None:
        return desk
    work = replace(desk.work, why=desk.work.why or lost, boards_why=desk.work.boards_why or lost)
    return replace(desk, work=work, changes_why=desk.changes_why or lost)


def _repository(
    client: Client, namer: Namer, window: Window, one: Repository, changes: Sequence[Change],
    belonging: Belonging,
) -> Iterator[Signal]:  # fmt: skip
    deployments = one.moved or window.releases.of(one.name)
    ownership = window.known.ownership
    yield Signal(GATED, namer.repo(one.name), client.source, gated(one, ownership, waits_of(deployments)))
    yield Signal(BY_OWNER, namer.repo(one.name), client.source, _by_owner(window, one, changes, belonging))
    delivery = Delivery(
        one.name, deployments, [change for change in changes if change.human], one.moved or window.found.why,
        _incidents(window, one, belonging), belonging, window.as_of, window.known.figures.get(one.name),
    )  # fmt: skip
    shown = {"repository": one.name, "environments": list(one.stages),
             "deployments": len(deployments) if isinstance(deployments, Sequence) else None,
             "merged": len(changes)}  # fmt: skip
    cite: tuple[Evidence, ...] = (client.cite("deployments to production", shown),)
    for key, reading in delivery_readings(delivery, cite).items():
        yield Signal(key, namer.component(one.name), client.source, reading)


def _by_owner(window: Window, one: Repository, changes: Sequence[Change], belonging: Belonging) -> Reading:
    left = SAMPLED if window.found.sampled and window.known.organisation.leaves_out(one) else one.moved
    why = left or window.found.why
    if why is not None:
        return Unknown(why.gap, why.detail)
    own = [alert for alert in window.known.alerts() if alert.repository == one.name]
    return fixed_by_owner(one, own, window.known.hidden(one), changes, belonging, window.as_of)


def _incidents(window: Window, one: Repository, belonging: Belonging) -> list[Item] | None:
    """Return the incidents of a repository whose owners track theirs here; None where that is not known."""
    owners = belonging.owning.get(one.name, ())
    # Of a drawn repository every issue was read, whatever was left out elsewhere.
    if (
        one.moved
        or window.work.why not in (None, SAMPLED)
        or not owners
        or not all(map(window.tracking.follows, owners))
    ):
        return None
    words = set(window.tracking.incidents)
    return [item for item in window.work.items if item.repository == one.name and item.labels & words]


def _ledger(client: Client, namer: Namer, window: Window) -> Iterator[LedgerRow]:
    work, releases = window.work, window.releases
    read = len(work.items)
    # What a sample leaves out is counted by nobody.
    counted = max(work.counted, read, 1 if work.why not in (None, SAMPLED) else 0)
    yield LedgerRow(
        client.source, "issue", str(namer.org), counted, read, failed=counted - read,
        cause=work.why.gap.value if work.why else "", detail=work.why.detail if work.why else "",
    )  # fmt: skip
    got, skipped = len(releases.found), list(releases.why.values()).count(SAMPLED)
    lost = len(releases.why) - skipped
    causes: Iterable[str] = sorted({one.gap.value for one in releases.why.values()})
    yield LedgerRow(
        client.source, "repository's deployments", str(namer.org), lost + got + skipped, got, skipped, lost,
        cause=", ".join(causes),
    )  # fmt: skip
