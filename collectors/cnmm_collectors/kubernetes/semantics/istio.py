"""Istio: peer authentication with its inheritance, rules that undo it, and requests refused by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnmm_collectors.kubernetes.semantics.mtls import Endpoint, Verdict
from cnmm_collectors.kubernetes.shape import Object, ShapeFault, labels, mapping, objects, text

ROOT = "istio-system"
_MODES = ("UNSET", "DISABLE", "PERMISSIVE", "STRICT")


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
    if any(len(tier) > 1 and not all(one.created for one in tier) for tier in tiers):
        return Verdict(None, None, "two policies of one scope, and no age to choose by")
    chosen = _Scopes(*(min(tier, key=lambda one: one.created, default=None) for tier in tiers))
    mode, by = "PERMISSIVE", "no PeerAuthentication: permissive"
    for policy in (chosen.mesh, chosen.namespace, chosen.workload):
        if policy is not None and policy.mode != "UNSET":
            mode, by = policy.mode, f"PeerAuthentication {policy.namespace}/{policy.name}: {policy.mode}"
    ports = _ports(chosen.workload, mode, endpoint.mesh == "ambient")
    modes = {ports.get(port, mode) for port, _ in endpoint.ports} or {mode}
    if ports and chosen.workload is not None:
        by += f", ports by {chosen.workload.namespace}/{chosen.workload.name}"
    if endpoint.bypassed:
        by += ", ports kept out of the mesh"
    enrolled = endpoint.mesh == "ambient" or modes != {"DISABLE"}
    return Verdict(enrolled, modes == {"STRICT"} and not endpoint.bypassed, by)


def _ports(policy: PeerPolicy | None, mode: str, ambient: bool) -> Mapping[int, str]:
    if policy is None:
        return {}
    set_ = {port: value for port, value in policy.ports if value != "UNSET"}
    if ambient and policy.mode == "UNSET" and set(set_.values()) == {"DISABLE"} and mode == "STRICT":
        # The node proxy cannot disable: it drops a policy that asks for nothing else and stays strict.
        return {}
    return set_


def plain_hosts(rules: Iterable[Object]) -> frozenset[str]:
    """Return `namespace/host` of destination rules whose clients speak no mutual TLS; raises ShapeFault.

    A `tls` without a mode is mode zero, which is DISABLE.
    """
    found = set()
    for rule in rules:
        spec = mapping(rule, "spec")
        policies = [mapping(spec, "trafficPolicy")]
        policies += [mapping(subset, "trafficPolicy") for subset in objects(spec, "subsets")]
        policies += [port for policy in list(policies) for port in objects(policy, "portLevelSettings")]
        if any("tls" in one and text(one, "tls", "mode") in ("", "DISABLE") for one in policies):
            found.add(f"{text(rule, 'metadata', 'namespace')}/{text(spec, 'host')}")
    return frozenset(found)


def undoes(hosts: Iterable[str], namespace: str) -> bool | None:
    """Say whether clients of a namespace's services were told to speak plain text.

    True where a rule covers all of them, None where it covers some host there, False where none does.
    """
    found: bool | None = False
    for host in hosts:
        place, _, name = host.partition("/")
        parts = name.split(".")
        if name == "*" or (
            name.startswith("*.") and name[2:] in ("local", "cluster.local", "svc.cluster.local")
        ):
            return True
        target = parts[1] if len(parts) > 1 else place
        if target == namespace:
            if parts[0] == "*":
                return True
            found = None
    return found


def refuses_requests(policies: Iterable[Object], namespace: str, root: str = ROOT) -> tuple[bool, str]:
    """Say whether an authorization policy allows nothing by default in a namespace, and which one decided it;
    raises ShapeFault.
    """
    denying, opening = "", ""
    for policy in policies:
        meta, spec = mapping(policy, "metadata"), mapping(policy, "spec")
        place, name = text(meta, "namespace"), text(meta, "name")
        aimed = bool(labels(spec, "selector", "matchLabels")) or bool(
            spec.get("targetRefs") or spec.get("targetRef")
        )
        if place not in (namespace, root) or aimed or text(spec, "action") not in ("", "ALLOW"):
            continue
        if labels(meta, "annotations").get("istio.io/dry-run") == "true":
            continue
        rules = objects(spec, "rules")
        if not rules:
            denying = f"AuthorizationPolicy {place}/{name} allows nothing"
        elif any(not rule for rule in rules):
            opening = f"AuthorizationPolicy {place}/{name} allows everything"
    return bool(denying) and not opening, opening or denying or "no policy allows nothing by default"
