"""The whole organisation in few requests: settings, groups, projects, and how much of it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.gitlab.description import World, describe, direct_members
from cnmm_collectors.gitlab.details import Details, read_detail, read_details
from cnmm_collectors.gitlab.groups import accounts_of, read_tree, teams_of
from cnmm_collectors.gitlab.organisation import read_settings
from cnmm_collectors.gitlab.projects import Row, count_projects, read_one_row, read_projects, row_of
from cnmm_collectors.gitlab.rights import Role, Sight, raised, read_sight
from cnmm_collectors.gitlab.rules import jobs_of
from cnmm_collectors.gitlab.scanners import doubted, read_push_protection, read_scanners
from cnmm_collectors.hosts.asking import Listing
from cnmm_collectors.hosts.drawing import draw
from cnmm_collectors.hosts.facts import SAMPLED, Draw, Organisation, Repository, Standing, Unread
from cnmm_collectors.hosts.outcomes import Kind, Outcome
from cnmm_collectors.signals import Gap

_PERSON = Outcome(Kind.UNSUPPORTED, "a personal namespace, no group: name its projects one by one")
_OWN_CALLS = 14
"""The calls a group takes beside those that grow with it."""


class Unseen(Exception):
    """The group or project itself could not be read; the outcome says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.explain())
        self.gap, self.outcome = outcome.gap, outcome


def read_group(client: Client, path: str) -> Mapping[str, Any]:
    """Return a group's own settings; raises Unseen."""
    body, outcome = client.get(path_of("groups", path), with_projects="false")
    if outcome.kind is not Kind.PRESENT:
        raise Unseen(_PERSON if outcome.kind is Kind.NOT_VISIBLE and _is_person(client, path) else outcome)
    if not isinstance(body, Mapping) or not isinstance(body.get("full_path"), str):
        raise Unseen(Outcome(Kind.MALFORMED, "the host gave no group"))
    return body


def _is_person(client: Client, path: str) -> bool:
    body, outcome = client.get(path_of("namespaces", path))
    return outcome.kind is Kind.PRESENT and isinstance(body, Mapping) and body.get("kind") == "user"


def count_calls(client: Client, group: str) -> int:
    """Return the number of calls a group will take, from its own number of projects; raises Unseen."""
    read_group(client, group)
    counted = count_projects(client, group)
    count = counted if counted is not None else 1_000
    pages = (-(-count // 100), -(-count // client.settings.page), -(-count // 20), -(-count // 20))
    return _OWN_CALLS + sum(pages)


def read_organisation(
    client: Client, name: str, path: str, as_of: date
) -> tuple[Organisation, Sight, Sequence[Row]]:
    """Return everything about a group but its alerts and changes; raises Unseen.

    `name` is the organisation, `path` the group that is read: the same, or one below it.
    """
    group = read_group(client, path)
    listing = read_projects(client, path)
    rows, withheld = _rows(client, name, path, listing)
    sight = read_sight(client, path)
    for row in rows:
        sight = replace(sight, subscription=raised(sight.subscription, row.data))
    tree = read_tree(client, name, path, group, rows)
    details = read_details(client, path, sight.left())
    world = World(client, sight, name, tree, as_of)
    direct = {row.path: direct_members(client, row, details.of(row.path)) for row in rows}
    found = [describe(world, row, details.of(row.path), direct[row.path]) for row in rows]
    sample = draw(found, client.settings.sample, client.settings.seed)
    found = _with_scanners(client, sight, rows, details, found, as_of, sample)
    settings = read_settings(client, sight, path, group, tree, as_of)
    teams = tree.why or teams_of(client, tree, rows)
    partial = withheld or _why_partial(sight, name, path)
    return (
        Organisation(
            sees_all_repositories=not partial,
            sees_all_teams=not isinstance(teams, Unread) and not _why_partial(sight, name, path),
            why_not=partial,
            repositories=tuple(sorted(found, key=lambda one: one.name)),
            listed=max(listing.total or 0, len(listing.rows), len(rows)),
            complete=not withheld,
            teams=teams,
            teams_listed=0 if isinstance(teams, Unread) else len(teams),
            cite=(client.cite(f"group {path}", {"projects": listing.total}, path=path_of("groups", path)),),
            second_factor=settings.second_factor,
            linked=settings.linked,
            sign_on=settings.sign_on,
            assistant=settings.assistant,
            streams=settings.streams,
            accounts=accounts_of(tree, sight.role, direct.values()),
            draw=sample,
        ),
        sight,
        rows,
    )


def _rows(client: Client, name: str, path: str, listing: Listing) -> tuple[list[Row], str]:
    """Return the projects, and why some are missing where some are."""
    place = path_of("groups", path, "projects")
    rows = [row for data in listing.rows if (row := row_of(client, name, data, place)) is not None]
    if listing.miss is not None:
        return rows, listing.miss.explain()
    total = max(listing.total or 0, len(listing.rows))
    if len(rows) < total:
        return rows, f"{total - len(rows)} of {total} projects were withheld"
    return rows, ""


def _why_partial(sight: Sight, name: str, path: str) -> str:
    """Return why this listing is no enumeration of the organisation, empty where it is one."""
    if name != path:
        return "one group of the organisation was asked for"
    if sight.role < Role.GUEST and sight.why is not None:
        return f"the role of the credential is not known: {sight.why.detail}"
    if sight.role < Role.GUEST:
        return "the credential has no role in the group: private projects may be hidden from it"
    return ""


def _with_scanners(
    client: Client, sight: Sight, rows: Sequence[Row], details: Details, found: Sequence[Repository],
    as_of: date, sample: Draw | None = None,
) -> list[Repository]:  # fmt: skip
    active = [row for row in rows if row.standing is Standing.ACTIVE]
    ran = read_scanners(client, sight, active, as_of)
    for row in active:
        detail = details.of(row.path)
        ran[row.name] = doubted(ran[row.name], () if isinstance(detail, Unread) else jobs_of(detail))
    pushed = {
        row.name: SAMPLED if sample is not None and row.name not in sample.names
        else read_push_protection(client, sight, row)
        for row in active
    }  # fmt: skip
    return [
        replace(
            one, secret_scanning=ran[one.name].secret, dependency_alerts=ran[one.name].dependency,
            code_scanning=ran[one.name].code, push_protection=pushed[one.name],
            proofs={**one.proofs, **ran[one.name].proofs},
        )
        if one.name in ran else one
        for one in found
    ]  # fmt: skip


def read_one(client: Client, name: str, path: str, as_of: date) -> tuple[Organisation, Sight, Sequence[Row]]:
    """Return a single project as an organisation of which nothing else is known; raises Unseen."""
    row, outcome = read_one_row(client, name, path)
    if row is None:
        raise Unseen(outcome)
    sight = read_sight(client, row.container)
    sight = replace(sight, subscription=raised(sight.subscription, row.data))
    alone = Unread(Gap.NOT_COLLECTED, "one project was asked for")
    world = World(client, sight, name, alone, as_of)
    details = read_detail(client, path, sight.left())
    detail = details.of(path)
    one = describe(world, row, detail, direct_members(client, row, detail))
    (one,) = _with_scanners(client, sight, [row], details, [one], as_of)
    return Organisation(
        sees_all_repositories=False, sees_all_teams=False, why_not=alone.detail, repositories=(one,),
        listed=1, complete=True, teams=alone, teams_listed=0, cite=one.cite,
    ), sight, (row,)  # fmt: skip
