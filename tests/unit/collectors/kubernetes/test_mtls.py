"""Mutual TLS: each documented rule of each mesh, with the outcome its vendor documents."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.kubernetes.semantics import istio, linkerd, othermesh
from cnmm_collectors.kubernetes.semantics.mtls import Endpoint, declared_mesh, read_endpoint
from cnmm_collectors.kubernetes.shape import ShapeFault
from doubles.kubernetes.objects import custom, pod

Object = dict[str, Any]


def endpoint(
    mesh: str = "istio",
    *,
    ports: tuple[int, ...] = (8080,),
    bypassed: bool = False,
    policy: str = "",
    **labels: str,
) -> Endpoint:
    carried = tuple(sorted({"app": "web", **labels}.items()))
    return Endpoint("shop", carried, tuple((port, "") for port in ports), mesh, bypassed, policy)


def peer(
    place: str,
    mode: str = "",
    *,
    app: str = "",
    ports: dict[str, str] | None = None,
    created: str = "2024-01-01",
    name: str = "default",
) -> Object:
    spec: Object = {"mtls": {"mode": mode}} if mode else {}
    if app:
        spec["selector"] = {"matchLabels": {"app": app}}
    if ports:
        spec["portLevelMtls"] = {port: {"mode": value} for port, value in ports.items()}
    meta = {"creationTimestamp": created} if created else {}
    return custom("security.istio.io/v1", "PeerAuthentication", name, place, spec=spec, metadata=meta)


ROOT = "istio-system"
ISTIO = {
    "no policy is permissive": ([], True, False),
    "mesh-wide strict": ([peer(ROOT, "STRICT")], True, True),
    "namespace overrides mesh": ([peer(ROOT, "STRICT"), peer("shop", "PERMISSIVE")], True, False),
    "workload overrides namespace": (
        [peer("shop", "PERMISSIVE"), peer("shop", "STRICT", app="web", name="w")],
        True,
        True,
    ),
    "unset inherits": ([peer(ROOT, "STRICT"), peer("shop", "UNSET")], True, True),
    "no mtls field inherits": ([peer(ROOT, "STRICT"), peer("shop")], True, True),
    "another namespace's policy": ([peer("other", "STRICT")], True, False),
    "another workload's policy": ([peer("shop", "STRICT", app="api")], True, False),
    "selector in the root namespace is ignored": ([peer(ROOT, "STRICT", app="web")], True, False),
    "disable is no mutual TLS": ([peer("shop", "DISABLE")], False, False),
    "port exception": ([peer("shop", "STRICT", app="web", ports={"8080": "PERMISSIVE"})], True, False),
    "exception of another port": ([peer("shop", "STRICT", app="web", ports={"9090": "DISABLE"})], True, True),
    "unset port inherits the workload": (
        [peer("shop", "STRICT", app="web", ports={"8080": "UNSET"})],
        True,
        True,
    ),
    "strict port of a permissive workload": (
        [peer("shop", "PERMISSIVE", app="web", ports={"8080": "STRICT"})],
        True,
        True,
    ),
    "ports count only in a workload policy": (
        [peer("shop", "STRICT", ports={"8080": "DISABLE"})],
        True,
        True,
    ),
    "the oldest of one scope counts": (
        [
            peer("shop", "PERMISSIVE", created="2024-05-01", name="a"),
            peer("shop", "STRICT", created="2023-05-01", name="b"),
        ],
        True,
        True,
    ),
    "two without age": (
        [peer("shop", "PERMISSIVE", created="", name="a"), peer("shop", "STRICT", created="", name="b")],
        None,
        None,
    ),
}


@pytest.mark.parametrize("name", ISTIO)
def test_istio_sidecar(name: str) -> None:
    policies, enrolled, strict = ISTIO[name]
    verdict = istio.judge(endpoint(), [istio.read_peer(one) for one in policies])
    assert (verdict.enrolled, verdict.strict) == (enrolled, strict), verdict


AMBIENT = {
    "permissive between enrolled pods is still mutual TLS": ([], True, False),
    "disable behaves as permissive": ([peer("shop", "DISABLE")], True, False),
    "strict": ([peer(ROOT, "STRICT")], True, True),
    "disabled ports alone under a strict parent stay strict": (
        [peer(ROOT, "STRICT"), peer("shop", app="web", ports={"8080": "DISABLE"})],
        True,
        True,
    ),
    "a permissive port opens it": (
        [peer(ROOT, "STRICT"), peer("shop", app="web", ports={"8080": "PERMISSIVE"})],
        True,
        False,
    ),
}


@pytest.mark.parametrize("name", AMBIENT)
def test_istio_ambient(name: str) -> None:
    policies, enrolled, strict = AMBIENT[name]
    verdict = istio.judge(endpoint("ambient"), [istio.read_peer(one) for one in policies])
    assert (verdict.enrolled, verdict.strict) == (enrolled, strict), verdict


def test_another_root_namespace() -> None:
    policies = [istio.read_peer(peer("aks-istio-system", "STRICT"))]
    assert istio.judge(endpoint(), policies).strict is False
    assert istio.judge(endpoint(), policies, "aks-istio-system").strict is True


def test_a_bypass_is_not_strict() -> None:
    policies = [istio.read_peer(peer(ROOT, "STRICT"))]
    assert istio.judge(endpoint(bypassed=True), policies).strict is False


def test_the_deciding_policy_is_named() -> None:
    assert (
        "PeerAuthentication shop/default: STRICT"
        in istio.judge(endpoint(), [istio.read_peer(peer("shop", "STRICT"))]).by
    )


def test_an_unknown_mode_is_a_fault() -> None:
    with pytest.raises(ShapeFault):
        istio.read_peer(peer("shop", "MUTUAL"))


RULES = {
    "disabled everywhere": ({"host": "*.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}}, True),
    "tls without a mode is disable": (
        {"host": "*.shop.svc.cluster.local", "trafficPolicy": {"tls": {}}},
        True,
    ),
    "mutual": ({"host": "*.local", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}, False),
    "no tls": ({"host": "*.local", "trafficPolicy": {"loadBalancer": {}}}, False),
    "one service": (
        {"host": "web.shop.svc.cluster.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}},
        None,
    ),
    "a subset of one": ({"host": "web", "subsets": [{"trafficPolicy": {"tls": {"mode": "DISABLE"}}}]}, None),
    "a port of one": (
        {"host": "web", "trafficPolicy": {"portLevelSettings": [{"tls": {"mode": "DISABLE"}}]}},
        None,
    ),
    "another namespace": ({"host": "web.other.svc.cluster.local", "trafficPolicy": {"tls": {}}}, False),
}


@pytest.mark.parametrize("name", RULES)
def test_destination_rules_undo(name: str) -> None:
    spec, undone = RULES[name]
    rule = custom("networking.istio.io/v1", "DestinationRule", "r", "shop", spec=spec)
    assert istio.undoes(istio.plain_hosts([rule]), "shop") is undone


INJECTION = [
    ({"istio-injection": "enabled"}, {}, "istio"),
    ({"istio-injection": "enabled"}, {"sidecar.istio.io/inject": "false"}, ""),
    ({"istio-injection": "disabled"}, {"sidecar.istio.io/inject": "true"}, ""),
    ({"istio.io/rev": "stable"}, {}, "istio"),
    ({"istio.io/rev": "stable"}, {"sidecar.istio.io/inject": "false"}, ""),
    ({"istio.io/rev": "stable", "istio-injection": "disabled"}, {}, ""),
    ({}, {"sidecar.istio.io/inject": "true"}, "istio"),
    ({}, {"istio.io/rev": "stable"}, "istio"),
    ({}, {}, ""),
    ({"istio.io/dataplane-mode": "ambient"}, {}, "ambient"),
    ({"istio.io/dataplane-mode": "ambient"}, {"istio.io/dataplane-mode": "none"}, ""),
    ({"kuma.io/sidecar-injection": "enabled"}, {}, "kuma"),
]


@pytest.mark.parametrize(("room", "labels", "mesh"), INJECTION)
def test_what_labels_ask_for(room: dict[str, str], labels: dict[str, str], mesh: str) -> None:
    assert declared_mesh("shop", room, {}, labels, {}, {"containers": []}) == mesh


def test_the_host_network_and_system_namespaces_are_never_injected() -> None:
    assert declared_mesh("shop", {"istio-injection": "enabled"}, {}, {}, {}, {"hostNetwork": True}) == ""
    assert declared_mesh("kube-system", {"istio-injection": "enabled"}, {}, {}, {}, {}) == ""


@pytest.mark.parametrize(
    ("room", "own", "mesh"),
    [
        ("enabled", None, "linkerd"),
        ("disabled", "enabled", "linkerd"),
        ("enabled", "disabled", ""),
        ("enabled", "yes", ""),
    ],
)
def test_linkerd_annotations(room: str, own: str | None, mesh: str) -> None:
    mine = {"linkerd.io/inject": own} if own else {}
    assert declared_mesh("shop", {}, {"linkerd.io/inject": room}, {}, mine, {}) == mesh


@pytest.mark.parametrize("where", ["containers", "initContainers"])
def test_a_sidecar_is_seen_wherever_it_runs(where: str) -> None:
    found = pod("shop", "web")
    found["spec"].setdefault(where, []).append({"name": "istio-proxy", "ports": [{"containerPort": 15090}]})
    seen = read_endpoint("shop", {}, {}, found["spec"])
    assert seen.mesh == "istio"
    assert seen.ports == ((8080, ""),)


def test_ambient_by_annotation() -> None:
    spec = pod("shop", "web")["spec"]
    assert read_endpoint("shop", {}, {"ambient.istio.io/redirection": "enabled"}, spec).mesh == "ambient"
    assert read_endpoint("shop", {}, {"ambient.istio.io/redirection": "pending"}, spec).mesh == ""


def server(port: object = 8080, access: str = "", name: str = "web") -> Object:
    spec = {
        "podSelector": {"matchLabels": {"app": "web"}},
        "port": port,
        **({"accessPolicy": access} if access else {}),
    }
    return custom("policy.linkerd.io/v1beta3", "Server", name, "shop", spec=spec)


def authorization(*kinds: str, target: str = "Server") -> Object:
    refs = [{"kind": kind, "name": "x"} for kind in kinds]
    spec = {"targetRef": {"kind": target, "name": "web"}, "requiredAuthenticationRefs": refs}
    return custom("policy.linkerd.io/v1alpha1", "AuthorizationPolicy", "a", "shop", spec=spec)


def older(client: Object) -> Object:
    spec = {"server": {"name": "web"}, "client": client}
    return custom("policy.linkerd.io/v1beta1", "ServerAuthorization", "a", "shop", spec=spec)


LINKERD: dict[str, tuple[str, list[Object], list[Object], list[Object], bool]] = {
    "meshed is not strict": ("", [], [], [], False),
    "default authenticated": ("all-authenticated", [], [], [], True),
    "default deny": ("deny", [], [], [], True),
    "audit only logs": ("audit", [], [], [], False),
    "cluster-unauthenticated": ("cluster-unauthenticated", [], [], [], False),
    "a server denies by default": ("", [server()], [], [], True),
    "a server in audit": ("deny", [server(access="audit")], [], [], False),
    "a server of another port": ("", [server(9090)], [], [], False),
    "identity asked for": ("", [server()], [authorization("MeshTLSAuthentication")], [], True),
    "network alone": ("", [server()], [authorization("NetworkAuthentication")], [], False),
    "both asked for": (
        "",
        [server()],
        [authorization("NetworkAuthentication", "MeshTLSAuthentication")],
        [],
        True,
    ),
    "older: unauthenticated": ("", [server()], [], [older({"unauthenticated": True})], False),
    "older: TLS without identity": (
        "",
        [server()],
        [],
        [older({"meshTLS": {"unauthenticatedTLS": True}})],
        False,
    ),
    "older: identities": ("", [server()], [], [older({"meshTLS": {"identities": ["*"]}})], True),
}


@pytest.mark.parametrize("name", LINKERD)
def test_linkerd(name: str) -> None:
    policy, servers, authorizations, olders, strict = LINKERD[name]
    verdict = linkerd.judge(
        endpoint("linkerd", policy=policy), linkerd.Policies(servers, authorizations, olders)
    )
    assert (verdict.enrolled, verdict.strict) == (True, strict), verdict


def mesh(backend: str = "", mode: str = "") -> Object:
    backends = [{"name": "ca", "type": "builtin", **({"mode": mode} if mode else {})}]
    spec = {"mtls": {"backends": backends, **({"enabledBackend": backend} if backend else {})}}
    return custom("kuma.io/v1alpha1", "Mesh", "default", spec=spec)


def tls(mode: str, kind: str = "Mesh") -> Object:
    return custom(
        "kuma.io/v1alpha1",
        "MeshTLS",
        "t",
        "kuma-system",
        spec={"targetRef": {"kind": kind}, "rules": [{"default": {"mode": mode}}]},
    )


KUMA: dict[str, tuple[list[Object], list[Object], list[Object], bool | None, bool | None]] = {
    "off by default": ([mesh()], [], [], False, False),
    "strict by default once on": ([mesh("ca")], [], [], True, True),
    "permissive backend": ([mesh("ca", "PERMISSIVE")], [], [], True, False),
    "a MeshTLS overrides": ([mesh("ca")], [tls("Permissive")], [], True, False),
    "a MeshTLS for a part": ([mesh("ca")], [tls("Permissive", "MeshService")], [], True, None),
    "an identity instead of a backend": (
        [mesh()],
        [],
        [custom("kuma.io/v1alpha1", "MeshIdentity", "i")],
        True,
        True,
    ),
    "a mesh that is not there": ([], [], [], None, None),
}


@pytest.mark.parametrize("name", KUMA)
def test_kuma(name: str) -> None:
    meshes, policies, identities, enrolled, strict = KUMA[name]
    verdict = othermesh.judge_kuma(endpoint("kuma"), meshes, policies, identities)
    assert (verdict.enrolled, verdict.strict) == (enrolled, strict), verdict


REQUIRED = custom(
    "cilium.io/v2",
    "CiliumNetworkPolicy",
    "auth",
    "shop",
    spec={
        "endpointSelector": {},
        "ingress": [{"fromEndpoints": [{}], "authentication": {"mode": "required"}}],
    },
)
CILIUM: dict[str, tuple[dict[str, str], dict[str, str], list[Object], bool | None]] = {
    "WireGuard alone is no identity": ({"enable-wireguard": "true"}, {}, [], None),
    "the machinery alone proves nothing": ({"mesh-auth-enabled": "true"}, {}, [REQUIRED], None),
    "handshake without encryption": ({"mesh-auth-mutual-enabled": "true"}, {}, [REQUIRED], None),
    "handshake over encryption": (
        {"mesh-auth-mutual-enabled": "true", "enable-ipsec": "true"},
        {},
        [REQUIRED],
        True,
    ),
    "nobody asks for it": ({"mesh-auth-mutual-enabled": "true", "enable-ipsec": "true"}, {}, [], None),
    "audit mode enforces nothing": (
        {"mesh-auth-mutual-enabled": "true", "enable-ipsec": "true", "policy-audit-mode": "true"},
        {},
        [REQUIRED],
        False,
    ),
    "ztunnel in a namespace that opted in": (
        {"enable-ztunnel": "true"},
        {othermesh.MTLS_LABEL: "true"},
        [],
        False,
    ),
    "ztunnel elsewhere": ({"enable-ztunnel": "true"}, {}, [], None),
}


@pytest.mark.parametrize("name", CILIUM)
def test_cilium(name: str) -> None:
    config, room, policies, strict = CILIUM[name]
    verdict = othermesh.judge_cilium(endpoint(""), room, config, policies)
    assert (verdict.strict if verdict else None) is strict


AUTHORIZATION: dict[str, tuple[list[Object], bool]] = {
    "none": ([], False),
    "allow nothing here": ([{"spec": {}}], True),
    "allow nothing in the mesh": ([{"place": ROOT, "spec": {}}], True),
    "allow everything beside it": ([{"spec": {}}, {"spec": {"rules": [{}]}}], False),
    "of one workload": ([{"spec": {"selector": {"matchLabels": {"app": "web"}}}}], False),
    "dry run": ([{"spec": {}, "notes": {"istio.io/dry-run": "true"}}], False),
    "a deny without rules matches nothing": ([{"spec": {"action": "DENY"}}], False),
    "in another namespace": ([{"place": "other", "spec": {}}], False),
}


@pytest.mark.parametrize("name", AUTHORIZATION)
def test_istio_allows_nothing_by_default(name: str) -> None:
    rows, refused = AUTHORIZATION[name]
    policies = [
        custom(
            "security.istio.io/v1",
            "AuthorizationPolicy",
            f"p{number}",
            row.get("place", "shop"),
            spec=row["spec"],
            metadata={"annotations": row.get("notes", {})},
        )
        for number, row in enumerate(rows)
    ]
    assert istio.refuses_requests(policies, "shop")[0] is refused
