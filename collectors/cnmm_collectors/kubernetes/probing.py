"""What a credential may read of a cluster, said before a scan: each refusal, and what it leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.client import Discovery, discover
from cnmm_collectors.kubernetes.resources import Document, Resource
from cnmm_collectors.kubernetes.shape import ShapeFault, number, objects, text
from cnmm_collectors.plugin import KubeCluster, Probe
from cnmm_collectors.reader.kube import JSON, METADATA, KubeFault
from cnmm_collectors.signals import Gap, SignalSpec

_EACH = 5
"""How many refusals of one cause are told one by one."""
_NEEDS = "get, list: as in deploy/clusterrole.yaml"


def check_credential(api: KubeCluster) -> None:
    """Raise KubeFault where the cluster takes the caller for nobody, or does not answer at all.

    A login program that fails leaves the client anonymous without a word: only an answer tells.
    """
    try:
        api.get("/api/v1/namespaces", (("limit", "1"),))
    except KubeFault as fault:
        if fault.status == 401 or (fault.status == 0 and fault.gap is Gap.UNREACHABLE):
            raise


def probe_cluster(
    api: KubeCluster, signals: Sequence[SignalSpec], domains: Sequence[str] = (), single_lists: int = 0
) -> Iterator[Probe]:
    """Yield how many kinds of objects can be read, then one answer for each that cannot; `domains` are those
    of the organisation's own API groups, `single_lists` how often a scan may ask single namespaces.
    """
    every = tuple(spec.id for spec in signals)
    try:
        check_credential(api)
    except KubeFault as fault:
        yield Probe("cluster", every, False, str(fault), gap=fault.gap)
        return
    discovery = discover(api)
    if discovery.fault is not None:
        detail = f"{discovery.fault}; nothing can be proven absent"
        yield Probe("discovery", every, False, detail, "get: /api, /apis", discovery.fault.gap)
    refused: list[tuple[Resource, KubeFault]] = []
    readable = absent = 0
    for resource in (*known.EVERYTHING, *_generated(discovery, domains)):
        try:
            served = discovery.find(resource)
            if served is None:
                absent += 1
                continue
            accept = METADATA if resource.metadata else JSON
            api.get(resource.path(served.version), (("limit", "1"),), accept)
            readable += 1
        except KubeFault as fault:
            refused.append((resource, fault))
    about = f"{readable} kinds of objects, {absent} more not installed"
    yield Probe(about, every, True)
    yield from _probe_refused(refused, signals, _price(api, refused, single_lists))
    yield from _probe_documents(api, signals)


def _price(api: KubeCluster, refused: Sequence[tuple[Resource, KubeFault]], single_lists: int) -> str:
    """Return that single namespaces are asked, and how often at most over all kinds that are refused."""
    apart = sum(one in known.LOCAL and fault.status == 403 for one, fault in refused)
    rooms = _count_namespaces(api) if apart else None
    if rooms is None:
        return "a scan asks single namespaces"
    return f"a scan asks {rooms} single namespaces, up to {min(single_lists, apart * rooms)} calls in all"


def _count_namespaces(api: KubeCluster) -> int | None:
    """Return how many namespaces there are, None where the cluster does not say."""
    try:
        answer = api.get(known.NAMESPACES.path("v1"), (("limit", "1"),))
        left = number(answer, "metadata", "remainingItemCount")
        if left is None and text(answer, "metadata", "continue"):
            return None
        return len(objects(answer, "items")) + (left or 0)
    except (KubeFault, ShapeFault):
        return None


def _probe_refused(
    refused: Sequence[tuple[Resource, KubeFault]], signals: Sequence[SignalSpec], price: str
) -> Iterator[Probe]:
    """Yield an answer for each kind that is refused, or one for all where there are many of one cause."""
    by_cause: dict[tuple[str, Gap], list[Resource]] = {}
    for resource, fault in refused:
        by_cause.setdefault((str(fault), fault.gap), []).append(resource)
    for (said, gap), kinds in by_cause.items():
        if len(kinds) <= _EACH:
            for one in kinds:
                yield Probe(
                    shown(one), using(one, signals), False, _said(said, gap, (one,), price), _NEEDS, gap
                )
            continue
        asked = {name for one in kinds for name in using(one, signals)}
        names = ", ".join(one.plural for one in kinds)
        about = f"{len(kinds)} kinds of objects"
        yield Probe(
            about, tuple(sorted(asked)), False, f"{_said(said, gap, kinds, price)}: {names}", _NEEDS, gap
        )


def _said(fault: str, gap: Gap, kinds: Sequence[Resource], price: str) -> str:
    apart = gap is Gap.NOT_PERMITTED and any(one in known.LOCAL for one in kinds)
    return f"{fault}; {price}" if apart else fault


def shown(resource: Resource) -> str:
    """Return `rolebindings (rbac.authorization.k8s.io)`, which a narrow column can break."""
    return f"{resource.plural} ({resource.group})" if resource.group else resource.plural


def _generated(discovery: Discovery, domains: Sequence[str]) -> Iterator[Resource]:
    """Yield the kinds no list can name: Gatekeeper's constraints, and the organisation's own."""
    for group, plural in discovery.resources:
        own = any(group == domain or group.endswith(f".{domain}") for domain in domains)
        if group == known.GATEKEEPER_GROUP or own:
            yield Resource(group, plural)


def _probe_documents(api: KubeCluster, signals: Sequence[SignalSpec]) -> Iterator[Probe]:
    """Yield the ConfigMaps that may not be read; one that is not there hides nothing."""
    for document in known.DOCUMENTS:
        try:
            api.get(document.path)
        except KubeFault as fault:
            if fault.status != 404:
                about = f"configmap {document.namespace}/{document.name}"
                needs = f"get: {about}, where it exists"
                yield Probe(about, _naming(document, signals), False, str(fault), needs, fault.gap)


def using(resource: Resource, signals: Sequence[SignalSpec]) -> tuple[str, ...]:
    """Return the signals whose declared permission names a resource, or every kind of its group."""
    asked = {resource.plural, resource.name, resource.group} - {""}
    if not resource.group or resource.version:
        # What every API server has is named by its plural; its group would name too much.
        asked = {resource.plural}
    return tuple(spec.id for spec in signals if asked & _words(spec))


def _naming(document: Document, signals: Sequence[SignalSpec]) -> tuple[str, ...]:
    return tuple(spec.id for spec in signals if document.name in _words(spec))


def _words(spec: SignalSpec) -> set[str]:
    permission = next((one.permission for one in spec.sources if one.name == "kubernetes"), "")
    return {word.strip(" ,;()") for word in permission.split()}
