"""Teams, what they were granted, and who is in them; accounts stay in this process's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnmm_collectors.github.client import Client, Listing, unread
from cnmm_collectors.hosts.facts import Right, Team, Unread

_RIGHTS = {right.name: right for right in Right}
_SIZE = 50


def read_teams(client: Client, organisation: str) -> tuple[tuple[Team, ...] | Unread, int]:
    """Return the teams with the grants they inherit taken out, and how many the host counts."""
    rows: list[Mapping[str, Any]] = []
    total: int | None = None
    for _, page in client.connection("teams", ("organization", "teams"), _SIZE, org=organisation):
        total = page.total if page.total is not None else total
        if page.miss is not None:
            return unread(page.miss), total or 0
        rows += [row for row in page.rows if isinstance(row, Mapping) and isinstance(row.get("slug"), str)]
    if total is None or len(rows) < total:
        return Listing(tuple(rows), None, total or len(rows) + 1).unread(), total or 0
    return without_inherited([_team(client, organisation, row) for row in rows]), total


def without_inherited(teams: Sequence[Team]) -> tuple[Team, ...]:
    """Return the teams with only their own grants: what an ancestor grants as well is the ancestor's."""
    by_slug = {team.slug: team for team in teams}
    return tuple(
        Team(team.slug, team.parent, _own(team, by_slug), team.complete, team.size, team.cite, team.members)
        for team in teams
    )


def _own(team: Team, by_slug: Mapping[str, Team]) -> dict[str, Right]:
    own = dict(team.grants)
    parent, seen = by_slug.get(team.parent), {team.slug}
    while parent is not None and parent.slug not in seen:
        seen.add(parent.slug)
        for name, right in parent.grants.items():
            if name in own and right.reaches(own[name]):
                del own[name]
        parent = by_slug.get(parent.parent)
    return own


def _team(client: Client, organisation: str, row: Mapping[str, Any]) -> Team:
    slug = str(row["slug"])
    edges, whole = _all(client, organisation, slug, row, "repositories", "edges", "team repositories")
    nodes, everyone = _all(client, organisation, slug, row, "members", "nodes", "team members")
    grants = _grants(edges, organisation)
    members = frozenset(str(one["login"]) for one in nodes if isinstance(one, Mapping) and one.get("login"))
    # A row that is withheld is counted by the host, and is still somebody or something.
    whole, everyone = whole and all(map(_is_shown, edges)), everyone and len(members) == len(nodes)
    parent = row.get("parentTeam")
    size = _count(row.get("members"))
    # How many are in a team is not cited: a small number would single people out.
    shown = {"slug": slug, "privacy": row.get("privacy"),
             "grants": {name: right.value for name, right in sorted(grants.items())}}  # fmt: skip
    cite = client.cite(
        f"teams: {organisation}/{slug}", shown,
        note=f"team {slug}: {len(grants)} repositories granted",
    )  # fmt: skip
    return Team(
        slug, str(parent.get("slug", "")) if isinstance(parent, Mapping) else "", grants, whole, size,
        (cite,), members if everyone else None,
    )  # fmt: skip


def _all(
    client: Client, organisation: str, slug: str, row: Mapping[str, Any], field: str, key: str, query: str
) -> tuple[list[Any], bool]:
    """Return a team's connection, its further pages read, and whether it is whole."""
    first = row.get(field)
    if not isinstance(first, Mapping) or not isinstance(first.get(key), list):
        return [], False
    found = list(first[key])
    info = first.get("pageInfo")
    if isinstance(info, Mapping) and info.get("hasNextPage") is True:
        path = ("organization", "team", field)
        after = str(info.get("endCursor"))
        for _, page in client.connection(query, path, 100, key=key, after=after, org=organisation, slug=slug):
            if page.miss is not None:
                return found, False
            found += page.rows
    return found, len(found) >= _count(first)


def _is_shown(edge: Any) -> bool:
    node = edge.get("node") if isinstance(edge, Mapping) else None
    return isinstance(node, Mapping) and isinstance(node.get("name"), str)


def _grants(edges: Sequence[Any], organisation: str) -> dict[str, Right]:
    grants: dict[str, Right] = {}
    for edge in edges:
        node = edge.get("node") if isinstance(edge, Mapping) else None
        right = _RIGHTS.get(str(edge.get("permission"))) if isinstance(edge, Mapping) else None
        if not isinstance(node, Mapping) or right is None:
            continue
        owner = node.get("owner")
        login = str(owner.get("login", "")) if isinstance(owner, Mapping) else ""
        if login.lower() == organisation.lower():
            grants[str(node.get("name"))] = right
    return grants


def _count(connection: Any) -> int:
    total = connection.get("totalCount") if isinstance(connection, Mapping) else None
    return total if isinstance(total, int) else 0
