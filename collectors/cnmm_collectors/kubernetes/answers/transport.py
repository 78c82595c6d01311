"""Transport: mutual TLS as it takes effect, identities that tools issue, encryption between nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from cnmm_collectors.kubernetes.answers.meshes import Meshes, judge, read_meshes, refuses_requests
from cnmm_collectors.kubernetes.resources import Resource
from cnmm_collectors.kubernetes.semantics import othermesh, secrets
from cnmm_collectors.kubernetes.semantics.mtls import Endpoint
from cnmm_collectors.kubernetes.shape import flag, text, texts
from cnmm_collectors.kubernetes.view import Namespace, View
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap


@dataclass(frozen=True, slots=True)
class _Judged:
    """A workload's verdict: enrolled and strict only where all of its pods are."""

    name: str
    enrolled: bool | None
    strict: bool | None
    by: tuple[str, ...]


def _all(verdicts: Sequence[bool | None]) -> bool | None:
    if any(one is False for one in verdicts):
        return False
    return None if any(one is None for one in verdicts) else True


_ByNamespace = dict[str, list[_Judged] | KubeFault]


def judged(view: View) -> _ByNamespace:
    """Return the verdict on each eligible workload by namespace, or why there is none; raises KubeFault,
    ShapeFault.
    """
    return view.once("judged", lambda: _judged(view))


def _meshes(view: View) -> Meshes:
    return view.once("meshes", lambda: read_meshes(view))


def _judged(view: View) -> _ByNamespace:
    rooms, meshes = view.tenants(), _meshes(view)
    found: _ByNamespace = {}
    for name, workloads in view.endpoints().items():
        try:
            found[name] = [
                _verdict(workload, seen, rooms[name], meshes) for workload, seen in sorted(workloads.items())
            ]
        except KubeFault as fault:
            found[name] = fault
    return found


def _verdict(workload: str, seen: set[Endpoint], room: Namespace, meshes: Meshes) -> _Judged:
    verdicts = [judge(one, room, meshes) for one in seen]
    return _Judged(
        workload, _all([one.enrolled for one in verdicts]), _all([one.strict for one in verdicts]),
        tuple(sorted({one.by for one in verdicts})),
    )  # fmt: skip


def _told(view: View, key: str, basis: Sequence[Resource]) -> Iterator[Finding | tuple[str, list[_Judged]]]:
    """Yield the workloads of each namespace, or the finding that says why they cannot be judged."""
    for name, workloads in judged(view).items():
        if isinstance(workloads, KubeFault):
            yield Finding(key, name, Hidden(workloads.gap, str(workloads)), str(workloads), basis)
        else:
            yield name, workloads


_BASIS = (
    known.PODS, known.PEER_AUTHENTICATIONS, known.DESTINATION_RULES, known.LINKERD_SERVERS,
    known.KUMA_MESHES, known.CONSUL_DEFAULTS, known.CILIUM_POLICIES,
)  # fmt: skip


def _because(workloads: Sequence[_Judged]) -> str:
    reasons = sorted({reason for one in workloads for reason in one.by})
    return f" ({listing(reasons, 3)})" if reasons else ""


def _mutual(view: View) -> Iterator[Finding]:
    for told in _told(view, "k8s.mtls_ratio", _BASIS):
        if isinstance(told, Finding):
            yield told
            continue
        name, workloads = told
        passed = sum(one.enrolled is True for one in workloads)
        untold = sum(one.enrolled is None for one in workloads) + view.unread.get(name, 0)
        sure = len(workloads) + view.unread.get(name, 0) - untold
        says = f"{passed} of {len(workloads)} workloads have mutual TLS{_because(workloads)}"
        yield Finding("k8s.mtls_ratio", name, share(passed, sure, untold), says, _BASIS)


def _strict(view: View) -> Iterator[Finding]:
    certified = _certified(view)
    for told in _told(view, "k8s.mtls_strict_ratio", _BASIS):
        if isinstance(told, Finding):
            yield told
            continue
        name, workloads = told
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
    for told in _told(view, "k8s.transport_auth_ratio", (*_BASIS, known.CERTIFICATES)):
        if isinstance(told, Finding):
            yield told
            continue
        name, workloads = told
        verdicts = [True if (name, one.name) in certified else one.enrolled for one in workloads]
        untold = verdicts.count(None) + view.unread.get(name, 0)
        passed = verdicts.count(True)
        says = (
            f"{passed} of {len(verdicts)} workloads hold an identity that a tool issues{_because(workloads)}"
        )
        value = share(passed, len(verdicts) - verdicts.count(None), untold)
        yield Finding("k8s.transport_auth_ratio", name, value, says, (*_BASIS, known.CERTIFICATES))


def _authorized(view: View) -> Iterator[Finding]:
    rooms, meshes = view.tenants(), _meshes(view)
    for name, workloads in view.endpoints().items():
        try:
            told = {refuses_requests(one, rooms[name], meshes) for seen in workloads.values() for one in seen}
        except KubeFault as fault:
            hidden = Hidden(fault.gap, str(fault))
            yield Finding("k8s.authz_default_deny_ratio", name, hidden, str(fault), known.MESH)
            continue
        verdict = _all([one for one, _ in told])
        says = listing(sorted({by for _, by in told}), 3) or "no eligible workload"
        value = _bool(verdict, bool(told), "what the mesh refuses cannot be told")
        yield Finding("k8s.authz_default_deny_ratio", name, value, says, (known.PODS, *known.MESH))


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
