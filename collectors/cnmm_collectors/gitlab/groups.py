"""The groups below an organisation, who is in each, and what each was granted; accounts stay in memory.

A group with members of its own is a team. It is granted the projects it holds, by its members' highest role,
and those shared with it. Members are also inherited from groups above: the nearest group whose members
maintain a project answers for it, and a group further up is not counted as a second team.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.gitlab.projects import Row, shared_with
from cnmm_collectors.gitlab.rights import Role, role_of
from cnmm_collectors.hosts.asking import unread
from cnmm_collectors.hosts.facts import Accounts, Right, Standing, Team, Unread
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.signals import Gap

_SIZE = 20
_READS = Role.REPORTER
"""The least role that may read the code of a private project."""


@dataclass(frozen=True, slots=True)
class Members:
    """The accounts of persons with their level, and those of robots; in memory only."""

    people: Mapping[str, int] = field(repr=False)
    robots: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """A group: its own members by account, with their level, its robots, and whom it is shared with.

    `members` and `shares` are None where they were not read whole.
    """

    path: str
    members: Mapping[str, int] | None = field(repr=False)
    shares: Mapping[str, int] | None
    robots: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Tree:
    """The groups below a root by full path, the root among them; `why` says what is missing of them.

    The root is the organisation, or the one group of it that is read.
    """

    organisation: str
    root: str
    groups: Mapping[str, Group]
    why: Unread | None
    everybody: frozenset[str] | None = field(repr=False)
    """Who is a member of any group, None where that was not read whole."""

    @property
    def owners(self) -> frozenset[str] | None:
        """The owners of the organisation, None where they are not known."""
        members = self.groups[self.root].members
        if members is None or self.root != self.organisation:
            return None
        return frozenset(name for name, level in members.items() if level >= Role.OWNER)

    def chain(self, path: str) -> Iterator[Group]:
        """Yield the groups a project is in, from the nearest one up to the root."""
        while path.startswith(self.root):
            if path in self.groups:
                yield self.groups[path]
            path = path.rpartition("/")[0]


def read_tree(
    client: Client, organisation: str, root: str, own: Mapping[str, Any], rows: Iterable[Row]
) -> Tree:
    """Return the groups below a root; shares are asked of the groups that hold projects in use."""
    found: dict[str, Members | None] = {}
    why = None
    path = ("group", "descendantGroups")
    for _, page in client.connection("groups", path, _SIZE, org=root):
        why = why or (unread(page.miss) if page.miss is not None else None)
        for node in page.rows:
            if isinstance(node, Mapping) and isinstance(node.get("fullPath"), str):
                found[node["fullPath"]] = _members(client, node["fullPath"], node.get("groupMembers"))
            else:
                why = why or Unread(Gap.NOT_VISIBLE, "a group was withheld")
    found[root] = _members(client, root, None)
    held = {group for row in rows if row.standing is Standing.ACTIVE for group in _above(row, root)}
    groups = {
        path: Group(
            path,
            None if members is None else members.people,
            _shares(client, path, root, own) if path in held else {},
            frozenset() if members is None else members.robots,
        )
        for path, members in found.items()
    }
    whole = why is None and all(group.members is not None for group in groups.values())
    everybody = frozenset(name for group in groups.values() for name in group.members or ())
    return Tree(organisation, root, groups, why, everybody if whole else None)


def _above(row: Row, root: str) -> Iterator[str]:
    path = row.container
    while path.startswith(root):
        yield path
        path = path.rpartition("/")[0]


def _members(client: Client, path: str, first: Any) -> Members | None:
    """Return a group's own members, further pages read; None where they were not read whole."""
    nodes, info = (first.get("nodes"), first.get("pageInfo")) if isinstance(first, Mapping) else (None, None)
    rows: list[Any] = list(nodes) if isinstance(nodes, list) else []
    more = not isinstance(nodes, list) or (isinstance(info, Mapping) and info.get("hasNextPage") is True)
    if more:
        after = str(info.get("endCursor")) if rows and isinstance(info, Mapping) else None
        place = ("group", "groupMembers")
        for _, page in client.connection("group members", place, 100, after=after, path=path):
            if page.miss is not None:
                return None
            rows += page.rows
    return members_of(rows)


def members_of(rows: Iterable[Any]) -> Members | None:
    """Return who is among members, persons with their level and robots apart; None where one is hidden."""
    people: dict[str, int] = {}
    robots: set[str] = set()
    for row in rows:
        user = row.get("user") if isinstance(row, Mapping) else None
        if not isinstance(user, Mapping) or not isinstance(user.get("username"), str):
            return None
        level = row.get("accessLevel")
        number = level.get("integerValue") if isinstance(level, Mapping) else 0
        if user.get("bot") is True:
            robots.add(user["username"])
        else:
            people[user["username"]] = number if isinstance(number, int) else 0
    return Members(people, frozenset(robots))


