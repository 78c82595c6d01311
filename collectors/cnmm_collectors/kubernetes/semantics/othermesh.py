"""Kuma, Consul and Cilium: identity, and whether callers without one are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnmm_collectors.kubernetes.semantics import ciliumpolicy
from cnmm_collectors.kubernetes.semantics.mtls import Endpoint, Verdict
from cnmm_collectors.kubernetes.shape import Object, flag, labels, mapping, objects, selects_all, text

MTLS_LABEL = "io.cilium/mtls-enabled"
KUMA_SYSTEM = ("kuma-system", "kong-mesh-system")


@dataclass(frozen=True, slots=True)
class Kuma:
    """Kuma's objects: meshes, what overrides their modes, identities, and who may call whom."""

    meshes: Sequence[Object] = ()
    tls: Sequence[Object] = ()
    identities: Sequence[Object] = ()
    permissions: Sequence[Object] = ()

    def of(self, held: Sequence[Object], endpoint: Endpoint, mesh: str) -> list[Object]:
        """Return the policies of a pod's mesh: those of the control plane's namespace and of its own; raises
        ShapeFault.
        """
        places = (*KUMA_SYSTEM, endpoint.namespace, "")
        return [
            one
            for one in held
            if labels(one, "metadata", "labels").get("kuma.io/mesh", "default") == mesh
            and text(one, "metadata", "namespace") in places
        ]


def mesh_of(endpoint: Endpoint, room: Mapping[str, str]) -> str:
    """Return the name of the mesh a pod is in: as it says, else as its namespace does, else `default`."""
    return (
        dict(endpoint.labels).get("kuma.io/mesh") or endpoint.plane or room.get("kuma.io/mesh") or "default"
    )


def judge_kuma(endpoint: Endpoint, room: Mapping[str, str], kuma: Kuma) -> Verdict:
    """Return what a pod's mesh gives it; a MeshTLS for part of the mesh is not told; raises ShapeFault."""
    name = mesh_of(endpoint, room)
    mesh = next((one for one in kuma.meshes if text(one, "metadata", "name") == name), None)
    if mesh is None:
        return Verdict(None, None, f"Mesh {name} was not found")
    backend = _backend(mesh)
    identified = any(_identifies(one, endpoint) for one in kuma.of(kuma.identities, endpoint, name))
    if backend is None and not identified:
        return Verdict(
            False, False, f"Mesh {name} has no mutual TLS backend, and no MeshIdentity selects the pod"
        )
    mode = "STRICT" if backend is None else (text(backend, "mode") or "STRICT")
    by = f"Mesh {name}: {mode}"
    for policy in kuma.of(kuma.tls, endpoint, name):
        modes = {
            text(rule, "default", "mode")
            for rule in (*objects(policy, "spec", "rules"), *objects(policy, "spec", "from"))
        } - {""}
        if modes and not _is_wide(policy):
            return Verdict(True, None, "a MeshTLS covers part of the mesh")
        if modes:
            mode = "PERMISSIVE" if "Permissive" in modes else "STRICT"
            by = f"MeshTLS {text(policy, 'metadata', 'name')}: {mode}"
    return Verdict(True, mode == "STRICT" and not endpoint.bypassed, by)


def _is_wide(policy: Object) -> bool:
    """True for a policy of every proxy of the mesh, or of its namespace."""
    target = mapping(policy, "spec", "targetRef")
    narrowed = any(target.get(key) for key in ("name", "labels", "tags", "sectionName", "proxyTypes"))
    return text(target, "kind") in ("", "Mesh", "Dataplane") and not narrowed


def _identifies(identity: Object, endpoint: Endpoint) -> bool:
    """True where a MeshIdentity selects a pod; one without a selector of proxies selects none."""
    chosen = mapping(identity, "spec", "selector")
    if "dataplane" not in chosen:
        return False
    wanted = mapping(chosen, "dataplane", "matchLabels")
    return set(wanted.items()) <= set(endpoint.labels)


def _backend(mesh: Object) -> Object | None:
    mtls = mapping(mesh, "spec", "mtls")
    enabled = text(mtls, "enabledBackend")
    if not enabled:
        return None
    return next((one for one in objects(mtls, "backends") if text(one, "name") == enabled), {})


def kuma_refuses(endpoint: Endpoint, room: Mapping[str, str], kuma: Kuma) -> tuple[bool | None, str]:
    """Say whether a mesh lets in only what a permission allows, and what decided it; raises ShapeFault.

    With mutual TLS on, what no MeshTrafficPermission allows is refused; without it, none has an effect.
    """
    verdict = judge_kuma(endpoint, room, kuma)
    if not verdict.enrolled:
        return verdict.enrolled, verdict.by
    for policy in kuma.of(kuma.permissions, endpoint, mesh_of(endpoint, room)):
        if _is_wide(policy) and _lets_everybody(policy):
            return False, f"MeshTrafficPermission {text(policy, 'metadata', 'name')} allows everybody"
    return True, "mutual TLS, and no permission for everybody"


