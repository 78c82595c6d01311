"""From one repository of a GraphQL answer to the facts about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.github.client import Answer, Client, unread
from cnmm_collectors.github.environments import production_of
from cnmm_collectors.github.guides import inherits
from cnmm_collectors.github.practice import checked_of, release_of
from cnmm_collectors.github.rules import merge_rules
from cnmm_collectors.hosts.facts import Owners, Persons, Read, Repository, Rules, Standing, Unread, moment
from cnmm_collectors.signals import Gap

_OWNER_FILES = ("inGithub", "inRoot", "inDocs")
_STATES = (
    ("isDisabled", Standing.DISABLED),
    ("isArchived", Standing.ARCHIVED),
    ("isEmpty", Standing.EMPTY),
    ("isFork", Standing.FORK),
    ("isTemplate", Standing.TEMPLATE),
)
_LISTS = {"changes": ("openChanges",), "issues": ("openDebt", "allDebt"), "key": ("id",)}
_NO_BRANCH = Unread(Gap.NOT_VISIBLE, "the default branch is not shown")
_ID = re.compile(r"[0-9a-f]{40}")
_ENTRY = re.compile(r"(?<!\\)\s+")


@dataclass(frozen=True, slots=True)
class Sight:
    """What this credential is known to see of every repository, and what holds for all of them.

    `owners` are the accounts of the organisation's owners, in memory only, None where they are not known.
    `default` is the right every member has, None where it is hidden. `wide` are repositories that a team of
    everybody reaches, None where that is not known. `guide` is the address of the owner's contributing guide.
    """

    organisation: str
    web: str
    app_administers: bool
    owners: frozenset[str] | None
    default: str | None
    wide: frozenset[str] | None
    guide: str = ""


def describe(
    client: Client, sight: Sight, node: Mapping[str, Any], answer: Answer, at: tuple[str | int, ...]
) -> Repository:
    """Return the facts of one node; `at` is its path in the answer, where errors about it are found."""
    name = str(node["name"])
    cite = client.cite(f"inventory: {sight.organisation}/{name}", _public(node), note=_note(node))
    branch = node.get("defaultBranchRef")
    branch = branch if isinstance(branch, Mapping) else {}
    seen = _Node(node, answer, at, (cite,))
    production = production_of(node, answer, at, client.settings.production)
    administers = sight.app_administers or node.get("viewerPermission") == "ADMIN"
    return Repository(
        name=name,
        key=str(node.get("id", "")),
        standing=next((state for flag, state in _STATES if node.get(flag) is True), Standing.ACTIVE),
        clone_url=f"{sight.web}/{name}.git",
        branch=str(branch.get("name", "")),
        cite=(cite,),
        visible_inside=_visible(seen, sight, name),
        rules=_rules(seen, branch, administers),
        owners=_owners(seen),
        dependency_alerts=_dependency_alerts(seen, administers),
        persons=_persons(seen, sight.owners),
        production=production if isinstance(production, Unread) else tuple(key for key, _ in production),
        stages=() if isinstance(production, Unread) else tuple(name for _, name in production),
        debt=_debt(seen),
        open_changes=answer.at(*at, "openChanges", "totalCount"),
        archived_at=moment(node.get("archivedAt")),
        tip=_tip(node, branch),
        proofs=inherits(client, node, sight.guide, f"{sight.organisation}/{name}"),
        why={part: lost for part, fields in _LISTS.items() if (lost := seen.hidden(*fields)) is not None},
        release=release_of(client, node, answer, at, f"{sight.organisation}/{name}"),
        checked=checked_of(
            client, node, answer, at, str(branch.get("name") or ""), f"{sight.organisation}/{name}"
        ),
    )


def _rules(seen: _Node, branch: Mapping[str, Any], administers: bool) -> Read[Rules] | Unread:
    if not branch:
        return seen.hidden("defaultBranchRef") or _NO_BRANCH
    hidden = seen.hidden("defaultBranchRef.rules", "defaultBranchRef.branchProtectionRule")
    return merge_rules(branch, administers, hidden, seen.cite[0], seen.hidden("viewerPermission"))


def _tip(node: Mapping[str, Any], branch: Mapping[str, Any]) -> tuple[str, str]:
    """Return the ids of the default branch's commit and of its tree, empty where files are not shown."""
    target = branch.get("target") if node.get("tip") else None
    tree = target.get("tree") if isinstance(target, Mapping) else None
    ids = [one.get("oid") if isinstance(one, Mapping) else None for one in (target, tree)]
    commit, root = (one if isinstance(one, str) and _ID.fullmatch(one) else "" for one in ids)
    return (commit, root) if commit and root else ("", "")


def readable(node: Any) -> bool:
    """True where a node is a repository whose state is known."""
    return (
        isinstance(node, Mapping)
        and isinstance(node.get("name"), str)
        and all(isinstance(node.get(flag), bool) for flag, _ in _STATES)
    )


@dataclass(frozen=True, slots=True)
class _Node:
    data: Mapping[str, Any]
    answer: Answer
    at: tuple[str | int, ...]
    cite: tuple[Evidence, ...]

    def hidden(self, *fields: str) -> Unread | None:
        """Return why one of some fields, each a path with dots, or part of it was not given."""
        misses = (self.answer.miss(*self.at, *field.split(".")) for field in fields)
        return next((unread(miss) for miss in misses if miss is not None), None)


