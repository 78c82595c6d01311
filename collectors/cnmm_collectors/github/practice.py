"""The newest release and the newest merged change of twenty repositories in one request, and who attested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.github.client import Answer, Client, unread
from cnmm_collectors.hosts.facts import (
    SAMPLED,
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
from cnmm_collectors.hosts.outcomes import Kind, Outcome
from cnmm_collectors.signals import Gap

BATCH = 20
_HIDDEN = Unread(Gap.NOT_PERMITTED, "releases are hidden; needs contents: read")
_NO_CHANGES = Unread(Gap.NOT_PERMITTED, "changes are hidden; needs pull requests: read")
_NO_BRANCH = Unread(Gap.NOT_VISIBLE, "the default branch is not shown")
_NO_CHECKS = Unread(Gap.NOT_PERMITTED, "checks are hidden; needs checks: read and commit statuses: read")
_PREDICATES = ("provenance", "sbom")


def with_practice(client: Client, organisation: Organisation, login: str) -> Organisation:
    """Return the organisation with what its repositories in use published and ran; sampled as they are."""
    wanted = [one for one in organisation.drawn if one.key]
    held = _attesting(client, login) if wanted else None
    found: dict[str, Repository] = {}
    for start in range(0, len(wanted), BATCH):
        found |= {one.name: one for one in _ask(client, wanted[start : start + BATCH], login)}
    return replace(
        organisation,
        repositories=tuple(_told(one, found, organisation, held) for one in organisation.repositories),
    )


def _told(
    one: Repository, found: Mapping[str, Repository], organisation: Organisation,
    held: tuple[Mapping[str, frozenset[str]], tuple[Evidence, ...]] | Unread | None,
) -> Repository:  # fmt: skip
    if one.standing is not Standing.ACTIVE:
        return one
    if organisation.leaves_out(one):
        return replace(one, release=SAMPLED, checked=SAMPLED, attested=SAMPLED)
    named = found.get(one.name, one)
    if held is None or isinstance(held, Unread):
        return replace(named, attested=held)
    lists, cite = held
    made = Attested(one.name in lists["provenance"], one.name in lists["sbom"])
    return replace(named, attested=Read(made, cite))


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


def _ask(client: Client, part: Sequence[Repository], login: str) -> list[Repository]:
    """Return what a part shows; a question that is too much is asked in halves."""
    answer, outcome = client.query("practice", ids=[one.key for one in part])
    if answer is None and outcome.kind is Kind.ERROR and len(part) > 1:
        middle = len(part) // 2
        return [each for half in (part[:middle], part[middle:]) for each in _ask(client, half, login)]
    return [_one(client, one, answer, outcome, position, login) for position, one in enumerate(part)]


def _one(
    client: Client, one: Repository, answer: Answer | None, outcome: Outcome, position: int, login: str
) -> Repository:
    if answer is None:
        return replace(one, release=unread(outcome), checked=unread(outcome))
    node = answer.at("nodes", position)
    if not isinstance(node, Mapping) or node.get("id") != one.key:
        why = answer.miss("nodes", position)
        hidden = unread(why) if why else Unread(Gap.NOT_VISIBLE, "the repository is hidden")
        return replace(one, release=hidden, checked=hidden)
    at = ("nodes", position)
    return replace(
        one,
        release=_release(client, node, answer, at, f"{login}/{one.name}"),
        checked=_checked(client, node, answer, at, one, f"{login}/{one.name}"),
    )


def _release(
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


def _checked(
    client: Client, node: Mapping[str, Any], answer: Answer, at: tuple[str | int, ...], one: Repository,
    place: str,
) -> Read[Checked | None] | Unread:  # fmt: skip
    miss = answer.miss(*at, "merged")
    listed = node.get("merged")
    rows = listed.get("nodes") if isinstance(listed, Mapping) else None
    if miss is not None or not isinstance(rows, list) or not isinstance(listed, Mapping):
        return unread(miss) if miss is not None else _NO_CHANGES
    if one.open_changes is None or not one.branch:
        # A list leaves out in silence what may not be read; another of the same kind was hidden.
        return _NO_CHANGES if one.open_changes is None else _NO_BRANCH
    newest = _newest(rows, one.branch)
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
