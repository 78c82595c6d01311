"""Reading one live cluster: every list folded as it arrives, every refusal kept where its answer would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Generic, TypeVar

from cnmm_collectors.kubernetes import projects
from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.apart import Apart
from cnmm_collectors.kubernetes.client import Discovery, Listed, Served, discover, fold
from cnmm_collectors.kubernetes.objects import KINDS, read_pod, read_workload
from cnmm_collectors.kubernetes.resources import Document, Resource
from cnmm_collectors.kubernetes.settings import Settings
from cnmm_collectors.kubernetes.shape import Object, ShapeFault, labels, mapping, objects, text
from cnmm_collectors.kubernetes.view import Namespace, PodFold, View
from cnmm_collectors.plugin import KubeCluster, LedgerRow
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
Item = TypeVar("Item")


class Keep(Generic[Item]):
    """Keeps what a function makes of each item; what it makes nothing of is left out."""

    def __init__(self, make: Callable[[Object], Item | None]) -> None:
        self.items: list[Item] = []
        self._make = make

    def add(self, item: Object) -> None:
        """Take one item; raises ShapeFault."""
        made = self._make(item)
        if made is not None:
            self.items.append(made)

    def join(self, other: Keep[Item]) -> None:
        """Take what another list of the kind kept."""
        self.items += other.items


class Pods:
    """Folds pods."""

    def __init__(self) -> None:
        self.fold = PodFold()

    def add(self, item: Object) -> None:
        """Take one pod; raises ShapeFault."""
        pod = read_pod(item)
        if pod is not None:
            self.fold.add(pod)

    def join(self, other: Pods) -> None:
        """Take the pods of another list."""
        self.fold.join(other.fold)


def trim(item: Object) -> Object:
    """Return an object without its managed fields and the copy of itself; raises ShapeFault."""
    meta = dict(mapping(item, "metadata"))
    meta.pop("managedFields", None)
    notes = labels(meta, "annotations")
    notes.pop(LAST_APPLIED, None)
    return {**item, "metadata": {**meta, "annotations": notes}}


def stamp(item: Object) -> Object:
    """Return a report's namespace, labels and the time it was written last; raises ShapeFault."""
    meta = mapping(item, "metadata")
    times = [text(one, "time") for one in objects(meta, "managedFields")]
    newest = max((*times, text(meta, "creationTimestamp")))
    return {"metadata": {"namespace": text(meta, "namespace"), "name": text(meta, "name")}, "written": newest}


def named(item: Object) -> Namespace:
    """Return a namespace; raises ShapeFault."""
    meta = trim(item)["metadata"]
    return Namespace(text(meta, "name"), labels(meta, "labels"), labels(meta, "annotations"))


