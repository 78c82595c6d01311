"""The Kubernetes collector: one live cluster for each context, read once and only read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from cnmm_collectors import registry
from cnmm_collectors.kubernetes import settings as options
from cnmm_collectors.kubernetes.client import Discovery
from cnmm_collectors.kubernetes.findings import Findings
from cnmm_collectors.kubernetes.metrics.exports import (
    KIND,
    MEASURED,
    NO_CLUSTER,
    files_of,
    idle,
    left,
    missing,
    probe_exports,
    read_exports,
)
from cnmm_collectors.kubernetes.probing import check_credential, probe_cluster
from cnmm_collectors.kubernetes.reading import ClusterReading
from cnmm_collectors.kubernetes.settings import Cluster
from cnmm_collectors.kubernetes.view import PodFold, View
from cnmm_collectors.plugin import KubeCluster, LedgerRow, Population, Probe, Reader, Target, WorkItem, Yield
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap, SignalSpec
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_collectors.tables.places import state_of

PREDICTED_CALLS = 120


def _answerable(source: str) -> tuple[SignalSpec, ...]:
    """Return the signals of the family that a source answers alone."""
    return tuple(spec for spec in registry.declared(("k8s",)) if any(s.name == source for s in spec.sources))


class KubernetesCollector:
    """Reads live clusters through kubeconfig contexts; implements `plugin.Collector`."""

    name: ClassVar[str] = "kubernetes"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = _answerable("kubernetes")
    Settings: ClassVar[type[BaseModel]] = options.Settings

    def accepts(self, target: Target) -> bool:
        """True for `kube:CONTEXT`, and for exports of metrics that no cluster was named for."""
        return target.kind in ("kube", KIND)

    def plan(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield the one item of a cluster, and the population where every cluster is declared."""
        if target.kind == KIND:
            yield from idle(target.facts)
            return
        yield from declared_population(settings)
        cluster = settings.cluster(target.locator)
        subject = cluster.subject
        payload = (
            ("metrics", tuple((str(path), *state_of(path)) for path in files_of(target.facts))),
            ("missing", tuple(missing(target.facts))),
        )
        yield WorkItem(
            self.name, str(subject), Target("kube", target.locator, target.credential, subject), (subject,),
            lane="api", calls=PREDICTED_CALLS, payload=payload,
        )  # fmt: skip

    def collect(self, item: WorkItem, settings: options.Settings, reader: Reader) -> Iterator[Yield]:
        """Yield what a cluster says; one that does not answer gives unknown readings and a ledger row."""
        cluster = settings.cluster(item.target.locator)
        blank = View(
            item.subjects[0].name,
            cluster.env,
            self.name,
            settings,
            reader.as_of,
            Discovery(),
            {},
            {},
            PodFold(),
        )
        try:
            api = reader.kube.open(cluster.context, settings.kubeconfig, programs=settings.run_programs)
        except KubeFault as fault:
            yield from self._failed(blank, fault, reader, item)
            return
        try:
            yield from self._read(api, blank, cluster, settings, reader, item)
        finally:
            api.close()

    def probe(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[Probe]:
        """Yield what the credential may read of a cluster, what it may not, and what the exports tell."""
        if target.kind == KIND:
            yield Probe(KIND, MEASURED, False, NO_CLUSTER, "a target kube:CONTEXT", Gap.NOT_COLLECTED)
            return
        cluster = settings.cluster(target.locator)
        try:
            api = reader.kube.open(cluster.context, settings.kubeconfig, programs=settings.run_programs)
        except KubeFault as fault:
            every = tuple(spec.id for spec in self.signals)
            yield Probe("cluster", every, False, str(fault), gap=fault.gap)
            return
        try:
            yield from probe_cluster(api, self.signals, settings.api_domains, settings.single_lists)
            yield from probe_exports(target.facts, cluster, settings, reader)
        finally:
            api.close()

    def _read(
        self, api: KubeCluster, blank: View, cluster: Cluster, settings: options.Settings, reader: Reader,
        item: WorkItem,
    ) -> Iterator[Yield]:  # fmt: skip
        try:
            check_credential(api)
        except KubeFault as fault:
            yield from self._failed(blank, fault, reader, item)
            return
        reading = ClusterReading(api, blank.cluster, settings.page, settings.single_lists)
        view = reading.read(settings, cluster.env, reader.as_of)
        yield from reading.ledger
        if view.discovery.fault is not None and not view.discovery.groups and not view.looks:
            yield from Findings(blank, self.signals, reader).unread(
                view.discovery.fault.gap, str(view.discovery.fault)
            )
            yield from left(_exports(item), blank.cluster, view.discovery.fault.gap)
            return
        files, lost = _exports(item), dict(item.payload).get("missing", ())
        if files or lost:
            view.metrics = read_exports(files, lost, cluster, settings, reader.files, reader.as_of)
            yield from view.metrics.ledger
        yield from Findings(view, self.signals, reader).all()

    def _failed(self, blank: View, fault: KubeFault, reader: Reader, item: WorkItem) -> Iterator[Yield]:
        yield from Findings(blank, self.signals, reader).unread(fault.gap, str(fault))
        yield LedgerRow(
            "kubernetes", "cluster", blank.cluster, 1, 0, failed=1, cause=fault.gap.value, detail=str(fault)
        )
        yield from left(_exports(item), blank.cluster, fault.gap)


def _exports(item: WorkItem) -> list[Path]:
    return [Path(name) for name, *_ in dict(item.payload).get("metrics", ())]


def declared_population(settings: options.Settings) -> Iterator[Population]:
    """Yield how many clusters there are, where the settings name them all and whose they are."""
    if settings.organisation and settings.clusters:
        members = tuple(sorted({one.subject for one in settings.clusters}))
        within = Subject.safe(SubjectKind.ORG, settings.organisation)
        yield Population(within, SubjectKind.CLUSTER, len(members), members, "scope")
