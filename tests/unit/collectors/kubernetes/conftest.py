"""A loopback API server, and the collector run against it through the official client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.kubernetes.collector import KubernetesCollector
from cnmm_collectors.kubernetes.settings import Settings
from cnmm_collectors.plugin import LedgerRow, Membership, PersonFact, Target, WorkItem, Yield
from cnmm_collectors.reader import KubeLimits, SourceKube, SourceReader
from cnmm_collectors.signals import Absent, Observed, Reading, Signal, Unknown
from doubles.kubernetes.objects import namespace, node, pod, workload
from doubles.kubernetes.server import ApiServer

NOW = "2026-06-01T00:00:00Z"
FAST = KubeLimits(seconds=2, connect=1, pause=0.01, longest_pause=0.05)


@dataclass
class Seen:
    """Everything one run of the collector yielded."""

    yields: list[Yield]

    def reading(self, key: str, subject: str) -> Reading:
        found = [
            one.reading
            for one in self.yields
            if isinstance(one, Signal) and one.key == key and one.subject == subject
        ]
        assert len(found) == 1, f"{len(found)} readings of {key} about {subject}"
        return found[0]

    def value(self, key: str, subject: str) -> Any:
        reading = self.reading(key, subject)
        assert isinstance(reading, Observed), reading
        return reading.value

    def gap(self, key: str, subject: str) -> str:
        reading = self.reading(key, subject)
        assert isinstance(reading, Unknown), reading
        return reading.gap.value

    def absent(self, key: str, subject: str) -> bool:
        return isinstance(self.reading(key, subject), Absent)

    def states(self) -> dict[tuple[str, str], str]:
        return {(one.key, str(one.subject)): type(one.reading).__name__ for one in self.signals}

    @property
    def people(self) -> list[PersonFact]:
        return [one for one in self.yields if isinstance(one, PersonFact)]

    @property
    def signals(self) -> list[Signal]:
        return [one for one in self.yields if isinstance(one, Signal)]

    @property
    def ledger(self) -> list[LedgerRow]:
        return [one for one in self.yields if isinstance(one, LedgerRow)]

    @property
    def memberships(self) -> list[tuple[str, str]]:
        return [(str(one.child), str(one.parent)) for one in self.yields if isinstance(one, Membership)]


Run = Callable[..., Seen]


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with ApiServer() as server:
        yield server


def make_reader(limits: KubeLimits = FAST, name: str = "kubernetes") -> SourceReader:
    reader = SourceReader(collector=name, version="1", as_of=date.fromisoformat(NOW[:10]), now=NOW)
    reader.kube = SourceKube(limits)
    return reader


@pytest.fixture
def run(api: ApiServer, tmp_path: Path) -> Run:
    """Run the collector against the server; keyword arguments are settings."""

    def collect(
        limits: KubeLimits = FAST, context: str = "test", facts: tuple[tuple[str, str], ...] = (),
        target: Target | None = None, **settings: Any,
    ) -> Seen:  # fmt: skip
        given = {"clusters": [{"context": "test", "name": "prod", "env": "production"}], **settings}
        chosen = Settings.model_validate({"kubeconfig": api.kubeconfig(tmp_path), **given})
        collector, reader = KubernetesCollector(), make_reader(limits)
        yields: list[Yield] = []
        for one in list(collector.plan(target or Target("kube", context, facts=facts), chosen, reader)):  # type: ignore[arg-type]
            if isinstance(one, WorkItem):
                yields += collector.collect(one, chosen, reader)  # type: ignore[arg-type]
            else:
                yields.append(one)
        return Seen(yields)

    return collect


@pytest.fixture
def shop(api: ApiServer) -> ApiServer:
    """A cluster with one tenant's namespace, one workload and its pod."""
    api.add(namespace("kube-system"), namespace("shop"), node("node-1"))
    api.add(workload("shop", "web"), pod("shop", "web"))
    return api