def _lets_everybody(policy: Object) -> bool:
    older = any(
        text(one, "default", "action") in ("Allow", "AllowWithShadowDeny")
        and text(one, "targetRef", "kind") in ("", "Mesh")
        and not one.get("targetRef", {}).get("proxyTypes")
        for one in objects(policy, "spec", "from")
    )
    newer = any(
        not allowed or allowed == {"spiffeID": {"type": "Prefix", "value": "spiffe://"}}
        for rule in objects(policy, "spec", "rules")
        for allowed in objects(rule, "default", "allow")
    )
    return older or newer


@dataclass(frozen=True, slots=True)
class Consul:
    """Consul's configuration entries as they are kept in the cluster."""

    defaults: Sequence[Object] = ()
    services: Sequence[Object] = ()
    meshes: Sequence[Object] = ()
    intentions: Sequence[Object] = ()


def judge_consul(endpoint: Endpoint, consul: Consul) -> Verdict:
    """Return what Consul gives a pod; raises ShapeFault.

    Strict unless an entry says permissive, which counts only where the mesh allows it at all. Entries may
    also be kept in Consul alone: without the global one nothing is told.
    """
    if endpoint.bypassed:
        return Verdict(True, False, "the pod's own ports can be reached past its proxy")
    if not consul.defaults:
        return Verdict(True, None, "Consul's configuration entries are not kept in the cluster")
    allowed = any(flag(one, "spec", "allowEnablingPermissiveMutualTLS") for one in consul.meshes)
    if allowed and any(text(one, "spec", "mutualTLSMode") == "permissive" for one in consul.defaults):
        return Verdict(True, False, "ProxyDefaults: permissive")
    if allowed and any(text(one, "spec", "mutualTLSMode") == "permissive" for one in consul.services):
        return Verdict(True, None, "ServiceDefaults make some services permissive")
    return Verdict(True, True, "ProxyDefaults: strict")


def consul_refuses(consul: Consul) -> tuple[bool | None, str]:
    """Say whether an intention from everybody to everybody denies; raises ShapeFault."""
    for one in consul.intentions:
        if text(one, "spec", "destination", "name") == "*":
            for source in objects(one, "spec", "sources"):
                if text(source, "name") == "*" and text(source, "action"):
                    denies = text(source, "action") == "deny"
                    return (
                        denies,
                        f"ServiceIntentions {text(one, 'metadata', 'name')}: {text(source, 'action')}",
                    )
    return None, "without an intention for everything, Consul's own default decides"


def encrypts(config: Mapping[str, str]) -> str:
    """Return how Cilium encrypts pod traffic between nodes: `WireGuard`, `IPsec` or empty for not."""
    if config.get("enable-wireguard") == "true":
        return "WireGuard"
    return "IPsec" if config.get("enable-ipsec") == "true" else ""


def judge_cilium(
    endpoint: Endpoint,
    namespace_labels: Mapping[str, str],
    config: Mapping[str, str],
    policies: Sequence[Object],
    native: Sequence[Object] = (),
) -> Verdict | None:
    """Return what Cilium itself gives a pod in no other mesh, None where it gives nothing; raises ShapeFault.

    A handshake beside the traffic is identity only where the traffic is encrypted too. A rule that lets
    somebody in without the handshake leaves it open whether callers without identity are refused.
    """
    if config.get("enable-ztunnel") == "true" and namespace_labels.get(MTLS_LABEL) == "true":
        return Verdict(True, False, f"cilium-config enable-ztunnel, namespace label {MTLS_LABEL}")
    if config.get("mesh-auth-mutual-enabled") != "true" or not encrypts(config):
        return None
    by, unasked = "", _admits(native, endpoint.namespace)
    for policy in policies:
        place = text(policy, "metadata", "namespace")
        if place not in ("", endpoint.namespace):
            continue
        for spec in ciliumpolicy.specs(policy):
            rules = [rule for rule in objects(spec, "ingress") if rule]
            asked = [text(rule, "authentication", "mode") == "required" for rule in rules]
            unasked = unasked or not all(asked)
            wide = "endpointSelector" in spec and selects_all(mapping(spec, "endpointSelector"))
            if rules and all(asked) and wide:
                by = f"{place or 'cluster'}/{text(policy, 'metadata', 'name')} over {encrypts(config)}"
    if not by:
        return None
    if config.get("policy-audit-mode") == "true":
        return Verdict(True, False, f"Cilium policy {by}, in audit mode")
    return Verdict(True, None if unasked else True, f"Cilium policy {by}")


def _admits(policies: Sequence[Object], namespace: str) -> bool:
    """True where a native policy, which knows no handshake, lets anybody in."""
    return any(
        objects(one, "spec", "ingress") for one in policies if text(one, "metadata", "namespace") == namespace
    )
