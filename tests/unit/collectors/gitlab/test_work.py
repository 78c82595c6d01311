"""What issues and deployments say of teams and projects, as GitLab tells of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from cnmm_collectors.signals import Interval
from doubles.gitlab.organisation import DEVELOPER, MAINTAINER, Organisation, acme, deployment, issue, project
from doubles.gitlab.server import serve
from unit.collectors.gitlab.workshop import Scan

TRACKING: dict[str, Any] = {"teams": ["*"], "requests": ["ledger"], "platform": ["payments"]}


def scan(org: Organisation, **changes: Any) -> Scan:
    with serve(org) as double:
        return Scan(double, **changes)


def staffed() -> Organisation:
    """Return the group with a team of five, so that its numbers are nobody's own."""
    org = acme()
    next(one for one in org.groups if one["path"] == "web")["members"] |= {
        f"crew-{number}": DEVELOPER for number in range(4)
    }
    return org


@pytest.fixture(scope="module")
def told() -> Scan:
    return scan(staffed(), tracking=TRACKING)


@pytest.mark.parametrize(
    ("key", "subject", "value"),
    [
        ("host.iteration_team_ratio", "team:acme/web", True),
        ("host.iteration_team_ratio", "team:acme/idle", "absent"),
        ("host.debt_managed_ratio", "team:acme/payments", True),
        ("host.debt_managed_ratio", "team:acme/web", "not_collected"),
        ("host.platform_interaction_team_ratio", "team:acme/web", True),
        ("host.platform_interaction_team_ratio", "team:acme/payments", "absent"),
        ("host.request_ticket_rate", "team:acme/web", Fraction(1, 3)),
        ("host.request_resolution_hours_p50", "team:acme/web", 24),
        ("host.request_ticket_rate", "team:acme/payments", "not_visible"),
        ("host.unplanned_work_ratio", "team:acme/web", 1),
        ("host.retro_action_closed_ratio", "team:acme/web", 0),
        ("host.support_reply_concentration", "org:acme", "not_visible"),
        # Two of three deployments are the owners' or their automation's.
        ("host.owner_team_deploy_ratio", "component:acme/portal", Fraction(2, 3)),
        ("host.owner_team_deploy_ratio", "component:acme/checkout", "not_collected"),
        # An incident a day after the second of two deployments that succeeded.
        ("host.change_fail_ratio", "component:acme/portal", Fraction(1, 2)),
        ("host.env_external_approval_ratio", "repo:acme/portal", False),
        ("host.alert_fixed_by_owner_ratio", "repo:acme/portal", "not_collected"),
    ],
)  # fmt: skip
def test_work_is_told_as_on_any_host(told: Scan, key: str, subject: str, value: Any) -> None:
    assert told.value(key, subject) == value


def test_lead_time_runs_from_the_first_commit_to_production(told: Scan) -> None:
    # Begun on 9 October at six, live on the 10th at noon.
    assert told.value("host.change_lead_time_hours_p50", "component:acme/portal") == 30


def test_what_is_not_named_as_tracked_here_is_unknown() -> None:
    found = scan(acme())
    assert found.value("host.unplanned_work_ratio", "team:acme/web") == "not_visible"
    assert found.value("host.request_ticket_rate", "team:acme/web") == "not_visible"
    failed = found.value("host.change_fail_ratio", "component:acme/portal")
    assert failed == Interval(Fraction(0), Fraction(1))


def test_an_approval_from_outside_that_took_days_is_a_wait() -> None:
    rules = [{"group": "acme/audit", "requiredApprovals": 1}]
    org = Organisation(projects=[
        project("shop", shares={"acme/payments": MAINTAINER},
                environments=[{"name": "production", "tier": "PRODUCTION", "approvals": rules}],
                deployments=[deployment(1, "a" * 40, "2026-11-02T12:00:00Z", "ann-a", approved="2026-11-05T12:00:00Z")]),
    ])  # fmt: skip
    org.group("payments", {"ann-a": MAINTAINER})
    org.group("audit", {"eve-e": DEVELOPER})
    assert scan(org).value("host.env_external_approval_ratio", "repo:acme/shop") is True


def test_iterations_are_left_out_where_the_edition_lacks_them() -> None:
    org = acme()
    org.enterprise = False
    found = scan(org, tracking=TRACKING)
    # The milestone of an issue is known to every edition.
    assert found.value("host.iteration_team_ratio", "team:acme/payments") is True


def test_issues_in_a_group_below_belong_to_their_project() -> None:
    org = acme()
    org.issues = [issue("apps/rates", 1, "dan-d", "2026-11-01", milestone={"id": "gid://gitlab/Milestone/1"})]
    found = scan(org, tracking=TRACKING)
    assert [row.received for row in found.found.ledger if row.unit == "issue"] == [1]


def test_deployments_are_asked_only_of_projects_with_production() -> None:
    with serve(acme()) as double:
        Scan(double)
        asked = [one for one in double.asked if one.endswith("/deployments")]
    assert asked == ["GET /api/v4/projects/acme%2Fportal/deployments"]


def test_the_accounts_of_a_group_are_handed_on_without_a_name(told: Scan) -> None:
    kinds = {(one.attribute, one.value) for one in told.found.people}
    assert ("account.listed", "whole") in kinds
    assert ("account.holder", "person") in kinds
    assert ("account.holder", "robot") in kinds
