"""What happens on acme's host: changes and their reviews, issues, boards, deployments, alerts, analyses."""

from __future__ import annotations

from doubles.github.organisation import (
    Organisation,
    board,
    change,
    closed_by,
    connection,
    deployment,
    issue,
    review,
)

CHANGES = (
    ("payments-api", "ottoline", "2026-09-01", "marisol"),
    ("payments-api", "ottoline", "2026-09-08", "marisol"),
    ("payments-api", "casimir", "2026-09-15", "marisol"),
    ("payments-api", "casimir", "2026-09-22", "marisol"),
    ("ledger", "ottoline", "2026-09-02", ""),
    ("ledger", "ottoline", "2026-10-02", ""),
    ("checkout-web", "ysolde", "2026-09-03", "evander"),
    ("checkout-web", "ysolde", "2026-10-05", "evander"),
    ("platform-infra", "marisol", "2026-09-04", "tgreens"),
    ("platform-infra", "marisol", "2026-09-11", "tgreens"),
    ("platform-infra", "marisol", "2026-10-09", "leofric"),
    ("platform-infra", "casimir", "2026-10-12", "marisol"),
)
"""Repository, author, day of the merge at noon, and who approved it two hours earlier; nobody where empty."""
ANALYSED = {"payments-api": "2026-10-20T06:00:00Z", "guardrails": "2026-10-21T06:00:00Z",
            "checkout-web": "2026-01-05T06:00:00Z"}  # fmt: skip


def add_work(org: Organisation) -> None:
    """Add everything that happened within the windows of the audit, and a little that is too old."""
    for number, (name, author, day, approver) in enumerate(CHANGES):
        reviews = [review(approver, f"{day}T10:00:00Z")] if approver else []
        org.changes.append(change(name, number, author, day, reviews))
    asked_again = {"nodes": [{"submittedAt": "2026-10-01T09:00:00Z"}]}
    org.stalled = [
        {"__typename": "PullRequest", "id": "PR_waiting", "isDraft": False, "reviews": asked_again,
         "repository": {"name": "payments-api", "owner": {"login": "acme"}}}
    ]  # fmt: skip
    org.issues = [
        issue("payments-api", 1, "casimir", "2026-10-01", "2026-10-10", ("feature",),
              milestone={"id": "M_autumn"}),
        issue("payments-api", 2, "ottoline", "2026-08-20", "2026-09-15", ("tech-debt",),
              timelineItems=closed_by("ottoline")),
        issue("platform-infra", 3, "evander", "2026-10-15", "2026-10-16", ("request",)),
    ]  # fmt: skip
    org.boards = [
        board("Platform", "2026-10-20", ("platform",)),
        board("Old plan", "2026-03-01", (), ("checkout-web",)),
    ]  # fmt: skip
    org.environments = {"E_payments": {"name": "production", "reviewers": []}}
    by_name = {one["name"]: one for one in org.repositories}
    by_name["payments-api"].update(
        environments=connection([{"id": "E_payments", "name": "production"}]), openChanges={"totalCount": 4},
        openDebt={"totalCount": 1}, allDebt={"totalCount": 6},
    )  # fmt: skip
    by_name["platform-infra"].update(openDebt={"totalCount": 2}, allDebt={"totalCount": 2})
    org.deployments = [
        deployment("payments-api", "2026-09-15T14:00:00Z", "a" * 40, "casimir"),
        deployment("payments-api", "2026-09-22T18:00:00Z", "b" * 40, "github-actions[bot]"),
    ]
    org.alerts["dependabot"] = [
        _alert("payments-api", 1, "2026-09-03T09:00:00Z", "2026-09-08T13:00:00Z"),
        _alert("ledger", 2, "2026-06-01T09:00:00Z", None),
    ]
    org.analyses = dict(ANALYSED)


def _alert(name: str, number: int, found: str, fixed: str | None) -> dict[str, object]:
    """Return a critical vulnerability, and when it was fixed."""
    return {
        "number": number, "state": "fixed" if fixed else "open", "created_at": found, "fixed_at": fixed,
        "dismissed_reason": None, "repository": {"name": name},
    }  # fmt: skip
