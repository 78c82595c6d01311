"""From a project's row and its GraphQL node to the facts about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.details import Detail
from cnmm_collectors.gitlab.environments import read_gates, stages_of
from cnmm_collectors.gitlab.groups import Members, Tree, members_of, readable_inside
from cnmm_collectors.gitlab.owners import read_owners
from cnmm_collectors.gitlab.practice import read_checked, read_release, shared_by
from cnmm_collectors.gitlab.projects import Row
from cnmm_collectors.gitlab.rights import Role, Sight
from cnmm_collectors.gitlab.rules import read_rules
from cnmm_collectors.hosts.facts import (
    Persons,
    Read,
    Repository,
    Standing,
    Unread,
    moment,
)
from cnmm_collectors.signals import Gap


@dataclass(frozen=True, slots=True)
class World:
    """What is known of the organisation while its projects are described; `tree` is None for one alone."""

    client: Client
    sight: Sight
    organisation: str
    tree: Tree | Unread
    as_of: date


def describe(world: World, row: Row, detail: Detail | Unread, direct: Members | Unread) -> Repository:
    """Return the facts of one project; one that is not in use is not looked into."""
    one = Repository(
        name=row.name, key=str(row.data["id"]), standing=row.standing,
        clone_url=f"{world.client.web}/{row.path}.git", branch=str(row.data.get("default_branch") or ""),
        cite=(row.cite,), archived_at=_archived(row, world.as_of),
    )  # fmt: skip
    if row.standing is not Standing.ACTIVE:
        return one
    if isinstance(detail, Unread):
        return _blank(world, one, row, detail, direct)
    role = world.sight.in_project(row.data)
    names = world.client.settings.production
    return replace(
        one,
        visible_inside=_visible(world, row, direct),
        rules=read_rules(world.sight, row, detail, role),
        owners=read_owners(world.client, world.sight, row, detail, role),
        persons=_persons(world, row, direct),
        gates=read_gates(world.sight, row, detail, role, world.organisation, names),
        open_changes=_open(world.sight, row, detail, role),
        stages=stages_of(detail, names),
        debt=_debt(row, detail, role),
        release=read_release(world.client, world.sight, row, detail, role, world.as_of),
        checked=read_checked(world.client, row, detail, role),
        proofs=shared_by(world.client, row, detail, world.as_of),
        marks=_marks(row),
    )  # fmt: skip


def _blank(world: World, one: Repository, row: Row, why: Unread, direct: Members | Unread) -> Repository:
    visible = _visible(world, row, direct)
    return replace(
        one, visible_inside=visible, rules=why, owners=why, persons=why, gates=why, release=why, checked=why
    )


def _archived(row: Row, as_of: date) -> datetime | None:
    """Return a day by which a project was archived, where its last update is a year old: the host gives no
    date, and what was touched since may have been archived since.
    """
    updated = moment(row.data.get("updated_at")) if row.data["archived"] else None
    return updated if updated and updated.date() < as_of - timedelta(days=365) else None


def _visible(world: World, row: Row, direct: Members | Unread) -> Read[bool] | Unread:
    if row.data["visibility"] in ("public", "internal"):
        return Read(True, (row.cite,))
    if isinstance(world.tree, Unread):
        return world.tree
    found = readable_inside(world.tree, row, () if isinstance(direct, Unread) else direct.people)
    if found is False and isinstance(direct, Unread):
        return direct
    return found if isinstance(found, Unread) else Read(found, (row.cite,))


def direct_members(client: Client, row: Row, detail: Detail | Unread) -> Members | Unread:
    """Return who is a member of the project itself."""
    if isinstance(detail, Unread):
        return detail
    found = detail.part("members", "projectMembers")
    if isinstance(found, Unread):
        return found
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    if not isinstance(nodes, list):
        return Unread(Gap.NOT_PERMITTED, "the members of the project are hidden; needs Guest")
    rows, info = list(nodes), found.get("pageInfo")
    if isinstance(info, Mapping) and info.get("hasNextPage") is True:
        pages = client.connection(
            "project members", ("project", "projectMembers"), 100,
            after=str(info.get("endCursor")), path=row.path,
        )  # fmt: skip
        for _, page in pages:
            if page.miss is not None:
                return Unread(page.miss.gap, page.miss.explain())
            rows += page.rows
    known = members_of(rows)
    if known is None:
        return Unread(Gap.NOT_VISIBLE, "a member of the project is hidden")
    return known


def _persons(world: World, row: Row, direct: Members | Unread) -> Read[Persons] | Unread:
    if isinstance(direct, Unread):
        return direct
    if isinstance(world.tree, Unread):
        return world.tree
    if world.tree.owners is None:
        return Unread(Gap.NOT_PERMITTED, "the owners of the group cannot be listed; needs Guest of the group")
    count = len(direct.people.keys() - world.tree.owners)
    return Read(Persons(count, count), (row.cite,))


def _debt(row: Row, detail: Detail, role: Role) -> tuple[int, int] | None:
    """Return how many issues of debt are open and how many there are, None where issues are hidden."""
    if row.data.get("issues_access_level") == "disabled":
        return 0, 0
    first, second = (_count(detail.part("debt", key)) for key in ("openDebt", "allDebt"))
    return None if first is None or second is None or role < Role.GUEST else (first, second)


def _count(connection: object) -> int | None:
    found = connection.get("count") if isinstance(connection, Mapping) else None
    return found if isinstance(found, int) else None


def _marks(row: Row) -> tuple[tuple[str, str], ...]:
    """Return what its owners mark a project with: topics, and the frameworks it must comply with."""
    named = {"topic": row.data.get("topics"), "compliance framework": row.data.get("compliance_frameworks")}
    return tuple(
        (kind, one)
        for kind, values in named.items()
        if isinstance(values, list)
        for one in sorted(map(str, values))
    )


def _open(sight: Sight, row: Row, detail: Detail, role: Role) -> int | None:
    if row.data.get("merge_requests_access_level") == "disabled" or role < Role.REPORTER:
        return None
    return _count(detail.part("open", "open"))