def _shares(client: Client, path: str, root: str, own: Mapping[str, Any]) -> dict[str, int] | None:
    if path == root:
        return shared_with(own) if isinstance(own.get("shared_with_groups"), list) else None
    body, outcome = client.get(path_of("groups", path), with_projects="false")
    if outcome.kind is not Kind.PRESENT or not isinstance(body, Mapping):
        return None
    return shared_with(body) if isinstance(body.get("shared_with_groups"), list) else None


def teams_of(client: Client, tree: Tree, rows: Sequence[Row]) -> tuple[Team, ...]:
    """Return the teams with their grants; a group without members of its own is a folder, and no team."""
    grants: dict[str, dict[str, Right]] = defaultdict(dict)
    open_: set[str] = set()
    for row in rows:
        for path, level in _granted(tree, row, open_):
            right = right_of(level)
            known = grants[path].get(row.name)
            if known is None or right.reaches(known):
                grants[path][row.name] = right
    chosen = [
        path for path, group in tree.groups.items() if path != tree.organisation and group.members != {}
    ]
    outside = [path for path in grants if path not in tree.groups]
    return tuple(
        _team(client, tree, path, grants.get(path, {}), not open_) for path in sorted({*chosen, *outside})
    )


def _granted(tree: Tree, row: Row, open_: set[str]) -> Iterator[tuple[str, int]]:
    """Yield who a project is granted to: groups by path, with a level; `open_` takes what is hidden."""
    yield from shared_with(row.data).items()
    answered = False
    for group in tree.chain(row.container):
        if group.shares is None:
            open_.add(row.name)
        yield from (group.shares or {}).items()
        if group.path == tree.organisation or answered:
            continue
        if group.members is None:
            open_.add(row.name)
        level = max((group.members or {}).values(), default=0)
        if level:
            yield group.path, level
        answered = level >= Role.MAINTAINER


def right_of(level: int) -> Right:
    """Return the right that a level of access gives on a project."""
    role = role_of(level)
    if role >= Role.OWNER:
        return Right.ADMIN
    if role >= Role.MAINTAINER:
        return Right.MAINTAIN
    if role >= Role.DEVELOPER:
        return Right.WRITE
    return Right.TRIAGE if role >= Role.PLANNER else Right.READ


def _team(client: Client, tree: Tree, path: str, grants: Mapping[str, Right], whole: bool) -> Team:
    inside = path in tree.groups
    slug = path.removeprefix(f"{tree.organisation}/") if inside else f"external:{path}"
    members = tree.groups[path].members if inside else None
    parent = slug.rpartition("/")[0] if inside else ""
    # How many are in a team is not cited: a small number would single people out.
    shown = {"group": path, "grants": {name: right.value for name, right in sorted(grants.items())}}
    cite = client.cite(f"group {path}", shown, note=f"group {slug}: {len(grants)} projects granted")
    people = frozenset(members) if members is not None else None
    return Team(slug, parent, grants, whole, len(people or ()), (cite,), people)


def readable_inside(tree: Tree, row: Row, direct: Iterable[str]) -> bool | Unread:
    """Return whether every member of the organisation's groups may read a private project's code."""
    everybody = tree.everybody
    if everybody is None:
        return tree.why or Unread(Gap.NOT_VISIBLE, "the members of a group cannot be listed")
    reached = set(direct)
    for group in tree.chain(row.container):
        reached |= {name for name, level in (group.members or {}).items() if level >= _READS}
        reached |= _through(tree, group.shares or {})
    reached |= _through(tree, shared_with(row.data))
    return reached >= everybody


def _through(tree: Tree, shares: Mapping[str, int]) -> set[str]:
    return {
        name
        for path, level in shares.items() if level >= _READS and path in tree.groups
        for name in tree.groups[path].members or ()
    }  # fmt: skip


def accounts_of(tree: Tree, role: Role, direct: Iterable[Members | Unread]) -> Accounts | Unread:
    """Return who is a member of a group or project: whole where this credential is shown them all."""
    of_projects = list(direct)
    read = [one for one in of_projects if isinstance(one, Members)]
    people = {name for group in tree.groups.values() for name in group.members or ()}
    robots = {name for group in tree.groups.values() for name in group.robots}
    people |= {name for one in read for name in one.people}
    robots |= {name for one in read for name in one.robots}
    if not people:
        return Unread(Gap.NOT_VISIBLE, "no member is shown; needs a role in the group")
    whole = tree.everybody is not None and role >= Role.GUEST and tree.root == tree.organisation
    return Accounts(frozenset(people), frozenset(robots), whole and len(read) == len(of_projects))
