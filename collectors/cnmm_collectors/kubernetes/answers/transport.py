"""Transport: mutual TLS as it takes effect, identities that tools issue, encryption between nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import (
    ABSENT,
    Answer,
    Finding,
    Hidden,
    Nothing,
    listing,
    share,
)
from cnmm_collectors.kubernetes.reading import root_namespace
from cnmm_collectors.kubernetes.semantics import istio, linkerd, othermesh, secrets
from cnmm_collectors.kubernetes.semantics.mtls import PLAIN, UNTOLD, Endpoint, Verdict
from cnmm_collectors.kubernetes.shape import Object, flag, text, texts
from cnmm_collectors.kubernetes.view import Namespace, View
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap

_ISTIO = ("istio", "ambient")


@dataclass(frozen=True, slots=True)
class _Meshes:
    """The policies of every mesh, read once for all pods; `ciphers` is Cilium's configuration."""

    peers: Sequence[istio.PeerPolicy]
    root: str
    plain: frozenset[str]
    linkerd: linkerd.Policies
    kuma: tuple[Sequence[Object], Sequence[Object], Sequence[Object]]
    ciphers: Mapping[str, str] | KubeFault
    cilium: Sequence[Object]


def _meshes(view: View, used: set[str]) -> _Meshes:
    root = istio.ROOT
    if used & set(_ISTIO) and view.source == "kubernetes":
        root = root_namespace(view.document(known.ISTIO_CONFIG)) or istio.ROOT
    try:
        ciphers: Mapping[str, str] | KubeFault = view.document(known.CILIUM_CONFIG) or {}
    except KubeFault as fault:
        # Where Cilium is not even served, its configuration need not be readable.
        ciphers = fault if view.serves(known.CILIUM_POLICIES) else {}
    return _Meshes(
        [istio.read_peer(one) for one in view.items(known.PEER_AUTHENTICATIONS)],
        root,
        istio.plain_hosts(view.items(known.DESTINATION_RULES)),
        linkerd.Policies(
            view.items(known.LINKERD_SERVERS), view.items(known.LINKERD_AUTHORIZATIONS),
            view.items(known.LINKERD_SERVER_AUTHORIZATIONS),
        ),
        (view.items(known.KUMA_MESHES), view.items(known.KUMA_TLS), view.items(known.KUMA_IDENTITIES)),
        ciphers,
        view.items(known.CILIUM_POLICIES),
    )  # fmt: skip


def _judge(endpoint: Endpoint, room: Namespace, meshes: _Meshes) -> Verdict:
    if endpoint.mesh in _ISTIO:
        return _undone(istio.judge(endpoint, meshes.peers, meshes.root), endpoint, meshes)
    if endpoint.mesh == UNTOLD:
        return Verdict(None, None, "the labels of the namespace are not known")
    if endpoint.mesh == "linkerd":
        return linkerd.judge(endpoint, meshes.linkerd)
    if endpoint.mesh == "kuma":
        return othermesh.judge_kuma(endpoint, *meshes.kuma)
    if endpoint.mesh == "consul":
        return Verdict(True, None, "Consul: its modes are not read")
    if isinstance(meshes.ciphers, KubeFault):
        return Verdict(None, None, str(meshes.ciphers))
    return othermesh.judge_cilium(endpoint, room.labels, meshes.ciphers, meshes.cilium) or PLAIN


def _undone(verdict: Verdict, endpoint: Endpoint, meshes: _Meshes) -> Verdict:
    """Take a permissive server out where a destination rule makes its clients speak plain text."""
    if verdict.strict or not verdict.enrolled:
        return verdict
    undone = istio.undoes(meshes.plain, endpoint.namespace)
    if undone is False:
        return verdict
    enrolled = False if undone else None
    return Verdict(enrolled, False, f"{verdict.by}, undone by a DestinationRule")


@dataclass(frozen=True, slots=True)
class _Judged:
    """A workload's verdict: enrolled and strict only where all of its pods are."""

    name: str
    enrolled: bool | None
    strict: bool | None
    by: tuple[str, ...]
    endpoints: frozenset[Endpoint]


def _all(verdicts: Sequence[bool | None]) -> bool | None:
    if any(one is False for one in verdicts):
        return False
    return None if any(one is None for one in verdicts) else True


def judged(view: View) -> dict[str, list[_Judged]]:
    """Return the verdict on each eligible workload, by namespace; raises KubeFault, ShapeFault."""
    return view.once("judged", lambda: _judged(view))


def _judged(view: View) -> dict[str, list[_Judged]]:
    endpoints = view.endpoints()
    rooms = view.tenants()
    used = {one.mesh for own in endpoints.values() for seen in own.values() for one in seen}
    meshes = _meshes(view, used)
    found: dict[str, list[_Judged]] = {}
    for name, workloads in endpoints.items():
        found[name] = []
        for workload, seen in sorted(workloads.items()):
            verdicts = [_judge(one, rooms[name], meshes) for one in seen]
            found[name].append(
                _Judged(
                    workload,
                    _all([one.enrolled for one in verdicts]),
                    _all([one.strict for one in verdicts]),
                    tuple(sorted({one.by for one in verdicts})),
                    frozenset(seen),
                )
            )
    return found


_BASIS = (
    known.PODS,
    known.PEER_AUTHENTICATIONS,
    known.LINKERD_SERVERS,
    known.KUMA_MESHES,
    known.CILIUM_POLICIES,
)


def _because(workloads: Sequence[_Judged]) -> str:
    reasons = sorted({reason for one in workloads for reason in one.by})
    return f" ({listing(reasons, 3)})" if reasons else ""


