"""Meshes: the policies of each one of them, read once, and what they make of one pod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.semantics import destinationrules, istio, linkerd, othermesh
from cnmm_collectors.kubernetes.semantics.mtls import APP_MESH, PLAIN, UNTOLD, Endpoint, Verdict
from cnmm_collectors.kubernetes.shape import Object, ShapeFault, flag, text
from cnmm_collectors.kubernetes.view import Namespace, View, need
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap

ISTIO = ("istio", "ambient")


@dataclass(frozen=True, slots=True)
class MeshConfig:
    """What Istio's mesh configuration says: the root namespace, and whether callers use TLS unasked."""

    root: str = istio.ROOT
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class Meshes:
    """The policies of every mesh; a fault stands for a configuration that could not be read."""

    config: MeshConfig | KubeFault
    peers: Sequence[istio.PeerPolicy]
    rules: Sequence[destinationrules.DestinationRule]
    services: Mapping[str, Sequence[destinationrules.Service]] | KubeFault
    authorizations: Sequence[Object]
    linkerd: linkerd.Policies
    kuma: othermesh.Kuma
    consul: othermesh.Consul
    ciphers: Mapping[str, str] | KubeFault
    cilium: Sequence[Object]
    native: Sequence[Object]


def read_meshes(view: View) -> Meshes:
    """Return the policies of every mesh; raises KubeFault, ShapeFault."""
    return Meshes(
        _istio(view),
        [istio.read_peer(one) for one in view.items(known.PEER_AUTHENTICATIONS)],
        [destinationrules.read_rule(one) for one in view.items(known.DESTINATION_RULES)],
        _services(view),
        view.items(known.ISTIO_AUTHORIZATIONS),
        linkerd.Policies(
            view.items(known.LINKERD_SERVERS), view.items(known.LINKERD_AUTHORIZATIONS),
            view.items(known.LINKERD_SERVER_AUTHORIZATIONS),
        ),
        othermesh.Kuma(
            view.items(known.KUMA_MESHES), view.items(known.KUMA_TLS), view.items(known.KUMA_IDENTITIES),
            view.items(known.KUMA_PERMISSIONS),
        ),
        othermesh.Consul(
            view.items(known.CONSUL_DEFAULTS), view.items(known.CONSUL_SERVICES),
            view.items(known.CONSUL_MESHES), view.items(known.CONSUL_INTENTIONS),
        ),
        _ciphers(view),
        view.items(known.CILIUM_POLICIES, known.CILIUM_CLUSTER_POLICIES),
        view.items(known.NETWORK_POLICIES),
    )  # fmt: skip


def _istio(view: View) -> MeshConfig | KubeFault:
    """Return the mesh configuration, a fault where it was refused, is not there, or is of two minds."""
    if view.source != "kubernetes":
        return MeshConfig()
    for fault in view.holes.get(known.DEPLOYMENTS, {}).values():
        # A control plane may be where nobody may look, and its namespace is the root of its policies.
        return fault
    found = set()
    for document, held in view.documents.items():
        if document.keys != known.ISTIO_CONFIG.keys or held is None:
            continue
        if isinstance(held, KubeFault):
            return held
        try:
            found.add(_mesh_config(held.get("mesh", ""), document.namespace))
        except (ShapeFault, yaml.YAMLError):
            return KubeFault("the mesh configuration cannot be read", Gap.MALFORMED)
    if len({one.root for one in found}) == 1:
        return MeshConfig(next(iter(found)).root, all(one.automatic for one in found))
    why = "differ in their root namespace" if found else "were not found: its control plane may be elsewhere"
    return KubeFault(f"Istio's mesh configurations {why}", Gap.NOT_VISIBLE)


def _mesh_config(written: str, installed: str) -> MeshConfig:
    mesh = yaml.safe_load(written) or {}
    if not isinstance(mesh, dict):
        raise ShapeFault("mesh is not a mapping")
    return MeshConfig(text(mesh, "rootNamespace") or installed, flag(mesh, "enableAutoMtls") is not False)


