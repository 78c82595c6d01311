"""Everything that was read of one cluster, and what is not known of it: what answers are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from cnmm_collectors.kubernetes.client import Discovery, Look
from cnmm_collectors.kubernetes.metrics.exports import Kept
from cnmm_collectors.kubernetes.objects import Pod, Workload
from cnmm_collectors.kubernetes.resources import NAMESPACES, PODS, WORKLOADS, Document, Resource
from cnmm_collectors.kubernetes.semantics.mtls import Endpoint
from cnmm_collectors.kubernetes.settings import Shared
from cnmm_collectors.kubernetes.shape import Object
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace by what it carries; `declared` where its own object was read."""

    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    declared: bool = True


@dataclass(slots=True)
class Hardening:
    """Pods of a namespace: hardened ones of those that are told, and how many are not."""

    passed: int = 0
    told: int = 0
    untold: int = 0


@dataclass(slots=True)
class PodFold:
    """Pods folded as they arrive: memory grows with workloads, not with pods.

    `tuned` is the day the youngest pod came whose requests an autoscaler set; `requesting` are the
    controllers by namespace whose pods ask for CPU.
    """

    namespaces: dict[str, Hardening] = field(default_factory=dict)
    endpoints: dict[tuple[str, str], set[Endpoint]] = field(default_factory=dict)
    watched: dict[str, set[str]] = field(default_factory=dict)
    tuned: str = ""
    requesting: dict[str, set[str]] = field(default_factory=dict)

    def add(self, pod: Pod) -> None:
        """Take one pod."""
        hardening = self.namespaces.setdefault(pod.namespace, Hardening())
        if pod.hardened is None:
            hardening.untold += 1
        else:
            hardening.told += 1
            hardening.passed += pod.hardened
        self.tuned = max(self.tuned, pod.tuned)
        if pod.asks:
            self.requesting.setdefault(pod.namespace, set()).add(pod.controller)
        if pod.eligible:
            self.endpoints.setdefault((pod.namespace, pod.controller), set()).add(pod.endpoint)
        if pod.ready and pod.node and pod.controller.startswith("DaemonSet "):
            for image in pod.images:
                self.watched.setdefault(image, set()).add(pod.node)

    def join(self, other: PodFold) -> None:
        """Take the pods of other namespaces."""
        self.namespaces |= other.namespaces
        self.endpoints |= other.endpoints
        self.tuned = max(self.tuned, other.tuned)
        for image, nodes in other.watched.items():
            self.watched.setdefault(image, set()).update(nodes)
        for namespace, controllers in other.requesting.items():
            self.requesting.setdefault(namespace, set()).update(controllers)


