"""Deployments to production, of twenty repositories in one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cnmm_collectors.github.activity import shown_whole
from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.github.searching import login_of
from cnmm_collectors.hosts.deployments import Deployment, Releases
from cnmm_collectors.hosts.facts import SAMPLED, Organisation, Repository, Unread, moment
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.signals import Gap

_BATCH, _SIZE, DAYS = 20, 50, 90
_WAITING = ("WAITING",)
_NONE = Unread(Gap.NOT_COLLECTED, "no production environment is recorded")


def read_releases(client: Client, organisation: Organisation, as_of: date) -> Releases:
    """Return the production deployments of 90 days of each active repository."""
    found: dict[str, Sequence[Deployment]] = {}
    why: dict[str, Unread] = {}
    wanted: list[Repository] = []
    for one in organisation.active:
        if organisation.leaves_out(one):
            why[one.name] = SAMPLED
        elif one.stages and one.key:
            wanted.append(one)
        else:
            hidden = one.why.get("key", _NONE) if one.stages else _NONE
            why[one.name] = one.production if isinstance(one.production, Unread) else hidden
    start = datetime.combine(as_of - timedelta(days=DAYS), time(), UTC)
    end = datetime.combine(as_of + timedelta(days=1), time(), UTC)
    for first in range(0, len(wanted), _BATCH):
        _read(client, wanted[first : first + _BATCH], start, end, found, why)
    return Releases(found, why)


def _read(
    client: Client, part: Sequence[Repository], start: datetime, end: datetime,
    found: dict[str, Sequence[Deployment]], why: dict[str, Unread],
) -> None:  # fmt: skip
    stages = sorted({name for one in part for name in one.stages})
    answer, outcome = client.query("deployments", ids=[one.key for one in part], stages=stages, n=_SIZE)
    if answer is None and outcome.kind is Kind.ERROR and len(part) > 1:
        middle = len(part) // 2
        _read(client, part[:middle], start, end, found, why)
        _read(client, part[middle:], start, end, found, why)
        return
    for position, one in enumerate(part):
        node = answer.at("nodes", position, "deployments") if answer is not None else None
        miss = answer.miss("nodes", position) if answer is not None else outcome
        rows = node.get("nodes") if isinstance(node, Mapping) else None
        if miss is not None or not isinstance(rows, list):
            why[one.name] = unread(miss) if miss else Unread(Gap.NOT_PERMITTED, "needs deployments: read")
            continue
        kept = _more(client, one, node, start)
        if isinstance(kept, Unread):
            why[one.name] = kept
        elif not all(isinstance(row, Mapping) and shown_whole(row.get("statuses")) for row in (*rows, *kept)):
            why[one.name] = Unread(Gap.MALFORMED, "a deployment was withheld")
        else:
            found[one.name] = _judge(client, one, [*rows, *kept], start, end)


def _more(client: Client, one: Repository, node: Any, start: datetime) -> list[Any] | Unread:
    """Return the further pages of a repository, as far as the window reaches."""
    info = node.get("pageInfo")
    rows: list[Any] = []
    last = node["nodes"]
    after = str(info.get("endCursor")) if isinstance(info, Mapping) else ""
    if not isinstance(info, Mapping) or info.get("hasNextPage") is not True or _reaches(last, start):
        return rows
    path = ("node", "deployments")
    for answer, page in client.connection(
        "more deployments", path, 100, after=after, id=one.key, stages=list(one.stages)
    ):
        miss = page.miss or answer.miss(*path)
        if miss is not None:
            return unread(miss)
        rows += page.rows
        if _reaches(page.rows, start):
            break
    return rows


def _reaches(rows: Sequence[Any], start: datetime) -> bool:
    moments = [moment(row.get("createdAt")) for row in rows if isinstance(row, Mapping)]
    return any(at is not None and at < start for at in moments)


def _judge(
    client: Client, one: Repository, rows: Iterable[Any], start: datetime, end: datetime
) -> Sequence[Deployment]:
    made = [_deployment(row, one.name, client.settings.bots) for row in rows if isinstance(row, Mapping)]
    stages = set(one.stages)
    kept = [
        each for each, stage in made
        if each is not None and start <= each.at < end and (stage is None or stage in stages)
    ]  # fmt: skip
    return sorted(kept, key=lambda each: each.at)


def _deployment(
    row: Mapping[str, Any], name: str, bots: Iterable[str]
) -> tuple[Deployment | None, str | None]:
    at = moment(row.get("createdAt"))
    if at is None:
        return None, None
    starter, human = login_of(row.get("creator"), bots)
    statuses = row.get("statuses")
    nodes = statuses.get("nodes") if isinstance(statuses, Mapping) else None
    states = [one for one in nodes if isinstance(one, Mapping)] if isinstance(nodes, list) else []
    succeeded = any(one.get("state") == "SUCCESS" for one in states)
    stage = row.get("environment")
    made = Deployment(name, str(row.get("commitOid", "")), at, starter, human, succeeded, _waited(states))
    return made, stage if isinstance(stage, str) else None


def _waited(states: Sequence[Mapping[str, Any]]) -> timedelta | None:
    """Return how long a deployment waited for somebody's approval, None where it did not or still does."""
    ordered = sorted(
        ((at, one.get("state")) for one in states if (at := moment(one.get("createdAt"))) is not None),
        key=lambda pair: pair[0],
    )
    start = next((at for at, state in ordered if state in _WAITING), None)
    if start is None:
        return None
    end = next((at for at, state in ordered if at >= start and state not in _WAITING), None)
    return None if end is None else end - start
