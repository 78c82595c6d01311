"""An invented organisation as GitHub would describe it: plain data that a test bends to its case."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def repository(name: str, org: str = "acme", **changes: Any) -> dict[str, Any]:
    """Return a private repository in use, whose default branch a ruleset protects."""
    node: dict[str, Any] = {
        "id": f"R_{name}", "name": name, "url": f"https://github.example/{org}/{name}",
        "owner": {"login": org},
        "isArchived": False, "archivedAt": None, "isFork": False, "isTemplate": False, "isDisabled": False,
        "isEmpty": False, "visibility": "PRIVATE", "viewerPermission": "ADMIN",
        "hasVulnerabilityAlertsEnabled": True,
        "defaultBranchRef": {"name": "main", "branchProtectionRule": None, "rules": connection(RULES)},
        "tip": {"__typename": "Tree"},
        "codeowners": None, "inGithub": None, "inRoot": None, "inDocs": None,
        "environments": connection([]),
        "collaborators": connection([]),
        "openChanges": {"totalCount": 0},
    }  # fmt: skip
    return {**node, **changes}


def connection(nodes: list[Any], total: int | None = None) -> dict[str, Any]:
    """Return nodes as GraphQL lists them."""
    page = {"hasNextPage": False, "endCursor": None}
    return {"totalCount": len(nodes) if total is None else total, "nodes": nodes, "pageInfo": page}


RULES: list[dict[str, Any]] = [
    {"type": "NON_FAST_FORWARD", "parameters": None},
    {"type": "DELETION", "parameters": None},
    {
        "type": "PULL_REQUEST",
        "parameters": {"__typename": "PullRequestParameters", "requiredApprovingReviewCount": 1},
    },
    {
        "type": "REQUIRED_STATUS_CHECKS",
        "parameters": {
            "__typename": "RequiredStatusChecksParameters",
            "requiredStatusChecks": [{"context": "build"}, {"context": "trivy"}],
        },
    },
]


def owners_file(text: str) -> dict[str, Any]:
    """Return a blob that holds a CODEOWNERS file."""
    return {"oid": "0" * 39 + "1", "isTruncated": False, "isBinary": False, "text": text}


def change(
    repo: str, number: int, author: str, day: str, reviews: list[dict[str, Any]], org: str = "acme"
) -> dict[str, Any]:
    """Return a change merged on a day (YYYY-MM-DD) at noon, asked for in the morning of that day."""
    kind = "Bot" if author.endswith("[bot]") else "User"
    return {
        "__typename": "PullRequest", "id": f"PR_{repo}_{number}", "createdAt": f"{day}T08:00:00Z",
        "publishedAt": f"{day}T08:00:00Z", "mergedAt": f"{day}T12:00:00Z",
        "repository": {"name": repo, "owner": {"login": org}},
        "author": {"__typename": kind, "login": author},
        "reviews": {"totalCount": len(reviews), "nodes": reviews},
    }  # fmt: skip


def review(author: str, at: str, state: str = "APPROVED") -> dict[str, Any]:
    """Return a review at a moment."""
    kind = "Bot" if author.endswith("[bot]") else "User"
    return {"state": state, "submittedAt": at, "author": {"__typename": kind, "login": author}}


@dataclass
class Organisation:
    """What the double serves; a team is its slug, parent, members and grants by repository."""

    login: str = "acme"
    viewer_administers: bool = True
    second_factor: bool | None = True
    default_right: str | None = "read"
    plan: str = "enterprise"
    linked: int | None = None
    members: int = 12
    admins: list[str] = field(default_factory=lambda: ["olga-owner"])
    outside: list[str] = field(default_factory=list)
    """Outside collaborators."""
    concealed: int = 0
    """Members that are counted and not listed."""
    repositories: list[dict[str, Any]] = field(default_factory=list)
    hidden: int = 0
    """Private repositories that exist and that this credential is not shown."""
    security: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    teams: list[dict[str, Any]] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    stalled: list[dict[str, Any]] = field(default_factory=list)
    alerts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    analyses: dict[str, str] = field(default_factory=dict)
    """When each repository was last analysed; one that is not named never was."""
    seats: dict[str, int] | None = None
    installation: dict[str, Any] | None = None
    """What an App's installation is given for its signed request."""

    def team(self, slug: str, grants: dict[str, str], members: list[str], parent: str = "") -> None:
        """Add a team with its grants, such as `{"checkout": "MAINTAIN"}`."""
        self.teams.append({"slug": slug, "grants": grants, "members": members, "parent": parent})

    def people(self) -> list[str]:
        """Return the logins of all members: owners, those of teams, and others up to their number."""
        named = list(dict.fromkeys([*self.admins, *(one for team in self.teams for one in team["members"])]))
        return [*named, *(f"member-{n}" for n in range(self.members - len(named)))][
            : self.members - self.concealed
        ]

    def security_of(self, name: str) -> dict[str, Any] | None:
        """Return what the REST listing shows of a repository's security settings."""
        on = {
            "secret_scanning": {"status": "enabled"},
            "secret_scanning_push_protection": {"status": "enabled"},
        }
        return self.security.get(name, on)