def _services(view: View) -> Mapping[str, Sequence[destinationrules.Service]] | KubeFault:
    found: dict[str, list[destinationrules.Service]] = {}
    try:
        for item in view.items(known.SERVICES):
            service = destinationrules.read_service(item)
            found.setdefault(service.namespace, []).append(service)
    except KubeFault as fault:
        return fault
    return found


def _ciphers(view: View) -> Mapping[str, str] | KubeFault:
    """Return Cilium's configuration; where Cilium is not even served, it need not be readable."""
    try:
        return view.document(known.CILIUM_CONFIG) or {}
    except KubeFault as fault:
        return fault if view.serves(known.CILIUM_POLICIES) else {}


def judge(endpoint: Endpoint, room: Namespace, meshes: Meshes) -> Verdict:
    """Return what a pod's mesh makes of it; raises ShapeFault, KubeFault where what decides was not read."""
    if endpoint.mesh in ISTIO:
        return _judge_istio(endpoint, meshes)
    if endpoint.mesh == UNTOLD:
        return Verdict(None, None, "the labels of the namespace are not known")
    if endpoint.mesh == "linkerd":
        return linkerd.judge(endpoint, meshes.linkerd)
    if endpoint.mesh == "kuma":
        return othermesh.judge_kuma(endpoint, _carried(room), meshes.kuma)
    if endpoint.mesh == "consul":
        return othermesh.judge_consul(endpoint, meshes.consul)
    if endpoint.mesh == APP_MESH:
        return Verdict(None, None, "App Mesh: its modes are not read")
    ciphers = need(meshes.ciphers)
    own = othermesh.judge_cilium(endpoint, room.labels, ciphers, meshes.cilium, meshes.native)
    return own or PLAIN


def _carried(room: Namespace) -> Mapping[str, str]:
    return {**room.annotations, **room.labels}


def _judge_istio(endpoint: Endpoint, meshes: Meshes) -> Verdict:
    """Take a permissive server out where its callers do not use mutual TLS of themselves."""
    config = need(meshes.config)
    verdict = istio.judge(endpoint, meshes.peers, config.root)
    if verdict.strict or not verdict.enrolled:
        return verdict
    plain = _speak_plain(endpoint, meshes, config.root)
    if plain is not False:
        return Verdict(False if plain else None, verdict.strict, f"{verdict.by}, undone by a DestinationRule")
    if not config.automatic and endpoint.mesh == "istio":
        return Verdict(None, verdict.strict, f"{verdict.by}, and automatic mutual TLS is off")
    return verdict


def _speak_plain(endpoint: Endpoint, meshes: Meshes, root: str) -> bool | None:
    if all(one.told is destinationrules.Told.MUTUAL for one in meshes.rules):
        return False
    services = need(meshes.services).get(endpoint.namespace, ())
    return destinationrules.speak_plain(endpoint, services, meshes.rules, root)


def refuses_requests(endpoint: Endpoint, room: Namespace, meshes: Meshes) -> tuple[bool | None, str]:
    """Say whether what nothing allows is refused for a pod, and by what; raises ShapeFault, KubeFault."""
    if endpoint.mesh in ISTIO:
        root = need(meshes.config).root
        return istio.refuses_requests(meshes.authorizations, endpoint.namespace, root)
    if endpoint.mesh == "linkerd":
        return linkerd.refuses_requests(endpoint, meshes.linkerd)
    if endpoint.mesh == "kuma":
        return othermesh.kuma_refuses(endpoint, _carried(room), meshes.kuma)
    if endpoint.mesh == "consul":
        return othermesh.consul_refuses(meshes.consul)
    if endpoint.mesh in (UNTOLD, APP_MESH):
        return None, "the pod's mesh is not known, or not read"
    return False, "a workload in no mesh"
