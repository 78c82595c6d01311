"""An invented organisation as GitHub would describe it: plain data that a test bends to its case."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def repository(name: str, org: str = "acme", **changes: Any) -> dict[str, Any]:
    """Return a private repository in use, whose default branch a ruleset protects."""
    node: dict[str, Any] = {
        "id": f"R_{name}", "name": name, "url": f"https://github.example/{org}/{name}",
        "owner": {"login": org},
        "isArchived": False, "archivedAt": None, "isFork": False, "isTemplate": False, "isDisabled": False,
        "isEmpty": False, "visibility": "PRIVATE", "viewerPermission": "ADMIN",
        "hasVulnerabilityAlertsEnabled": True,
        "defaultBranchRef": {
            "name": "main", "target": None, "branchProtectionRule": None, "rules": connection(RULES),
        },
        "tip": {"__typename": "Tree"},
        "contributingGuidelines": None, "codeowners": None, "inGithub": None, "inRoot": None, "inDocs": None,
        "environments": connection([]),
        "collaborators": connection([]),
        "openChanges": {"totalCount": 0}, "openDebt": {"totalCount": 0}, "allDebt": {"totalCount": 0},
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
    repo: str, number: int, author: str, day: str, reviews: list[dict[str, Any]], org: str = "acme",
    **changes: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return a change merged on a day (YYYY-MM-DD) at noon, asked for in the morning of that day."""
    return {
        "__typename": "PullRequest", "id": f"PR_{repo}_{number}", "createdAt": f"{day}T08:00:00Z",
        "publishedAt": f"{day}T08:00:00Z", "mergedAt": f"{day}T12:00:00Z", "title": f"Change {number}",
        "repository": {"name": repo, "owner": {"__typename": "Organization", "login": org}},
        "author": account(author), "mergedBy": account(author), "labels": {"nodes": []},
        "commits": {"nodes": [{"commit": {"authoredDate": f"{day}T06:00:00Z"}}]},
        "reviews": {"totalCount": len(reviews), "nodes": reviews}, **changes,
    }  # fmt: skip


def account(login: str) -> dict[str, Any]:
    """Return a person's account, or a bot's."""
    return {"__typename": "Bot" if login.endswith("[bot]") else "User", "login": login}


