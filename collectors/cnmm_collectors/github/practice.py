"""What a repository shows of its newest release and its newest merged change, and who attested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.github.client import Answer, Client, unread
from cnmm_collectors.hosts.facts import (
    Attested,
    Checked,
    Organisation,
    Read,
    Release,
    Repository,
    Standing,
    Unread,
    moment,
)
from cnmm_collectors.signals import Gap

_HIDDEN = Unread(Gap.NOT_PERMITTED, "releases are hidden; needs contents: read")
_NO_CHANGES = Unread(Gap.NOT_PERMITTED, "changes are hidden; needs pull requests: read")
_NO_BRANCH = Unread(Gap.NOT_VISIBLE, "the default branch is not shown")
_NO_CHECKS = Unread(Gap.NOT_PERMITTED, "checks are hidden; needs checks: read and commit statuses: read")
_PREDICATES = ("provenance", "sbom")


def with_attestations(client: Client, organisation: Organisation, login: str) -> Organisation:
    """Return the organisation with which of its repositories in use made attestations that the host holds."""
    if not organisation.active:
        return organisation
    held = _attesting(client, login)
    return replace(organisation, repositories=tuple(_with(one, held) for one in organisation.repositories))


def _with(
    one: Repository, held: tuple[Mapping[str, frozenset[str]], tuple[Evidence, ...]] | Unread
) -> Repository:
    if one.standing is not Standing.ACTIVE or isinstance(held, Unread):
        return replace(one, attested=held if isinstance(held, Unread) else None)
    lists, cite = held
    made = Attested(one.name in lists["provenance"], one.name in lists["sbom"])
    return replace(one, attested=Read(made, cite))


def _attesting(
    client: Client, login: str
) -> tuple[Mapping[str, frozenset[str]], tuple[Evidence, ...]] | Unread:
    """Return which repositories made attestations of each kind that the host holds, from two lists."""
    path, found, cites = f"/orgs/{login}/attestations/repositories", {}, []
    for kind in _PREDICATES:
        listing = client.listing(path, predicate_type=kind)
        if not listing.complete:
            return listing.unread()
        found[kind] = frozenset(str(row.get("name")) for row in listing.rows if isinstance(row, Mapping))
        shown = {"predicate_type": kind, "repositories": sorted(found[kind])}
        cites.append(client.cite(f"repositories with attestations of {kind}", shown, path=path))
    return found, tuple(cites)


def release_of(
    client: Client, node: Mapping[str, Any], answer: Answer, at: tuple[str | int, ...], place: str
) -> Read[Release | None] | Unread:
    miss = answer.miss(*at, "latestRelease")
    if miss is not None:
        return unread(miss)
    if "latestRelease" not in node:
        return _HIDDEN
    found = node["latestRelease"]
    if found is None:
        return Read(None, (client.cite(f"newest release of {place}", {"release": None}),))
    assets = found.get("releaseAssets") if isinstance(found, Mapping) else None
    nodes = assets.get("nodes") if isinstance(assets, Mapping) else None
    when = moment(found.get("publishedAt")) if isinstance(found, Mapping) else None
    if when is None or not isinstance(assets, Mapping) or not isinstance(nodes, list):
        return Unread(Gap.MALFORMED, "the newest release came without a date or its files")
    files = tuple(str(each.get("name", "")) for each in nodes if isinstance(each, Mapping))
    shown = {"tag": found.get("tagName"), "published": when.isoformat(), "files": files}
    cite = client.cite(f"newest release of {place}", shown)
    return Read(Release(when, files, assets.get("totalCount") == len(files)), (cite,))


def checked_of(
    client: Client, node: Mapping[str, Any], answer: Answer, at: tuple[str | int, ...], branch: str,
    place: str,
) -> Read[Checked | None] | Unread:  # fmt: skip
    miss = answer.miss(*at, "merged")
    listed = node.get("merged")
    rows = listed.get("nodes") if isinstance(listed, Mapping) else None
    if miss is not None or not isinstance(rows, list) or not isinstance(listed, Mapping):
        return unread(miss) if miss is not None else _NO_CHANGES
    if not isinstance(answer.at(*at, "openChanges", "totalCount"), int):
        # A list leaves out in silence what may not be read; another of the same kind was hidden.
        unknown = answer.miss(*at, "openChanges")
        return unread(unknown) if unknown is not None else _NO_CHANGES
    if not branch:
        unknown = answer.miss(*at, "defaultBranchRef", "name")
        return unread(unknown) if unknown is not None else _NO_BRANCH
    newest = _newest(rows, branch)
    if newest is None:
        if listed.get("totalCount") != len(rows) or not all(isinstance(row, Mapping) for row in rows):
            return Unread(Gap.NOT_COLLECTED, "no change to the default branch is among the newest ones")
        return Read(None, (client.cite(f"newest merged change of {place}", {"merged": 0}),))
    when, row = newest
    contexts = _contexts(row)
    if isinstance(contexts, Unread):
        return contexts
    passed, total, read = contexts
    shown = {"merged": when.isoformat(), "checks": total, "passed": sorted(passed)}
    cite = client.cite(f"checks of the newest merged change of {place}", shown)
    return Read(Checked(when, tuple(sorted(passed)), read == total), (cite,))


def _newest(rows: Sequence[Any], branch: str) -> tuple[datetime, Mapping[str, Any]] | None:
    dated = [
        (when, row) for row in rows
        if isinstance(row, Mapping) and row.get("baseRefName") == branch
        and (when := moment(row.get("mergedAt"))) is not None
    ]  # fmt: skip
    return max(dated, key=lambda pair: pair[0]) if dated else None


def _contexts(row: Mapping[str, Any]) -> tuple[list[str], int, int] | Unread:
    """Return the names of what passed on a change, how many checks there were and how many were read."""
    commits = row.get("commits")
    nodes = commits.get("nodes") if isinstance(commits, Mapping) else None
    commit = (
        nodes[0].get("commit")
        if isinstance(nodes, list) and nodes and isinstance(nodes[0], Mapping)
        else None
    )
    if not isinstance(commit, Mapping) or "statusCheckRollup" not in commit:
        return _NO_CHECKS
    rollup = commit["statusCheckRollup"]
    if rollup is None:
        return [], 0, 0
    contexts = rollup.get("contexts") if isinstance(rollup, Mapping) else None
    found = contexts.get("nodes") if isinstance(contexts, Mapping) else None
    if not isinstance(contexts, Mapping) or not isinstance(found, list):
        return _NO_CHECKS
    seen = [each for each in found if isinstance(each, Mapping)]
    passed = [
        str(each.get("name") or each.get("context") or "") for each in seen
        if each.get("conclusion") == "SUCCESS" or each.get("state") == "SUCCESS"
    ]  # fmt: skip
    total = contexts.get("totalCount")
    return passed, total if isinstance(total, int) else len(found) + 1, len(seen)
