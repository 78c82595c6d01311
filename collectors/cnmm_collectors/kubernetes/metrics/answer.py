"""One answer of Prometheus' HTTP API to a range query, or what promtool prints of one, as series."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from cnmm_collectors.signals import Gap

NANO = 1_000_000_000


class Measure(Enum):
    """What the samples of a series are, in cores."""

    USE = "use"
    REQUEST = "request"


NAMED = {
    "cpu_use": Measure.USE,
    "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate": Measure.USE,
    "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_rate5m": Measure.USE,
    "cpu_request": Measure.REQUEST,
    "cluster:namespace:pod_cpu:active:kube_pod_container_resource_requests": Measure.REQUEST,
    "kube_pod_container_resource_requests": Measure.REQUEST,
}
"""Measures by the name of a series: the two of our how-to, the recording rules of kubernetes-mixin, and the
gauge of kube-state-metrics."""
COUNTERS = frozenset({"container_cpu_usage_seconds_total"})


class MetricsFault(Exception):
    """An export cannot be used; the message says what is wrong with it and never quotes it."""

    def __init__(self, message: str, gap: Gap) -> None:
        super().__init__(message)
        self.gap = gap


@dataclass(frozen=True, slots=True)
class Place:
    """What a series is about; `workload` and `kind`, or `pod`, are empty where its labels do not say."""

    namespace: str
    workload: str
    kind: str
    pod: str
    container: str


@dataclass(slots=True)
class Series:
    """Samples of one measure of one place: milliseconds since 1970 and billionths of a core, as they came."""

    measure: Measure
    place: Place
    cluster: str
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[int] = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class Answer:
    """The series of one file that say what they measure, and how many do not."""

    series: list[Series] = field(default_factory=list)
    unnamed: int = 0


def read_answer(raw: bytes) -> Answer:
    """Return what an export says; raises MetricsFault for what is no whole answer to a range query."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        raise MetricsFault("not JSON, or only half of it", Gap.MALFORMED) from None
    found = Answer()
    for one in _results(told):
        series = _series(one)
        if series is None:
            found.unnamed += 1
        else:
            found.series.append(series)
    if found.unnamed and not found.series:
        hint = "no series of it is named as CPU use or CPU requests: ask as the guide to clusters shows"
        raise MetricsFault(hint, Gap.UNSUPPORTED)
    return found


def _results(told: Any) -> Sequence[Any]:
    if isinstance(told, list):
        return told
    if not isinstance(told, dict) or told.get("status") != "success":
        raise MetricsFault(
            "the server that was asked answered with an error, or it is no answer", Gap.MALFORMED
        )
    if told.get("warnings"):
        raise MetricsFault("the server warned that its answer may not be whole", Gap.NOT_VISIBLE)
    data = told.get("data")
    kind = data.get("resultType") if isinstance(data, dict) else None
    if kind in ("vector", "scalar", "string"):
        raise _instant()
    if not isinstance(data, dict) or kind != "matrix" or not isinstance(data.get("result"), list):
        raise MetricsFault("no answer to a range query", Gap.MALFORMED)
    found: list[Any] = data["result"]
    return found


def _instant() -> MetricsFault:
    hint = "an instant answer does not say over how long: export a range query (query_range)"
    return MetricsFault(hint, Gap.UNSUPPORTED)


def _series(one: Any) -> Series | None:
    """Return a series, None for one that does not say that it measures CPU use or requests."""
    labels = one.get("metric") if isinstance(one, dict) else None
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise MetricsFault("a series without labels", Gap.MALFORMED)
    if "value" in one:
        raise _instant()
    name = labels.get("__name__", "")
    if name in COUNTERS:
        raise MetricsFault(
            f"{name} only counts: export its rate, as the guide to clusters shows", Gap.UNSUPPORTED
        )
    measure = NAMED.get(name)
    if measure is None or labels.get("resource", "cpu") != "cpu":
        return None
    found = Series(measure, _place(labels), labels.get("cluster", ""))
    for time, value in _samples(one.get("values")):
        found.times.append(time)
        found.values.append(value)
    return found


def _place(labels: Mapping[str, str]) -> Place:
    """Return what a series is about; what a scrape renamed because it had the name already counts first."""

    def label(name: str) -> str:
        return labels.get(f"exported_{name}") or labels.get(name, "")

    return Place(
        label("namespace"),
        label("workload"),
        label("workload_type").lower(),
        label("pod"),
        label("container"),
    )


def _samples(values: Any) -> Iterator[tuple[int, int]]:
    """Yield the samples of a series that hold a number."""
    if not isinstance(values, list):
        raise MetricsFault("a series without samples", Gap.MALFORMED)
    for one in values:
        try:
            time, text = one
            value = float(text)
            moment = round(float(time) * 1000)
        except (TypeError, ValueError, OverflowError):
            raise MetricsFault("a sample that is no time and number", Gap.MALFORMED) from None
        if not isinstance(text, str) or value < 0:
            raise MetricsFault("a sample that is no share of a core", Gap.MALFORMED)
        if math.isfinite(value):
            if value * NANO >= 2**62 or not 0 <= moment < 2**62:
                raise MetricsFault("a sample out of any range", Gap.MALFORMED)
            yield moment, round(value * NANO)
