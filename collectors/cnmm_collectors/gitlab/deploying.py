"""Deployments to production: one list for each project that has such an environment, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cnmm_collectors.gitlab.activity import account
from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.hosts.asking import Listing, unread
from cnmm_collectors.hosts.deployments import Deployment, Releases
from cnmm_collectors.hosts.facts import SAMPLED, Organisation, Read, Repository, Unread, moment
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.signals import Gap

DAYS = 90
MOST_WAITS = 20
"""Deployments of a guarded environment that are asked for how long they waited, the newest ones."""
_NONE = Unread(Gap.NOT_COLLECTED, "no production environment is recorded")


def read_releases(client: Client, name: str, organisation: Organisation, as_of: date) -> Releases:
    """Return the production deployments of 90 days of each active project, oldest first."""
    found: dict[str, Sequence[Deployment]] = {}
    why: dict[str, Unread] = {}
    stop: Unread | None = None
    for one in organisation.active:
        left = SAMPLED if organisation.leaves_out(one) else None
        made = left or _none(one) or stop or _read(client, name, one, as_of)
        if not isinstance(made, Unread):
            found[one.name] = made
            continue
        why[one.name] = made
        # What is spent for one is spent for all: nothing is gained by asking on.
        spent = made.gap in (Gap.RATE_LIMITED, Gap.SAMPLED_OUT) and made is not SAMPLED
        stop = made if spent else stop
    return Releases(found, why)


def _none(one: Repository) -> Unread | None:
    if one.stages:
        return None
    return one.gates if isinstance(one.gates, Unread) else _NONE


def _read(client: Client, name: str, one: Repository, as_of: date) -> Sequence[Deployment] | Unread:
    start = datetime.combine(as_of - timedelta(days=DAYS), time(), UTC)
    end = datetime.combine(as_of + timedelta(days=1), time(), UTC)
    path = path_of("projects", f"{name}/{one.name}", "deployments")
    made: dict[int, tuple[Deployment, Mapping[str, Any]]] = {}
    for stage in one.stages:
        listing = client.listing(
            path, environment=stage, updated_after=start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            order_by="updated_at", sort="asc",
        )  # fmt: skip
        if listing.miss is not None or not listing.complete:
            return _why(listing)
        for row in listing.rows:
            each = _deployment(row, one.name, client.settings.bots)
            if each is None:
                return Unread(Gap.MALFORMED, "a deployment was withheld or is malformed")
            if start <= each.at < end:
                made[row["id"]] = (each, row)
    ordered = sorted(made.values(), key=lambda pair: pair[0].at)
    if not isinstance(one.gates, Read) or not any(gate.approval for gate in one.gates.value):
        return [each for each, _ in ordered]
    return _with_waits(client, path, ordered)


def _why(listing: Listing) -> Unread:
    return unread(listing.miss) if listing.miss is not None else listing.unread()


def _deployment(row: Any, name: str, bots: Iterable[str]) -> Deployment | None:
    at = moment(row.get("created_at")) if isinstance(row, Mapping) else None
    if at is None or not isinstance(row.get("id"), int):
        return None
    starter, human = account(row.get("user"), bots)
    job = row.get("deployable")
    done = moment(job.get("finished_at")) if isinstance(job, Mapping) else None
    return Deployment(
        name, str(row.get("sha", "")), done or at, starter, human, row.get("status") == "success"
    )


def _with_waits(
    client: Client, path: str, ordered: Sequence[tuple[Deployment, Mapping[str, Any]]]
) -> Sequence[Deployment]:
    """Return the deployments, the newest ones with the time from their start to their last approval."""
    waits: dict[int, timedelta] = {}
    for _, row in ordered[-MOST_WAITS:]:
        body, outcome = client.get(f"{path}/{row['id']}")
        if outcome.kind is not Kind.PRESENT:
            break
        start = moment(row.get("created_at"))
        approved = [
            at for one in (body.get("approvals") if isinstance(body, Mapping) else None) or ()
            if isinstance(one, Mapping) and one.get("status") == "approved"
            and (at := moment(one.get("created_at"))) is not None
        ]  # fmt: skip
        if approved and start is not None:
            waits[row["id"]] = max(approved) - start
    return [
        Deployment(each.repository, each.commit, each.at, each.starter, each.human, each.succeeded,
                   waits.get(row["id"]))
        for each, row in ordered
    ]  # fmt: skip