def acme() -> Organisation:
    """Return a small organisation: seven repositories in use, five that are not, five teams."""
    org = Organisation()
    org.repositories = [
        repository("checkout", codeowners={"errors": [{"kind": "Unknown owner", "line": 2}]},
                   inGithub=owners_file("* @acme/payments\n/docs @acme/gone @acme/payments # both\n"),
                   openChanges={"totalCount": 4}),
        repository("ledger", hasVulnerabilityAlertsEnabled=False,
                   defaultBranchRef={"name": "main", "branchProtectionRule": None, "rules": connection([])}),
        repository("portal", visibility="INTERNAL",
                   environments=connection([{"id": "E_portal", "name": "production"}]),
                   collaborators=connection([{"login": "dora-direct"}, {"login": "olga-owner"}])),
        *(repository(name) for name in ("search", "mail", "stock", "rates")),
        repository("attic", isArchived=True, archivedAt="2026-05-01T00:00:00Z"),
        repository("blank", isEmpty=True, defaultBranchRef=None, tip=None),
        repository("fork", isFork=True),
        repository("locked", isDisabled=True),
        repository("starter", isTemplate=True),
    ]  # fmt: skip
    org.team("payments", {"checkout": "MAINTAIN", "ledger": "ADMIN"}, ["ann-a", "ben-b"])
    org.team("payments-core", {"checkout": "MAINTAIN", "ledger": "ADMIN"}, ["ann-a"], parent="payments")
    org.team("web", {"portal": "ADMIN", "checkout": "WRITE"}, ["cat-c", "dan-d"])
    org.team("everybody", {one["name"]: "READ" for one in org.repositories}, ["ann-a", "cat-c"])
    org.team("idle", {}, ["eve-e"])
    org.environments = {"E_portal": {"name": "production", "reviewers": ["web"]}}
    org.security["ledger"] = {
        "secret_scanning": {"status": "disabled"}, "secret_scanning_push_protection": {"status": "disabled"},
    }  # fmt: skip
    org.analyses = {"checkout": "2026-11-19T00:00:00Z", "ledger": "2026-01-01T00:00:00Z"}
    org.changes = [
        change("checkout", 1, "ann-a", "2026-10-05", [review("cat-c", "2026-10-05T10:00:00Z")]),
        change("checkout", 2, "ben-b", "2026-10-06", [review("ann-a", "2026-10-06T10:00:00Z")]),
        change("checkout", 3, "ann-a", "2026-10-07", [review("helper[bot]", "2026-10-07T10:00:00Z")]),
        change("checkout", 4, "dependabot[bot]", "2026-10-08", []),
        change("portal", 5, "cat-c", "2026-10-09", []),
    ]
    return org
