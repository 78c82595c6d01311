"""One invented organisation in two dialects: as GitHub and as GitLab would describe the same reality."""

from __future__ import annotations

from dataclasses import dataclass, field

from doubles.github import organisation as github
from doubles.gitlab import organisation as gitlab

RIGHTS = {
    "READ": gitlab.GUEST,
    "WRITE": gitlab.DEVELOPER,
    "MAINTAIN": gitlab.MAINTAINER,
    "ADMIN": gitlab.OWNER,
}
JOBS = ("build", "trivy", "lint")
"""What ran on the newest change of a repository whose branch is protected, as GitLab's double has it too."""
RELEASED = "2026-09-01T00:00:00Z"
SCANS = ["SECRET_DETECTION", "DEPENDENCY_SCANNING"]


@dataclass(frozen=True)
class Repository:
    """A repository as both hosts know it; `scanned` says whether secrets and dependencies are looked at."""

    name: str
    protected: bool = True
    scanned: bool = True
    analysed: bool = False
    public: bool = False
    owners: str = ""
    direct: tuple[str, ...] = ()
    gate: str = ""
    released: tuple[str, ...] = ()
    open_changes: int = 0


@dataclass(frozen=True)
class Change:
    """A merged change: who wrote it, who approved, on which day."""

    repository: str
    number: int
    author: str
    day: str
    approved: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alert:
    """A critical finding about a dependency."""

    repository: str
    number: int
    created: str
    fixed: str | None = None


@dataclass(frozen=True)
class Issue:
    """An issue: opened, closed and labelled; planned in a milestone, closed by somebody's change."""

    repository: str
    number: int
    author: str
    opened: str
    closed: str | None = None
    labels: tuple[str, ...] = ()
    planned: bool = False
    by_change: str = ""


@dataclass(frozen=True)
class Deployment:
    """A deployment to production that went well."""

    repository: str
    number: int
    at: str
    by: str


