"""What exports of a monitoring system tell of CPU: a whole week, of what the cluster runs, or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.kubernetes.collector import KubernetesCollector
from cnmm_collectors.kubernetes.settings import Settings
from cnmm_collectors.plugin import LedgerRow, Target
from cnmm_collectors.signals import Interval, Observed, Unknown
from doubles.kubernetes.objects import container, namespace, pod, workload
from doubles.kubernetes.server import ApiServer
from doubles.prometheus import answer, cpu, series
from unit.collectors.kubernetes.conftest import Run, Seen, make_reader

KEY, SHOP = "k8s.cpu_request_use_p50", "namespace:prod/shop"
END = "2026-05-31T12"
WEB, MAIL = ("shop", "web-7d9f-x2k4z", "0.25", "0.5"), ("shop", "mail-0", "0.3", "0.4")
Half = Interval(Fraction(1, 2), Fraction(1))
Read = Callable[..., Seen]


@pytest.fixture
def read(api: ApiServer, run: Run, tmp_path: Path) -> Read:
    """Scan a cluster with a Deployment, a StatefulSet and a job beside the given exports."""
    api.add(namespace("kube-system"), namespace("shop"))
    api.add(workload("shop", "web"), pod("shop", "web"), pod("shop", "web", number=1))
    api.add(workload("shop", "mail", kind="StatefulSet"), pod("shop", "mail", owner_kind="StatefulSet"))
    api.add(
        pod("shop", "night", owner_kind="Job"), pod("shop", "idle", container(), owner_kind="StatefulSet")
    )
    folder = tmp_path / "metrics"

    def scan(*exports: bytes, **settings: Any) -> Seen:
        folder.mkdir(exist_ok=True)
        for number, raw in enumerate(exports):
            (folder / f"prod-{number}.json").write_bytes(raw)
        return run(facts=(("metrics", str(folder)),), **settings)

    return scan


def test_use_is_the_median_over_what_asks_for_cpu(read: Read) -> None:
    raw = cpu([WEB, MAIL, ("shop", "night-x2k4z", "9", "1"), ("other", "web-7d9f-x2k4z", "9", "1")], END)
    seen = read(raw)
    assert seen.value(KEY, SHOP) == Fraction(5, 8), (
        "a half and three quarters; the job and what asks for nothing left out"
    )
    reading = seen.reading(KEY, SHOP)
    assert isinstance(reading, Observed)
    cited = next(one for one in reading.evidence if one.locator == "file:prod-0.json")
    assert cited.native_id == "sha256:" + hashlib.sha256(raw).hexdigest()
    assert cited.query == "CPU use and requests, 2026-05-24 to 2026-05-31, 8 series"
    (row,) = (one for one in seen.ledger if one.unit == "metrics series")
    assert (row.requested, row.received) == (8, 8)


def test_pods_of_a_workload_weigh_by_how_long_they_asked(read: Read) -> None:
    half = series("cpu_use", "0.1", END, days=3.5, namespace="shop", pod="web-7d9f-bbbbb")
    asked = series("cpu_request", "0.4", END, days=3.5, namespace="shop", pod="web-7d9f-bbbbb")
    seen = read(cpu([WEB, MAIL], END), answer(half, asked))
    # 169 hours of 0.25 in 0.5 and 85 hours of 0.1 in 0.4, beside three quarters.
    web = (169 * Fraction(1, 4) + 85 * Fraction(1, 10)) / (169 * Fraction(1, 2) + 85 * Fraction(4, 10))
    assert seen.value(KEY, SHOP) == (web + Fraction(3, 4)) / 2


def test_use_above_the_request_counts_as_one(read: Read) -> None:
    assert read(cpu([WEB, ("shop", "mail-0", "3", "0.1")], END)).value(KEY, SHOP) == Fraction(3, 4)


@pytest.mark.parametrize(
    ("use", "request_", "labels"),
    [
        ("node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate",
         "cluster:namespace:pod_cpu:active:kube_pod_container_resource_requests",
         {"pod": "web-7d9f-x2k4z", "container": "app"}),
        ("cpu_use", "kube_pod_container_resource_requests",
         {"exported_pod": "web-7d9f-x2k4z", "pod": "kube-state-metrics-0", "exported_namespace": "shop",
          "resource": "cpu"}),
        ("cpu_use", "cpu_request", {"workload": "web", "workload_type": "deployment"}),
    ],
)  # fmt: skip
def test_series_are_known_by_the_names_that_monitoring_gives_them(
    read: Read, use: str, request_: str, labels: dict[str, str]
) -> None:
    own = {"namespace": "monitoring" if "exported_namespace" in labels else "shop", **labels}
    web = [series(use, "0.25", END, **own), series(request_, "0.5", END, **own)]
    memory = series("kube_pod_container_resource_requests", "64", END, **{**own, "resource": "memory"})
    twice = series(request_, "0.5", END, **own, prometheus_replica="b")
    seen = read(cpu([MAIL], END), answer(*web, memory, twice))
    assert seen.value(KEY, SHOP) == Fraction(5, 8)
    assert any("1 series are not named" in one.detail for one in seen.ledger)


def without(raw: bytes, name: str, about: str) -> bytes:
    told = json.loads(raw)
    told["data"]["result"] = [
        one for one in told["data"]["result"]
        if not (one["metric"]["__name__"].startswith(name) and one["metric"]["pod"].startswith(about))
    ]  # fmt: skip
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("name", "about", "low", "high"),
    [("cpu_", "mail", "1/4", "3/4"), ("cpu_use", "mail", "1/4", "3/4"), ("cpu_request", "mail", "1/4", "3/4"),
     ("cpu_use", "web", "3/8", "7/8")],
)  # fmt: skip
def test_a_series_that_is_missing_leaves_the_median_open(
    read: Read, name: str, about: str, low: str, high: str
) -> None:
    seen = read(without(cpu([WEB, MAIL], END), name, about))
    assert seen.value(KEY, SHOP) == Interval(Fraction(low), Fraction(high))


def test_samples_told_at_two_depths_are_not_added_up(read: Read) -> None:
    inner = series("cpu_use", "0.25", END, namespace="shop", pod="web-7d9f-x2k4z", container="app")
    assert read(cpu([WEB, MAIL], END), answer(inner)).value(KEY, SHOP) == Interval(
        Fraction(3, 8), Fraction(7, 8)
    )


WHOLE = cpu([WEB, MAIL], END)
GAP = json.loads(WHOLE)
for one in GAP["data"]["result"]:
    one["values"] = one["values"][:60] + one["values"][70:]


@pytest.mark.parametrize(
    ("raw", "gap", "says"),
    [
        (cpu([WEB, MAIL], END, days=6), "not_visible", "CPU use of 6.0 days is given, 7 are asked for"),
        (json.dumps(GAP).encode(), "not_visible", "misses 11 hours"),
        (cpu([WEB, MAIL], "2026-05-10T12"), "stale", "more than 14 days old"),
        (cpu([WEB, MAIL], "2026-06-30T12"), "not_collected", "by the audit date"),
        (without(WHOLE, "cpu_request", ""), "not_collected", "no sample of CPU request"),
        (WHOLE[: len(WHOLE) // 2], "malformed", "only half of it"),
        (answer(*json.loads(WHOLE)["data"]["result"], warnings=["partial response"]), "not_visible", "warned"),
        (b'{"status": "error", "errorType": "timeout", "error": "x"}', "malformed", "error"),
        (b'{"status": "success", "data": {"resultType": "vector", "result": []}}', "unsupported", "query_range"),
        (b'[{"metric": {"__name__": "cpu_use"}, "value": [1, "1"]}]', "unsupported", "query_range"),
        (answer(series("container_cpu_usage_seconds_total", "1", END)), "unsupported", "export its rate"),
        (answer(series("up", "1", END)), "unsupported", "no series of it is named"),
        (answer(series("cpu_use", "-1", END)), "malformed", "no share of a core"),
        (answer({"metric": {"__name__": "cpu_use"}, "values": [["x", 1, 2]]}), "malformed", "no time and number"),
        (answer({"metric": {"__name__": "cpu_use"}}), "malformed", "without samples"),
        (b"[" * 100_000, "malformed", "not JSON"),
    ],
)  # fmt: skip
def test_what_does_not_tell_of_a_whole_week_tells_nothing(
    read: Read, raw: bytes, gap: str, says: str
) -> None:
    seen = read(raw)
    assert seen.gap(KEY, SHOP) == gap
    reading = seen.reading(KEY, SHOP)
    assert isinstance(reading, Unknown)
    assert says in reading.detail


def test_one_export_that_cannot_be_read_leaves_the_others_open(read: Read) -> None:
    seen = read(WHOLE, b"half")
    assert seen.gap(KEY, SHOP) == "malformed"
    (row,) = (one for one in seen.ledger if one.failed)
    assert (row.unit, row.about) == ("metrics file", "prod prod-1.json")


def test_promtool_prints_the_series_alone(read: Read) -> None:
    assert read(json.dumps(json.loads(WHOLE)["data"]["result"]).encode()).value(KEY, SHOP) == Fraction(5, 8)


def test_samples_after_the_audit_date_are_not_known_yet(read: Read) -> None:
    later = cpu([("shop", "web-7d9f-x2k4z", "0.5", "0.5")], "2026-06-09T12")
    assert read(WHOLE).value(KEY, SHOP) == read(WHOLE, later).value(KEY, SHOP)


TWO = [{"context": "test", "name": "prod", "env": "production"}, {"context": "lab", "env": "nonprod"}]


def test_of_several_clusters_a_label_or_the_name_of_the_file_says_which(read: Read) -> None:
    assert read(WHOLE, clusters=TWO).gap(KEY, SHOP) == "not_collected", "nobody says whose week it is"
    named = [{**TWO[0], "metrics": "prod-*"}, TWO[1]]
    assert read(WHOLE, clusters=named).value(KEY, SHOP) == Fraction(5, 8)
    for label, told in (("prod", Fraction(5, 8)), ("test", Fraction(5, 8)), ("lab", None)):
        labelled = cpu([WEB, MAIL], END, cluster=label)
        seen = read(labelled, clusters=named)
        assert (seen.value(KEY, SHOP) if told else seen.gap(KEY, SHOP)) == (told or "not_collected")


def test_a_cluster_without_an_export_says_which_one_it_takes(run: Run, shop: ApiServer) -> None:
    reading = run().reading(KEY, SHOP)
    assert isinstance(reading, Unknown)
    assert "sources: metrics" in reading.detail


def test_exports_beside_a_cluster_that_is_down_are_accounted_for(read: Read, api: ApiServer) -> None:
    api.faults[""] = lambda handler: handler.status(401, "Unauthorized") or True  # type: ignore[func-returns-value]
    rows = [one for one in read(WHOLE).ledger if one.unit == "metrics file"]
    assert [(one.failed, one.cause) for one in rows] == [(1, "not_permitted")]


def test_exports_without_any_cluster_are_accounted_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cpu.json").write_bytes(WHOLE)
    seen = run(target=Target("metrics", "sources", facts=(("metrics", str(tmp_path / "cpu.json")),)))
    assert [(type(one), one.skipped) for one in seen.yields] == [(LedgerRow, 1)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("raw", "readable", "says"),
    [(WHOLE, True, "4 series, 2026-05-24 to 2026-05-31"), (WHOLE[:999], False, "only half of it")],
)
def test_doctor_says_what_an_export_tells(
    shop: ApiServer, tmp_path: Path, raw: bytes, readable: bool, says: str
) -> None:
    (tmp_path / "cpu.json").write_bytes(raw)
    chosen = Settings(kubeconfig=shop.kubeconfig(tmp_path))
    target = Target("kube", "test", facts=(("metrics", str(tmp_path / "cpu.json")),))
    (found,) = (
        one
        for one in KubernetesCollector().probe(target, chosen, make_reader())  # type: ignore[arg-type]
        if one.group == "metrics"
    )
    assert (found.readable, found.signals) == (readable, (KEY,))
    assert says in found.detail


def test_a_file_that_is_named_as_another_cluster_s_changes_nothing_here(read: Read) -> None:
    other = [TWO[0], {**TWO[1], "metrics": "prod-*"}]
    seen = read(b"half", clusters=other)
    assert seen.gap(KEY, SHOP) == "not_collected"
    assert [(one.skipped, one.failed) for one in seen.ledger if one.unit.startswith("metrics")] == [(1, 0)]
