"""What GitLab knows of a statement's way into the default branch: the change, its authors, its approvals.

An approval names no commit here. It is of what was the head of the change when the host noted it: the newest
version that was pushed before. Accounts of commits are those that the host links by their addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from cnmm_collectors.gitlab.activity import account, approved_at, listed, more
from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.gitlab.queries import files_query
from cnmm_collectors.gitlab.rights import Role, own_role, role_of
from cnmm_collectors.gitlab.rules import matches, nodes_of, refuses_force
from cnmm_collectors.hosts.asking import unread
from cnmm_collectors.hosts.facts import Unread, moment
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.hosts.provenance import Approval, Filed, Held, Merge
from cnmm_collectors.plugin import Target
from cnmm_collectors.signals import Gap

STATEMENTS: Final = "gitlab-statements"
CALLS: Final = 8
"""What one statement takes, where one change brought it."""
_TOGETHER = re.compile(r"^co-authored-by:", re.IGNORECASE | re.MULTILINE)
_USER = re.compile(r"gid://gitlab/User/(\d+)")
_SHA = re.compile(r"[0-9a-f]{40}")
Row = Mapping[str, Any]


def read_statements(client: Client, target: Target) -> Iterator[tuple[Filed, Held | Unread]]:
    """Yield each statement of a target with what the host holds at its path."""
    for filed in Filed.of(target):
        yield filed, _held(client, target.locator, filed)


def _held(client: Client, project: str, filed: Filed) -> Held | Unread:
    row, outcome = client.get(path_of("projects", project))
    if outcome.kind is not Kind.PRESENT:
        return unread(outcome)
    branch = row.get("default_branch") if isinstance(row, Mapping) else None
    if not isinstance(branch, str) or not branch:
        return Unread(Gap.NOT_VISIBLE, "the project shows no default branch")
    place = path_of("projects", project, "repository", "files", quote(filed.path, safe=""))
    file, outcome = client.get(place, ref=branch)
    if outcome.kind is not Kind.PRESENT:
        return unread(outcome)
    if not isinstance(file, Mapping) or not _is_sha(file.get("last_commit_id")):
        return Unread(Gap.MALFORMED, "the host does not say which commit brought the file")
    blob, commit = str(file.get("blob_id", "")), str(file["last_commit_id"])
    brought = client.listing(path_of("projects", project, "repository", "commits", commit, "merge_requests"))
    if not brought.complete:
        return brought.unread()
    merges = tuple(
        _merge(client, project, filed.path, blob, one)
        for one in brought.rows
        if isinstance(one, Mapping) and _is_here(one, branch, row.get("id"))
    )
    protected = _protected(client, project, branch, own_role(row))
    told = {"branch": branch, "commit": commit, "blob": blob, "merges": [one.told() for one in merges]}
    page = f"{client.web}/{project}/-/blob/{commit}/{filed.path}"
    note = f"{page}, brought by {', '.join(one.url for one in merges)}"
    cite = client.cite(f"merge that brought {project}: {filed.path}", told, path=place, note=note)
    return Held(blob, protected, merges, (cite,))


def _is_here(change: Row, branch: str, project: Any) -> bool:
    """True for a change that was merged into this branch of this very project."""
    return (
        change.get("state") == "merged"
        and change.get("target_branch") == branch
        and project is not None
        and change.get("target_project_id") == project
    )


def _protected(client: Client, project: str, branch: str, role: Role) -> bool | None:
    """Return whether the branch refuses forced pushes; None where this role may not see every rule."""
    answer, _ = client.query("branch rules", path=project)
    nodes, whole = nodes_of(answer.at("project", "branchRules") if answer is not None else None)
    if nodes is None:
        return None
    rules = [one for one in nodes if isinstance(one.get("branchProtection"), Mapping)]
    binding = [one for one in rules if matches(one, branch)]
    return refuses_force(binding, whole and role >= Role.MAINTAINER)


def _merge(client: Client, project: str, path: str, blob: str, row: Row) -> Merge:
    url, iid = str(row.get("web_url", "")), str(row.get("iid", ""))
    left = row.get("merge_commit_sha") or row.get("squash_commit_sha") or row.get("sha")
    answer, _ = client.query("statement", path=project, iid=iid)
    change = answer.at("project", "mergeRequest") if answer is not None else None
    if not isinstance(change, Mapping) or not _is_sha(left):
        return Merge(url, False, None, ())
    heads = _approved_heads(client, project, iid, change)
    known = _blobs(client, project, path, [str(left), *(head for _, head in heads)])
    approvals = tuple(
        Approval(login, human, bool(blob) and known.get(head) == blob)
        for user, head in heads
        for login, human in [account(user, client.settings.bots)]
        if _may_write(client, project, user)
    )
    return Merge(url, bool(blob) and known.get(str(left)) == blob, _writers(change), approvals)


def _writers(change: Row) -> frozenset[str] | None:
    """Return the accounts of the change's author and of its commits; None where one may be missing.

    Whoever a commit names as another author beside its own has no account here.
    """
    commits, committers = listed(change, "commits"), listed(change, "committers")
    if not commits or committers is None or more(change, "commits") or more(change, "committers"):
        return None
    if not all(isinstance(one, Mapping) and isinstance(one.get("message"), str) for one in commits):
        return None
    if any(_TOGETHER.search(one["message"]) for one in commits):
        return None
    users = [change.get("author"), *(one.get("author") for one in commits), *committers]
    found = frozenset(account(one, ())[0] for one in users)
    return None if "" in found else found


def _approved_heads(client: Client, project: str, iid: str, change: Row) -> list[tuple[Row, str]]:
    """Return who approved, each with the head of the change at that moment; without both it is none."""
    approved, notes = listed(change, "approvedBy"), listed(change, "notes")
    if not approved or notes is None or more(change, "notes"):
        return []
    versions = client.listing(path_of("projects", project, "merge_requests", iid, "versions"))
    pushed = sorted(found for one in versions.rows if (found := _version(one)) is not None)
    if not versions.complete or len(pushed) != len(versions.rows):
        return []
    times = approved_at(notes)
    heads: list[tuple[Row, str]] = []
    for user in (one for one in approved if isinstance(one, Mapping)):
        at = times.get(account(user, ())[0])
        before = [head for when, head in pushed if at is not None and when < at]
        if before:
            heads.append((user, before[-1]))
    return heads


def _version(row: Any) -> tuple[datetime, str] | None:
    """Return when a version of a change was pushed, and its head."""
    at = moment(row.get("created_at")) if isinstance(row, Mapping) else None
    return (at, row["head_commit_sha"]) if at is not None and _is_sha(row.get("head_commit_sha")) else None


def _blobs(client: Client, project: str, path: str, commits: Sequence[str]) -> Mapping[str, str]:
    """Return the id of the file at a path at each commit that has one there."""
    wanted = sorted(set(commits))
    given = {f"r{number}": commit for number, commit in enumerate(wanted)}
    answer, _ = client.query(files_query(len(wanted)), path=project, file=path, **given)
    found = {}
    for name, commit in given.items():
        nodes, _ = nodes_of(answer.at("project", "repository", name) if answer is not None else None)
        ids = [one.get("oid") for one in nodes or () if one.get("path") == path]
        if len(ids) == 1 and isinstance(ids[0], str):
            found[commit] = ids[0]
    return found


def _may_write(client: Client, project: str, user: Row) -> bool:
    """True where an account is a member that may push: a Developer or more."""
    number = _USER.fullmatch(str(user.get("id", "")))
    if number is None:
        return False
    member, outcome = client.get(path_of("projects", project, "members", "all", number[1]))
    known = outcome.kind is Kind.PRESENT and isinstance(member, Mapping)
    return known and role_of(member.get("access_level")) >= Role.DEVELOPER


def _is_sha(text: Any) -> bool:
    return isinstance(text, str) and _SHA.fullmatch(text) is not None
