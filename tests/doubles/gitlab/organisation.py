"""An invented group as GitLab would describe it: plain data that a test bends to its case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
FREE, PREMIUM, ULTIMATE = "free", "premium", "ultimate"
OWNER, MAINTAINER, DEVELOPER, REPORTER, GUEST = 50, 40, 30, 20, 10


def project(name: str, **changes: Any) -> Row:
    """Return a private project in use, whose default branch is protected and takes an approved change."""
    row: Row = {
        "name": name, "archived": False, "empty": False, "fork": False, "mirror": False, "visibility": "private",
        "deleted": False, "branch": "main", "shares": {}, "members": {}, "open": 0, "pipeline": True,
        "rules": [rule("main")], "approvals": [{"type": "ANY_APPROVER", "approvalsRequired": 1}],
        "policies": [], "checks": [], "jobs": [("build", False), ("trivy", False), ("lint", True)],
        "owners": None, "environments": [],
        "pipelines": [{"createdAt": "2026-11-10T08:00:00Z", "ref": "main",
                       "artifacts": ["SECRET_DETECTION", "DEPENDENCY_SCANNING", "SAST", "JUNIT"]}],
        "push_rule": None, "push_protection": True, "deployments": [],
        "releases": [], "components": [], "figures": None,
    }  # fmt: skip
    return {**row, **changes}


def rule(name: str, force: bool = False, push: int = 0) -> Row:
    """Return a protected branch; `push` is the level that may push without a change, 0 for nobody."""
    return {"name": name, "force": force, "push": push}


def owners(text: str, faults: list[Row] | None = None, path: str = "CODEOWNERS") -> Row:
    """Return an ownership file with what the host finds wrong in it."""
    return {"path": path, "text": text, "faults": faults or []}


def change(
    repo: str,
    number: int,
    author: str,
    day: str,
    approvals: dict[str, str],
    reviewers: list[str] | None = None,
) -> Row:
    """Return a change merged on a day (YYYY-MM-DD) at noon; approvals by account, each with its moment."""
    return {
        "project": repo, "iid": str(number), "createdAt": f"{day}T08:00:00Z", "preparedAt": f"{day}T08:00:00Z",
        "mergedAt": f"{day}T12:00:00Z", "author": author, "approvals": approvals, "reviewers": reviewers or [],
        "title": "A change", "labels": [], "merger": "", "begun": f"{day}T06:00:00Z",
    }  # fmt: skip


def issue(repo: str, number: int, author: str, opened: str, closed: str | None = None, **changes: Any) -> Row:
    """Return an issue opened on a day and closed on another, which is when it last moved."""
    row: Row = {
        "project": repo, "iid": str(number), "author": author, "createdAt": f"{opened}T08:00:00Z",
        "closedAt": f"{closed}T08:00:00Z" if closed else None, "updatedAt": f"{closed or opened}T08:00:00Z",
        "type": "ISSUE", "labels": [], "milestone": None, "iteration": None, "by_change": "", "replies": [],
    }  # fmt: skip
    return {**row, **changes}


def deployment(number: int, sha: str, at: str, user: str, status: str = "success", approved: str = "") -> Row:
    """Return a deployment to production; `approved` is when somebody let it pass."""
    return {"id": number, "sha": sha, "at": at, "user": user, "status": status, "approved": approved}


def release(tag: str, at: str, files: tuple[str, ...] = ()) -> Row:
    """Return a release at a moment, with the names of what is linked to it."""
    return {"tagName": tag, "releasedAt": at, "files": files}


def vulnerability(repo: str, number: int, detected: str, resolved: str | None = None, **changes: Any) -> Row:
    """Return a critical finding, still there unless it was resolved."""
    row = {
        "id": f"gid://gitlab/Vulnerability/{number}", "project": repo, "detectedAt": detected,
        "state": "RESOLVED" if resolved else "DETECTED", "resolvedAt": resolved, "dismissedAt": None,
        "dismissalReason": None, "reportType": "DEPENDENCY_SCANNING",
    }  # fmt: skip
    return {**row, **changes}


def brought(
    number: int,
    blob: str,
    author: str,
    approvals: Sequence[tuple[str, str]] = (),
    writers: Sequence[str | None] = (),
    **changes: Any,
) -> Row:
    """Return a merged change that left a file with this blob; `approvals` are (account, the blob it approved).

    Each approval follows a push of what it approved by an hour.
    """
    pushed = [approved for _, approved in approvals] or [blob]
    heads = [f"{number:03x}{place:x}".ljust(40, "e") for place in range(len(pushed))]
    row: Row = {
        "iid": str(number), "state": "merged", "target_branch": "main", "elsewhere": False, "author": author,
        "left": f"{number:03x}".rjust(40, "d"), "blob": blob, "message": "State it",
        "versions": [(head, f"2026-05-{place + 1:02}T08:00:00Z") for place, head in enumerate(heads)],
        "blobs": dict(zip(heads, pushed, strict=True)),
        "approved": [(who, f"2026-05-{place + 1:02}T09:00:00Z") for place, (who, _) in enumerate(approvals)],
        "writers": list(writers or (author,)),
    }  # fmt: skip
    return {**row, **changes}


@dataclass
class Organisation:
    """What the double serves; a group is its path below the organisation, its members and its shares."""

    path: str = "acme"
    tier: str = ULTIMATE
    enterprise: bool = True
    role: int = OWNER
    """The level of the reader in the organisation, 0 for none."""
    administrator: bool = False
    second_factor: bool | None = True
    demands_second_factor: bool = False
    """Whether the whole host does."""
    passwords: bool = True
    members: dict[str, int] = field(default_factory=lambda: {"olga-owner": OWNER})
    shares: dict[str, int] = field(default_factory=dict)
    groups: list[Row] = field(default_factory=list)
    projects: list[Row] = field(default_factory=list)
    hidden: int = 0
    """Projects that the listing counts and leaves out."""
    changes: list[Row] = field(default_factory=list)
    opened: list[Row] = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)
    vulnerabilities: list[Row] = field(default_factory=list)
    identities: list[int] = field(default_factory=list)
    assistant: int | None = None
    streams: list[str] = field(default_factory=list)
    """The value streams that were defined, beside the one that every group has."""
    shares_usage: bool = False
    """Whether the host shows which components of its catalogue were used."""
    statements: dict[tuple[str, str], Row] = field(default_factory=dict)
    """By project and path: the `blob` that the default branch holds, and the `changes` that brought it."""
    guests: frozenset[str] = frozenset()
    """Accounts that may not write, wherever they are members."""
    places: dict[str, Row] = field(default_factory=dict, repr=False)
    most_rows: int = 100
    """The most projects on one page of the listing, whatever is asked for."""
    keyset: bool = True
    """Whether the host knows keyset pagination for the projects of a group."""

    def group(self, path: str, members: dict[str, int], shares: dict[str, int] | None = None) -> None:
        """Add a group below the organisation, such as `payments`."""
        self.groups.append({"path": path, "members": members, "shares": shares or {}})

    def find(self, path: str) -> Row | None:
        """Return the project at a full path, None where there is none."""
        if len(self.places) != len(self.projects):
            self.places = {f"{self.path}/{one['name']}": one for one in self.projects}
        return self.places.get(path)

    def has(self, tier: str) -> bool:
        """True where what is subscribed to includes a tier."""
        order = (FREE, PREMIUM, ULTIMATE)
        return self.enterprise and order.index(self.tier) >= order.index(tier)


def bot(login: str) -> bool:
    """True for an account that the host calls a bot."""
    return login.endswith("-bot")


def acme() -> Organisation:
    """Return a small organisation: seven projects in use, five that are not, five groups, one a folder."""
    org = Organisation()
    everyone = {"ann-a": REPORTER, "cat-c": REPORTER}
    all_ = {"acme/everybody": REPORTER}
    org.projects = [
        project("checkout", open=4, releases=[release("v1", "2026-09-01T00:00:00Z", ("app.tgz", "app.tgz.sig"))],
                pipelines=[{"createdAt": "2026-11-10T08:00:00Z", "ref": "main", "artifacts": [
                    "SECRET_DETECTION", "DEPENDENCY_SCANNING", "SAST", "CONTAINER_SCANNING", "CYCLONEDX"]}],
                components=["2026-11-10"], shares={"acme/payments": MAINTAINER, "acme/web": DEVELOPER, **all_},
                owners=owners("* @acme/payments\n/docs @acme/gone\n/api @acme/payments\n",
                              [{"code": "inaccessible_owner", "lines": [2]}])),
        project("ledger", rules=[], approvals=[], push_protection=False, pipelines=[], jobs=[("build", False)],
                shares={"acme/payments": OWNER, **all_}),
        project("portal", visibility="internal", shares={"acme/web": OWNER, **all_},
                members={"dora-direct": DEVELOPER, "olga-owner": OWNER},
                environments=[{"name": "production", "tier": "PRODUCTION",
                               "approvals": [{"group": "acme/web", "requiredApprovals": 1}]}],
                deployments=[deployment(1, "a" * 40, "2026-10-10T12:00:00Z", "cat-c"),
                             deployment(2, "b" * 40, "2026-11-03T12:00:00Z", "deploy-bot", approved="2026-11-03T20:00:00Z"),
                             deployment(3, "c" * 40, "2026-11-12T12:00:00Z", "ann-a", "failed")]),
        *(project(name, shares=dict(all_)) for name in ("search", "mail", "stock")),
        project("apps/rates", rules=[rule("ma*", push=MAINTAINER)]),
        project("attic", archived=True),
        project("blank", empty=True, branch=None),
        project("fork", fork=True),
        project("copied", mirror=True),
        project("leaving", deleted=True),
    ]  # fmt: skip
    org.streams = ["Order to cash"]
    org.group("payments", {"ann-a": MAINTAINER, "ben-b": DEVELOPER, "deploy-bot": MAINTAINER})
    org.group("payments/core", {"ann-a": MAINTAINER})
    org.group("web", {"cat-c": OWNER, "dan-d": DEVELOPER})
    org.group("apps", {}, {"acme/web": DEVELOPER})
    org.group("idle", {"eve-e": DEVELOPER})
    org.group("everybody", everyone)
    org.changes = [
        change("checkout", 1, "ann-a", "2026-10-05", {"cat-c": "2026-10-05T10:00:00Z"}),
        change("checkout", 2, "ben-b", "2026-10-06", {"ann-a": "2026-10-06T10:00:00Z"}),
        change("checkout", 3, "ann-a", "2026-10-07", {"helper-bot": "2026-10-07T10:00:00Z"}),
        change("checkout", 4, "renovate-bot", "2026-10-08", {}),
        change("portal", 5, "cat-c", "2026-10-09", {}, ["dan-d"]),
    ]
    org.opened = [
        {
            "project": "checkout",
            "blocked": {"cat-c": "2026-10-01T08:00:00Z"},
            "createdAt": "2026-09-20T08:00:00Z",
        }
    ]
    org.issues = [
        issue(
            "checkout",
            1,
            "ann-a",
            "2026-09-01",
            "2026-10-20",
            labels=["Tech-Debt"],
            by_change="ann-a",
            milestone={"id": "gid://gitlab/Milestone/1"},
        ),
        issue(
            "portal",
            2,
            "dan-d",
            "2026-10-02",
            "2026-10-03",
            labels=["type::bug"],
            iteration={"id": "gid://gitlab/Iteration/1"},
        ),
        issue("portal", 3, "dan-d", "2026-10-02", labels=["Postmortem"]),
        issue("ledger", 4, "cat-c", "2026-10-05", "2026-10-06", replies=["ann-a", "ben-b"]),
        issue("portal", 5, "dan-d", "2026-11-04", type="INCIDENT"),
    ]
    org.statements["checkout", "attestations/sponsor.yaml"] = {
        "blob": "5" * 40, "changes": [brought(7, "5" * 40, "ann-a", (("cat-c", "5" * 40),))],
    }  # fmt: skip
    org.vulnerabilities = [
        vulnerability("checkout", 1, "2026-10-01T00:00:00Z", "2026-10-04T00:00:00Z"),
        vulnerability("checkout", 2, "2026-09-01T00:00:00Z"),
        vulnerability(
            "portal", 3, "2026-09-01T00:00:00Z", state="DISMISSED", dismissalReason="FALSE_POSITIVE"
        ),
    ]
    return org
