"""How acme's organisation stands on its host: teams and their grants, rules, security settings."""

from __future__ import annotations

from typing import Any

from doubles.github.organisation import RULES, Organisation, connection, owners_file, repository
from recipe.host_work import add_work

TOKEN = "ghp_acmeSampleToken0123456789abcdefABCD"  # noqa: S105 - invented, and a canary
OWNER = "leofric"
TEAMS: dict[str, tuple[dict[str, str], list[str]]] = {
    "payments": ({"payments-api": "ADMIN", "ledger": "ADMIN", "legacy-billing": "ADMIN"},
                 ["ottoline", "casimir"]),
    "checkout": ({"checkout-web": "MAINTAIN", "checkout-cart": "MAINTAIN"}, ["ysolde", "evander"]),
    "platform": ({"platform-infra": "ADMIN", "tenant-operator": "ADMIN", "lab-mesh": "ADMIN"},
                 ["marisol", "tgreens"]),
    "security": ({"guardrails": "ADMIN", "platform-infra": "WRITE"}, ["leofric"]),
    "data": ({"ml-forecast": "MAINTAIN", "support-agent": "MAINTAIN", "shop": "MAINTAIN"}, ["philippa"]),
    "web": ({"shop": "ADMIN", "status-page": "WRITE", "sandbox-notes": "ADMIN"}, ["zcarrow"]),
}  # fmt: skip
"""Grants and members of each team; shop has two teams that maintain it, status-page none."""
PLAIN = ("ledger", "checkout-web", "checkout-cart", "platform-infra")
"""Protected by a ruleset that demands a build, and no check of security."""
SCANNED = ("payments-api", "guardrails", "tenant-operator")
"""Protected by a ruleset that demands a vulnerability scan as well."""
UNPROTECTED = ("ml-forecast", "support-agent", "lab-mesh", "status-page")
CLASSIC = {
    "allowsForcePushes": False, "allowsDeletions": False, "requiresApprovingReviews": True,
    "requiredApprovingReviewCount": 1, "requiresStatusChecks": True, "requiredStatusCheckContexts": ["test"],
}  # fmt: skip
"""The older kind of protection, which shop still has."""
NO_SECRET_SCANNING = ("lab-mesh", "ml-forecast")
PUSH_PROTECTED = ("payments-api", "guardrails", "platform-infra", "tenant-operator")
NO_ALERTS = ("lab-mesh", "status-page")
DIRECT = {"shop": "zcarrow", "ml-forecast": "philippa"}
"""Accounts that were granted access by themselves, not through a team."""
OWNER_FILES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "checkout-cart": ("/cart/ @acme/checkout\n/.github/ @acme/checkout\n/k8s/ acme-platform\n"
                      "[Checkout] @acme/checkout\n!/README.md @acme/checkout\n",
                      [{"kind": "Invalid owner", "line": 3}, {"kind": "Invalid pattern", "line": 4},
                       {"kind": "Invalid pattern", "line": 5}]),
    "guardrails": ("".join(f"/{name}/ @acme/security\n" for name in "abcdefg"), []),
    "ledger": ("* @acme/everyone\n", [{"kind": "Unknown owner", "line": 1}]),
    "ml-forecast": ("* philippa.vantongeren@acme.example\n", []),
    "payments-api": ("* @acme/payments\n", []),
    "platform-infra": ("* @acme/platform\n/policy/ @acme/security\n", []),
    "shop": ("/packages/ui/ @acme/web\n/packages/widget/ @acme/web\n/services/search/ @acme/web @acme/data\n"
             "/services/catalogue/ @zcarrow\n", []),
    "status-page": ("* @acme/web\n", []),
    "tenant-operator": ("* @acme/platform @tgreens\n", []),
}  # fmt: skip
"""Owner files as the host reads them, with what it finds wrong: `everyone` may only read."""


def organisation() -> Organisation:
    """Return the organisation as an owner's token sees it that was not given store-locator."""
    names = sorted({*PLAIN, *SCANNED, *UNPROTECTED, "shop"})
    gone = [
        repository("legacy-billing", isArchived=True, archivedAt="2026-02-10T09:00:00Z"),
        repository("sandbox-notes", isEmpty=True, defaultBranchRef=None, tip=None),
    ]
    found = [*(_repository(name) for name in names), *gone]
    org = Organisation(members=9, admins=[OWNER], hidden=1, repositories=found)
    for slug, (grants, members) in TEAMS.items():
        org.team(slug, grants, members)
    everybody = sorted({login for _, members in TEAMS.values() for login in members})
    org.team("everyone", dict.fromkeys((one["name"] for one in found), "READ"), everybody)
    org.security = {name: _security(name) for name in names}
    add_work(org)
    _run(org)
    return org


def _run(org: Organisation) -> None:
    """Let the newest change of each repository have passed what its rules demand; one releases files."""
    for change in org.changes:
        name, at = change["repository"]["name"], change["mergedAt"]
        if at >= org.newest.get(name, {"at": ""})["at"]:
            checks = ["build", *(["trivy"] if name in SCANNED else [])]
            org.newest[name] = {"at": at, "checks": [(check, "SUCCESS") for check in checks]}
    files = ["tenant-operator.tgz", "tenant-operator.tgz.sig", "sbom.cdx.json"]
    org.releases["tenant-operator"] = {"at": "2026-10-01T09:00:00Z", "files": files}


def _repository(name: str) -> dict[str, Any]:
    text, errors = OWNER_FILES.get(name, ("", []))
    login = DIRECT.get(name)
    return repository(
        name,
        hasVulnerabilityAlertsEnabled=name not in NO_ALERTS,
        defaultBranchRef=_branch(name),
        inGithub=owners_file(text) if text else None,
        codeowners={"errors": errors} if text else None,
        collaborators=connection([{"login": login}] if login else []),
    )


def _branch(name: str) -> dict[str, Any]:
    rules = [] if name in (*UNPROTECTED, "shop") else RULES
    if name in PLAIN:
        demands = {
            "__typename": "RequiredStatusChecksParameters",
            "requiredStatusChecks": [{"context": "build"}],
        }
        rules = [*RULES[:-1], {"type": "REQUIRED_STATUS_CHECKS", "parameters": demands}]
    classic = CLASSIC if name == "shop" else None
    return {"name": "main", "branchProtectionRule": classic, "rules": connection(rules)}


def _security(name: str) -> dict[str, Any]:
    def status(on: bool) -> dict[str, str]:
        return {"status": "enabled" if on else "disabled"}

    return {
        "secret_scanning": status(name not in NO_SECRET_SCANNING),
        "secret_scanning_push_protection": status(name in PUSH_PROTECTED),
    }
