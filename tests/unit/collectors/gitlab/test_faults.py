"""Whatever the host does, a scan ends, adds up, and says nothing that the healthy host would deny."""

from __future__ import annotations

import time

import pytest

from cnmm_collectors.signals import Unknown
from doubles.github.faults import ALL
from doubles.gitlab.organisation import acme
from doubles.gitlab.server import serve
from unit.collectors.github.test_faults import within
from unit.collectors.gitlab.workshop import TOKEN, Scan

SLOW = ("drip", "silent")
ROLE, LIST = "GET /api/v4/(user|metadata|namespaces|groups/acme/members)", "groups/acme/projects|push_rule"
TELLING = ("forbidden", "hidden", "spent", "500", "wrong shape", "null", "truncated", "endless", "same page")
CASES = [
    *(("graphql", fault) for fault in ALL if fault not in ("drip", "silent")),
    *((place, fault) for place in (ROLE, LIST) for fault in TELLING),
]
SECONDS = 30.0
PLANTED = (TOKEN, "ann-a", "ben-b", "cat-c", "dan-d", "dora-direct", "olga-owner")


@pytest.fixture(scope="module")
def healthy() -> Scan:
    with serve(acme()) as double:
        return Scan(double)


def told(scan: Scan) -> list[str]:
    """Return what a scan says, without citations, which name the address of the double."""
    return sorted(
        f"{one.key} {one.subject} {type(one.reading).__name__} {getattr(one.reading, 'value', '')}"
        for one in scan.found.signals
    )


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
    links = {(one.child, one.parent) for one in healthy.found.memberships}
    assert {(one.child, one.parent) for one in faulty.found.memberships} <= links
    assert set(faulty.clones()) <= set(healthy.clones())
    assert faulty.found.ledger
    shown = repr(faulty.found)
    assert not [planted for planted in PLANTED if planted in shown]


@pytest.mark.parametrize(("place", "fault"), CASES)
def test_a_fault_never_becomes_an_answer(place: str, fault: str, healthy: Scan) -> None:
    with serve(acme()) as double:
        double.faults.set(place, fault)
        check(Scan(double, max_wait=0.3), healthy)
        assert not [token for host, token in double.tokens if host == "other"]


@pytest.mark.parametrize("fault", SLOW)
def test_a_host_that_does_not_end_is_left(fault: str, healthy: Scan) -> None:
    started = time.monotonic()
    with serve(acme()) as double:
        double.faults.set("projects", fault)
        check(Scan(double, max_seconds=0.3), healthy)
    assert time.monotonic() - started < SECONDS


def test_a_502_halves_the_page_and_then_all_is_read(healthy: Scan) -> None:
    with serve(acme()) as double:
        double.faults.set("graphql projects", "502", times=2)
        scan = Scan(double)
    check(scan, healthy)
    assert len(scan.found.signals) == len(healthy.found.signals)
    assert told(scan) == told(healthy)


@pytest.mark.parametrize("calls", [1, 2, 4, 6, 8, 9, 10, 11, 12, 13, 14])
def test_a_scan_cut_off_by_its_limit_on_calls_says_less_and_nothing_else(calls: int, healthy: Scan) -> None:
    with serve(acme()) as double:
        cut = Scan(double, max_calls=calls)
        check(cut, healthy)
    causes = {one.reading.gap.value for one in cut.found.signals if isinstance(one.reading, Unknown)}
    assert calls > 13 or "sampled_out" in causes
