"""What a hostile or a broken host leaves out is never read as not there."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cnmm_collectors.github.collector import GitHubCollector
from cnmm_collectors.signals import Gap, Observed, Unknown
from doubles.github import server
from doubles.github.organisation import Organisation, acme, repository
from doubles.github.server import serve
from unit.collectors.github.test_faults import within
from unit.collectors.github.workshop import Scan

Row = dict[str, Any]
TRACKING = {"teams": ["*"], "platform": ["payments"], "requests": ["ledger"]}


def walk(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the place of every row of every list that an answer holds."""
    found: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += walk(inner, (*path, key))
    if isinstance(value, list):
        for number, inner in enumerate(value):
            found += [(*path, number), *walk(inner, (*path, number))] if isinstance(inner, dict) else []
    return found


def emptied(answer: Row, place: tuple[str | int, ...]) -> Row:
    """Return an answer of which one row is withheld, as a host does without a word."""
    copy = json.loads(json.dumps(answer))
    holder = copy
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = None
    return copy


def shape(place: tuple[str | int, ...]) -> tuple[str, ...]:
    """Return which list a row is in, whatever its number."""
    return tuple(str(step) for step in place if isinstance(step, str))


@dataclass(frozen=True)
class Healthy:
    """What a host that holds nothing back says, and which lists are in its answers, by question."""

    truth: dict[tuple[str, str], Any]
    shapes: dict[str, list[tuple[str, ...]]]


@pytest.fixture(scope="module")
def healthy() -> Healthy:
    plain, shapes = server.graphql, defaultdict[str, dict[tuple[str, ...], None]](dict)

    def note(org: Organisation, asked: str, variables: Row) -> Row:
        answer = plain(org, asked, variables)
        shapes[asked].update((shape(place), None) for place in walk(answer["data"]))
        return answer

    with pytest.MonkeyPatch.context() as patch, serve(crowded()) as double:
        patch.setattr(server, "graphql", note)
        found = Scan(double, tracking=TRACKING).found
    truth = {(one.key, str(one.subject)): one.reading for one in found.signals}
    return Healthy(truth, {name: list(each) for name, each in shapes.items()})


def crowded() -> Organisation:
    """Return the organisation with a row in every list that is asked for."""
    org = acme()
    blocked = {"nodes": [{"submittedAt": "2026-10-01T00:00:00Z"}]}
    org.stalled = [
        {"__typename": "PullRequest", "id": "PR_s", "isDraft": False, "createdAt": "2026-09-01T00:00:00Z",
         "repository": {"name": "checkout", "owner": {"login": "acme"}}, "reviews": blocked}
    ]  # fmt: skip
    for one in org.issues:
        if one["repository"]["name"] == "ledger":
            one["comments"] = {
                "totalCount": 1,
                "nodes": [{"author": {"__typename": "User", "login": "ann-a"}}],
            }
    org.changes[0]["labels"] = {"nodes": [{"name": "hotfix"}]}
    return org


