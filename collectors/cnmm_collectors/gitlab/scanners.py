"""Which scanners ran for the default branch, and whether a push that holds a secret is refused.

A scanner is seen by the report that its job leaves with the pipeline, in every tier and edition alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.gitlab.practice import BILL, IMAGE
from cnmm_collectors.gitlab.projects import Row
from cnmm_collectors.gitlab.queries import pipelines_query
from cnmm_collectors.gitlab.rights import Role, Sight, Tier
from cnmm_collectors.hosts.asking import Answer, unread
from cnmm_collectors.hosts.facts import Read, Unread
from cnmm_collectors.hosts.outcomes import Kind, Outcome
from cnmm_collectors.signals import Gap

FRESH_DAYS = 90
BATCH = 20
_REPORTS = {
    "secret": ("SECRET_DETECTION",),
    "dependency": ("DEPENDENCY_SCANNING", "CYCLONEDX"),
    "code": ("SAST",),
}
_NAMES = {
    "secret": ("secret", "gitleaks", "trufflehog"),
    "dependency": ("dependency", "gemnasium", "snyk", "trivy", "grype", "osv"),
    "code": ("sast", "semgrep", "sonar", "codeql", "bandit", "gosec", "brakeman"),
}
"""Words in the name of a job that may be a scanner although it leaves no report."""
_HIDDEN = Unread(Gap.NOT_PERMITTED, "pipelines are hidden; needs Reporter")


@dataclass(frozen=True, slots=True)
class Ran:
    """Whether each kind of scanner ran in the last 90 days: secrets, dependencies, code."""

    secret: Read[bool] | Unread
    dependency: Read[bool] | Unread
    code: Read[bool] | Unread
    proofs: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)


def read_scanners(client: Client, sight: Sight, rows: Sequence[Row], as_of: date) -> dict[str, Ran]:
    """Return what ran for the default branch of each project, by its name; twenty projects in one request."""
    since = f"{as_of - timedelta(days=FRESH_DAYS)}T00:00:00Z"
    found: dict[str, Ran] = {}
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        variables: dict[str, Any] = {"since": since}
        for number, row in enumerate(batch):
            variables |= {f"p{number}": row.path, f"r{number}": str(row.data.get("default_branch") or "")}
        answer, outcome = client.query(pipelines_query(len(batch)), **variables)
        for number, row in enumerate(batch):
            found[row.name] = _ran(client, sight, row, answer, outcome, f"p{number}", since)
    return found


def _ran(
    client: Client, sight: Sight, row: Row, answer: Answer | None, outcome: Outcome, key: str, since: str
) -> Ran:
    if answer is None:
        return _all(unread(outcome))
    miss = answer.miss(key)
    pipelines = answer.at(key, "pipelines")
    nodes = pipelines.get("nodes") if isinstance(pipelines, Mapping) else None
    if miss is not None or not isinstance(nodes, list):
        return _all(unread(miss) if miss is not None else _HIDDEN)
    kinds = {kind for node in nodes for kind in _kinds(node)}
    more = answer.at(key, "pipelines", "pageInfo", "hasNextPage") is not False
    shown = {"project": row.path, "since": since, "pipelines": len(nodes), "reports": sorted(kinds)}
    cite = client.cite(f"pipelines of the default branch since {since}: {row.path}", shown)
    hidden = sight.lacking(sight.in_project(row.data), Role.REPORTER, "pipelines")
    if row.data.get("builds_access_level") == "disabled":
        hidden = None
    whole = all(map(_is_whole, nodes))
    if not row.data.get("default_branch"):
        hidden = hidden or Unread(Gap.NOT_VISIBLE, "the default branch is not shown")
    hidden = hidden or (None if whole else Unread(Gap.NOT_VISIBLE, "the reports of a pipeline are withheld"))
    hidden = hidden or (
        Unread(Gap.NOT_COLLECTED, "the host lists more pipelines than were read") if more else None
    )

    def judge(kind: str) -> Read[bool] | Unread:
        if kinds & set(_REPORTS[kind]):
            return Read(True, (cite,))
        return hidden or Read(False, (cite,))

    return Ran(judge("secret"), judge("dependency"), judge("code"), _proofs(kinds, (cite,)))


def _proofs(kinds: set[str], cite: tuple[Evidence, ...]) -> dict[str, tuple[Evidence, ...]]:
    """Return what the reports prove of an image: that it is scanned, and that its parts are listed."""
    if "CONTAINER_SCANNING" not in kinds:
        return {}
    return {IMAGE: cite} | ({BILL: cite} if "CYCLONEDX" in kinds else {})


def _all(why: Unread) -> Ran:
    return Ran(why, why, why)


def _artifacts(node: Any) -> Any:
    return node.get("jobArtifacts") if isinstance(node, Mapping) else None


def _is_whole(node: Any) -> bool:
    found = _artifacts(node)
    return isinstance(found, list) and all(isinstance(one, Mapping) for one in found)


def _kinds(node: Any) -> Iterator[str]:
    artifacts = _artifacts(node)
    for one in artifacts if isinstance(artifacts, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("fileType"), str):
            yield one["fileType"]


def doubted(ran: Ran, jobs: Sequence[str]) -> Ran:
    """Return what ran, open where no report was left although a job of the newest change is named so."""

    def judge(kind: str, fact: Read[bool] | Unread) -> Read[bool] | Unread:
        named = any(word in job for job in jobs for word in _NAMES[kind])
        if isinstance(fact, Unread) or fact.value or not named:
            return fact
        return Unread(Gap.NOT_COLLECTED, "a job is named like such a scanner and leaves the host no report")

    return replace(
        ran, secret=judge("secret", ran.secret), dependency=judge("dependency", ran.dependency),
        code=judge("code", ran.code),
    )  # fmt: skip


def read_push_protection(client: Client, sight: Sight, row: Row) -> Read[bool] | Unread:
    """Return whether the host refuses secrets on push: by its own protection, else by a push rule.

    The rule takes one request, spent only where the protection is off and a rule can exist.
    """
    on = row.data.get("secret_push_protection_enabled", row.data.get("pre_receive_secret_detection_enabled"))
    if on is True:
        return Read(True, (row.cite,))
    lacking = sight.subscription.lacking(Tier.PREMIUM, "push rules")
    if lacking is not None:
        return lacking
    rule = _push_rule(client, sight, row)
    if isinstance(rule, Unread) or rule.value:
        return rule
    if on is None and sight.subscription.has(Tier.ULTIMATE) is not False:
        hidden = sight.lacking(sight.in_project(row.data), Role.DEVELOPER, "secret push protection")
        return hidden or Unread(Gap.NOT_VISIBLE, "the host does not show its secret push protection")
    return Read(False, (row.cite, *rule.evidence))


def _push_rule(client: Client, sight: Sight, row: Row) -> Read[bool] | Unread:
    path = path_of("projects", row.path, "push_rule")
    body, outcome = client.get(path)
    if outcome.kind is not Kind.PRESENT:
        hidden = sight.lacking(sight.in_project(row.data), Role.MAINTAINER, "push rules")
        return hidden or unread(outcome)
    # A project without any rule is answered with null.
    refused = body.get("prevent_secrets") if isinstance(body, Mapping) else False if body is None else None
    if not isinstance(refused, bool):
        return Unread(Gap.MALFORMED, "the host gave no push rule")
    shown = {"project": row.path, "prevent_secrets": refused, "configured": body is not None}
    return Read(refused, (client.cite(f"push rule of {row.path}", shown, path=path),))
