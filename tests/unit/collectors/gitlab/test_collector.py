"""What the GitLab collector says of a healthy group, by tier and by role."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from cnmm_collectors.signals import Interval
from cnmm_collectors.subjects import SubjectKind
from doubles.gitlab.organisation import (
    DEVELOPER,
    FREE,
    GUEST,
    MAINTAINER,
    PREMIUM,
    REPORTER,
    Organisation,
    acme,
    owners,
    project,
    rule,
)
from doubles.gitlab.server import serve
from unit.collectors.gitlab.workshop import Scan

PROTECTED = "host.branch_protection_ratio"


def scan(org: Organisation, locator: str = "acme", **changes: Any) -> Scan:
    with serve(org) as double:
        return Scan(double, locator, **changes)


@cache
def in_tier(tier: str, activity: bool = True) -> Scan:
    """Return the scan of the group as an owner in a tier; made once."""
    org = acme()
    org.tier = tier
    return scan(org, activity=activity)


def variants(cases: Iterable[dict[str, Any]]) -> Scan:
    """Return one scan of a group with a project for each case, named after its position."""
    shares = {"acme/payments": MAINTAINER}
    org = Organisation(projects=[project(f"p{n}", shares=shares, **case) for n, case in enumerate(cases)])
    org.group("payments", {"ann-a": MAINTAINER, "ben-b": DEVELOPER})
    return scan(org, activity=False)


def one(**changes: Any) -> Organisation:
    """Return a group of one project, owned by one team."""
    org = Organisation(projects=[project("shop", shares={"acme/payments": MAINTAINER}, **changes)])
    org.group("payments", {"ann-a": MAINTAINER, "ben-b": DEVELOPER})
    return org


@pytest.fixture(scope="module")
def whole() -> Scan:
    return scan(acme())


@pytest.mark.parametrize(
    ("key", "subject", "value"),
    [
        ("host.mfa_enforced", "org:acme", True),
        ("host.team_repo_ratio", "repo:acme/checkout", True),
        ("host.team_repo_ratio", "repo:acme/search", False),
        (PROTECTED, "repo:acme/checkout", True),
        (PROTECTED, "repo:acme/ledger", False),
        ("host.required_security_check_ratio", "repo:acme/checkout", True),
        ("host.secret_scanning_ratio", "repo:acme/checkout", True),
        ("host.secret_scanning_ratio", "repo:acme/ledger", False),
        ("host.dependency_alert_ratio", "repo:acme/ledger", False),
        ("host.code_scanning_ratio", "repo:acme/checkout", True),
        ("host.push_protection_ratio", "repo:acme/checkout", True),
        ("host.push_protection_ratio", "repo:acme/ledger", False),
        ("host.internal_visibility_ratio", "repo:acme/portal", True),
        ("host.internal_visibility_ratio", "repo:acme/checkout", False),
        ("host.direct_grant_ratio", "repo:acme/portal", Fraction(1, 3)),
        ("host.direct_grant_ratio", "repo:acme/checkout", 0),
        ("host.env_external_approval_ratio", "repo:acme/portal", False),
        ("host.env_external_approval_ratio", "repo:acme/checkout", "absent"),
        ("codeowners.valid_owner_ratio", "repo:acme/checkout", Fraction(2, 3)),
        ("codeowners.valid_owner_ratio", "repo:acme/mail", "absent"),
        ("host.critical_alert_fixed_ratio{days=7}", "repo:acme/checkout", Fraction(1, 2)),
        ("host.critical_alert_fixed_ratio{days=7}", "repo:acme/portal", 1),
        ("host.review_coverage_ratio", "repo:acme/checkout", Fraction(2, 3)),
        ("host.cross_team_review_ratio", "repo:acme/checkout", Fraction(1, 3)),
        ("host.stalled_review_ratio", "repo:acme/checkout", Fraction(1, 4)),
        ("host.two_person_component_ratio", "component:acme/checkout", True),
        ("host.team_repo_ratio", "repo:acme/attic", "absent"),
        ("host.team_repo_ratio", "repo:acme/copied", "absent"),
        ("host.team_repo_ratio", "repo:acme/leaving", "absent"),
    ],
)
def test_a_whole_group_is_answered(whole: Scan, key: str, subject: str, value: Any) -> None:
    assert whole.value(key, subject) == value


def test_all_projects_and_teams_are_declared_for_a_member(whole: Scan) -> None:
    projects, teams = (whole.population("org:acme", kind) for kind in (SubjectKind.REPO, SubjectKind.TEAM))
    assert projects is not None
    assert projects.count == 7
    assert teams is not None
    # `apps` has no member of its own, `everybody` reaches more than half.
    assert [str(team) for team in teams.members] == [
        "team:acme/idle", "team:acme/payments", "team:acme/payments/core", "team:acme/web",
    ]  # fmt: skip
    assert whole.clones() == sorted(f"{member}" for member in projects.members)


def test_without_a_role_nothing_is_declared() -> None:
    org = acme()
    org.role = 0
    found = scan(org)
    assert not found.found.populations
    assert found.value(PROTECTED, "repo:acme/checkout") == "not_permitted"


def test_a_project_that_the_host_counts_and_withholds_leaves_the_group_open() -> None:
    org = acme()
    org.hidden = 1
    found = scan(org)
    assert not found.found.populations
    assert [row.failed for row in found.found.ledger if row.unit == "repository"] == [1]


def test_projects_are_read_by_cursor_page_after_page(whole: Scan) -> None:
    org = acme()
    org.most_rows = 4
    with serve(org) as double:
        found = Scan(double)
        pages = [asked for asked in double.addresses if "pagination=keyset" in asked]
    assert len(pages) == -(-len(org.projects) // 4)
    assert ["cursor=" in asked for asked in pages] == [False, *[True] * (len(pages) - 1)]
    assert not [asked for asked in pages if "page=" in asked.replace("per_page=", "")]
    assert len(found.found.signals) == len(whole.found.signals)
    members = [one.population("org:acme", SubjectKind.REPO) for one in (found, whole)]
    assert members[0] is not None
    assert members[1] is not None
    assert members[0].members == members[1].members


def test_a_cursor_that_leads_nowhere_leaves_the_group_open() -> None:
    org = acme()
    org.most_rows = 4
    with serve(org) as double:
        double.faults.set("GET .*/projects", "same page")
        found = Scan(double)
    assert not found.found.populations


def test_keyset_pagination_is_left_where_the_host_lacks_it(whole: Scan) -> None:
    org = acme()
    org.keyset = False
    assert len(scan(org).found.signals) == len(whole.found.signals)


TIERS = {
    "host.push_protection_ratio": ("True", "not_licensed", "not_licensed"),
    "host.env_external_approval_ratio": ("False", "False", "not_licensed"),
    "codeowners.valid_owner_ratio": ("2/3", "2/3", "not_licensed"),
    "host.critical_alert_fixed_ratio{days=7}": ("1/2", "not_licensed", "not_licensed"),
    "host.secret_scanning_ratio": ("True", "True", "True"),
}


@pytest.mark.parametrize("key", TIERS)
@pytest.mark.parametrize("tier", ["ultimate", PREMIUM, FREE])
def test_the_tier_decides_what_is_not_licensed(key: str, tier: str) -> None:
    repo = "portal" if "env_external" in key else "checkout"
    wanted = TIERS[key][["ultimate", PREMIUM, FREE].index(tier)]
    if key == "host.push_protection_ratio" and tier == PREMIUM:
        wanted = "False"  # a push rule could refuse secrets, and none does
    assert str(in_tier(tier).value(key, f"repo:acme/{repo}")) == wanted


@pytest.mark.parametrize(
    ("role", "answered", "refused"),
    [
        (DEVELOPER, "host.secret_scanning_ratio", PROTECTED),
        (REPORTER, "host.review_coverage_ratio", "host.critical_alert_fixed_ratio{days=7}"),
        (GUEST, "host.team_repo_ratio", "host.review_coverage_ratio"),
    ],
)
def test_the_role_decides_what_is_not_permitted(role: int, answered: str, refused: str) -> None:
    org = acme()
    org.role = role
    found = scan(org, tier="ultimate")
    assert found.value(answered, "repo:acme/checkout") not in ("not_permitted", "not_licensed")
    assert found.value(refused, "repo:acme/checkout") == "not_permitted"


def test_a_subscription_that_is_hidden_is_never_guessed() -> None:
    org = acme()
    org.role, org.tier = MAINTAINER, FREE
    found = scan(org)
    assert found.value("host.push_protection_ratio", "repo:acme/ledger") == "not_visible"
    assert found.value("codeowners.valid_owner_ratio", "repo:acme/checkout") == "not_visible"


def test_the_community_edition_is_free_whatever_is_hidden() -> None:
    org = acme()
    org.enterprise, org.role = False, MAINTAINER
    found = scan(org)
    assert found.value("host.push_protection_ratio", "repo:acme/ledger") == "not_licensed"
    assert found.value("host.secret_scanning_ratio", "repo:acme/checkout") is True


A_BRANCH_IS_PROTECTED_WH: list[tuple[Any, Any]] = [
    ({}, True),
    ({"rules": []}, False),
    ({"rules": [rule("main", force=True)]}, False),
    ({"rules": [rule("main"), rule("ma*", force=True)]}, False),
    ({"rules": [rule("*")]}, True),
    ({"rules": [rule("release")]}, False),
    ({"rules": [rule("main", push=MAINTAINER)]}, False),
    ({"approvals": []}, False),
    ({"approvals": [{"type": "CODE_OWNER", "approvalsRequired": 1}]}, False),
    ({"approvals": [{"type": "REGULAR", "approvalsRequired": 0}]}, False),
    ({"approvals": [], "policies": [{"name": "four eyes", "enabled": True}]}, "not_collected"),
    ({"approvals": [], "policies": [{"name": "four eyes", "enabled": False}]}, False),
]


def test_a_branch_is_protected_where_nobody_gets_past_an_approval() -> None:
    found = variants(case for case, _ in A_BRANCH_IS_PROTECTED_WH)
    for position, (case, value) in enumerate(A_BRANCH_IS_PROTECTED_WH):
        assert found.value(PROTECTED, f"repo:acme/p{position}") == value, case


A_SECURITY_CHECK_IS_A_JO: list[tuple[Any, Any]] = [
    ({}, True),
    ({"jobs": [("build", False)]}, False),
    ({"jobs": [("trivy", True)]}, False),
    ({"pipeline": False}, False),
    ({"pipeline": False, "checks": ["snyk gate"]}, True),
    ({"jobs": [(f"job-{n}", False) for n in range(101)]}, "not_collected"),
]


def test_a_security_check_is_a_job_that_must_succeed() -> None:
    found = variants(case for case, _ in A_SECURITY_CHECK_IS_A_JO)
    for position, (case, value) in enumerate(A_SECURITY_CHECK_IS_A_JO):
        assert found.value("host.required_security_check_ratio", f"repo:acme/p{position}") == value, case


PUSHES: list[tuple[Any, Any]] = [
    ({"push_protection": True}, True),
    ({"push_protection": False, "push_rule": None}, False),
    ({"push_protection": False, "push_rule": {"prevent_secrets": True}}, True),
    ({"push_protection": False, "push_rule": {"prevent_secrets": False}}, False),
    ({"push_protection": False, "push_rule": {"other": 1}}, "malformed"),
    ({"push_protection": False, "jobs": [("secret_detection", False)]}, True),
    ({"push_protection": False, "jobs": [("secret_detection", True)]}, False),
]


def test_a_push_rule_counts_as_push_protection() -> None:
    found = variants(case for case, _ in PUSHES)
    for position, (case, value) in enumerate(PUSHES):
        assert found.value("host.push_protection_ratio", f"repo:acme/p{position}") == value, case


REPORTS: list[tuple[Any, Any]] = [
    ({"jobs": [("build", False)]}, False),
    ({"jobs": [("sonar-scan", True)]}, "not_collected"),
    (
        {
            "jobs": [],
            "pipelines": [{"createdAt": "2026-11-01T00:00:00Z", "ref": "main", "artifacts": ["SAST"]}],
        },
        True,
    ),
    (
        {
            "jobs": [],
            "pipelines": [{"createdAt": "2026-11-01T00:00:00Z", "ref": "topic", "artifacts": ["SAST"]}],
        },
        False,
    ),
    (
        {
            "jobs": [],
            "pipelines": [{"createdAt": "2026-05-01T00:00:00Z", "ref": "main", "artifacts": ["SAST"]}],
        },
        False,
    ),
]


def test_a_scanner_is_seen_by_its_report_and_only_doubted_by_the_name_of_a_job() -> None:
    found = variants({"pipelines": [], **case} for case, _ in REPORTS)
    for position, (case, value) in enumerate(REPORTS):
        assert found.value("host.code_scanning_ratio", f"repo:acme/p{position}") == value, case


def test_a_faulty_line_of_two_owners_leaves_a_range() -> None:
    text, fault = (
        "[Docs][2] @acme/payments\n/a @acme/gone @acme/payments\n",
        {"code": "inaccessible_owner", "lines": [2]},
    )
    found = scan(one(owners=owners(text, [fault], ".gitlab/CODEOWNERS")))
    assert found.value("codeowners.valid_owner_ratio", "repo:acme/shop") == Interval(
        Fraction(1, 3), Fraction(2, 3)
    )


def test_the_nearest_group_that_maintains_answers_for_its_projects() -> None:
    org = Organisation(projects=[project("division/shop/cart"), project("division/search"), project("mail")])
    org.group("division", {"ann-a": MAINTAINER})
    org.group("division/shop", {"ben-b": MAINTAINER})
    org.group("tools", {"cat-c": MAINTAINER})
    found = scan(org)
    assert found.value("host.team_repo_ratio", "repo:acme/division/shop/cart") is True
    links = {(str(one.child), str(one.parent)) for one in found.found.memberships}
    assert ("repo:acme/division/shop/cart", "team:acme/division/shop") in links
    assert ("repo:acme/division/search", "team:acme/division") in links


def test_a_group_from_outside_that_maintains_is_counted() -> None:
    org = one()
    org.projects[0]["shares"]["partners/devs"] = MAINTAINER
    assert scan(org).value("host.team_repo_ratio", "repo:acme/shop") is False


def test_a_project_alone_declares_nothing_of_the_group() -> None:
    found = scan(acme(), "acme/checkout")
    assert not found.found.populations
    assert found.value(PROTECTED, "repo:acme/checkout") is True
    assert found.value("host.review_coverage_ratio", "repo:acme/checkout") == Fraction(2, 3)
    assert found.value("host.team_repo_ratio", "repo:acme/checkout") == "not_collected"


def test_a_group_below_declares_nothing_unless_the_run_is_about_it() -> None:
    org = acme()
    org.projects.append(project("apps/stock2"))
    assert not scan(org, "acme/apps").found.populations
    named = scan(org, "acme/apps", organisation="acme/apps")
    found = named.population("org:acme/apps", SubjectKind.REPO)
    assert found is not None
    assert [str(member) for member in found.members] == ["repo:acme/apps/rates", "repo:acme/apps/stock2"]


def test_a_second_factor_that_the_group_does_not_demand_is_open_until_the_host_is_asked() -> None:
    org = acme()
    org.second_factor = False
    assert scan(org).value("host.mfa_enforced", "org:acme") == "not_visible"
    org.administrator = org.demands_second_factor = True
    found = scan(org)
    assert found.value("host.mfa_enforced", "org:acme") is True
    assert found.value("host.sso_enforced", "org:acme") is False


def test_where_no_rule_of_approval_can_exist_the_changes_decide() -> None:
    found = in_tier(FREE)
    # Two of three were approved, which is not more than 85 %.
    assert found.value(PROTECTED, "repo:acme/checkout") is False
    assert found.value(PROTECTED, "repo:acme/search") == "not_licensed"
    without = in_tier(FREE, activity=False)
    assert without.value(PROTECTED, "repo:acme/checkout") == "not_licensed"


def test_the_plan_predicts_what_is_asked(whole: Scan) -> None:
    with serve(acme()) as double:
        found = Scan(double)
        assert len(double.asked) <= found.predicted + 4
