"""What a credential may read, by one call for each group of signals; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cnmm_collectors.github.client import Client
from cnmm_collectors.hosts.asking import Spare
from cnmm_collectors.hosts.changes import SIGNALS as CHANGES
from cnmm_collectors.hosts.deployments import COMPONENT_SIGNALS
from cnmm_collectors.hosts.outcomes import Kind, Outcome
from cnmm_collectors.hosts.practice import BILL, CHECKED, PROVENANCE
from cnmm_collectors.hosts.tracker import spellings
from cnmm_collectors.hosts.tracking import TEAM_SIGNALS
from cnmm_collectors.plugin import Probe
from cnmm_collectors.signals import Gap

_HIDDEN = Outcome(Kind.NOT_PERMITTED, "it is left out of what a repository shows")

PUBLISHED = (PROVENANCE, BILL)
_LISTS: tuple[tuple[str, str, dict[str, Any], tuple[str, ...], str], ...] = (
    ("security settings", "/orgs/{org}/repos", {"type": "all"},
     ("host.secret_scanning_ratio", "host.push_protection_ratio"),
     "administration: read, as owner or security manager"),
    ("members and owners", "/orgs/{org}/members", {"role": "admin"}, ("host.direct_grant_ratio",),
     "members: read"),
    ("dependency alerts", "/orgs/{org}/dependabot/alerts", {},
     ("host.dependency_alert_ratio", "host.critical_alert_fixed_ratio"), "dependabot alerts: read"),
    ("code scanning alerts", "/orgs/{org}/code-scanning/alerts", {},
     ("host.code_scanning_ratio", "host.critical_alert_fixed_ratio"), "code scanning alerts: read"),
    ("secret alerts", "/orgs/{org}/secret-scanning/alerts", {"hide_secret": "true"},
     ("host.critical_alert_fixed_ratio",), "secret scanning alerts: read"),
    ("attestations", "/orgs/{org}/attestations/repositories", {"predicate_type": "provenance"}, PUBLISHED,
     "attestations: read"),
    ("enforced security configurations", "/orgs/{org}/code-security/configurations", {},
     ("host.secret_scanning_ratio", "host.push_protection_ratio", "host.dependency_alert_ratio"),
     "administration: read, as owner or security manager"),
    ("assistant seats", "/orgs/{org}/copilot/billing", {}, ("host.ai_assistant_in_use",),
     "copilot: read, as owner"),
)  # fmt: skip


_SHOWN: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("releases", "latestRelease", PUBLISHED, "contents: read"),
    ("checks", "merged", (CHECKED,), "pull requests: read, checks: read, commit statuses: read"),
)
"""What a repository shows where it has any, by field."""

_FIELDS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("branch rules", "defaultBranchRef",
     ("host.branch_protection_ratio", "host.required_security_check_ratio"),
     "metadata: read (rulesets), administration: read (classic protection)"),
    ("files", "tip", ("codeowners.valid_owner_ratio",), "contents: read"),
    ("direct grants", "collaborators", ("host.direct_grant_ratio",), "administration: read"),
    ("environments", "environments", ("host.env_external_approval_ratio",), "actions: read"),
    ("changes and reviews", "openChanges", CHANGES, "pull requests: read"),
    ("issues", "openDebt", TEAM_SIGNALS, "issues: read"),
)  # fmt: skip
"""What a repository shows, by the field that is empty where it is hidden."""


_EVERY = tuple(
    dict.fromkeys(
        signal
        for signals in (
            ("host.mfa_enforced", "host.team_repo_ratio", "host.cross_team_review_ratio"),
            *(row[2] for row in _FIELDS), *(row[2] for row in _SHOWN), *(row[3] for row in _LISTS),
            COMPONENT_SIGNALS, ("host.iteration_team_ratio",),
        )
        for signal in signals
    )
)  # fmt: skip


def probe_all(client: Client, organisation: str) -> Iterator[Probe]:
    """Yield one answer for each group of signals; raises HttpFault where there is nothing to read as."""
    first = _settings(client, organisation)
    if first.gap is Gap.UNREACHABLE:
        yield replace(first, signals=_EVERY, needs="")
        return
    yield first
    yield _teams(client, organisation)
    yield from _repository(client, organisation)
    answer, outcome = client.query("boards", org=organisation, n=1, after=None)
    if answer is not None and outcome.kind is Kind.PRESENT:
        outcome = answer.miss("organization", "projectsV2") or outcome
    yield _probe("boards", ("host.iteration_team_ratio",), outcome, "organization projects: read")
    for name, path, parameters, signals, needs in _LISTS:
        body, outcome = client.get(path.format(org=organisation), per_page=1, **parameters)
        if name == "security settings" and outcome.kind is Kind.PRESENT:
            outcome = _shown(body)
        yield _probe(name, signals, outcome, needs)


def _settings(client: Client, organisation: str) -> Probe:
    answer, outcome = client.query(Spare("organisation"), org=organisation)
    signals, needs = ("host.mfa_enforced",), "members: read, as organization owner"
    if answer is None or answer.at("organization") is None:
        return _probe(
            "organisation", signals, (answer.miss("organization") if answer else None) or outcome, needs
        )
    if answer.at("organization", "requiresTwoFactorAuthentication") is None:
        lost = answer.miss("organization", "requiresTwoFactorAuthentication")
        hidden = Outcome(Kind.NOT_PERMITTED, "the setting is shown to owners only")
        return _probe("organisation", signals, lost or hidden, needs)
    return _probe("organisation", signals, outcome, needs)


def _repository(client: Client, organisation: str) -> Iterator[Probe]:
    """Yield what one repository shows; without any repository nothing of this can be told."""
    debt = spellings(client.settings.tracking.debt)
    answer, outcome = client.query(Spare("inventory"), org=organisation, n=1, after=None, debt=debt)
    at = ("organization", "repositories", "nodes", 0)
    node = answer.at(*at) if answer is not None else None
    if answer is None or not isinstance(node, Mapping):
        missing = outcome if answer is None else _HIDDEN
        yield from (_probe(name, signals, missing, needs) for name, _, signals, needs in (*_FIELDS, *_SHOWN))
        return
    for name, field, signals, needs in _FIELDS:
        hidden = answer.miss(*at, field) or (None if node.get(field) is not None else _HIDDEN)
        yield _probe(name, signals, hidden or outcome, needs)
    for name, field, signals, needs in _SHOWN:
        yield _probe(name, signals, answer.miss(*at, field) or outcome, needs)
    answer, outcome = client.query("deployments", ids=[str(node.get("id"))], stages=["production"], n=1)
    miss = answer.miss("nodes", 0) if answer is not None else None
    yield _probe("deployments", COMPONENT_SIGNALS, miss or outcome, "deployments: read, contents: read")


def _teams(client: Client, organisation: str) -> Probe:
    signals = ("host.team_repo_ratio", "host.cross_team_review_ratio")
    answer, outcome = client.query("teams", org=organisation, n=1, after=None)
    if answer is not None and outcome.kind is Kind.PRESENT:
        outcome = answer.miss("organization", "teams") or outcome
    return _probe("teams", signals, outcome, "members: read and administration: read")


def _shown(body: Any) -> Outcome:
    rows = body if isinstance(body, list) else []
    if rows and not any(isinstance(row, dict) and row.get("security_and_analysis") for row in rows):
        return Outcome(Kind.NOT_PERMITTED, "the settings are left out of the list")
    return Outcome(Kind.PRESENT, "")


def _probe(name: str, signals: tuple[str, ...], outcome: Outcome, needs: str) -> Probe:
    readable = outcome.kind is Kind.PRESENT
    return Probe(
        name,
        signals,
        readable,
        "" if readable else outcome.detail,
        "" if readable else outcome.needs or needs,
        None if readable else outcome.gap,
    )