class ClusterReading:
    """One cluster being read; `ledger` says for each list what came of it."""

    def __init__(self, cluster: KubeCluster, name: str, page: int, single_lists: int) -> None:
        self._cluster, self._name, self._page = cluster, name, page
        self._apart = Apart(cluster, page, single_lists)
        self.ledger: list[LedgerRow] = []

    def read(self, settings: Settings, environment: str, as_of: date) -> View:
        """Return everything that can be read of the cluster."""
        discovery = discover(self._cluster)
        self._note("discovery", discovery.fault, len(discovery.groups))
        view = View(
            self._name, environment, "kubernetes", settings, as_of, discovery, {}, {}, PodFold(),
            api_domains=settings.api_domains,
        )  # fmt: skip
        rooms = self._list(view, known.NAMESPACES, lambda: Keep(named))
        view.namespaces = rooms if isinstance(rooms, KubeFault) else {one.name: one for one in rooms.items}
        # Pods come first: where an account may see some namespaces only, they tell which.
        pods = self._list(view, known.PODS, Pods)
        view.pods = pods if isinstance(pods, KubeFault) else pods.fold
        for resource in known.WORKLOADS:
            kind = KINDS[resource.plural]
            read = self._list(view, resource, lambda kind=kind: Keep(lambda one: read_workload(one, kind)))  # type: ignore[misc]
            view.workloads[resource] = read if isinstance(read, KubeFault) else read.items
        for resource in known.SMALL:
            make = stamp if resource in known.REPORTS else trim
            small = self._list(view, resource, lambda make=make: Keep(make), optional=not resource.version)  # type: ignore[misc]
            view.lists[resource] = small if small is None or isinstance(small, KubeFault) else small.items
        self._read_constraints(view)
        self._read_offered(view)
        for document in (*known.DOCUMENTS, *control_planes(view)):
            if document not in view.documents:
                view.documents[document] = self._document(document)
        return view

    def _list(
        self, view: View, resource: Resource, start: Callable[[], Any], optional: bool = False,
        offered: bool = False,
    ) -> Any:  # fmt: skip
        """Return the sink of a whole list, None where it is not served, or the fault.

        What the platform offers is asked for in single namespaces, as the kinds that decide in their own are.
        """
        served: Served | None = None
        try:
            served = view.discovery.find(resource)
            if served is None and optional:
                return None
            if served is None:
                raise KubeFault(f"{resource.name} is not served", Gap.NOT_VISIBLE)
            listed: Listed[Any] = fold(self._cluster, resource, served, start, self._page)
        except KubeFault as fault:
            told = KubeFault(f"{resource.name}: {fault}", fault.gap, fault.status)
            apart = resource in known.LOCAL or (offered and served is not None and served.namespaced)
            if served is not None and fault.status == 403 and apart:
                return self._by_namespace(view, resource, served, start, told)
            self._note(resource.name, told)
            return told
        self._apart.note(resource, _rooms(view))
        view.looks[resource] = listed.look
        self._note(resource.name, None, listed.look.items)
        return listed.kept

    def _by_namespace(
        self, view: View, resource: Resource, served: Served, start: Callable[[], Any], refused: KubeFault
    ) -> Any:
        """Return the sink of what single namespaces give of a list refused as a whole, or the fault."""
        rooms = _rooms(view)
        parts = self._apart.read(rooms, resource, served, start, refused)
        if isinstance(parts, KubeFault):
            self._note(resource.name, parts)
            return parts
        view.looks[resource] = parts.look
        view.holes[resource] = parts.holes
        self._note_parts(resource.name, len(rooms), parts.holes, parts.look.items)
        return parts.kept

    def _note_parts(self, what: str, asked: int, holes: Mapping[str, KubeFault], items: int) -> None:
        causes = sorted({one.gap.value for one in holes.values()})
        about, detail = f"{self._name} {what}", f"{items} items in {asked - len(holes)} namespaces"
        self.ledger.append(
            LedgerRow("kubernetes", "list", about, asked, asked - len(holes), failed=len(holes),
                      cause=causes[0] if causes else "", detail=f"{detail}; the whole list is refused")
        )  # fmt: skip

    def _read_constraints(self, view: View) -> None:
        """Read every kind of Gatekeeper constraint: each template makes one of its own."""
        found: list[tuple[str, Object]] = []
        try:
            for plural in view.discovery.plurals(known.GATEKEEPER_GROUP):
                resource = Resource(known.GATEKEEPER_GROUP, plural, False)
                read = self._list(view, resource, lambda: Keep(trim), optional=True)
                if isinstance(read, KubeFault):
                    raise read
                found += [(plural, one) for one in (read.items if read else ())]
            view.constraints = found
        except KubeFault as fault:
            view.constraints = fault

    def _read_offered(self, view: View) -> None:
        """Read the instances of what the platform offers, and of the organisation's own kinds."""
        view.offered |= _undescribed(view.discovery, view.api_domains)
        try:
            wanted = sorted(set(_offers(view)) | set(_own(view.discovery, view.api_domains)))
        except ShapeFault as fault:
            view.offered["*"] = KubeFault(f"platform definitions: {fault}", fault.gap)
            return
        for group, plural in wanted:
            resource = Resource(group, plural)
            read = self._list(view, resource, lambda: Keep(instance), optional=True, offered=True)
            name = f"{plural}.{group}"
            if read is not None:
                view.offered[name] = read if isinstance(read, KubeFault) else read.items

    def _document(self, document: Document) -> Mapping[str, str] | KubeFault | None:
        about = f"configmap {document.namespace}/{document.name}"
        try:
            data = labels(self._cluster.get(document.path), "data")
        except KubeFault as fault:
            if fault.status == 404:
                self._note(about, None, 0)
                return None
            told = KubeFault(f"{about}: {fault}", fault.gap, fault.status)
            self._note(about, told)
            return told
        except ShapeFault as shape:
            told = KubeFault(f"{about}: {shape}", shape.gap)
            self._note(about, told)
            return told
        self._note(about, None, 1)
        return {key: value for key, value in data.items() if key in document.keys}

    def _note(self, what: str, fault: KubeFault | None, items: int = 0) -> None:
        about = f"{self._name} {what}"
        if fault is None:
            self.ledger.append(LedgerRow("kubernetes", "list", about, 1, 1, detail=f"{items} items"))
            return
        row = LedgerRow("kubernetes", "list", about, 1, 0, failed=1, cause=fault.gap.value, detail=str(fault))
        self.ledger.append(row)


