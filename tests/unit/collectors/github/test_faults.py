"""Whatever the host does, a scan ends, adds up, and says nothing that the healthy host would deny."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from cnmm_collectors.signals import Absent, Interval, Observed, Reading, Unknown
from doubles.github.faults import ALL, GRAPHQL, PAGING
from doubles.github.organisation import acme
from doubles.github.server import serve
from unit.collectors.github.workshop import TOKEN, Scan

SLOW = ("drip", "silent")
PLACES = (
    "organisation", "inventory", "teams", "environments", "changes", "stalled", "GET /orgs/acme$",
    "GET /orgs/acme/repos", "members", "dependabot", "secret-scanning", "code-scanning/alerts",
    "analyses", "copilot", "issues", "replies", "boards", "deployments",
)  # fmt: skip
KINDS = (
    "bad credentials", "integration", "upgrade", "hidden", "no analysis", "gone", "too many, no time", "502",
    "wrong shape", "null", "truncated", "elsewhere", *PAGING, *GRAPHQL,
)  # fmt: skip
"""One fault of each kind, for every place; the whole host has them all."""
TRACKING = {"teams": ["*"], "platform": ["payments"], "requests": ["ledger"]}
SECONDS = 40.0
PLANTED = (TOKEN, "ann-a", "ben-b", "cat-c", "dan-d", "dora-direct", "olga-owner")


@pytest.fixture(scope="module")
def healthy() -> Scan:
    with serve(acme()) as double:
        return Scan(double, tracking=TRACKING)


def within(found: Reading, truth: Reading) -> bool:
    """True where a reading says nothing that the true one does not."""
    if isinstance(found, Unknown):
        return True
    if isinstance(found, Absent):
        return isinstance(truth, Absent)
    if not isinstance(truth, Observed):
        return False
    if isinstance(found.value, Interval) and isinstance(truth.value, Interval):
        return found.value.low <= truth.value.low and (found.value.high or 1) >= (truth.value.high or 1)
    if isinstance(found.value, Interval):
        assert isinstance(truth.value, int | Fraction)
        return found.value.low <= truth.value and (
            found.value.high is None or truth.value <= found.value.high
        )
    return found.value == truth.value


def check(faulty: Scan, healthy: Scan) -> None:
    """Hold a faulty scan to the laws."""
    truth = {(one.key, one.subject): one.reading for one in healthy.found.signals}
    for one in faulty.found.signals:
        known = truth.get((one.key, one.subject))
        assert known is not None or isinstance(one.reading, Unknown), one
        assert known is None or within(one.reading, known), (one, known)
    declared = {(one.within, one.kind): (one.count, one.members) for one in healthy.found.populations}
    for population in faulty.found.populations:
        assert declared[population.within, population.kind] == (population.count, population.members)
    assert set(faulty.found.memberships) <= set(healthy.found.memberships) or all(
        (one.child, one.parent) in {(two.child, two.parent) for two in healthy.found.memberships}
        for one in faulty.found.memberships
    )
    assert set(faulty.clones()) <= set(healthy.clones())
    assert faulty.found.ledger
    shown = repr(faulty.found)
    assert not [planted for planted in PLANTED if planted in shown]


def cases() -> list[tuple[str, str]]:
    """Return every fault of the whole host, and one of each kind for each place; not where it is an answer."""
    everywhere = [(fault, ".") for fault in ALL if fault not in SLOW]
    single = [(fault, place) for fault in KINDS for place in PLACES]
    return [case for case in everywhere + single if case != ("no analysis", "analyses")]


@pytest.mark.parametrize(("fault", "place"), cases())
def test_a_fault_never_becomes_an_answer(fault: str, place: str, healthy: Scan) -> None:
    started = time.monotonic()
    with serve(acme()) as double:
        double.faults.set(place, fault)
        check(Scan(double, tracking=TRACKING), healthy)
        assert not [token for host, token in double.tokens if host == "other"]
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("place", [".", "inventory", "GET /orgs/acme/repos"])
@pytest.mark.parametrize("fault", SLOW)
def test_a_host_that_does_not_end_is_left(fault: str, place: str, healthy: Scan) -> None:
    started = time.monotonic()
    with serve(acme()) as double:
        double.faults.set(place, fault)
        check(Scan(double, max_seconds=0.4, tracking=TRACKING), healthy)
    assert time.monotonic() - started < SECONDS


def test_a_scan_without_any_answer_says_only_why() -> None:
    with serve(acme()) as double:
        double.faults.set(".", "integration")
        scan = Scan(double)
    assert {one.reading.gap.value for one in scan.found.signals if isinstance(one.reading, Unknown)} == {
        "not_permitted"
    }
    assert all(isinstance(one.reading, Unknown) for one in scan.found.signals)
    assert not scan.found.populations
    assert not scan.clones()
    assert [row.failed for row in scan.found.ledger] == [1]


def test_a_502_halves_the_page_and_then_all_is_read(healthy: Scan) -> None:
    with serve(acme()) as double:
        double.faults.set("inventory", "502", times=2)
        scan = Scan(double, tracking=TRACKING)
    check(scan, healthy)
    assert len(scan.found.populations) == len(healthy.found.populations)


@pytest.mark.parametrize("calls", range(1, 16))
def test_a_scan_cut_off_by_its_limit_on_calls_says_less_and_nothing_else(calls: int, healthy: Scan) -> None:
    with serve(acme()) as double:
        cut = Scan(double, max_calls=calls, tracking=TRACKING)
        check(cut, healthy)
    causes = {one.reading.gap.value for one in cut.found.signals if isinstance(one.reading, Unknown)}
    assert calls > 11 or "sampled_out" in causes
