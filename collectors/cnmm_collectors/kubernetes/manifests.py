"""The manifests collector: what is written in Git about clusters, with the meaning live objects have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

from cnmm_collectors import registry
from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes import settings as options
from cnmm_collectors.kubernetes.client import Discovery
from cnmm_collectors.kubernetes.findings import Findings
from cnmm_collectors.kubernetes.kustomize import CLUSTER_SCOPED, Rendered
from cnmm_collectors.kubernetes.objects import KINDS, Workload, read_workload
from cnmm_collectors.kubernetes.reading import trim
from cnmm_collectors.kubernetes.resources import Resource
from cnmm_collectors.kubernetes.semantics.mtls import INHERITED, UNTOLD, declared_mesh
from cnmm_collectors.kubernetes.shape import Object, ShapeFault, labels, mapping, text
from cnmm_collectors.kubernetes.sources import Tree, list_files, read_files
from cnmm_collectors.kubernetes.view import Namespace, View
from cnmm_collectors.plugin import GitRepository, LedgerRow, Reader, Target, WorkItem, Yield
from cnmm_collectors.reader import GitFault
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap, SignalSpec
from cnmm_collectors.subjects import Subject, SubjectKind

_IRREGULAR = {
    ("policy.linkerd.io", "AuthorizationPolicy"): known.LINKERD_AUTHORIZATIONS,
    ("security.istio.io", "AuthorizationPolicy"): known.ISTIO_AUTHORIZATIONS,
}


def _plural(kind: str) -> str:
    lower = kind.lower()
    if lower.endswith("y"):
        return f"{lower[:-1]}ies"
    return f"{lower}es" if lower.endswith(("s", "sh", "x")) else f"{lower}s"


class ManifestsCollector:
    """Reads manifests of the clusters that the settings name from Git; implements `plugin.Collector`."""

    name: ClassVar[str] = "manifests"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("k8s",)) if any(one.name == "manifests" for one in spec.sources)
    )
    Settings: ClassVar[type[BaseModel]] = options.ManifestSettings

    def accepts(self, target: Target) -> bool:
        """True for a folder, a local repository or a clone URL."""
        return target.kind in ("git", "path")

    def plan(
        self, target: Target, settings: options.ManifestSettings, reader: Reader
    ) -> Iterator[WorkItem | Yield]:
        """Yield one item for each repository that the settings say describes a cluster."""
        if not settings.clusters:
            return
        remote = "://" in target.locator and not target.locator.startswith("file://")
        try:
            places = [(target.locator, "")] if remote else reader.git.find(target.locator)
        except GitFault:
            # The Git collector says so of the same target.
            return
        for locator, _ in places:
            wanted = _described(settings, locator)
            if wanted:
                placed = Target("git", locator, target.credential, None, target.facts)
                names = sorted({one.name for one in wanted})
                subjects = tuple(Subject.safe(SubjectKind.CLUSTER, name) for name in names)
                yield WorkItem(self.name, f"{' '.join(names)} {locator}", placed, subjects, personal=False)

    def collect(self, item: WorkItem, settings: options.ManifestSettings, reader: Reader) -> Iterator[Yield]:
        """Yield what a repository says about each cluster it describes."""
        try:
            repository = reader.git.open(item.target.locator, settings.max_seconds)
        except GitFault as fault:
            yield _lost(item.key, fault)
            return
        try:
            commit = repository.resolve()
            described = _described(settings, item.target.locator)
            for name in sorted({one.name for one in described}):
                entries = [one for one in described if one.name == name]
                yield from self._read(repository, commit, entries, settings, reader)
        except GitFault as fault:
            yield _lost(item.key, fault)
        finally:
            repository.close()

    def _read(
        self,
        repository: GitRepository,
        commit: str,
        entries: Sequence[options.ManifestCluster],
        settings: options.ManifestSettings,
        reader: Reader,
    ) -> Iterator[Yield]:
        name = entries[0].name
        if not commit:
            yield LedgerRow("manifests", "repository", name, 1, 1, detail="empty: no commit yet")
            return
        rendered = Rendered()
        total = read = 0
        for entry in entries:
            ids, skipped = list_files(repository, commit, entry.paths, settings.max_file_bytes)
            kept = dict(sorted(ids.items())[: settings.max_files])
            part = Tree(read_files(repository, kept)).render()
            part.unread += skipped + len(ids) - len(kept)
            rendered.take(part.placed(entry.namespace))
            total, read = total + len(ids) + skipped, read + len(kept)
        rendered = rendered.once()
        yield LedgerRow(
            "manifests", "file", name, total, read, total - read,
            detail=f"{len(rendered.objects)} objects, {rendered.untold} not told without running a tool",
        )  # fmt: skip
        view = describe(rendered, name, settings, reader)
        web = repository.web or "git"
        yield from Findings(view, self.signals, reader, f"{web}/tree/{commit}", commit).all()


def _described(settings: options.ManifestSettings, locator: str) -> list[options.ManifestCluster]:
    return [
        one for one in settings.clusters if locator.removesuffix(".git").rstrip("/").endswith(one.repository)
    ]


def _lost(about: str, fault: GitFault) -> LedgerRow:
    return LedgerRow(
        "manifests", "repository", about, 1, 0, failed=1, cause=fault.gap.value, detail=str(fault)
    )


def describe(rendered: Rendered, cluster: str, settings: options.ManifestSettings, reader: Reader) -> View:
    """Return manifests as a cluster would look that had been made from them and nothing else."""
    fault = KubeFault("manifests say nothing of pods", Gap.NOT_COLLECTED)
    view = View(
        cluster, "", "manifests", settings, reader.as_of, Discovery(), {}, {}, fault,
        lists=dict.fromkeys(known.SMALL, ()),
    )  # fmt: skip
    homeless = 0
    sorted_: dict[Resource, list[Object]] = {}
    for item in rendered.objects:
        try:
            item = trim(item)
            if item["kind"] not in CLUSTER_SCOPED and not text(item, "metadata", "namespace"):
                homeless += item["kind"] in KINDS.values()
                continue
            sorted_.setdefault(_resource(item), []).append(item)
        except ShapeFault:
            rendered.unread += 1
    rooms = _rooms(sorted_)
    view.namespaces = rooms
    for resource in known.WORKLOADS:
        view.workloads[resource] = list(_workloads(sorted_.get(resource, ()), resource, rooms, view.unread))
    view.encrypted = frozenset(
        (text(one, "metadata", "namespace"), text(one, "metadata", "name"))
        for one in sorted_.get(Resource("", "secrets"), ())
        # What SOPS wrote: names and structure in the clear, values encrypted, and a code over all of it.
        if text(mapping(one, "sops"), "mac")
    )
    view.lists.update({resource: held for resource, held in sorted_.items() if resource in view.lists})
    _doubt(view, rooms, rendered, homeless)
    return view


def _doubt(view: View, rooms: dict[str, Namespace], rendered: Rendered, homeless: int) -> None:
    """Count what is not told where it may matter: a workload in its namespace, anything else everywhere."""
    everywhere = homeless + rendered.unread
    for item in rendered.hidden:
        try:
            kind, place = text(item, "kind"), text(item, "metadata", "namespace")
            if kind == "Namespace":
                name = text(item, "metadata", "name")
                rooms[name] = Namespace(name, {}, {}, declared=False)
            elif kind in KINDS.values() and place:
                rooms.setdefault(place, Namespace(place, {}, {}, declared=False))
                view.unread[place] = view.unread.get(place, 0) + 1
            else:
                everywhere += 1
        except ShapeFault:
            everywhere += 1
    for name in rooms if everywhere else ():
        view.unread[name] = view.unread.get(name, 0) + everywhere


_BY_PLACE = {(one.group, one.plural): one for one in known.EVERYTHING}


def _resource(item: Object) -> Resource:
    group = text(item, "apiVersion").rpartition("/")[0]
    # The API spells the group of Calico's own policies otherwise than its store.
    group = "crd.projectcalico.org" if group == "projectcalico.org" else group
    plural = _plural(text(item, "kind"))
    return _IRREGULAR.get((group, text(item, "kind"))) or _BY_PLACE.get(
        (group, plural), Resource(group, plural)
    )


def _rooms(held: Mapping[Resource, Any]) -> dict[str, Namespace]:
    found = {
        text(one, "metadata", "namespace"): Namespace(
            text(one, "metadata", "namespace"), {}, {}, declared=False
        )
        for items in held.values()
        for one in items
        if text(one, "metadata", "namespace")
    }
    for one in held.get(known.NAMESPACES, ()):
        meta = mapping(one, "metadata")
        found[text(meta, "name")] = Namespace(
            text(meta, "name"), labels(meta, "labels"), labels(meta, "annotations")
        )
    return found


def _workloads(
    items: Any, resource: Resource, rooms: Mapping[str, Namespace], unread: dict[str, int]
) -> Iterator[Workload]:
    for item in items:
        place = text(item, "metadata", "namespace")
        try:
            room = rooms[place]
            taken = {key: value for key, value in room.annotations.items() if key in INHERITED}
            yield read_workload(item, KINDS[resource.plural], _mesh(item, room), taken)
        except ShapeFault:
            unread[place] = unread.get(place, 0) + 1


def _mesh(item: Object, room: Namespace) -> str:
    template = mapping(item, "spec", "template")
    meta = mapping(template, "metadata")
    mesh = declared_mesh(
        room.name, room.labels, room.annotations, labels(meta, "labels"), labels(meta, "annotations"),
        mapping(template, "spec"),
    )  # fmt: skip
    # Labels of a namespace that somebody else makes may put its pods into a mesh.
    return mesh if mesh or room.declared else UNTOLD
