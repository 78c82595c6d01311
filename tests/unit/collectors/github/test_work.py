"""Issues, boards, deployments and upstream work, as the host gives them; and what a second scan costs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.github.upstream import _searches
from cnmm_collectors.signals import Interval, Observed
from doubles.github.organisation import (
    Organisation,
    acme,
    board,
    change,
    connection,
    deployment,
    issue,
    repository,
    review,
)
from doubles.github.server import Double, serve
from unit.collectors.github.workshop import AS_OF, TOKEN, Scan

TRACKING = {"teams": ["*"], "platform": ["payments"], "requests": ["ledger"]}


def scan(org: Organisation, **changes: Any) -> Scan:
    with serve(org) as double:
        return Scan(double, **{"analyses": False, **changes})


@pytest.fixture(scope="module")
def seen() -> Scan:
    return scan(acme(), tracking=TRACKING)


@pytest.mark.parametrize(
    ("key", "team", "value"),
    [
        ("host.iteration_team_ratio", "payments", True),
        ("host.iteration_team_ratio", "web", True),
        ("host.debt_managed_ratio", "web", True),
        ("host.debt_managed_ratio", "payments", "not_collected"),
        ("host.request_ticket_rate", "web", Fraction(1, 3)),
        ("host.request_resolution_hours_p50", "web", 24),
        ("host.request_ticket_rate", "payments", "not_visible"),
        ("host.platform_interaction_team_ratio", "web", True),
        ("host.platform_interaction_team_ratio", "payments", "absent"),
        ("host.unplanned_work_ratio", "web", Fraction(1, 2)),
        ("host.retro_action_closed_ratio", "web", 0),
    ],
)
def test_the_work_of_a_team(seen: Scan, key: str, team: str, value: Any) -> None:
    assert seen.value(key, f"team:acme/{team}") == value


def test_the_deployments_of_a_component(seen: Scan) -> None:
    portal = "component:acme/portal"
    # One by the owning team, one by another, one by the automation of the repository.
    assert seen.value("host.owner_team_deploy_ratio", portal) == Fraction(2, 3)
    assert seen.value("host.change_lead_time_hours_p50", portal) == 9
    # The second was followed within a day by the first one's commit.
    assert seen.value("host.change_fail_ratio", portal) == Fraction(1, 3)
    assert seen.value("host.change_fail_ratio", "component:acme/ledger") == "not_collected"


def test_what_is_not_named_as_tracked_here_is_unknown() -> None:
    found = scan(acme())
    for key in ("request_ticket_rate", "unplanned_work_ratio", "retro_action_closed_ratio"):
        assert found.value(f"host.{key}", "team:acme/web") == "not_collected"
    assert found.value("host.platform_interaction_team_ratio", "team:acme/web") == "not_collected"
    assert found.value("host.change_fail_ratio", "component:acme/portal") == Interval(
        Fraction(1, 3), Fraction(1)
    )


def test_hidden_issues_are_no_absence_of_issues() -> None:
    org = acme()
    for one in org.repositories:
        one["openDebt"] = None
    found = scan(org, tracking=TRACKING)
    assert found.value("host.request_ticket_rate", "team:acme/web") == "not_permitted"
    assert found.value("host.debt_managed_ratio", "team:acme/web") == "not_permitted"


def test_archived_repositories_are_counted_and_hidden_ones_leave_the_count_open() -> None:
    key = "host.archived_count_12m"
    assert scan(acme(), activity=False).value(key, "org:acme") == 1
    org = acme()
    org.hidden = 1
    assert scan(org, activity=False).value(key, "org:acme") == Interval(Fraction(1), None)


def gated(hours: int) -> Organisation:
    org = acme()
    org.environments["E_portal"]["reviewers"] = ["payments"]
    day, hour = 10 + hours // 24, hours % 24
    states = (("WAITING", "2026-10-10T00:00:00Z"), ("SUCCESS", f"2026-10-{day}T{hour:02}:00:00Z"))
    org.deployments = [deployment("portal", "2026-10-10T00:00:00Z", "a" * 40, "cat-c", states)]
    return org


@pytest.mark.parametrize(("hours", "value"), [(23, False), (24, False), (25, True)])
def test_an_approval_from_outside_counts_by_how_long_it_was_waited_for(hours: int, value: bool) -> None:
    assert scan(gated(hours)).value("host.env_external_approval_ratio", "repo:acme/portal") is value


def test_many_deployments_are_paged_as_far_as_the_window_reaches() -> None:
    org = acme()
    org.deployments = [
        deployment("portal", f"2026-10-{1 + n % 30:02}T{n // 30:02}:00:00Z", f"{n:040}", "cat-c")
        for n in range(180)
    ]
    with serve(org) as double:
        found = Scan(double, analyses=False)
        assert sum(one.endswith("deployments") for one in double.asked) == 3
    assert found.value("host.owner_team_deploy_ratio", "component:acme/portal") == 1
    org.deployments += [
        deployment("portal", "2026-01-01T00:00:00Z", f"{n:040}", "ann-a") for n in range(1_000)
    ]
    with serve(org) as double:
        again = Scan(double, analyses=False)
        assert sum(one.endswith("deployments") for one in double.asked) == 3
    assert again.value("host.owner_team_deploy_ratio", "component:acme/portal") == 1


def test_upstream_work_counts_for_those_who_agreed(tmp_path: Path) -> None:
    org = acme()
    titles = [
        "Fix CVE-2026-1234 in the parser",
        "Tidy the docs",
        "Verify cosign signatures",
        "Security: drop root",
    ]
    org.upstream = [
        change("elsewhere", n, "ann-a", "2026-05-05", [], org="cncf", title=title)
        for n, title in enumerate(titles)
    ]
    org.upstream.append(change("elsewhere", 9, "someone", "2026-05-05", [], org="cncf", title="Security fix"))
    place = tmp_path / "agreed.txt"
    place.write_text("# agreed on 2026-01-01\nann-a\n@ben-b\n", encoding="utf-8")
    key = "host.upstream_security_pr_count_12m"
    found = scan(org, upstream_accounts=place)
    assert found.value(key, "org:acme") == Interval(Fraction(3), None)
    assert "ann-a" not in repr(found.found.signals)
    assert scan(org).value(key, "org:acme") == "not_collected"
    place.write_text("not an account\n", encoding="utf-8")
    assert scan(org, upstream_accounts=place).value(key, "org:acme") == "malformed"


def test_no_search_is_made_for_a_person_alone() -> None:
    logins = [f"somebody-{n:03}" for n in range(100)]
    asked = list(_searches("acme", logins, AS_OF))
    assert max(map(len, asked)) <= 256
    assert len(asked) < 20
    assert sum(one.count("author:") for one in asked) == 100


def large() -> Organisation:
    org = Organisation(repositories=[repository("one"), repository("two")])
    org.team("web", {"one": "ADMIN", "two": "ADMIN"}, ["ann-a", "ben-b", "cat-c", "dan-d", "eve-e"])
    for n in range(900):
        day = f"2026-10-{1 + n % 30:02}"
        org.changes.append(change("one", n, "ann-a", day, [review("ben-b", f"{day}T11:00:00Z")]))
        org.issues.append(issue("two", n, "cat-c", day, day, ("bug",)))
    org.boards = [board("Web", "2026-10-01", ("web",))]
    return org


def asked(double: Double) -> int:
    return sum(one.split()[-1] in ("changes", "issues") for one in double.asked)


def readings(found: Scan) -> dict[Any, Any]:
    return {(one.key, one.subject): one.reading for one in found.found.signals}


def test_a_second_scan_reads_only_what_moved(tmp_path: Path) -> None:
    org = large()
    with serve(org) as double:
        first = Scan(double, cache=tmp_path, analyses=False)
        assert asked(double) == 18
        double.asked.clear()
        same = Scan(double, cache=tmp_path, analyses=False)
        assert asked(double) == 2
        assert readings(same) == readings(first)
        new = change("one", 1_000, "ann-a", "2026-11-20", [])
        org.changes.append(new)
        double.asked.clear()
        moved = Scan(double, cache=tmp_path, analyses=False)
        assert asked(double) == 2
    assert moved.value("host.review_coverage_ratio", "repo:acme/one") == Fraction(900, 901)


def test_what_is_gone_is_not_kept(tmp_path: Path) -> None:
    org = large()
    with serve(org) as double:
        Scan(double, cache=tmp_path, analyses=False)
        del org.changes[:450]
        double.asked.clear()
        found = Scan(double, cache=tmp_path, analyses=False)
        assert sum(one.endswith("changes") for one in double.asked) == 6
        fresh = Scan(double, analyses=False)
    assert readings(found) == readings(fresh)


def test_what_is_kept_names_nobody_and_opens_for_nobody_else(tmp_path: Path) -> None:
    with serve(large()) as double:
        Scan(double, cache=tmp_path, analyses=False)
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert stored
        assert not [name for name in (b"ann-a", b"ben-b", TOKEN.encode()) if name in stored]
        kept = [path for path in (tmp_path / "kept").iterdir() if path.is_file()]
        assert kept
        assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
        assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
        double.asked.clear()
        Scan(double, cache=tmp_path, token="ghp_another" + "0" * 30, analyses=False)
        assert asked(double) == 18
        for path in kept:
            path.write_bytes(path.read_bytes()[:-20])
        double.asked.clear()
        found = Scan(double, cache=tmp_path, analyses=False)
        assert asked(double) == 18
    assert isinstance(found.reading("host.review_coverage_ratio", "repo:acme/one"), Observed)


def test_a_window_that_was_not_read_whole_is_not_kept(tmp_path: Path) -> None:
    org = large()
    with serve(org) as double:
        double.faults.set("changes", "partial forbidden")
        Scan(double, cache=tmp_path, analyses=False)
        double.faults.on.clear()
        found = Scan(double, cache=tmp_path, analyses=False)
    assert found.value("host.review_coverage_ratio", "repo:acme/one") == 1


def test_no_call_for_each_repository_that_deploys() -> None:
    stage = connection([{"id": "E", "name": "production"}])
    org = Organisation(repositories=[repository(f"r{n}", environments=stage) for n in range(100)])
    org.environments = {"E": {"name": "production", "reviewers": []}}
    with serve(org) as double:
        Scan(double, analyses=False)
        assert sum(one.endswith("deployments") for one in double.asked) == 5