def _mutual(view: View) -> Iterator[Finding]:
    for name, workloads in judged(view).items():
        passed = sum(one.enrolled is True for one in workloads)
        untold = sum(one.enrolled is None for one in workloads) + view.unread.get(name, 0)
        every = len(workloads) + view.unread.get(name, 0)
        says = f"{passed} of {every} workloads have mutual TLS{_because(workloads)}"
        yield Finding("k8s.mtls_ratio", name, share(passed, every - untold, untold), says, _BASIS)


def _strict(view: View) -> Iterator[Finding]:
    certified = _certified(view)
    for name, workloads in judged(view).items():
        # A server outside of a mesh may demand client certificates: its mode is its own affair.
        verdicts = [
            None if one.enrolled is False and (name, one.name) in certified else one.strict
            for one in workloads
        ]
        verdict = _all([*verdicts, *([None] if view.unread.get(name) else [])])
        passed = verdicts.count(True)
        says = f"{passed} of {len(workloads)} workloads refuse callers without identity{_because(workloads)}"
        value = _bool(verdict, bool(workloads), "the server's mode cannot be told")
        yield Finding("k8s.mtls_strict_ratio", name, value, says, _BASIS)


def _bool(verdict: bool | None, eligible: bool, why: str) -> bool | Nothing | Hidden:
    if not eligible:
        return ABSENT
    return Hidden(Gap.NOT_VISIBLE, why) if verdict is None else verdict


def _issued(view: View) -> frozenset[tuple[str, str]]:
    """Return the Secrets that cert-manager keeps for both server and client use; raises KubeFault."""
    return frozenset(
        (text(one, "metadata", "namespace"), text(one, "spec", "secretName"))
        for one in view.items(known.CERTIFICATES)
        if {"server auth", "client auth"} <= set(texts(one, "spec", "usages"))
    )


def _certified(view: View) -> frozenset[tuple[str, str]]:
    """Return the workloads that hold an identity a tool issues outside of a mesh; raises KubeFault."""
    issued = _issued(view)
    return frozenset(
        (one.namespace, f"{one.kind} {one.name}")
        for one in view.all_workloads()
        if one.template.credentials.drivers & set(secrets.IDENTITY_DRIVERS)
        or any((one.namespace, secret) in issued for secret in one.template.credentials.secrets)
    )


def _authenticated(view: View) -> Iterator[Finding]:
    certified = _certified(view)
    for name, workloads in judged(view).items():
        verdicts = [True if (name, one.name) in certified else one.enrolled for one in workloads]
        untold = verdicts.count(None) + view.unread.get(name, 0)
        passed = verdicts.count(True)
        says = (
            f"{passed} of {len(verdicts)} workloads hold an identity that a tool issues{_because(workloads)}"
        )
        value = share(passed, len(verdicts) - verdicts.count(None), untold)
        yield Finding("k8s.transport_auth_ratio", name, value, says, (*_BASIS, known.CERTIFICATES))


def _authorized(view: View) -> Iterator[Finding]:
    policies = view.items(known.ISTIO_AUTHORIZATIONS)
    basis = (known.PODS, known.ISTIO_AUTHORIZATIONS)
    root = istio.ROOT
    if policies and view.source == "kubernetes":
        root = root_namespace(view.document(known.ISTIO_CONFIG)) or istio.ROOT
    for name, workloads in view.endpoints().items():
        meshes = {one.mesh for seen in workloads.values() for one in seen}
        policed = {one.policy for seen in workloads.values() for one in seen if one.mesh == "linkerd"}
        if meshes and meshes <= set(_ISTIO):
            verdict, says = istio.refuses_requests(policies, name, root)
            yield Finding("k8s.authz_default_deny_ratio", name, verdict, says, basis)
        elif meshes == {"linkerd"}:
            says = f"inbound policies: {listing(sorted(policed))}"
            yield Finding("k8s.authz_default_deny_ratio", name, policed == {"deny"}, says, basis)
        elif meshes & {"kuma", "consul"}:
            hidden = Hidden(Gap.UNSUPPORTED, "permissions of this mesh are not read")
            yield Finding("k8s.authz_default_deny_ratio", name, hidden, hidden.detail, basis)
        else:
            says = "no mesh covers all eligible workloads"
            yield Finding("k8s.authz_default_deny_ratio", name, False if workloads else ABSENT, says, basis)


def _encrypted(view: View) -> Iterator[Finding]:
    basis = (known.FELIX,)
    felix = view.items(known.FELIX)
    found = "WireGuard (Calico)" if any(flag(one, "spec", "wireguardEnabled") for one in felix) else ""
    config = None if found else view.document(known.CILIUM_CONFIG)
    found = found or othermesh.encrypts(config or {})
    if not found and config is None and not felix:
        hidden = Hidden(
            Gap.NOT_VISIBLE, "the network plug-in is the provider's, or one whose settings are not read"
        )
        yield Finding("k8s.node_encryption_ratio", "", hidden, hidden.detail, basis)
        return
    says = f"pod traffic between nodes: {found or 'not encrypted by the network plug-in'}"
    yield Finding("k8s.node_encryption_ratio", "", bool(found), says, basis)


ANSWERS = (
    Answer(("k8s.mtls_ratio",), _mutual),
    Answer(("k8s.mtls_strict_ratio",), _strict),
    Answer(("k8s.transport_auth_ratio",), _authenticated),
    Answer(("k8s.authz_default_deny_ratio",), _authorized),
    Answer(("k8s.node_encryption_ratio",), _encrypted),
)
