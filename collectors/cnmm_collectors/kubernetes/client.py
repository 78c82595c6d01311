"""Discovery and lists of one cluster: complete, or a fault that says why not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from cnmm_collectors.kubernetes.resources import Resource
from cnmm_collectors.kubernetes.shape import Object, ShapeFault, flag, mapping, number, objects, text, texts
from cnmm_collectors.plugin import KubeCluster
from cnmm_collectors.reader.kube import JSON, METADATA, KubeFault
from cnmm_collectors.signals import Gap

PAGE = 500
MOST_PAGES = 20_000
_AGGREGATED = (
    f"{JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    f"{JSON};g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,{JSON}"
)


@dataclass(frozen=True, slots=True)
class Served:
    """One resource as one version serves it."""

    version: str
    namespaced: bool
    listed: bool


@dataclass(slots=True)
class Discovery:
    """What the API server serves; `broken` are groups it could not describe, `fault` why it is not whole."""

    resources: dict[tuple[str, str], list[Served]] = field(default_factory=dict)
    broken: dict[str, KubeFault] = field(default_factory=dict)
    fault: KubeFault | None = None
    groups: set[str] = field(default_factory=set)

    def find(self, resource: Resource) -> Served | None:
        """Return how a resource is served, None where it is proven not to be; raises KubeFault."""
        served = self.resources.get((resource.group, resource.plural), [])
        listed = next((one for one in served if one.listed), None)
        if listed is not None:
            return listed
        if served:
            raise KubeFault(f"{resource.name} cannot be listed", Gap.UNSUPPORTED)
        # What every API server has can be asked for where discovery said nothing.
        if resource.version and (self.fault or resource.group in self.broken):
            return Served(resource.version, resource.namespaced, True)
        if self.fault is not None:
            raise self.fault
        if resource.group in self.broken:
            raise self.broken[resource.group]
        return None

    def plurals(self, group: str) -> list[str]:
        """Return the plurals a group serves, sorted; raises KubeFault where that is not known."""
        if self.fault is not None:
            raise self.fault
        if group in self.broken:
            raise self.broken[group]
        return sorted(plural for found, plural in self.resources if found == group)


def discover(cluster: KubeCluster) -> Discovery:
    """Return what a cluster serves; whatever went wrong is inside."""
    found = Discovery()
    for root in ("/api", "/apis"):
        try:
            _read_root(cluster, root, found)
        except KubeFault as fault:
            found.fault = fault
        except ShapeFault as fault:
            found.fault = KubeFault(f"discovery at {root}: {fault}", fault.gap)
    return found


def _read_root(cluster: KubeCluster, root: str, found: Discovery) -> None:
    answer = cluster.get(root, accept=_AGGREGATED)
    kind = text(answer, "kind")
    if kind == "APIGroupDiscoveryList":
        for group in objects(answer, "items"):
            _take_group(group, found)
    elif kind == "APIVersions":
        for version in texts(answer, "versions"):
            _read_version(cluster, "", version, found)
    elif kind == "APIGroupList":
        for group in objects(answer, "groups"):
            for one in objects(group, "versions"):
                _read_version(cluster, text(group, "name"), text(one, "version"), found)
    else:
        raise KubeFault(f"discovery at {root} answered with an unknown kind", Gap.MALFORMED)


def _take_group(group: Object, found: Discovery) -> None:
    name = text(group, "metadata", "name")
    found.groups.add(name)
    for version in objects(group, "versions"):
        if text(version, "freshness") == "Stale":
            found.broken[name] = KubeFault(f"the server behind {name} is down", Gap.UNREACHABLE)
        for one in objects(version, "resources"):
            namespaced = text(one, "scope") == "Namespaced"
            served = Served(text(version, "version"), namespaced, "list" in texts(one, "verbs"))
            found.resources.setdefault((name, text(one, "resource")), []).append(served)


def _read_version(cluster: KubeCluster, group: str, version: str, found: Discovery) -> None:
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    found.groups.add(group)
    try:
        answer = cluster.get(path)
        if text(answer, "kind") != "APIResourceList":
            raise KubeFault(f"{path} answered with an unknown kind", Gap.MALFORMED)
        for one in objects(answer, "resources"):
            plural = text(one, "name")
            if "/" not in plural:
                served = Served(version, flag(one, "namespaced") is True, "list" in texts(one, "verbs"))
                found.resources.setdefault((group, plural), []).append(served)
    except KubeFault as fault:
        found.broken[group] = fault
    except ShapeFault as fault:
        found.broken[group] = KubeFault(f"{path}: {fault}", fault.gap)


class Sink(Protocol):
    """Takes the items of a list one after the other and keeps only what it needs of them."""

    def add(self, item: Object) -> None:
        """Take one item; raises ShapeFault."""
        ...


Kept = TypeVar("Kept", bound=Sink)


@dataclass(frozen=True, slots=True)
class Look:
    """One complete list: where it was read, how many items in how many pages, and their digest."""

    path: str
    items: int
    pages: int
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Listed(Generic[Kept]):
    """What a sink kept of a complete list."""

    kept: Kept
    look: Look


def joined(looks: Sequence[Look]) -> Look:
    """Return the looks at single namespaces as one."""
    digest = hashlib.sha256("".join(one.digest for one in looks).encode("ascii")).hexdigest()
    items, pages = sum(one.items for one in looks), sum(one.pages for one in looks)
    return Look(looks[0].path, items, pages, "", digest)


def fold(
    cluster: KubeCluster, resource: Resource, served: Served, start: Callable[[], Kept], page: int = PAGE,
    namespace: str = "",
) -> Listed[Kept]:  # fmt: skip
    """Return a whole list, or that of a namespace, folded into a new sink; raises KubeFault.

    An expired list is begun again once.
    """
    accept = METADATA if resource.metadata else JSON
    for again in (True, False):
        sink = start()
        try:
            return Listed(sink, _fill(cluster, resource.path(served.version, namespace), accept, sink, page))
        except ShapeFault as fault:
            raise KubeFault(f"{resource.name}: {fault}", fault.gap) from None
        except KubeFault as fault:
            if fault.status != 410 or not again:
                raise
    raise KubeFault(f"{resource.name}: changes faster than it can be read", Gap.STALE)


def _fill(cluster: KubeCluster, path: str, accept: str, sink: Sink, page: int) -> Look:
    seen = hashlib.sha256()
    count = pages = 0
    version = ""
    for answer in _pages(cluster, path, accept, page):
        pages += 1
        version = version or text(answer, "metadata", "resourceVersion")
        for item in objects(answer, "items"):
            meta = mapping(item, "metadata")
            name = f"{text(meta, 'namespace')}/{text(meta, 'name')}/{text(meta, 'resourceVersion')}\n"
            seen.update(name.encode("utf-8", "surrogatepass"))
            sink.add(item)
            count += 1
    return Look(path, count, pages, version, seen.hexdigest())


def _pages(cluster: KubeCluster, path: str, accept: str, page: int) -> Iterator[Mapping[str, Any]]:
    follow = ""
    for _ in range(MOST_PAGES):
        query = [("limit", str(page))] + ([("continue", follow)] if follow else [])
        answer = cluster.get(path, query, accept)
        if not text(answer, "kind").endswith("List"):
            raise KubeFault(f"{path} answered with something that is no list", Gap.MALFORMED)
        if accept == METADATA and text(answer, "kind") != "PartialObjectMetadataList":
            raise KubeFault(f"{path} cannot be read as metadata", Gap.UNSUPPORTED)
        yield answer
        last, follow = follow, text(answer, "metadata", "continue")
        if not follow:
            if number(answer, "metadata", "remainingItemCount"):
                raise KubeFault(f"{path} ended before its last item", Gap.MALFORMED)
            return
        if follow == last:
            break
    raise KubeFault(f"{path} never ends", Gap.MALFORMED)
