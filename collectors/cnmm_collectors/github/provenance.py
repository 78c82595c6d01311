"""What GitHub knows of a statement's way into the default branch: the change, its authors, its approvals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cnmm_collectors.github.client import Client, own_page, unread
from cnmm_collectors.github.rules import merge_rules
from cnmm_collectors.github.searching import login_of
from cnmm_collectors.hosts.facts import Read, Unread
from cnmm_collectors.hosts.provenance import Approval, Filed, Held, Merge
from cnmm_collectors.plugin import Target
from cnmm_collectors.signals import Gap

STATEMENTS: Final = "github-statements"


def read_statements(client: Client, target: Target) -> Iterator[tuple[Filed, Held | Unread]]:
    """Yield each statement of a target with what the host holds at its path; one call for each."""
    owner, _, name = target.locator.partition("/")
    for filed in Filed.of(target):
        yield filed, _held(client, owner, name, filed.path)


def _held(client: Client, owner: str, name: str, path: str) -> Held | Unread:
    answer, outcome = client.query("statement", org=owner, name=name, path=path)
    miss = answer.miss("repository") if answer is not None else outcome
    if answer is None or miss is not None:
        return unread(miss or outcome)
    branch = answer.at("repository", "defaultBranchRef")
    tip = branch.get("target") if isinstance(branch, Mapping) else None
    if not isinstance(branch, Mapping) or not isinstance(tip, Mapping):
        return Unread(Gap.NOT_VISIBLE, "the repository shows no default branch")
    merges = tuple(_merges(tip, str(branch.get("name")), f"{owner}/{name}"))
    page = f"{own_page(client.base, owner)}/{name}"
    told = {"branch": branch.get("name"), "commit": tip.get("oid"), "file": tip.get("file"),
            "merges": [one.told() for one in merges]}  # fmt: skip
    note = f"{page}/blob/{tip.get('oid')}/{path}, brought by {', '.join(one.url for one in merges)}"
    cite = client.cite(f"merge that brought {owner}/{name}: {path}", told, note=note)
    administers = answer.at("repository", "viewerPermission") == "ADMIN"
    rules = merge_rules(branch, administers, None, cite)
    protected = rules.value.refuses_force if isinstance(rules, Read) else None
    return Held(_oid(tip), protected, merges, (cite,))


def _merges(tip: Mapping[str, Any], branch: str, repository: str) -> Iterator[Merge]:
    """Yield the merges that brought the newest commit of the path into the branch."""
    for commit in _nodes(tip.get("history")):
        for change in _nodes(commit.get("associatedPullRequests")):
            base = change.get("baseRepository")
            owner = base.get("nameWithOwner") if isinstance(base, Mapping) else None
            here = isinstance(owner, str) and owner.casefold() == repository.casefold()
            if here and change.get("merged") is True and change.get("baseRefName") == branch:
                yield _merge(change, _oid(tip))


def _merge(change: Mapping[str, Any], blob: str) -> Merge:
    reviews = change.get("latestOpinionatedReviews")
    return Merge(
        str(change.get("url", "")),
        bool(blob) and _oid(change.get("mergeCommit")) == blob,
        _writers(change),
        tuple(_approval(one, blob) for one in _nodes(reviews) if one.get("state") == "APPROVED"),
    )


def _writers(change: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the accounts of the change's author and of every commit's authors; None where one is missing."""
    found = {login_of(change.get("author"), ())[0]}
    listed = change.get("commits")
    rows = _nodes(listed)
    if not isinstance(listed, Mapping) or listed.get("totalCount") != len(rows):
        return None
    for row in rows:
        commit = row.get("commit")
        authors = commit.get("authors") if isinstance(commit, Mapping) else None
        people = _nodes(authors)
        if not isinstance(authors, Mapping) or authors.get("totalCount") != len(people):
            return None
        found |= {login_of(one.get("user"), ())[0] for one in people}
    return None if "" in found else frozenset(found)


def _approval(review: Mapping[str, Any], blob: str) -> Approval:
    login, human = login_of(review.get("author"), ())
    return Approval(login, human and bool(login), bool(blob) and _oid(review.get("commit")) == blob)


def _oid(commit: Any) -> str:
    """Return the id of the file at the asked path of a commit, empty where there is none."""
    entry = commit.get("file") if isinstance(commit, Mapping) else None
    found = entry.get("oid") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) else ""


def _nodes(connection: Any) -> list[Mapping[str, Any]]:
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    return [one for one in nodes if isinstance(one, Mapping)] if isinstance(nodes, list) else []