def issue(
    repo: str, number: int, author: str, opened: str, closed: str | None = None, labels: tuple[str, ...] = (),
    **changes: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return an issue opened and, where given, closed on a day (YYYY-MM-DD) at noon."""
    end = None if closed is None else f"{closed}T12:00:00Z"
    return {
        "__typename": "Issue", "id": f"I_{repo}_{number}", "createdAt": f"{opened}T12:00:00Z",
        "updatedAt": end or f"{opened}T12:00:00Z", "closedAt": end,
        "repository": {"name": repo, "owner": {"login": "acme"}}, "author": account(author),
        "labels": {"nodes": [{"name": label} for label in labels]}, "milestone": None,
        "projectItems": {"totalCount": 0}, "comments": {"totalCount": 0, "nodes": []},
        "timelineItems": {"nodes": [{"__typename": "ClosedEvent", "closer": None}] if end else []}, **changes,
    }  # fmt: skip


def closed_by(author: str) -> dict[str, Any]:
    """Return how an issue says that a merged change of an account closed it."""
    closer = {
        "__typename": "PullRequest", "merged": True, "author": account(author), "mergedBy": account(author),
    }  # fmt: skip
    return {"nodes": [{"__typename": "ClosedEvent", "closer": closer}]}


def deployment(
    repo: str,
    at: str,
    commit: str,
    creator: str,
    states: tuple[tuple[str, str], ...] = (),
    stage: str = "production",
) -> dict[str, Any]:
    """Return a deployment at a moment; it succeeded at once unless its states are given as (state, moment)."""
    nodes = [{"state": state, "createdAt": when} for state, when in states or (("SUCCESS", at),)]
    return {
        "repository": repo, "createdAt": at, "commitOid": commit, "environment": stage,
        "creator": account(creator), "statuses": {"nodes": nodes},
    }  # fmt: skip


def board(
    title: str, moved: str, teams: tuple[str, ...] = (), repositories: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return a board that moved on a day (YYYY-MM-DD)."""
    linked = [
        {"name": name, "owner": {"__typename": "Organization", "login": "acme"}} for name in repositories
    ]
    return {
        "title": title, "updatedAt": f"{moved}T12:00:00Z",
        "teams": connection([{"slug": slug} for slug in teams]), "repositories": connection(linked),
    }  # fmt: skip


def brought(
    number: int,
    blob: str,
    author: str,
    approvals: tuple[tuple[str, str], ...],
    commits: tuple[str | None, ...] = (),
    **changes: Any,
) -> dict[str, Any]:
    """Return a merged change that left `blob` at a path; an approval is (account, blob of its commit)."""
    people = commits or (author,)
    return {
        "url": f"https://github.example/acme/governance/pull/{number}", "merged": True, "baseRefName": "main",
        "baseRepository": {"nameWithOwner": "acme/governance"}, "author": account(author),
        "mergeCommit": {"file": {"oid": blob}},
        "commits": {"totalCount": len(people), "nodes": [
            {"commit": {"authors": {"totalCount": 1, "nodes": [{"user": one and {"login": one}}]}}}
            for one in people
        ]},
        "latestOpinionatedReviews": {"nodes": [
            {"state": "APPROVED", "author": account(one), "commit": {"file": {"oid": seen}}}
            for one, seen in approvals
        ]}, **changes,
    }  # fmt: skip


def review(author: str, at: str, state: str = "APPROVED") -> dict[str, Any]:
    """Return a review at a moment."""
    return {"state": state, "submittedAt": at, "author": account(author)}


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
    persons: list[str] = field(default_factory=list)
    """Accounts of persons that the host shows by name."""
    outside: list[str] = field(default_factory=list)
    """Outside collaborators."""
    concealed: int = 0
    """Members that are counted and not listed."""
    repositories: list[dict[str, Any]] = field(default_factory=list)
    hidden: int = 0
    """Private repositories that exist and that this credential is not shown."""
    security: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    moved: dict[str, str | None] = field(default_factory=dict)
    """Where a repository is after the inventory, by id; None where it is nowhere."""
    guide: dict[str, Any] | None = None
    """The contributing guide in the owner's defaults: its `url` and `body`."""
    teams: list[dict[str, Any]] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    stalled: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    boards: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    upstream: list[dict[str, Any]] = field(default_factory=list)
    statements: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """What the default branch holds at (repository, path): its `blob`, and the `changes` that brought it."""
    alerts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    analyses: dict[str, str] = field(default_factory=dict)
    """When each repository was last analysed; one that is not named never was."""
    releases: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The newest release of a repository: `at` and its `files`."""
    newest: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The newest merged change of a repository: `at` and its `checks`, each a name with how it ended."""
    attested: dict[str, list[str]] | None = field(default_factory=dict)
    """The repositories with attestations, by predicate; None where the list is hidden."""
    configurations: list[dict[str, Any]] = field(default_factory=list)
    external_groups: list[str] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    """The repository on disk whose files a repository shows; one that is not named shows none."""
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
                   defaultBranchRef={
                       "name": "main", "target": None, "branchProtectionRule": None, "rules": connection([])}),
        repository("portal", visibility="INTERNAL",
                   environments=connection([{"id": "E_portal", "name": "production"}]),
                   openDebt={"totalCount": 1}, allDebt={"totalCount": 3},
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
    crew = [f"crew-{n}" for n in range(3)]
    org.team("web", {"portal": "ADMIN", "checkout": "WRITE"}, ["cat-c", "dan-d", *crew])
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
    org.issues = [
        issue(
            "portal", 1, "cat-c", "2026-10-01", "2026-10-20", ("tech-debt",), timelineItems=closed_by("dan-d")
        ),
        issue("portal", 2, "dan-d", "2026-10-02", "2026-10-03", ("bug",), milestone={"id": "M_1"}),
        issue("portal", 3, "dan-d", "2026-10-02", None, ("Postmortem",)),
        issue("ledger", 4, "crew-1", "2026-10-05", "2026-10-06", ("request",)),
        issue("checkout", 5, "ann-a", "2026-10-05", None),
    ]
    org.boards = [board("Payments", "2026-11-10", ("payments",)), board("Old", "2026-01-10", (), ("portal",))]
    org.newest = {
        "checkout": {"at": "2026-10-08T12:00:00Z", "checks": [("build", "SUCCESS"), ("trivy", "SUCCESS")]},
        "portal": {"at": "2026-10-09T12:00:00Z", "checks": [("build", "SUCCESS"), ("CodeQL", "FAILURE")]},
    }
    org.releases = {
        "checkout": {"at": "2026-09-01T00:00:00Z", "files": ["app.tgz", "app.tgz.sig", "app.spdx.json"]},
        "portal": {"at": "2026-09-02T00:00:00Z", "files": ["portal.tgz"]},
        "mail": {"at": "2024-09-02T00:00:00Z", "files": ["mail.tgz"]},
    }
    org.attested = {"provenance": ["stock"], "sbom": []}
    org.statements = {
        ("checkout", "attestations/sponsor.yaml"): {
            "blob": "5" * 40,
            "changes": [
                brought(
                    7,
                    "5" * 40,
                    "ann-a",
                    (("cat-c", "5" * 40),),
                    baseRepository={"nameWithOwner": "acme/checkout"},
                ),
            ],
        }
    }
    org.deployments = [
        deployment("portal", "2026-10-09T15:00:00Z", "a" * 40, "cat-c"),
        deployment("portal", "2026-10-10T15:00:00Z", "b" * 40, "ann-a"),
        deployment("portal", "2026-10-11T09:00:00Z", "a" * 40, "github-actions[bot]"),
        deployment("portal", "2026-10-11T09:00:00Z", "c" * 40, "cat-c", stage="staging"),
    ]
    return org
