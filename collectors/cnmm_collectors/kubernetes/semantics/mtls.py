"""Mutual TLS as it takes effect for one pod: whether it is given, and whether anybody else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnmm_collectors.kubernetes.semantics.podsecurity import every_container
from cnmm_collectors.kubernetes.shape import Object, flag, number, objects, text

PROXIES = {
    "istio-proxy": "istio",
    "linkerd-proxy": "linkerd",
    "kuma-sidecar": "kuma",
    "kuma-gateway": "kuma",
    "consul-dataplane": "consul",
}
APP_MESH = "appmesh"
_APP_MESH_IMAGE = "aws-appmesh-envoy"
REVISIONS = ("pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name",
              "apps.kubernetes.io/pod-index", "pod-template-generation")  # fmt: skip
"""Labels that differ between pods of one template, and so are left out."""
_BYPASSES = (
    "traffic.sidecar.istio.io/excludeInboundPorts", "config.linkerd.io/skip-inbound-ports",
    "ambient.istio.io/bypass-inbound-capture", "traffic.kuma.io/exclude-inbound-ports",
    "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports",
)  # fmt: skip
_POLICY_VARIABLE = "LINKERD2_PROXY_INBOUND_DEFAULT_POLICY"
_DEFAULT_POLICY = "config.linkerd.io/default-inbound-policy"
_IDENTIFIED = "config.linkerd.io/proxy-require-identity-inbound-ports"
INHERITED = (_DEFAULT_POLICY, _IDENTIFIED, "config.linkerd.io/skip-inbound-ports", "kuma.io/mesh")
"""Annotations that a pod takes over from its namespace when it is made."""
UNTOLD = "untold"
"""The mesh of a pod whose namespace's labels are not known."""
NEVER_INJECTED = ("kube-system", "kube-public", "kube-node-lease", "local-path-storage")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What of a pod decides about its transport; pods of one template share it.

    `ports` are the TCP container ports with their names, the mesh's own left out; `identified` are those
    on which the proxy asks for an identity whatever its policy. `plane` is the mesh's name where one
    control plane serves several, `gateway` a pod that holds nothing but a mesh's proxy.
    """

    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[tuple[int, str], ...]
    mesh: str
    bypassed: bool
    policy: str = ""
    account: str = ""
    plane: str = ""
    identified: tuple[int, ...] = ()
    gateway: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether mutual TLS is given and whether callers without identity are refused; None where not told.

    `by` names the object that decided it.
    """

    enrolled: bool | None
    strict: bool | None
    by: str


PLAIN = Verdict(False, False, "in no mesh")


def read_endpoint(
    namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str], spec: Object, mesh: str = ""
) -> Endpoint:
    """Return what decides about a pod's transport; `mesh` where it is known otherwise; raises ShapeFault."""
    ports: list[tuple[int, str]] = []
    policy, gateway = "", True
    for container in every_container(spec):
        proxy = _proxy(container)
        if not proxy:
            ports += _ports(container)
            gateway = gateway and text(container, "name") in _STARTERS
            continue
        mesh = mesh or proxy
        policy = policy or _inbound_policy(container)
    mesh = mesh or _by_annotation(annotations)
    kept = tuple(sorted((key, value) for key, value in labels.items() if key not in REVISIONS))
    return Endpoint(
        namespace, kept, tuple(sorted(set(ports))), mesh, _is_bypassed(annotations),
        policy or annotations.get(_DEFAULT_POLICY, ""), text(spec, "serviceAccountName") or "default",
        annotations.get("kuma.io/mesh", ""), _numbers(annotations.get(_IDENTIFIED, "")),
        bool(mesh) and gateway,
    )  # fmt: skip


_STARTERS = ("istio-init", "istio-validation", "linkerd-init", "linkerd-network-validator", "kuma-init",
             "consul-connect-inject-init")  # fmt: skip
"""Containers with which a mesh prepares a pod."""


def _proxy(container: Object) -> str:
    """Return the mesh whose proxy a container is, empty for an application's; raises ShapeFault."""
    name = text(container, "name")
    if name == "envoy" and _APP_MESH_IMAGE in text(container, "image"):
        return APP_MESH
    return PROXIES.get(name, "")


def _by_annotation(annotations: Mapping[str, str]) -> str:
    if annotations.get("ambient.istio.io/redirection") == "enabled":
        return "ambient"
    return "consul" if annotations.get("consul.hashicorp.com/connect-inject-status") == "injected" else ""


def _is_bypassed(annotations: Mapping[str, str]) -> bool:
    """True where callers can reach a port of the pod past its proxy."""
    injected = annotations.get("consul.hashicorp.com/connect-inject-status") == "injected"
    if injected and annotations.get("consul.hashicorp.com/transparent-proxy-status") != "enabled":
        return True
    narrowed = annotations.get("traffic.sidecar.istio.io/includeInboundPorts", "*") != "*"
    uncaught = annotations.get("sidecar.istio.io/interceptionMode") == "NONE"
    uncaught = uncaught or annotations.get("consul.hashicorp.com/transparent-proxy") == "false"
    return narrowed or uncaught or any(annotations.get(name, "") not in ("", "false") for name in _BYPASSES)


def _numbers(listed: str) -> tuple[int, ...]:
    """Return the single ports of a list such as `80,443`; what is none is left out."""
    return tuple(sorted(int(part) for part in listed.replace(" ", "").split(",") if part.isdigit()))


def _ports(container: Object) -> list[tuple[int, str]]:
    found = []
    for port in objects(container, "ports"):
        held = number(port, "containerPort")
        if held and text(port, "protocol") in ("", "TCP"):
            found.append((held, text(port, "name")))
    return found


def _inbound_policy(container: Object) -> str:
    for one in objects(container, "env"):
        if text(one, "name") == _POLICY_VARIABLE:
            return text(one, "value")
    return ""


def declared_mesh(
    namespace: str,
    namespace_labels: Mapping[str, str],
    namespace_annotations: Mapping[str, str],
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    spec: Object,
) -> str:
    """Return the mesh that a pod made from a template would join, empty for none; raises ShapeFault."""
    if flag(spec, "hostNetwork") or namespace in NEVER_INJECTED:
        return ""
    if _istio_injects(namespace_labels, labels) and annotations.get("sidecar.istio.io/inject") != "false":
        return "istio"
    if _linkerd_injects(namespace, namespace_labels, namespace_annotations, annotations):
        return "linkerd"
    own = labels.get("istio.io/dataplane-mode")
    if own == "ambient" or (own != "none" and namespace_labels.get("istio.io/dataplane-mode") == "ambient"):
        return "ambient"
    chosen = labels.get("kuma.io/sidecar-injection", namespace_labels.get("kuma.io/sidecar-injection"))
    if chosen in ("enabled", "true"):
        return "kuma"
    return "consul" if annotations.get("consul.hashicorp.com/connect-inject") == "true" else ""


def _istio_injects(namespace: Mapping[str, str], pod: Mapping[str, str]) -> bool:
    own, injection = pod.get("sidecar.istio.io/inject"), namespace.get("istio-injection")
    if injection is not None:
        return injection == "enabled" and own != "false"
    if "istio.io/rev" in namespace:
        return own != "false"
    return own == "true" or (own != "false" and "istio.io/rev" in pod)


def _linkerd_injects(
    name: str, labels: Mapping[str, str], namespace: Mapping[str, str], pod: Mapping[str, str]
) -> bool:
    if name == "cert-manager" or labels.get("config.linkerd.io/admission-webhooks") == "disabled":
        return False
    return pod.get("linkerd.io/inject", namespace.get("linkerd.io/inject")) in ("enabled", "ingress")
