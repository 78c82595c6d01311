"""Kuma, Consul and Cilium: identity, and whether callers without one are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnmm_collectors.kubernetes.semantics.mtls import Endpoint, Verdict
from cnmm_collectors.kubernetes.shape import Object, mapping, objects, selects_all, text

MTLS_LABEL = "io.cilium/mtls-enabled"


def judge_kuma(
    endpoint: Endpoint, meshes: Sequence[Object], tls: Sequence[Object], identities: Sequence[Object]
) -> Verdict:
    """Return what a pod's mesh gives it; a MeshTLS for part of the mesh is not told; raises ShapeFault."""
    name = dict(endpoint.labels).get("kuma.io/mesh", "default")
    mesh = next((one for one in meshes if text(one, "metadata", "name") == name), None)
    if mesh is None:
        return Verdict(None, None, f"Mesh {name} was not found")
    backend = _backend(mesh)
    if backend is None and not identities:
        return Verdict(False, False, f"Mesh {name} has no mutual TLS backend")
    mode = "STRICT" if backend is None else (text(backend, "mode") or "STRICT")
    by = f"Mesh {name}: {mode}"
    for policy in tls:
        modes = {
            text(rule, "default", "mode")
            for rule in (*objects(policy, "spec", "rules"), *objects(policy, "spec", "from"))
        } - {""}
        wide = text(policy, "spec", "targetRef", "kind") in ("", "Mesh")
        if modes and not wide:
            return Verdict(True, None, "a MeshTLS covers part of the mesh")
        if modes:
            mode = "PERMISSIVE" if "Permissive" in modes else "STRICT"
            by = f"MeshTLS {text(policy, 'metadata', 'name')}: {mode}"
    return Verdict(True, mode == "STRICT" and not endpoint.bypassed, by)


def _backend(mesh: Object) -> Object | None:
    mtls = mapping(mesh, "spec", "mtls")
    enabled = text(mtls, "enabledBackend")
    if not enabled:
        return None
    return next((one for one in objects(mtls, "backends") if text(one, "name") == enabled), {})


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
) -> Verdict | None:
    """Return what Cilium itself gives a pod in no other mesh, None where it gives nothing; raises ShapeFault.

    A handshake beside the traffic is identity only where the traffic is encrypted too.
    """
    if config.get("enable-ztunnel") == "true" and namespace_labels.get(MTLS_LABEL) == "true":
        return Verdict(True, False, f"cilium-config enable-ztunnel, namespace label {MTLS_LABEL}")
    if config.get("mesh-auth-mutual-enabled") != "true" or not encrypts(config):
        return None
    for policy in policies:
        if text(policy, "metadata", "namespace") != endpoint.namespace:
            continue
        spec = mapping(policy, "spec")
        rules = objects(spec, "ingress")
        asked = bool(rules) and all(text(rule, "authentication", "mode") == "required" for rule in rules)
        if asked and "endpointSelector" in spec and selects_all(mapping(spec, "endpointSelector")):
            name = f"{endpoint.namespace}/{text(policy, 'metadata', 'name')}"
            by = f"CiliumNetworkPolicy {name} over {encrypts(config)}"
            return Verdict(True, config.get("policy-audit-mode") != "true", by)
    return None
