"""What was published, what ran and what a host reckons itself: practices beside settings and declarations."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from cnmm_collectors.hosts.practice import BILL, CHECKED, PROVENANCE
from cnmm_collectors.signals import Interval, Observed
from doubles.github import organisation as github
from doubles.github.server import serve as serve_github
from doubles.gitlab import organisation as gitlab
from doubles.gitlab.server import serve as serve_gitlab
from unit.collectors.github.workshop import Scan as GitHubScan
from unit.collectors.gitlab.workshop import Scan as GitLabScan

RECENT, OLD, YOUNGER = "2026-09-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-12-24T00:00:00Z"
RELEASES: dict[str, tuple[str, tuple[str, ...], Any, Any]] = {
    "signed": (RECENT, ("app.tgz", "app.tgz.asc"), True, False),
    "cosigned": (RECENT, ("app.tgz", "app.tgz.sigstore.json"), True, False),
    "provenance": (RECENT, ("app.tgz", "multiple.intoto.jsonl"), True, False),
    "listed": (RECENT, ("app.tgz", "app.spdx.json"), False, True),
    "bare": (RECENT, ("app.tgz", "design.md", "signature-howto.pdf", "bombastic.zip"), False, False),
    "empty": (RECENT, (), False, False),
    "stale": (OLD, ("app.tgz", "app.tgz.asc", "bom.xml"), False, False),
}
"""By name: when the newest release came out, its files, and what is said of provenance and of bills."""


def test_both_hosts_say_the_same_of_a_release() -> None:
    org = github.Organisation(repositories=[github.repository(name) for name in RELEASES])
    org.releases = {name: {"at": at, "files": list(files)} for name, (at, files, *_) in RELEASES.items()}
    with serve_github(org) as double:
        one = GitHubScan(double, activity=False, analyses=False)
    projects = [
        gitlab.project(name, releases=[gitlab.release("v1", at, files)])
        for name, (at, files, *_) in RELEASES.items()
    ]
    with serve_gitlab(gitlab.Organisation(projects=projects)) as served:
        two = GitLabScan(served, activity=False)
    for scan in (one, two):
        said = {
            name: (scan.value(PROVENANCE, f"repo:acme/{name}"), scan.value(BILL, f"repo:acme/{name}"))
            for name in RELEASES
        }
        assert said == {name: (provenance, bill) for name, (_, _, provenance, bill) in RELEASES.items()}


def test_a_release_that_is_younger_than_the_audit_is_no_answer() -> None:
    org = github.Organisation(repositories=[github.repository("app")])
    org.releases = {"app": {"at": YOUNGER, "files": ["app.tgz", "app.tgz.asc"]}}
    with serve_github(org) as double:
        assert (
            GitHubScan(double, activity=False, analyses=False).value(PROVENANCE, "repo:acme/app")
            == "not_collected"
        )
    past = [
        gitlab.release("v2", YOUNGER, ("app.tgz",)),
        gitlab.release("v1", RECENT, ("app.tgz", "app.tgz.asc")),
    ]
    other = gitlab.Organisation(projects=[gitlab.project("app", releases=past)])
    with serve_gitlab(other) as served:
        assert GitLabScan(served, activity=False).value(PROVENANCE, "repo:acme/app") is True


HELD: dict[str, tuple[tuple[str, ...], tuple[Any, Any]]] = {
    "made": (("app.tgz",), (True, False)), "billed": ((), (False, True)), "neither": (("app.tgz",), (False, False)),
}  # fmt: skip
HIDDEN: dict[str, tuple[tuple[str, ...], tuple[Any, Any]]] = {
    "bare": (("app.tgz",), ("not_visible", "not_visible")), "full": (("app.sig", "sbom.json"), (True, True)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("attested", "rows"), [({"provenance": ["made"], "sbom": ["billed"]}, HELD), (None, HIDDEN)]
)
def test_what_the_host_holds_proves_and_what_it_hides_never_denies(
    attested: dict[str, list[str]] | None, rows: dict[str, tuple[tuple[str, ...], tuple[Any, Any]]]
) -> None:
    org = github.Organisation(repositories=[github.repository(name) for name in rows], attested=attested)
    org.releases = {name: {"at": RECENT, "files": list(files)} for name, (files, _) in rows.items()}
    with serve_github(org) as double:
        scan = GitHubScan(double, activity=False, analyses=False)
        assert sum("/attestations/" in asked for asked in double.asked) <= 2, (
            "two lists, whatever is attested"
        )
    for name, (_, want) in rows.items():
        assert (scan.value(PROVENANCE, f"repo:acme/{name}"), scan.value(BILL, f"repo:acme/{name}")) == want


def test_a_release_with_more_files_than_are_listed_is_open() -> None:
    org = github.Organisation(repositories=[github.repository("app")])
    org.releases = {"app": {"at": RECENT, "files": ["a.tgz"], "total": 140}}
    with serve_github(org) as double:
        assert (
            GitHubScan(double, activity=False, analyses=False).value(PROVENANCE, "repo:acme/app")
            == "not_collected"
        )


CHANGES: dict[str, tuple[dict[str, Any] | None, Any]] = {
    "passed": ({"at": RECENT, "checks": [("build", "SUCCESS"), ("Trivy image", "SUCCESS")]}, True),
    "failed": ({"at": RECENT, "checks": [("build", "SUCCESS"), ("trivy", "FAILURE")]}, False),
    "skipped": ({"at": RECENT, "checks": [("trivy", "SKIPPED")]}, False),
    "no checks": ({"at": RECENT, "checks": []}, False),
    "another word": ({"at": RECENT, "checks": [("lint", "SUCCESS")]}, False),
    "long ago": ({"at": OLD, "checks": [("trivy", "SUCCESS")]}, "absent"),
    "none merged": (None, "absent"),
    "elsewhere": ({"at": RECENT, "base": "next", "checks": [("trivy", "SUCCESS")], "total": 9}, "not_collected"),
}  # fmt: skip


def test_a_security_check_counts_where_it_ran_and_passed_on_the_newest_change() -> None:
    names = {name: name.replace(" ", "-") for name in CHANGES}
    org = github.Organisation(repositories=[github.repository(name) for name in names.values()])
    org.newest = {names[name]: newest for name, (newest, _) in CHANGES.items() if newest}
    with serve_github(org) as double:
        scan = GitHubScan(double, activity=False, analyses=False)
    said = {name: scan.value(CHECKED, f"repo:acme/{place}") for name, place in names.items()}
    assert said == {name: want for name, (_, want) in CHANGES.items()}


def test_on_gitlab_the_jobs_of_the_newest_merged_change_say_it() -> None:
    # The double's change was merged on the first of October.
    cases: dict[str, tuple[dict[str, Any], Any]] = {
        "passed": ({}, True), "failed": ({"failed": ("trivy",)}, False),
        "other": ({"jobs": [("build", False)]}, False), "none": ({"pipeline": False}, "absent"),
        "elsewhere": ({"target": "next"}, "not_collected"),
    }  # fmt: skip
    projects = [gitlab.project(name, **changes) for name, (changes, _) in cases.items()]
    with serve_gitlab(gitlab.Organisation(projects=projects)) as double:
        scan = GitLabScan(double, activity=False)
    said = {name: scan.value(CHECKED, f"repo:acme/{name}") for name in cases}
    assert said == {name: want for name, (_, want) in cases.items()}


def test_a_role_that_is_not_shown_pipelines_and_releases_answers_nothing() -> None:
    org = gitlab.Organisation(projects=[gitlab.project("app")], role=gitlab.GUEST)
    with serve_gitlab(org) as double:
        scan = GitLabScan(double, activity=False)
    for key in (CHECKED, PROVENANCE, BILL):
        assert scan.value(key, "repo:acme/app") == "not_permitted"


OFF = {"secret_scanning": {"status": "disabled"}, "secret_scanning_push_protection": {"status": "disabled"}}


CONFIGURED: dict[str, tuple[dict[str, Any] | None, dict[str, str], tuple[Any, Any]]] = {
    "enforced": (None, {}, (True, True)),
    "partly": (None, {"secret_scanning": "not_set"}, ("not_permitted", True)),
    "attached": (None, {"status": "attached"}, ("not_permitted", "not_permitted")),
    "offered": (None, {"enforcement": "unenforced"}, ("not_permitted", "not_permitted")),
    "contradicted": (OFF, {}, ("malformed", "malformed")),
    "alone": (OFF, {"status": "detached"}, (False, False)),
}
"""By repository: its own settings, how its configuration differs from an enforced one, what is said."""


def test_an_enforced_configuration_counts_where_a_repository_hides_its_own_setting() -> None:
    on = {
        "secret_scanning": "enabled",
        "secret_scanning_push_protection": "enabled",
        "enforcement": "enforced",
    }
    org = github.Organisation(repositories=[github.repository(name) for name in CONFIGURED])
    for number, (name, (own, changes, _)) in enumerate(CONFIGURED.items()):
        org.security[name] = own
        row = {"id": number, "name": name, **on, **changes}
        org.configurations.append({**row, "repositories": {name: row.pop("status", "enforced")}})
    with serve_github(org) as double:
        scan = GitHubScan(double, activity=False, analyses=False)
    keys = ("host.secret_scanning_ratio", "host.push_protection_ratio")
    said = {name: tuple(scan.value(key, f"repo:acme/{name}") for key in keys) for name in CONFIGURED}
    assert said == {name: want for name, (_, _, want) in CONFIGURED.items()}


def test_configurations_are_not_asked_for_where_everything_is_on() -> None:
    with serve_github(github.Organisation(repositories=[github.repository("app")])) as double:
        GitHubScan(double, activity=False, analyses=False)
        assert not any("configurations" in asked for asked in double.asked)


@pytest.mark.parametrize(("groups", "plan", "want"), [
    (["engineers"], "enterprise", True), ([], "enterprise", "unsupported"), (["engineers"], "team", "not_licensed"),
])  # fmt: skip
def test_groups_of_the_provider_show_that_it_made_every_account(
    groups: list[str], plan: str, want: Any
) -> None:
    with serve_github(github.Organisation(external_groups=groups, plan=plan)) as double:
        scan = GitHubScan(double, activity=False, analyses=False)
    assert scan.value("host.sso_enforced", "org:acme") == want
    cited = scan.reading("host.sso_enforced", "org:acme")
    assert not isinstance(cited, Observed) or "engineers" not in cited.evidence[0].excerpt


@pytest.mark.parametrize(("streams", "tier", "want"), [
    (["Order to cash"], gitlab.PREMIUM, True), ([], gitlab.PREMIUM, "not_collected"),
    (["Order to cash"], gitlab.FREE, "not_licensed"),
])  # fmt: skip
def test_a_value_stream_of_its_own_is_seen_and_none_denies_nothing(
    streams: list[str], tier: str, want: Any
) -> None:
    with serve_gitlab(gitlab.Organisation(streams=streams, tier=tier)) as double:
        assert GitLabScan(double, activity=False).value("host.value_stream_defined", "org:acme") == want


@pytest.mark.parametrize("shown", [True, False])
def test_reports_of_images_and_components_in_use_prove_what_a_pipeline_does_and_never_deny_it(
    shown: bool,
) -> None:
    ran: gitlab.Row = {"createdAt": "2026-11-10T08:00:00Z", "ref": "main"}
    cases: dict[str, tuple[gitlab.Row, set[str]]] = {
        "image": ({"pipelines": [{**ran, "artifacts": ["CONTAINER_SCANNING", "CYCLONEDX"]}]},
                  {"ci.image_scan_ratio", "ci.sbom_ratio"}),
        "bill": ({"pipelines": [{**ran, "artifacts": ["CYCLONEDX"]}]}, set()),
        "reuse": ({"components": ["2026-11-01"]}, {"ci.shared_workflow_ratio"} if shown else set()),
        "once": ({"components": ["2026-01-01"]}, set()),
    }  # fmt: skip
    projects = [gitlab.project(name, **changes) for name, (changes, _) in cases.items()]
    with serve_gitlab(
        gitlab.Organisation(projects=projects, shares_usage=shown, administrator=True)
    ) as double:
        scan = GitLabScan(double, activity=False)
    proofs = [one for one in scan.found.signals if one.key.startswith("ci.")]
    assert all(isinstance(one.reading, Observed) and one.reading.value is True for one in proofs)
    said = {
        name: {one.key for one in proofs if str(one.subject) == f"component:acme/{name}"} for name in cases
    }
    assert said == {name: want for name, (_, want) in cases.items()}
    # What is hidden of one part hides no other.
    assert scan.value("host.code_scanning_ratio", "repo:acme/reuse") is True


FIGURES: dict[str, tuple[dict[str, float | None] | None, Any, int]] = {
    "none": (None, Fraction(9), 0),
    "lower": ({"leadTimeForChanges": 3 * 3600.0, "changeFailureRate": 0.0}, Fraction(9), 1),
    "higher": (
        {"leadTimeForChanges": 30 * 3600.0, "changeFailureRate": None},
        Interval(Fraction(9), Fraction(30)),
        1,
    ),
    "other": ({"leadTimeForChanges": None, "changeFailureRate": 0.5}, Fraction(9), 0),
}
"""By project, each with a change that took nine hours from its first commit to production."""


def test_the_hosts_own_figure_is_cited_beside_and_widens_where_the_two_disagree() -> None:
    org = gitlab.Organisation()
    org.group("web", {"cat-c": gitlab.OWNER})
    for number, (name, (figures, _, _)) in enumerate(FIGURES.items()):
        made = gitlab.deployment(number, "a" * 40, "2026-10-09T15:00:00Z", "cat-c")
        stage = [{"name": "production", "tier": "PRODUCTION"}]
        org.projects.append(gitlab.project(name, figures=figures, environments=stage, deployments=[made]))
        org.changes.append(
            gitlab.change(name, number, "cat-c", "2026-10-09", {"dan-d": "2026-10-09T10:00:00Z"})
        )
    with serve_gitlab(org) as double:
        scan = GitLabScan(double)
        assert sum("figures" in asked for asked in double.asked) == 1
    for name, (_, want, beside) in FIGURES.items():
        reading = scan.reading("host.change_lead_time_hours_p50", f"component:acme/{name}")
        assert isinstance(reading, Observed)
        assert reading.value == want, name
        assert sum("own figures" in one.query for one in reading.evidence) == beside
    org.tier = gitlab.PREMIUM
    with serve_gitlab(org) as double:
        GitLabScan(double)
        assert not any("figures" in asked for asked in double.asked)