@dataclass
class Reality:
    """What is the case, in no host's words; a team is its grants and its members."""

    repositories: list[Repository] = field(default_factory=list)
    idle: dict[str, str] = field(default_factory=dict)
    """Repositories that are not in use, each with what it is."""
    teams: dict[str, tuple[dict[str, str], list[str]]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    second_factor: bool = True


def reality() -> Reality:
    """Return seven repositories in use and four that are not, four teams, changes and alerts."""
    names = ("checkout", "ledger", "portal", "search", "mail", "stock", "rates")
    return Reality(
        repositories=[
            Repository("checkout", analysed=True, open_changes=4,
                       released=("checkout.tgz", "checkout.tgz.sig", "sbom.cdx.json"),
                       owners="* @acme/payments\n/docs @acme/gone\n/api @acme/payments\n"),
            Repository("ledger", protected=False, scanned=False),
            Repository("portal", public=True, direct=("dora-direct",), gate="web",
                       released=("portal.tgz",)),
            *(Repository(name) for name in names[3:]),
        ],
        idle={"attic": "archived", "blank": "empty", "copy": "fork", "locked": "disabled"},
        teams={
            "payments": ({"checkout": "MAINTAIN", "ledger": "ADMIN"}, ["ann-a", "ben-b"]),
            "web": ({"portal": "ADMIN", "checkout": "WRITE", "rates": "MAINTAIN"},
                    ["cat-c", "dan-d", "crew-1", "crew-2", "crew-3"]),
            "everybody": (dict.fromkeys(names, "READ"), ["ann-a", "cat-c"]),
            "idle": ({}, ["eve-e"]),
        },
        changes=[
            Change("checkout", 1, "ann-a", "2026-10-05", ("cat-c",)),
            Change("checkout", 2, "ben-b", "2026-10-06", ("ann-a",)),
            Change("checkout", 3, "ann-a", "2026-10-07"),
            Change("portal", 4, "cat-c", "2026-10-09", ("ann-a",)),
            Change("rates", 5, "dan-d", "2026-10-09", ("cat-c",)),
        ],
        alerts=[
            Alert("checkout", 1, "2026-10-01T00:00:00Z", "2026-10-04T00:00:00Z"),
            Alert("checkout", 2, "2026-09-01T00:00:00Z"),
            Alert("portal", 3, "2026-09-01T00:00:00Z", "2026-09-20T00:00:00Z"),
        ],
        issues=[
            Issue("portal", 1, "cat-c", "2026-10-01", "2026-10-20", ("tech-debt",), by_change="dan-d"),
            Issue("portal", 2, "dan-d", "2026-10-02", "2026-10-03", ("bug",), planned=True),
            Issue("portal", 3, "dan-d", "2026-10-02", None, ("Postmortem",)),
            Issue("ledger", 4, "crew-1", "2026-10-05", "2026-10-06", ("request",)),
            Issue("portal", 5, "cat-c", "2026-10-10", None, ("incident",)),
        ],
        deployments=[
            Deployment("portal", 1, "2026-10-09T15:00:00Z", "cat-c"),
            Deployment("portal", 2, "2026-10-10T09:00:00Z", "ann-a"),
        ],
    )  # fmt: skip


def as_github(one: Reality) -> github.Organisation:
    """Return the reality as GitHub describes it to an owner."""
    org = github.Organisation(second_factor=one.second_factor)
    org.repositories = [_on_github(one, each) for each in one.repositories]
    flags = {"archived": {"isArchived": True, "archivedAt": "2024-05-01T00:00:00Z"}, "fork": {"isFork": True},
             "empty": {"isEmpty": True, "defaultBranchRef": None, "tip": None},
             "disabled": {"isDisabled": True}}  # fmt: skip
    org.repositories += [github.repository(name, **flags[kind]) for name, kind in one.idle.items()]
    off = {"status": "disabled"}
    org.newest = {
        each.name: {"at": "2026-10-01T00:00:00Z", "checks": [(job, "SUCCESS") for job in JOBS]}
        for each in one.repositories if each.protected
    }  # fmt: skip
    org.releases = {
        each.name: {"at": RELEASED, "files": list(each.released)}
        for each in one.repositories if each.released
    }  # fmt: skip
    for each in one.repositories:
        if not each.scanned:
            org.security[each.name] = {"secret_scanning": off, "secret_scanning_push_protection": off}
        if each.analysed:
            org.analyses[each.name] = "2026-11-10T08:00:00Z"
        if each.gate:
            org.environments[f"E_{each.name}"] = {"name": "production", "reviewers": [each.gate]}
    for slug, (grants, members) in one.teams.items():
        org.team(slug, grants, members)
    org.changes = [
        github.change(each.repository, each.number, each.author, each.day,
                      [github.review(who, f"{each.day}T10:00:00Z") for who in each.approved])
        for each in one.changes
    ]  # fmt: skip
    org.issues = [
        github.issue(
            each.repository, each.number, each.author, each.opened, each.closed, each.labels,
            **({"milestone": {"id": "M"}} if each.planned else {}),
            **({"timelineItems": github.closed_by(each.by_change)} if each.by_change else {}),
        )
        for each in one.issues
    ]  # fmt: skip
    org.deployments = [
        github.deployment(each.repository, each.at, str(each.number) * 40, each.by)
        for each in one.deployments
    ]
    org.alerts = {
        "dependabot": [
            {"number": each.number, "state": "fixed" if each.fixed else "open", "dismissed_reason": None,
             "created_at": each.created, "fixed_at": each.fixed, "repository": {"name": each.repository}}
            for each in one.alerts
        ]
    }  # fmt: skip
    return org


def _on_github(one: Reality, each: Repository) -> dict[str, object]:
    debt = [issue for issue in one.issues if issue.repository == each.name and "tech-debt" in issue.labels]
    changes: dict[str, object] = {
        "visibility": "INTERNAL" if each.public else "PRIVATE",
        "hasVulnerabilityAlertsEnabled": each.scanned,
        "openChanges": {"totalCount": each.open_changes},
        "openDebt": {"totalCount": sum(issue.closed is None for issue in debt)},
        "allDebt": {"totalCount": len(debt)},
        "collaborators": github.connection([{"login": login} for login in (*each.direct, "olga-owner")]),
    }
    if each.owners:
        changes |= {"inGithub": github.owners_file(each.owners),
                    "codeowners": {"errors": [{"kind": "Unknown owner", "line": 2}]}}  # fmt: skip
    if not each.protected:
        branch = {"name": "main", "branchProtectionRule": None, "rules": github.connection([])}
        changes["defaultBranchRef"] = branch
    if each.gate:
        changes["environments"] = github.connection([{"id": f"E_{each.name}", "name": "production"}])
    return github.repository(each.name, **changes)


def as_gitlab(one: Reality) -> gitlab.Organisation:
    """Return the reality as GitLab describes it to an owner with Ultimate: teams are groups of people that the
    projects are shared with, and everybody may read what is in the group.
    """
    people = {login for _, members in one.teams.values() for login in members}
    org = gitlab.Organisation(second_factor=one.second_factor)
    org.members |= dict.fromkeys(sorted(people), gitlab.REPORTER)
    org.projects = [_on_gitlab(one, each) for each in one.repositories]
    flags: dict[str, gitlab.Row] = {
        "archived": {"archived": True}, "fork": {"fork": True}, "empty": {"empty": True, "branch": None},
        "disabled": {"deleted": True},
    }  # fmt: skip
    org.projects += [gitlab.project(name, **flags[kind]) for name, kind in one.idle.items()]
    for slug, (_, members) in one.teams.items():
        org.group(slug, dict.fromkeys(members, gitlab.DEVELOPER))
    org.changes = [
        gitlab.change(each.repository, each.number, each.author, each.day,
                      dict.fromkeys(each.approved, f"{each.day}T10:00:00Z"))
        for each in one.changes
    ]  # fmt: skip
    org.issues = [
        gitlab.issue(
            each.repository, each.number, each.author, each.opened, each.closed, labels=list(each.labels),
            milestone={"id": "gid://gitlab/Milestone/1"} if each.planned else None, by_change=each.by_change,
        )
        for each in one.issues
    ]  # fmt: skip
    org.vulnerabilities = [
        gitlab.vulnerability(each.repository, each.number, each.created, each.fixed) for each in one.alerts
    ]
    return org


def _on_gitlab(one: Reality, each: Repository) -> gitlab.Row:
    reports = [*(SCANS if each.scanned else []), *(["SAST"] if each.analysed else [])]
    shares = {
        f"acme/{slug}": RIGHTS[grants[each.name]]
        for slug, (grants, _) in one.teams.items() if each.name in grants
    }  # fmt: skip
    changes: gitlab.Row = {
        "visibility": "internal" if each.public else "private", "shares": shares, "open": each.open_changes,
        "members": {"olga-owner": gitlab.OWNER, **dict.fromkeys(each.direct, gitlab.DEVELOPER)},
        "push_protection": each.scanned,
        "deployments": [
            gitlab.deployment(made.number, str(made.number) * 40, made.at, made.by)
            for made in one.deployments if made.repository == each.name
        ],
        "pipelines": [{"createdAt": "2026-11-10T08:00:00Z", "ref": "main", "artifacts": reports}],
    }  # fmt: skip
    if each.released:
        changes["releases"] = [gitlab.release("v1", RELEASED, each.released)]
    if each.gate:
        # The host reckons from the merge, so that its figure is lower than what is counted from the first commit.
        changes["figures"] = {"leadTimeForChanges": 3 * 3600.0, "changeFailureRate": 0.0}
    if each.owners:
        changes["owners"] = gitlab.owners(each.owners, [{"code": "inaccessible_owner", "lines": [2]}])
    if not each.protected:
        changes |= {"rules": [], "approvals": [], "pipeline": False}
    if each.gate:
        rules = [{"group": f"acme/{each.gate}", "requiredApprovals": 1}]
        changes["environments"] = [{"name": "production", "tier": "PRODUCTION", "approvals": rules}]
    return gitlab.project(each.name, **changes)