INVENTORY = ("inventory", "teams")
QUESTIONS = (
    "inventory", "teams", "environments", "changes", "stalled", "issues", "boards", "deployments", "replies",
)  # fmt: skip


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_row_that_is_withheld_anywhere_widens_and_never_answers(
    name: str, healthy: Healthy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each list of each answer one row at a time is null, without any error beside it."""
    plain: Callable[..., Row] = server.graphql
    with serve(crowded()) as double:
        for wanted in healthy.shapes[name]:

            def spoil(org: Organisation, asked: str, variables: Row, wanted: Any = wanted) -> Row:
                answer = plain(org, asked, variables)
                place = next((one for one in walk(answer["data"]) if shape(one) == wanted), None)
                return {"data": emptied(answer["data"], place)} if asked == name and place else answer

            monkeypatch.setattr(server, "graphql", spoil)
            # What is asked once of everything needs no window, and most of a scan is one.
            chosen = {"activity": name not in INVENTORY, "analyses": name == "inventory"}
            for one in Scan(double, tracking=TRACKING, **chosen).found.signals:
                known = healthy.truth.get((one.key, str(one.subject)))
                assert known is not None or isinstance(one.reading, Unknown), (wanted, one)
                assert known is None or within(one.reading, known), (wanted, one, known)


def test_a_rule_whose_reviewers_are_hidden_still_gates() -> None:
    org = acme()
    with serve(org) as double:
        org.environments["E_portal"]["reviewers"] = ["web"]
        plain = server._environment

        def hide(org: Organisation, key: str) -> Row | None:
            found = plain(org, key)
            assert found is not None
            found["protectionRules"]["nodes"][0]["reviewers"]["nodes"] = [None]
            return found

        server._environment, kept = hide, plain
        try:
            assert Scan(double).value("host.env_external_approval_ratio", "repo:acme/portal") == "not_visible"
        finally:
            server._environment = kept


def test_a_branch_that_is_not_shown_was_never_analysed_by_anybody_we_know() -> None:
    org = Organisation(repositories=[repository("app", defaultBranchRef=None)])
    with serve(org) as double:
        scan = Scan(double, activity=False)
    for key in ("host.code_scanning_ratio", "host.branch_protection_ratio", "host.security_check_run_ratio"):
        assert scan.value(key, "repo:acme/app") == "not_visible", key


def test_alerts_that_are_withheld_were_not_fixed_in_time() -> None:
    org = acme()
    org.alerts = {"dependabot": [None]}  # type: ignore[list-item]
    with serve(org) as double:
        double.rest = None
        monkey = server._rows

        def rows(org: Organisation, path: str, query: dict[str, str]) -> Any:
            return [None] if path == "/dependabot/alerts" else monkey(org, path, query)

        server._rows = rows
        try:
            found = Scan(double, activity=False).reading(
                "host.critical_alert_fixed_ratio{days=30}", "repo:acme/checkout"
            )
        finally:
            server._rows = monkey
    assert isinstance(found, Unknown)
    assert found.gap is Gap.MALFORMED


def test_an_older_host_that_lists_every_severity_is_understood() -> None:
    org = acme()
    org.alerts = {"dependabot": [
        {"number": 1, "state": "open", "created_at": "2026-06-01T00:00:00Z", "fixed_at": None,
         "repository": {"name": "checkout"}, "security_advisory": {"severity": "low"}},
    ]}  # fmt: skip
    with serve(org) as double:
        scan = Scan(double, activity=False)
    assert scan.value("host.critical_alert_fixed_ratio{days=30}", "repo:acme/checkout") == 1


@pytest.mark.parametrize("forks", [0, 3])
def test_an_organisation_with_nothing_in_use_is_answered_whole(forks: int) -> None:
    org = Organisation(repositories=[repository(f"f{number}", isFork=True) for number in range(forks)])
    org.team("web", {}, ["cat-c"])
    with serve(org) as double:
        scan = Scan(double, tracking=TRACKING)
    kinds = {(one.key, one.subject.kind.value) for one in scan.found.signals}
    assert {
        spec.id for spec in GitHubCollector.signals if spec.subject.value == "org" and "record" not in spec.id
    } <= {key for key, kind in kinds if kind == "org"}
    assert scan.value("host.iteration_team_ratio", "team:acme/web") == "absent"
    assert scan.clones() == []


def test_a_personal_account_is_told_from_an_organisation() -> None:
    with serve(acme()) as double:
        double.organisation.persons = ["cat-c"]
        scan = Scan(double, "cat-c")
    assert scan.value("host.mfa_enforced", "org:cat-c") == "unsupported"
    found = scan.reading("host.mfa_enforced", "org:cat-c")
    assert isinstance(found, Unknown)
    assert "personal account" in found.detail
    with serve(acme()) as double:
        assert Scan(double, "nobody").value("host.mfa_enforced", "org:nobody") == "not_visible"


def test_an_allowance_that_is_spent_from_the_start_ends_soon_and_answers_nothing() -> None:
    with serve(acme()) as double:
        double.extra = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3_600)}
        started = time.monotonic()
        scan = Scan(double, max_wait=0.5, token="ghp_spentSpentSpent0123456789spentSpen")
        assert time.monotonic() - started < 20
        assert len(double.asked) < 5
    assert not [one for one in scan.found.signals if isinstance(one.reading, Observed)]
    assert {one.reading.gap for one in scan.found.signals if isinstance(one.reading, Unknown)} >= {
        Gap.RATE_LIMITED
    }