def _rooms(view: View) -> list[str]:
    return [] if isinstance(view.namespaces, KubeFault) else sorted(view.namespaces)


def instance(item: Object) -> Object:
    """Return an instance's place, times, conditions and who made it; raises ShapeFault."""
    meta = mapping(item, "metadata")
    return {
        "metadata": {
            "namespace": text(meta, "namespace"), "name": text(meta, "name"),
            "creationTimestamp": text(meta, "creationTimestamp"), "generateName": text(meta, "generateName"),
        },
        "managers": [text(one, "manager") for one in objects(meta, "managedFields")],
        "owned": bool(objects(meta, "ownerReferences")),
        "conditions": [dict(one) for one in objects(item, "status", "conditions")],
    }  # fmt: skip


def _offers(view: View) -> Iterator[tuple[str, str]]:
    """Yield group and plural of every kind that a platform definition generates."""
    for definition in _held(view, known.COMPOSITES):
        spec = mapping(definition, "spec")
        claims = text(spec, "claimNames", "plural")
        yield text(spec, "group"), claims or text(spec, "names", "plural")
    for graph in _held(view, known.GRAPHS):
        schema = mapping(graph, "spec", "schema")
        group, kind = text(schema, "group") or "kro.run", text(schema, "kind").lower()
        plurals = [plural for found, plural in view.discovery.resources if found == group]
        # A group that could not be described has none to find: asking for one tells why.
        named = [plural for plural in plurals if plural.startswith(kind)]
        yield from ((group, plural) for plural in named or [f"{kind}s"])
    for promise in _held(view, known.PROMISES):
        spec = mapping(promise, "spec", "api", "spec")
        yield text(spec, "group"), text(spec, "names", "plural")


def _held(view: View, resource: Resource) -> list[Object]:
    return list(need_or(view.lists.get(resource), ()))


def _undescribed(discovery: Discovery, domains: tuple[str, ...]) -> dict[str, KubeFault]:
    """Return what stands for own kinds that discovery could not name."""
    if not domains:
        return {}
    broken = {f"*.{group}": fault for group, fault in discovery.broken.items() if _is_own(group, domains)}
    return broken if discovery.fault is None else {"*": discovery.fault, **broken}


def _is_own(group: str, domains: tuple[str, ...]) -> bool:
    return any(group == domain or group.endswith(f".{domain}") for domain in domains)


def _own(discovery: Discovery, domains: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for group, plural in discovery.resources:
        if _is_own(group, domains):
            yield group, plural


def control_planes(view: View) -> Iterator[Document]:
    """Yield where each of Istio's control planes keeps its mesh configuration."""
    for workload in need_or(view.workloads.get(known.DEPLOYMENTS), ()):
        if any(projects.names(image, "istio/pilot") for image in workload.template.images):
            revision = workload.labels.get("istio.io/rev", "default")
            name = "istio" if revision in ("", "default") else f"istio-{revision}"
            yield Document(workload.namespace, name, known.ISTIO_CONFIG.keys)


def need_or(held: Any, otherwise: Any) -> Any:
    """Return what was read, something else where it was not."""
    return otherwise if held is None or isinstance(held, KubeFault) else held