@dataclass(slots=True)
class View:
    """One cluster, live or as its manifests describe it.

    `lists` holds, for each resource, its objects, None where it is proven not to be served, or the fault;
    `holes` the namespaces in which a list was refused that others gave. `touched` is what was used since
    somebody last cleared it. `encrypted` are the Secrets, by namespace and name, that Git holds encrypted;
    `metrics` is what exports of a monitoring system say, None where there is none.
    """

    cluster: str
    environment: str
    source: str
    settings: Shared
    as_of: date
    discovery: Discovery
    namespaces: dict[str, Namespace] | KubeFault
    workloads: dict[Resource, list[Workload] | KubeFault]
    pods: PodFold | KubeFault
    lists: dict[Resource, Sequence[Object] | KubeFault | None] = field(default_factory=dict)
    documents: dict[Document, Mapping[str, str] | KubeFault | None] = field(default_factory=dict)
    looks: dict[Resource, Look] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    constraints: Sequence[tuple[str, Object]] | KubeFault = ()
    offered: dict[str, Sequence[Object] | KubeFault] = field(default_factory=dict)
    api_domains: tuple[str, ...] = ()
    encrypted: frozenset[tuple[str, str]] = frozenset()
    holes: dict[Resource, Mapping[str, KubeFault]] = field(default_factory=dict)
    touched: set[Resource] = field(default_factory=set)
    metrics: Kept | None = None
    _made: dict[str, tuple[Any, frozenset[Resource]]] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return what was made under a name before, else make it; raises what making it raises."""
        if name not in self._made:
            before, self.touched = self.touched, set()
            try:
                made = make()
            finally:
                used, self.touched = frozenset(self.touched), before | self.touched
            self._made[name] = made, used
        held: tuple[Made, frozenset[Resource]] = self._made[name]
        self.touched |= held[1]
        return held[0]

    def items(self, *resources: Resource) -> Sequence[Object]:
        """Return the objects of resources, none where one is not served; raises KubeFault."""
        found: list[Object] = []
        for resource in resources:
            held = self.lists.get(resource, KubeFault(f"{resource.name}: not read", Gap.NOT_COLLECTED))
            if isinstance(held, KubeFault):
                raise held
            found.extend(held or ())
        self.touched.update(resources)
        return found

    def serves(self, *resources: Resource) -> bool:
        """True where one of the resources is served; raises KubeFault."""
        self.items(*resources)
        return any(self.lists.get(one) is not None for one in resources)

    def offers(self) -> Mapping[str, Sequence[Object] | KubeFault]:
        """Return the instances of what the platform offers by kind, or why they were not read."""
        self.touched.update(one for one in self.holes if one.name in self.offered)
        return self.offered

    def document(self, one: Document) -> Mapping[str, str] | None:
        """Return a ConfigMap's kept keys, None where it is not there; raises KubeFault."""
        held = self.documents.get(one)
        if isinstance(held, KubeFault):
            raise held
        return held

    def tenants(self) -> dict[str, Namespace]:
        """Return the namespaces of the population: not the system's, and a workload or pod was seen there;
        raises KubeFault.
        """
        self.touched.add(NAMESPACES)
        return self.once("sorted", self._sorted)[0]

    def doubtful(self) -> dict[str, KubeFault]:
        """Return the namespaces where it was refused to see whether anything runs; raises KubeFault."""
        return self.once("sorted", self._sorted)[1]

    def _sorted(self) -> tuple[dict[str, Namespace], dict[str, KubeFault]]:
        known = need(self.namespaces)
        own = {name: one for name, one in known.items() if not self.settings.is_system(name)}
        used = {name for name, files in self.unread.items() if files}
        open_: dict[str, KubeFault] = {}
        for resource in (*WORKLOADS, *((PODS,) if self.source == "kubernetes" else ())):
            held = self.pods if resource is PODS else self.workloads.get(resource, [])
            if isinstance(held, KubeFault):
                open_ |= dict.fromkeys(own, held)
            else:
                used |= set(held.namespaces) if isinstance(held, PodFold) else {o.namespace for o in held}
                open_ |= self.holes.get(resource, {})
        tenants = {name: one for name, one in own.items() if name in used}
        return tenants, {name: open_[name] for name in own if name in open_ and name not in used}

    def all_workloads(self) -> list[Workload]:
        """Return every workload, system namespaces included; raises KubeFault."""
        self.touched.update(WORKLOADS)
        return [one for resource in WORKLOADS for one in need(self.workloads[resource])]

    def all_pods(self) -> PodFold:
        """Return the pods, folded; raises KubeFault."""
        self.touched.add(PODS)
        return need(self.pods)

    def unlooked(self) -> dict[str, KubeFault]:
        """Return the namespaces in which something that was touched could not be read, and why; raises
        KubeFault.
        """
        found = dict(self.doubtful()) if NAMESPACES in self.touched else {}
        for one in sorted(self.touched, key=lambda resource: resource.name):
            found |= self.holes.get(one, {})
        return found

    def by_namespace(self) -> dict[str, list[Workload]]:
        """Return the workloads of each namespace of the population; raises KubeFault."""
        return self.once("workloads", self._by_namespace)

    def _by_namespace(self) -> dict[str, list[Workload]]:
        found: dict[str, list[Workload]] = {name: [] for name in self.tenants()}
        for one in self.all_workloads():
            if one.namespace in found:
                found[one.namespace].append(one)
        return found

    def endpoints(self) -> dict[str, dict[str, set[Endpoint]]]:
        """Return, by namespace and workload, what decides about its transport; raises KubeFault.

        A mesh's own gateway is no workload of the namespace.
        """
        return self.once("endpoints", self._endpoints)

    def _endpoints(self) -> dict[str, dict[str, set[Endpoint]]]:
        found: dict[str, dict[str, set[Endpoint]]] = {name: {} for name in self.tenants()}
        if self.source == "kubernetes":
            for (namespace, controller), seen in self.all_pods().endpoints.items():
                if namespace in found and not all(one.gateway for one in seen):
                    found[namespace][controller] = seen
            return found
        for one in self.all_workloads():
            template = one.template
            if one.namespace in found and not template.host_network and not template.endpoint.gateway:
                found[one.namespace][f"{one.kind} {one.name}"] = {one.template.endpoint}
        return found


def need(held: Made | KubeFault) -> Made:
    """Return what was read; raises the KubeFault that stands in its place."""
    if isinstance(held, KubeFault):
        raise held
    return held
