"""What the collector says of an invented organisation, and of what it cannot see of it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.signals import Absent, Interval, Observed, Unknown
from cnmm_collectors.subjects import SubjectKind
from doubles.github.organisation import (
    Organisation,
    acme,
    change,
    connection,
    owners_file,
    repository,
    review,
)
from doubles.github.server import serve
from unit.collectors.github.workshop import TOKEN, Scan, repo

ACTIVE = ("checkout", "ledger", "mail", "portal", "rates", "search", "stock")


def scan(org: Organisation, locator: str = "acme", **changes: Any) -> Scan:
    with serve(org) as double:
        found = Scan(double, locator, **changes)
        found.calls = list(double.asked)
    return found


@pytest.fixture(scope="module")
def seen() -> Scan:
    return scan(acme())


def test_only_repositories_in_use_are_the_population(seen: Scan) -> None:
    population = seen.population("org:acme", SubjectKind.REPO)
    assert population is not None
    assert (population.count, population.declared_by) == (7, "enumeration")
    assert population.members == tuple(repo(name) for name in ACTIVE)
    assert population.evidence


def test_only_repositories_in_use_are_cloned(seen: Scan) -> None:
    assert seen.clones() == [f"repo:acme/{name}" for name in ACTIVE]
    target = next(one for one in seen.found.targets if str(one.subject) == "repo:acme/checkout")
    assert (target.credential, target.fact("default_branch"), target.fact("organisation")) == (
        "GITHUB_TOKEN", "main", "acme",
    )  # fmt: skip
    assert target.locator.endswith("/acme/checkout.git")


def test_nothing_is_cloned_where_the_operator_forbids_it() -> None:
    assert scan(acme(), clone=False).clones() == []


@pytest.mark.parametrize("name", ["attic", "blank", "fork", "locked", "starter"])
def test_what_is_not_in_use_is_outside_of_every_ratio(seen: Scan, name: str) -> None:
    readings = [one.reading for one in seen.found.signals if one.subject == repo(name)]
    assert readings
    assert all(isinstance(one, Absent) for one in readings)


def test_the_ledger_counts_every_repository(seen: Scan) -> None:
    row = next(one for one in seen.found.ledger if one.unit == "repository")
    assert (row.requested, row.received, row.skipped, row.failed) == (12, 7, 5, 0)
    assert row.cause == "1 archived, 1 disabled, 1 empty, 1 fork, 1 template"


def test_teams_own_what_they_were_granted_themselves(seen: Scan) -> None:
    pairs = {(str(one.child), str(one.parent)) for one in seen.found.memberships}
    assert pairs == {
        ("repo:acme/checkout", "team:acme/payments"),
        ("repo:acme/ledger", "team:acme/payments"),
        ("repo:acme/portal", "team:acme/web"),
    }
    teams = seen.population("org:acme", SubjectKind.TEAM)
    assert teams is not None
    assert {one.name for one in teams.members} == {
        "acme/payments",
        "acme/payments-core",
        "acme/web",
        "acme/idle",
    }
    own = seen.population("team:acme/payments", SubjectKind.REPO)
    assert own is not None
    assert own.members == (repo("checkout"), repo("ledger"))


def test_a_team_that_owns_nothing_is_outside(seen: Scan) -> None:
    assert seen.value("host.iteration_team_ratio", "team:acme/idle") == "absent"
    assert seen.value("host.iteration_team_ratio", "team:acme/payments") is True


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("host.code_scanning_ratio", "checkout", True),
        ("host.code_scanning_ratio", "ledger", False),
        ("host.code_scanning_ratio", "mail", False),
        ("host.team_repo_ratio", "checkout", True),
        ("host.team_repo_ratio", "search", False),
        ("host.internal_visibility_ratio", "portal", True),
        ("host.internal_visibility_ratio", "checkout", True),
        ("host.branch_protection_ratio", "checkout", True),
        ("host.branch_protection_ratio", "ledger", False),
        ("host.required_security_check_ratio", "checkout", True),
        ("host.required_security_check_ratio", "ledger", False),
        ("host.secret_scanning_ratio", "checkout", True),
        ("host.secret_scanning_ratio", "ledger", False),
        ("host.push_protection_ratio", "ledger", False),
        ("host.dependency_alert_ratio", "checkout", True),
        ("host.dependency_alert_ratio", "ledger", False),
        ("host.direct_grant_ratio", "portal", Fraction(1, 3)),
        ("host.direct_grant_ratio", "checkout", 0),
        ("host.env_external_approval_ratio", "portal", False),
        ("host.env_external_approval_ratio", "checkout", "absent"),
        ("codeowners.valid_owner_ratio", "checkout", Fraction(2, 3)),
        ("codeowners.valid_owner_ratio", "ledger", "absent"),
        ("host.review_coverage_ratio", "checkout", Fraction(2, 3)),
        ("host.review_coverage_ratio", "ledger", "absent"),
        ("host.review_coverage_ratio", "portal", 0),
        ("host.cross_team_review_ratio", "checkout", Fraction(1, 3)),
        ("host.stalled_review_ratio", "checkout", 0),
        ("host.stalled_review_ratio", "portal", "absent"),
    ],
)
def test_a_repository_is_read(seen: Scan, key: str, name: str, value: object) -> None:
    assert seen.value(key, f"repo:acme/{name}") == value


def test_the_organisation_is_read(seen: Scan) -> None:
    assert seen.value("host.mfa_enforced", "org:acme") is True
    assert seen.value("host.sso_enforced", "org:acme") == "unsupported"
    assert seen.value("host.ai_assistant_in_use", "org:acme") == "not_visible"


def test_every_declared_signal_has_one_reading_for_each_subject(seen: Scan) -> None:
    keys = [(one.key, one.subject) for one in seen.found.signals]
    assert len(keys) == len(set(keys))


def test_two_people_know_the_component_that_is_the_whole_repository(seen: Scan) -> None:
    assert seen.value("host.two_person_component_ratio", "component:acme/checkout") is True
    key = "host.two_person_component_ratio"
    assert not [
        one for one in seen.found.signals if (one.key, str(one.subject)) == (key, "component:acme/portal")
    ]


def test_who_is_no_owner_declares_no_population() -> None:
    org = acme()
    org.viewer_administers = False
    found = scan(org)
    assert not found.found.populations
    assert found.value("host.secret_scanning_ratio", "repo:acme/checkout") == "not_permitted"
    assert found.value("host.internal_visibility_ratio", "repo:acme/checkout") == "not_permitted"
    assert found.value("host.internal_visibility_ratio", "repo:acme/portal") is True
    assert found.value("host.team_repo_ratio", "repo:acme/checkout") == "not_visible"
    row = next(one for one in found.found.ledger if one.unit == "repository")
    assert "no owner's" in row.detail


def test_a_token_for_chosen_repositories_of_an_owner_declares_no_population() -> None:
    org = acme()
    org.hidden = 3
    found = scan(org)
    assert found.population("org:acme", SubjectKind.REPO) is None
    assert found.population("org:acme", SubjectKind.TEAM) is None
    row = next(one for one in found.found.ledger if one.unit == "repository")
    assert "other repositories than the organisation counts" in row.detail


def test_a_withheld_repository_is_a_failure_in_the_ledger() -> None:
    org = acme()
    org.repositories[0] = None  # type: ignore[call-overload]
    org.team("extra", {}, [])
    with serve(org) as double:
        double.faults.set("GET /orgs/acme", "hidden")
        found = Scan(double)
    row = next(one for one in found.found.ledger if one.unit == "repository")
    assert (row.requested, row.failed) == (12, 1)
    assert found.population("org:acme", SubjectKind.REPO) is None


@pytest.mark.parametrize(("value", "plan", "wanted"), [
    (True, "enterprise", True), (False, "team", False), (False, "enterprise", "not_visible"),
    (False, "", "not_visible"), (None, "team", "not_permitted"),
])  # fmt: skip
def test_no_second_factor_is_believed_only_where_no_provider_can_demand_it(
    value: bool | None, plan: str, wanted: object
) -> None:
    org = acme()
    org.second_factor, org.plan = value, plan
    assert scan(org, activity=False).value("host.mfa_enforced", "org:acme") == wanted


def test_members_with_a_linked_identity_are_widened_by_one_person() -> None:
    org = acme()
    org.linked, org.members = 6, 12
    assert scan(org, activity=False).value("host.sso_linked_member_ratio", "org:acme") == Interval(
        Fraction(5, 12), Fraction(7, 12)
    )


@pytest.mark.parametrize(("seats", "wanted"), [
    ({"total": 5, "active_this_cycle": 3}, True), ({"total": 0, "active_this_cycle": 0}, "absent"),
    ({"total": 5, "active_this_cycle": 0}, "not_collected"), (None, "not_visible"),
])  # fmt: skip
def test_seats_of_the_assistant(seats: dict[str, int] | None, wanted: object) -> None:
    org = acme()
    org.seats = seats
    assert scan(org, activity=False).value("host.ai_assistant_in_use", "org:acme") == wanted


def classic(**changes: object) -> dict[str, object]:
    base = {"allowsForcePushes": False, "allowsDeletions": False, "requiresApprovingReviews": True,
            "requiredApprovingReviewCount": 1, "requiresStatusChecks": False,
            "requiredStatusCheckContexts": []}  # fmt: skip
    return {**base, **changes}


RULESET = repository("x")["defaultBranchRef"]["rules"]
EMPTY = connection([])


@pytest.mark.parametrize(("rules", "rule", "permission", "wanted"), [
    (RULESET, None, "ADMIN", True),
    (RULESET, None, "READ", True),
    (EMPTY, classic(), "ADMIN", True),
    (EMPTY, classic(), "READ", True),
    (EMPTY, classic(allowsForcePushes=True), "ADMIN", False),
    (RULESET, classic(allowsForcePushes=True, requiresApprovingReviews=False), "ADMIN", True),
    (EMPTY, None, "ADMIN", False),
    (EMPTY, None, "WRITE", "not_permitted"),
    (EMPTY, None, None, "not_permitted"),
    (None, None, "ADMIN", "not_permitted"),
    (None, classic(), "ADMIN", True),
    (connection([{"type": "DELETION", "parameters": None}]), None, "READ", "not_permitted"),
    (connection([{"type": "DELETION", "parameters": None}], 60), None, "ADMIN", "not_permitted"),
    (EMPTY, classic(requiredApprovingReviewCount=0), "ADMIN", False),
])  # fmt: skip
def test_both_layers_of_rules_count(rules: object, rule: object, permission: object, wanted: object) -> None:
    org = Organisation(repositories=[repository(
        "one", viewerPermission=permission,
        defaultBranchRef={"name": "main", "branchProtectionRule": rule, "rules": rules},
    )])  # fmt: skip
    assert scan(org, activity=False).value("host.branch_protection_ratio", "repo:acme/one") == wanted


def test_a_dependency_setting_shown_as_off_to_those_who_may_not_know_is_unknown() -> None:
    org = Organisation(repositories=[
        repository("one", hasVulnerabilityAlertsEnabled=False, viewerPermission="READ"),
    ])  # fmt: skip
    assert scan(org, activity=False).value("host.dependency_alert_ratio", "repo:acme/one") == "not_permitted"


@pytest.mark.parametrize(("changes", "wanted"), [
    ({}, "absent"),
    ({"tip": None}, "not_visible"),
    ({"inRoot": owners_file("* @acme/a"), "codeowners": {"errors": []}}, 1),
    ({"inRoot": owners_file("* @acme/a"), "codeowners": None}, "unsupported"),
    ({"inRoot": owners_file("* @acme/a") | {"isTruncated": True}, "codeowners": {"errors": []}}, "unsupported"),
    ({"inRoot": owners_file("# none\n\n"), "codeowners": {"errors": []}}, "absent"),
    ({"inRoot": owners_file("/a\\ b @x @y # c\n/c\n"),
      "codeowners": {"errors": [{"kind": "Unknown owner", "line": 1}]}},
     Fraction(1, 2)),
])  # fmt: skip
def test_owners_are_valid_where_the_host_says_so(changes: dict[str, Any], wanted: object) -> None:
    org = Organisation(repositories=[repository("one", **changes)])
    assert scan(org, activity=False).value("codeowners.valid_owner_ratio", "repo:acme/one") == wanted


def test_a_cut_list_of_persons_is_a_range() -> None:
    org = Organisation(repositories=[repository("one", collaborators=connection([{"login": "dora"}], 3))])
    org.team("a", {"one": "ADMIN"}, ["x"])
    found = scan(org, activity=False).value("host.direct_grant_ratio", "repo:acme/one")
    assert found == Interval(Fraction(1, 2), Fraction(3, 4))


def test_a_long_list_of_grants_is_paged() -> None:
    org = Organisation(repositories=[repository(f"r{number:03}") for number in range(230)])
    names = [one["name"] for one in org.repositories]
    org.team("big", dict.fromkeys(names[:110], "ADMIN"), [f"user-{number}" for number in range(130)])
    found = scan(org, activity=False)
    population = found.population("team:acme/big", SubjectKind.REPO)
    assert population is not None
    assert population.count == 110
    assert len([call for call in found.calls if "inventory" in call]) == 5
    assert len([call for call in found.calls if call.endswith("team repositories")]) == 1


def test_alerts_are_judged_by_when_they_were_fixed() -> None:
    org = Organisation(repositories=[repository("one"), repository("two")])

    def alert(number: int, created: str, fixed: str | None, **more: object) -> dict[str, object]:
        return {"number": number, "created_at": created, "fixed_at": fixed, "repository": {"name": "one"},
                "state": "fixed" if fixed else "open", **more}  # fmt: skip

    org.alerts["dependabot"] = [
        alert(1, "2026-10-01T00:00:00Z", "2026-10-05T00:00:00Z"),
        alert(2, "2026-10-01T00:00:00Z", "2026-10-21T00:00:00Z"),
        alert(3, "2026-09-01T00:00:00Z", None),
        alert(4, "2026-11-18T00:00:00Z", None),
        alert(5, "2026-09-01T00:00:00Z", None, dismissed_reason="not_used"),
        alert(6, "2026-09-01T00:00:00Z", None, dismissed_reason=None),
        alert(7, "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z"),
    ]
    org.alerts["secret-scanning"] = [
        {"number": 1, "created_at": "2026-10-01T00:00:00Z", "resolved_at": "2026-10-02T00:00:00Z",
         "resolution": "revoked", "state": "resolved", "repository": {"name": "one"}},
    ]  # fmt: skip
    found = scan(org, activity=False)
    assert found.value("host.critical_alert_fixed_ratio{days=7}", "repo:acme/one") == Fraction(2, 5)
    assert found.value("host.critical_alert_fixed_ratio{days=30}", "repo:acme/one") == Fraction(3, 5)
    assert found.value("host.critical_alert_fixed_ratio{days=7}", "repo:acme/two") == 1


@pytest.mark.parametrize(("fault", "wanted"), [
    ("integration", "not_permitted"), ("hidden", "not_visible"), ("no analysis", 1), ("not bought", 1),
])  # fmt: skip
def test_a_scanner_that_is_off_has_no_alerts_and_one_that_is_hidden_may(fault: str, wanted: object) -> None:
    with serve(acme()) as double:
        double.faults.set("code-scanning", fault)
        found = Scan(double, activity=False)
    assert found.value("host.critical_alert_fixed_ratio{days=7}", "repo:acme/checkout") == wanted


def test_more_changes_than_a_search_gives_are_read_in_parts() -> None:
    org = Organisation(repositories=[repository("one")])
    org.changes = [
        change("one", number, "ann", f"2026-{9 + number % 3:02}-{1 + number % 20:02}",
               [review("ben", "2026-11-21T00:00:00Z")] if number % 2 else [])
        for number in range(2500)
    ]  # fmt: skip
    found = scan(org)
    row = next(one for one in found.found.ledger if one.unit == "change")
    assert (row.requested, row.failed) == (2500, 0)
    assert found.value("host.review_coverage_ratio", "repo:acme/one") == Fraction(1, 2)
    changes = [call for call in found.calls if call.endswith(" changes")]
    assert len(changes) <= 1.2 * 25 + 5


def test_a_change_whose_reviews_were_cut_off_is_a_range() -> None:
    org = acme()
    org.changes = [change("checkout", 1, "ann-a", "2026-10-05", [])]
    org.changes[0]["reviews"]["totalCount"] = 40
    assert scan(org).value("host.review_coverage_ratio", "repo:acme/checkout") == Interval(
        Fraction(0), Fraction(1)
    )


def test_one_repository_alone_says_nothing_of_the_organisation() -> None:
    found = scan(acme(), "acme/checkout")
    assert not found.found.populations
    assert found.clones() == ["repo:acme/checkout"]
    assert not [one for one in found.found.signals if one.subject.kind is SubjectKind.ORG]
    assert found.value("host.branch_protection_ratio", "repo:acme/checkout") is True
    assert found.value("host.push_protection_ratio", "repo:acme/checkout") is True
    assert found.value("host.review_coverage_ratio", "repo:acme/checkout") == Fraction(2, 3)
    assert found.value("host.team_repo_ratio", "repo:acme/checkout") == "not_collected"


@pytest.mark.parametrize("locator", ["nobody", "acme/nothing"])
def test_what_is_not_there_or_hidden_is_unknown(locator: str) -> None:
    found = scan(acme(), locator)
    assert found.found.signals
    assert all(
        isinstance(one.reading, Unknown) and one.reading.gap.value == "not_visible"
        for one in found.found.signals
    )


def test_without_a_token_everything_is_unknown() -> None:
    with serve(acme()) as double:
        found = Scan(double, token="")
    assert not double.asked
    assert all(isinstance(one.reading, Unknown) for one in found.found.signals)
    assert "GITHUB_TOKEN" in found.found.ledger[0].detail


def test_the_calls_are_predicted_and_few() -> None:
    org = Organisation(repositories=[repository(f"r{number:04}") for number in range(1000)])
    for team in range(40):
        org.team(f"t{team}", {f"r{number:04}": "ADMIN" for number in range(team * 25, team * 25 + 25)}, ["x"])
    found = scan(org)
    assert len(found.calls) <= found.predicted + 4
    once = [call for call in found.calls if not call.endswith("/code-scanning/analyses")]
    assert len(once) <= 0.2 * 1000
    assert len(found.calls) - len(once) <= 1000


def test_nobody_is_asked_about_one_by_one(seen: Scan) -> None:
    assert not [call for call in seen.calls if "/users/" in call or "/memberships/" in call]


def test_no_account_and_no_token_is_in_anything_that_leaves(seen: Scan) -> None:
    shown = repr(seen.found) + json.dumps([
        item.to_json() for one in seen.found.signals if isinstance(one.reading, Observed | Absent)
        for item in one.reading.evidence
    ])  # fmt: skip
    for planted in (TOKEN, "ann-a", "ben-b", "cat-c", "dan-d", "dora-direct", "olga-owner", "eve-e"):
        assert planted not in shown


def test_the_second_scan_asks_for_what_may_have_changed_only(tmp_path: Path) -> None:
    with serve(acme()) as double:
        first = Scan(double, cache=tmp_path)
        second = Scan(double, cache=tmp_path)
    assert [one.members for one in first.found.populations] == [
        one.members for one in second.found.populations
    ]
    unchanged = [row.detail for row in second.found.ledger if row.unit == "request"]
    assert "19 calls on the network, 5 unchanged" in unchanged  # settings, repositories and three short lists
    assert not any(b"ann-a" in path.read_bytes() for path in (tmp_path / "http").iterdir())


def test_a_secret_is_never_asked_for() -> None:
    org = acme()
    org.alerts["secret-scanning"] = [
        {"number": 1, "created_at": "2026-10-01T00:00:00Z", "state": "open",
         "repository": {"name": "checkout"}},
    ]  # fmt: skip
    assert "the-literal-secret" not in repr(scan(org).found)


def test_a_search_that_leaves_out_in_silence_proves_no_absence() -> None:
    org = Organisation(repositories=[repository("one", openChanges=None), repository("two")])
    found = scan(org)
    assert found.value("host.review_coverage_ratio", "repo:acme/one") == "not_permitted"
    assert found.value("host.review_coverage_ratio", "repo:acme/two") == "absent"


def test_a_list_of_alerts_that_may_leave_out_proves_none() -> None:
    org = acme()
    org.hidden = 1
    org.security["checkout"] = None
    found = scan(org, activity=False)
    key = "host.critical_alert_fixed_ratio{days=7}"
    assert found.value(key, "repo:acme/checkout") == "not_visible"
    # Who is shown a repository's security settings is shown its alerts too, whatever else is hidden.
    assert found.value(key, "repo:acme/portal") == 1


def test_topics_and_the_names_of_properties_are_cited_and_their_values_are_not(seen: Scan) -> None:
    shown = repr(seen.found)
    assert '["topic", "shop"]' in shown
    assert '["property", "tech_lead"]' in shown
    assert "Lena" not in shown
    assert "tier" not in shown
