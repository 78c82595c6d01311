"""What is kept of workloads and pods: parsed once, the same way live and from manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cnmm_collectors.kubernetes.semantics import accelerators
from cnmm_collectors.kubernetes.semantics.changes import Writer, last_writer
from cnmm_collectors.kubernetes.semantics.mtls import Endpoint, read_endpoint
from cnmm_collectors.kubernetes.semantics.podsecurity import every_container, is_hardened
from cnmm_collectors.kubernetes.semantics.secrets import Credentials, consumed
from cnmm_collectors.kubernetes.shape import Object, flag, labels, mapping, number, objects, text

KINDS = {"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet"}
_KEPT = (
    "owner", "team", "argocd.argoproj.io/tracking-id", "meta.helm.sh/release-name", "cost-center",
    "cost-centre",
    "costcenter", "product",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Template:
    """What a pod template or a pod says of itself: counts and names, no value of a variable.

    `settled` of `containers` long-running ones have requests for CPU and memory and a probe. `hardened` is
    None where only the image decides.
    """

    containers: int
    settled: int
    images: tuple[str, ...]
    variables: frozenset[str]
    host_network: bool
    account: str
    credentials: Credentials
    hardened: bool | None
    accelerated: bool
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Workload:
    """One Deployment, StatefulSet or DaemonSet; `created` is empty in a manifest."""

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    created: str
    writer: Writer
    ready: int
    desired: int
    template: Template

    @property
    def place(self) -> str:
        """`Deployment shop/web`."""
        return f"{self.kind} {self.namespace}/{self.name}"


def read_template(
    namespace: str, meta: Object, spec: Object, status: Object, mesh: str = "",
    inherited: Mapping[str, str] = MappingProxyType({}),
) -> Template:  # fmt: skip
    """Return what is kept of a pod or a template, `inherited` being annotations of its namespace; raises
    ShapeFault.
    """
    carried, notes = labels(meta, "labels"), {**inherited, **labels(meta, "annotations")}
    lasting = [*objects(spec, "containers")]
    lasting += [one for one in objects(spec, "initContainers") if text(one, "restartPolicy") == "Always"]
    every = every_container(spec)
    return Template(
        containers=len(lasting),
        settled=sum(_is_settled(one) for one in lasting),
        images=_images(spec),
        variables=frozenset(text(env, "name") for one in every for env in objects(one, "env")),
        host_network=flag(spec, "hostNetwork") is True,
        account=text(spec, "serviceAccountName") or "default",
        credentials=consumed(spec, carried, notes),
        hardened=is_hardened(spec, notes, status),
        accelerated=accelerators.asked(spec),
        endpoint=read_endpoint(namespace, carried, notes, spec, mesh),
    )


def _images(spec: Object) -> tuple[str, ...]:
    return tuple(sorted({text(one, "image") for one in every_container(spec)} - {""}))


def _is_settled(container: Object) -> bool:
    """True for requests of CPU and memory (a limit alone is also the request) and a probe."""
    given = {**mapping(container, "resources", "limits"), **mapping(container, "resources", "requests")}
    probed = "readinessProbe" in container or "livenessProbe" in container
    return "cpu" in given and "memory" in given and probed


def read_workload(
    item: Object, kind: str, mesh: str = "", inherited: Mapping[str, str] = MappingProxyType({})
) -> Workload:
    """Return what is kept of a workload; raises ShapeFault."""
    meta, spec, status = mapping(item, "metadata"), mapping(item, "spec"), mapping(item, "status")
    namespace = text(meta, "namespace")
    notes = labels(meta, "annotations")
    template = mapping(spec, "template")
    return Workload(
        kind, namespace, text(meta, "name"), labels(meta, "labels"),
        {key: value for key, value in notes.items() if key in _KEPT or key.endswith(("/owner", "/team"))},
        text(meta, "creationTimestamp"), last_writer(item),
        number(status, "numberReady") or number(status, "readyReplicas") or 0,
        number(status, "desiredNumberScheduled") or number(spec, "replicas") or 0,
        read_template(
            namespace, mapping(template, "metadata"), mapping(template, "spec"), {}, mesh, inherited
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod that runs or will: its controller, its node, and what it says of itself; `images` only where
    a node's own agent may be told by them.

    `eligible` for a share of workloads' traffic: not of the host's network, not of a job, not static. `asks`
    where it requests CPU.
    """

    namespace: str
    controller: str
    node: str
    ready: bool
    eligible: bool
    hardened: bool | None
    images: tuple[str, ...]
    endpoint: Endpoint
    tuned: str = ""
    asks: bool = False


def read_pod(item: Object) -> Pod | None:
    """Return what is kept of a pod, None for one that ended or is ending; raises ShapeFault."""
    meta, spec, status = mapping(item, "metadata"), mapping(item, "spec"), mapping(item, "status")
    if text(status, "phase") in ("Succeeded", "Failed") or text(meta, "deletionTimestamp"):
        return None
    carried, notes = labels(meta, "labels"), labels(meta, "annotations")
    namespace = text(meta, "namespace")
    owner = next((one for one in objects(meta, "ownerReferences") if flag(one, "controller")), {})
    job = text(owner, "kind") == "Job"
    static = "kubernetes.io/config.mirror" in notes
    ready = any(
        text(one, "type") == "Ready" and text(one, "status") == "True"
        for one in objects(status, "conditions")
    )
    return Pod(
        namespace, _controller(owner, carried, text(meta, "name")), text(spec, "nodeName"), ready,
        not (job or static or flag(spec, "hostNetwork")), is_hardened(spec, notes, status),
        _images(spec) if text(owner, "kind") == "DaemonSet" else (),
        read_endpoint(namespace, carried, notes, spec),
        text(meta, "creationTimestamp")[:10] if "vpaUpdates" in notes else "",
        _asks_for_cpu(spec),
    )  # fmt: skip


def _asks_for_cpu(spec: Object) -> bool:
    """True where a container requests CPU; the API server makes a limit that stands alone a request."""
    return any("cpu" in mapping(one, "resources", "requests") for one in objects(spec, "containers"))


def _controller(owner: Object, carried: Mapping[str, str], name: str) -> str:
    """Return the workload a pod belongs to, a ReplicaSet taken for the Deployment that made it."""
    kind, own = text(owner, "kind"), text(owner, "name")
    if not kind:
        return f"Pod {name}"
    revision = carried.get("pod-template-hash", "")
    if kind == "ReplicaSet" and revision and own.endswith(f"-{revision}"):
        return f"Deployment {own[: -len(revision) - 1]}"
    return f"{kind} {own}"