def _visible(seen: _Node, sight: Sight, name: str) -> Read[bool] | Unread:
    visibility = seen.data.get("visibility")
    if visibility in ("PUBLIC", "INTERNAL") or name in (sight.wide or ()):
        return Read(True, seen.cite)
    if visibility != "PRIVATE":
        return seen.hidden("visibility") or Unread(Gap.MALFORMED, "no visibility was given")
    if sight.default is None:
        return Unread(Gap.NOT_PERMITTED, "the members' default right is shown to owners only")
    if sight.default == "none" and sight.wide is None:
        return Unread(Gap.NOT_VISIBLE, "whether a team of everybody reaches it is not known")
    return Read(sight.default != "none", seen.cite)


def _dependency_alerts(seen: _Node, administers: bool) -> Read[bool] | Unread:
    value = seen.data.get("hasVulnerabilityAlertsEnabled")
    hidden = seen.hidden("hasVulnerabilityAlertsEnabled")
    if value is True:
        return Read(True, seen.cite)
    if value is False and administers and hidden is None:
        return Read(False, seen.cite)
    # False is also what those who may not know are told.
    return (
        hidden
        or seen.hidden("viewerPermission")
        or Unread(Gap.NOT_PERMITTED, "the setting is hidden; needs dependabot alerts: read")
    )


def _owners(seen: _Node) -> Read[Owners | None] | Unread:
    for field in (*_OWNER_FILES, "codeowners", "tip"):
        hidden = seen.hidden(field)
        if hidden is not None:
            return hidden
    blob = next((seen.data[field] for field in _OWNER_FILES if seen.data.get(field)), None)
    if blob is None:
        if not seen.data.get("tip"):
            return Unread(Gap.NOT_VISIBLE, "files cannot be read; needs contents: read")
        return Read(None, seen.cite)
    errors = seen.answer.at(*seen.at, "codeowners", "errors")
    text = blob.get("text") if isinstance(blob, Mapping) else None
    if not isinstance(text, str) or blob.get("isTruncated") or not isinstance(errors, list):
        return Unread(
            Gap.UNSUPPORTED, "the ownership file is too large, no text, or was not judged by the host"
        )
    if not all(isinstance(one, Mapping) for one in errors):
        return Unread(Gap.MALFORMED, "an error in the ownership file is withheld")
    bad = sum("owner" in str(one.get("kind", "")).lower() for one in errors if isinstance(one, Mapping))
    entries = count_entries(text)
    return Read(Owners(entries, min(bad, entries)), seen.cite)


def count_entries(text: str) -> int:
    """Return the number of owner entries of a CODEOWNERS file, each owner of each rule once."""
    total = 0
    for line in text.splitlines():
        rule = re.split(r"(?:^|\s)#", line.strip(), maxsplit=1)[0].strip()
        total += max(0, len(_ENTRY.split(rule)) - 1) if rule else 0
    return total


def _persons(seen: _Node, owners: Collection[str] | None) -> Read[Persons] | Unread:
    found = seen.data.get("collaborators")
    hidden = seen.hidden("collaborators")
    if not isinstance(found, Mapping) or hidden is not None:
        return hidden or Unread(Gap.NOT_PERMITTED, "collaborators are hidden; needs push access")
    if owners is None:
        return Unread(Gap.NOT_PERMITTED, "the organisation's owners cannot be listed; needs members: read")
    total, nodes = found.get("totalCount"), found.get("nodes")
    if not isinstance(total, int) or not isinstance(nodes, list):
        return Unread(Gap.MALFORMED, "collaborators came without a number")
    known = [one.get("login") for one in nodes if isinstance(one, Mapping)]
    persons = sum(login not in owners for login in known)
    return Read(Persons(persons, persons + max(0, total - len(known))), seen.cite)


def _debt(seen: _Node) -> tuple[int, int] | None:
    """Return how many issues of debt are open and how many there are, None where issues are hidden."""
    counts = []
    for key in ("openDebt", "allDebt"):
        found = seen.data.get(key)
        count = found.get("totalCount") if isinstance(found, Mapping) else None
        if not isinstance(count, int) or seen.hidden(key) is not None:
            return None
        counts.append(count)
    return counts[0], counts[1]


def _public(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is cited of a node: everything that is about it, nothing that names an account."""
    # What was released and what ran is cited by itself.
    apart = (*_OWNER_FILES, "collaborators", "id", "latestRelease", "merged", "contributingGuidelines")
    shown = {key: value for key, value in node.items() if key not in apart}
    for field in _OWNER_FILES:
        blob = node.get(field)
        shown[field] = blob.get("oid") if isinstance(blob, Mapping) else None
    people = node.get("collaborators")
    shown["collaborators"] = people.get("totalCount") if isinstance(people, Mapping) else None
    return shown


def _note(node: Mapping[str, Any]) -> str:
    flags = [state.value for flag, state in _STATES if node.get(flag) is True] or ["active"]
    branch = node.get("defaultBranchRef")
    parts = [
        f"{node.get('name')}: {', '.join(flags)}",
        f"visibility {str(node.get('visibility')).lower()}",
        f"vulnerability alerts {node.get('hasVulnerabilityAlertsEnabled')}",
    ]
    if isinstance(branch, Mapping):
        rules = branch.get("rules")
        count = rules.get("totalCount") if isinstance(rules, Mapping) else "hidden"
        classic = "yes" if branch.get("branchProtectionRule") else "none shown"
        parts.append(f"branch {branch.get('name')}: {count} rules, classic protection {classic}")
    return "; ".join(parts)
