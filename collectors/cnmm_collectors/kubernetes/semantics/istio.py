"""Istio: peer authentication with its inheritance, rules that undo it, and requests refused by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnmm_collectors.kubernetes.semantics.mtls import REVISIONS, Endpoint, Verdict
from cnmm_collectors.kubernetes.shape import Object, ShapeFault, labels, mapping, objects, text, texts

ROOT = "istio-system"
_MODES = ("UNSET", "DISABLE", "PERMISSIVE", "STRICT")
_TLS_MODE = "security.istio.io/tlsMode"


@dataclass(frozen=True, slots=True)
class PeerPolicy:
    """A PeerAuthentication: mode `UNSET` inherits; `ports` are container ports."""

    namespace: str
    name: str
    created: str
    selector: tuple[tuple[str, str], ...]
    mode: str
    ports: tuple[tuple[int, str], ...]


def read_peer(item: Object) -> PeerPolicy:
    """Return what a PeerAuthentication says; raises ShapeFault."""
    meta, spec = mapping(item, "metadata"), mapping(item, "spec")
    ports = []
    for port, value in mapping(spec, "portLevelMtls").items():
        if not port.isdigit() or not isinstance(value, dict):
            raise ShapeFault("portLevelMtls holds what is not a port")
        ports.append((int(port), _mode(value)))
    return PeerPolicy(
        text(meta, "namespace"), text(meta, "name"), text(meta, "creationTimestamp"),
        tuple(sorted(labels(spec, "selector", "matchLabels").items())),
        _mode(mapping(spec, "mtls")), tuple(sorted(ports)),
    )  # fmt: skip


def _mode(holder: Object) -> str:
    mode = text(holder, "mode") or "UNSET"
    if mode not in _MODES:
        raise ShapeFault("an mTLS mode is not known")
    return mode


@dataclass(frozen=True, slots=True)
class _Scopes:
    mesh: PeerPolicy | None
    namespace: PeerPolicy | None
    workload: PeerPolicy | None


def judge(endpoint: Endpoint, policies: Sequence[PeerPolicy], root: str = ROOT) -> Verdict:
    """Return what mesh, namespace and workload policies make of a pod in the mesh.

    The oldest policy of a scope counts and the rest are ignored; where two have no age, it is not told.
    """
    carried = dict(endpoint.labels)
    here = [one for one in policies if one.namespace in (endpoint.namespace, root)]
    own = [one for one in here if one.selector and one.namespace == endpoint.namespace != root]
    tiers = (
        [one for one in here if not one.selector and one.namespace == root],
        [one for one in here if not one.selector and one.namespace == endpoint.namespace != root],
        [one for one in own if all(carried.get(key) == value for key, value in one.selector)],
    )
    if any(set(dict(one.selector)) & set(REVISIONS) for one in own):
        return Verdict(None, None, "a policy selects single pods of a workload")
    if any(len(tier) > 1 and not all(one.created for one in tier) for tier in tiers):
        return Verdict(None, None, "two policies of one scope, and no age to choose by")
    chosen = _Scopes(*(min(tier, key=lambda one: one.created, default=None) for tier in tiers))
    mode, by = "PERMISSIVE", "no PeerAuthentication: permissive"
    for policy in (chosen.mesh, chosen.namespace, chosen.workload):
        if policy is not None and policy.mode != "UNSET":
            mode, by = policy.mode, f"PeerAuthentication {policy.namespace}/{policy.name}: {policy.mode}"
    return _port_by_port(endpoint, chosen.workload, mode, by)


def _port_by_port(endpoint: Endpoint, workload: PeerPolicy | None, mode: str, by: str) -> Verdict:
    """Return the verdict after exceptions for ports; one for a port that is not declared leaves it open."""
    ports = _ports(workload, mode, endpoint.mesh == "ambient")
    modes = {ports.get(port, mode) for port, _ in endpoint.ports} or {mode}
    strict: bool | None = modes == {"STRICT"} and not endpoint.bypassed
    if ports and workload is not None:
        by += f", ports by {workload.namespace}/{workload.name}"
        others = set(ports) - {port for port, _ in endpoint.ports}
        if strict and any(ports[port] != "STRICT" for port in others):
            strict, by = None, f"{by}, one of them not declared by the pod"
    if endpoint.bypassed:
        by += ", ports kept out of the mesh"
    enrolled = endpoint.mesh == "ambient" or modes != {"DISABLE"}
    if not strict and dict(endpoint.labels).get(_TLS_MODE, "istio") != "istio":
        return Verdict(False, strict, f"{by}, and the pod's label {_TLS_MODE} keeps callers from it")
    return Verdict(enrolled, strict, by)


def _ports(policy: PeerPolicy | None, mode: str, ambient: bool) -> Mapping[int, str]:
    if policy is None:
        return {}
    set_ = {port: value for port, value in policy.ports if value != "UNSET"}
    if ambient and policy.mode == "UNSET" and set(set_.values()) == {"DISABLE"} and mode == "STRICT":
        # The node proxy cannot disable: it drops a policy that asks for nothing else and stays strict.
        return {}
    return set_


def refuses_requests(policies: Iterable[Object], namespace: str, root: str = ROOT) -> tuple[bool, str]:
    """Say whether what no policy allows is refused in a namespace, and which policy decided it; raises
    ShapeFault.

    Once one ALLOW policy covers a workload, only what some policy allows gets in.
    """
    denying, opening = "", ""
    for policy in policies:
        meta, spec = mapping(policy, "metadata"), mapping(policy, "spec")
        place, name = text(meta, "namespace"), text(meta, "name")
        aimed = bool(mapping(spec, "selector", "matchLabels")) or bool(
            spec.get("targetRefs") or spec.get("targetRef")
        )
        if place not in (namespace, root) or aimed or text(spec, "action") not in ("", "ALLOW"):
            continue
        if labels(meta, "annotations").get("istio.io/dry-run") == "true":
            continue
        rules = objects(spec, "rules")
        if any(_allows_everybody(rule) for rule in rules):
            opening = f"AuthorizationPolicy {place}/{name} allows everything"
        else:
            denying = f"AuthorizationPolicy {place}/{name} allows {'some requests' if rules else 'nothing'}"
    return bool(denying) and not opening, opening or denying or "no policy refuses requests by default"


def _allows_everybody(rule: Object) -> bool:
    """True for a rule that asks nothing of a request, or only that it comes from somewhere."""
    if objects(rule, "to") or objects(rule, "when"):
        return False
    callers = [mapping(one, "source") for one in objects(rule, "from")]
    return not callers or any(
        set(one) <= {"ipBlocks", "remoteIpBlocks"}
        and "0.0.0.0/0" in (*texts(one, "ipBlocks"), *texts(one, "remoteIpBlocks"))
        for one in callers
    )
