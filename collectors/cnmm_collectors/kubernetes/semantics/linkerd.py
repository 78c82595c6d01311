"""Linkerd: the inbound policy of each port, and what its authorizations let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cnmm_collectors.kubernetes.semantics.mtls import Endpoint, Verdict
from cnmm_collectors.kubernetes.shape import Object, flag, labels, mapping, matches, objects, text

REFUSING = ("all-authenticated", "cluster-authenticated", "deny")


@dataclass(frozen=True, slots=True)
class Policies:
    """The cluster's Servers and what authorizes callers of them, as objects."""

    servers: Sequence[Object] = ()
    authorizations: Sequence[Object] = ()
    server_authorizations: Sequence[Object] = field(default=())


def judge(endpoint: Endpoint, policies: Policies) -> Verdict:
    """Return what the ports of a meshed pod accept; raises ShapeFault.

    Being meshed gives mutual TLS between meshed pods and refuses nobody. A proxy's own policy is in the pod;
    where the pod is not there yet and nobody set one, the installation's default is not known.
    """
    if endpoint.bypassed:
        return Verdict(True, False, "ports kept out of the mesh")
    told: list[tuple[bool | None, str]] = []
    for number, name in endpoint.ports or ((0, ""),):
        server = _server(endpoint, policies.servers, number, name) if number else None
        if server is not None:
            told.append((_refuses(server, policies), f"Server {_name(server)}"))
        elif number in endpoint.identified:
            told.append((True, "identity asked for on the port"))
        else:
            told.append((endpoint.policy in REFUSING if endpoint.policy else None, _said(endpoint)))
    worst = min(told, key=lambda one: (one[0] is not False, one[0] is not None))
    return Verdict(
        True, worst[0], worst[1] + (" lets callers in without identity" if worst[0] is False else "")
    )


def _said(endpoint: Endpoint) -> str:
    return f"inbound policy {endpoint.policy or 'not known'}"


def refuses_requests(endpoint: Endpoint, policies: Policies) -> tuple[bool | None, str]:
    """Say whether every port of a meshed pod refuses what nothing authorizes, and what decided it; raises
    ShapeFault.
    """
    for number, name in endpoint.ports or ((0, ""),):
        server = _server(endpoint, policies.servers, number, name) if number else None
        if server is None and endpoint.policy != "deny":
            return (False if endpoint.policy else None), _said(endpoint)
        if server is not None:
            denying = (text(server, "spec", "accessPolicy") or "deny") == "deny"
            if not denying or not _refuses(server, policies):
                return False, f"Server {_name(server)} lets callers in that nothing authorizes"
    return True, "a Server on every port" if endpoint.policy != "deny" else _said(endpoint)


def _server(endpoint: Endpoint, servers: Sequence[Object], number: int, name: str) -> Object | None:
    carried = dict(endpoint.labels)
    for server in servers:
        spec = mapping(server, "spec")
        if text(server, "metadata", "namespace") != endpoint.namespace or "podSelector" not in spec:
            continue
        if spec.get("port") in (number, str(number), name or number) and matches(
            mapping(spec, "podSelector"), carried
        ):
            return server
    return None


def _name(item: Object) -> str:
    return f"{text(item, 'metadata', 'namespace')}/{text(item, 'metadata', 'name')}"


def _refuses(server: Object, policies: Policies) -> bool:
    if (text(server, "spec", "accessPolicy") or "deny") not in REFUSING:
        return False
    place = text(server, "metadata", "namespace")
    older = [one for one in policies.server_authorizations if text(one, "metadata", "namespace") == place]
    if any(_applies(one, server) and _lets_anybody(one) for one in older):
        return False
    newer = [one for one in policies.authorizations if text(one, "metadata", "namespace") == place]
    return not any(_targets(one, server) and not _asks_identity(one) for one in newer)


def _applies(one: Object, server: Object) -> bool:
    chosen = mapping(one, "spec", "server")
    named = text(chosen, "name")
    if named:
        return named == text(server, "metadata", "name")
    return "selector" in chosen and matches(mapping(chosen, "selector"), labels(server, "metadata", "labels"))


def _lets_anybody(one: Object) -> bool:
    client = mapping(one, "spec", "client")
    return flag(client, "unauthenticated") is True or flag(client, "meshTLS", "unauthenticatedTLS") is True


def _targets(one: Object, server: Object) -> bool:
    target = mapping(one, "spec", "targetRef")
    if text(target, "kind") == "Server":
        return text(target, "name") == text(server, "metadata", "name")
    return True


def _asks_identity(one: Object) -> bool:
    asked = objects(one, "spec", "requiredAuthenticationRefs")
    return any(text(ref, "kind") in ("MeshTLSAuthentication", "ServiceAccount") for ref in asked)
