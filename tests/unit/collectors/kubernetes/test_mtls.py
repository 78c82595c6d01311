"""Mutual TLS: each documented rule of each mesh, with the outcome its vendor documents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cnmm_collectors.kubernetes.semantics import destinationrules, istio, linkerd, othermesh
from cnmm_collectors.kubernetes.semantics.mtls import Endpoint, declared_mesh, read_endpoint
from cnmm_collectors.kubernetes.shape import ShapeFault
from doubles.kubernetes.objects import container, custom, pod

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
    "exception of a port that is not declared": (
        [peer("shop", "STRICT", app="web", ports={"9090": "DISABLE"})],
        True,
        None,
    ),
    "strict port that is not declared": (
        [peer("shop", "STRICT", app="web", ports={"9090": "STRICT"})],
        True,
        True,
    ),
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


def test_a_policy_for_single_pods_of_a_workload_is_not_told() -> None:
    single = peer("shop", "DISABLE")
    single["spec"]["selector"] = {"matchLabels": {"statefulset.kubernetes.io/pod-name": "web-0"}}
    verdict = istio.judge(endpoint(), [istio.read_peer(one) for one in (peer("shop", "STRICT"), single)])
    assert (verdict.enrolled, verdict.strict) == (None, None)


def test_a_pod_can_keep_callers_from_mutual_tls_unless_it_is_strict() -> None:
    plain = endpoint(**{"security.istio.io/tlsMode": "disabled"})
    assert istio.judge(plain, []).enrolled is False
    assert istio.judge(plain, [istio.read_peer(peer(ROOT, "STRICT"))]).enrolled is True


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


def service(name: str) -> Object:
    return custom("v1", "Service", name, "shop", spec={"selector": {"app": name}})


def rule(place: str, host: str, policy: Object | None = None, more: Object | None = None) -> Object:
    given = {"host": host, **({"trafficPolicy": policy} if policy else {}), **(more or {})}
    return custom("networking.istio.io/v1", "DestinationRule", "r", place, spec=given)


DISABLE: Object = {"tls": {"mode": "DISABLE"}}
MUTUAL: Object = {"tls": {"mode": "ISTIO_MUTUAL"}}
WEB = "web.shop.svc.cluster.local"
RULES: dict[str, tuple[list[tuple[Any, ...]], bool | None]] = {
    "disabled for the mesh": ([(ROOT, "*.local", DISABLE)], True),
    "one's own namespace": ([("shop", "*.shop.svc.cluster.local", DISABLE)], True),
    "the service itself": ([("shop", WEB, DISABLE)], True),
    "a short name is of the rule's namespace": ([("shop", "web", DISABLE)], True),
    "a name with one dot is no service": ([("shop", "web.shop", DISABLE)], False),
    "another service": ([("shop", "api", DISABLE)], False),
    "tls without a mode is disable": ([("shop", "web", {"tls": {}})], True),
    "one-way TLS shows no identity": ([("shop", "web", {"tls": {"mode": "SIMPLE"}})], True),
    "mutual": ([(ROOT, "*.local", MUTUAL)], False),
    "no tls": ([(ROOT, "*.local", {"loadBalancer": {}})], False),
    "the closest host of a namespace counts": ([(ROOT, "*.local", DISABLE), (ROOT, WEB, MUTUAL)], False),
    "the service's namespace before the root": ([(ROOT, WEB, DISABLE), ("shop", "*.local", MUTUAL)], False),
    "another namespace tells only its own callers": ([("other", WEB, DISABLE)], None),
    "and may tell them better": ([("shop", "web", DISABLE), ("other", WEB, MUTUAL)], None),
    "a rule that is not exported": ([("shop", "web", {**DISABLE}, {"exportTo": ["."]})], None),
    "a port": ([("shop", "web", {"portLevelSettings": [{"port": {"number": 80}, **DISABLE}]})], None),
    "all but a port": (
        [("shop", "web", {**DISABLE, "portLevelSettings": [{"port": {"number": 80}, **MUTUAL}]})],
        None,
    ),
    "a subset": ([("shop", "web", None, {"subsets": [{"name": "v1", "trafficPolicy": DISABLE}]})], None),
}


@pytest.mark.parametrize("name", RULES)
def test_destination_rules_undo(name: str) -> None:
    rules, undone = RULES[name]
    read = [destinationrules.read_rule(rule(*one)) for one in rules]
    services = [destinationrules.read_service(service("web")), destinationrules.read_service(service("api"))]
    assert destinationrules.speak_plain(endpoint(), services, read, ROOT) is undone


def test_one_of_two_services_of_a_workload() -> None:
    second = {**service("admin"), "spec": {"selector": {"app": "web"}}}
    services = [destinationrules.read_service(one) for one in (service("web"), second)]
    read = [destinationrules.read_rule(rule("shop", "web", DISABLE))]
    assert destinationrules.speak_plain(endpoint(), services, read, ROOT) is None
    nothing = [destinationrules.read_service({**service("web"), "spec": {}})]
    assert destinationrules.speak_plain(endpoint(), nothing, read, ROOT) is False


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


LINKERD: dict[str, tuple[str, list[Object], list[Object], list[Object], bool | None]] = {
    "meshed is not strict": ("all-unauthenticated", [], [], [], False),
    "a default that nobody told": ("", [], [], [], None),
    "default authenticated": ("all-authenticated", [], [], [], True),
    "default deny": ("deny", [], [], [], True),
    "audit only logs": ("audit", [], [], [], False),
    "cluster-unauthenticated": ("cluster-unauthenticated", [], [], [], False),
    "a server denies by default": ("", [server()], [], [], True),
    "a server in audit": ("deny", [server(access="audit")], [], [], False),
    "a server of another port": ("all-unauthenticated", [server(9090)], [], [], False),
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


def test_ports_that_ask_for_an_identity_are_strict_whatever_the_policy() -> None:
    notes = {"config.linkerd.io/proxy-require-identity-inbound-ports": "8080, 9090"}
    spec = {"containers": [{"name": "app", "ports": [{"containerPort": 8080}]}, {"name": "linkerd-proxy"}]}
    asked = read_endpoint("shop", {}, {**notes, POLICY: "all-unauthenticated"}, spec)
    assert linkerd.judge(asked, linkerd.Policies()).strict is True
    assert linkerd.judge(replace(asked, ports=((8443, ""),)), linkerd.Policies()).strict is False


POLICY = "config.linkerd.io/default-inbound-policy"
REQUESTS: dict[str, tuple[str, list[Object], list[Object], bool | None]] = {
    "default deny": ("deny", [], [], True),
    "any identity is not a denial": ("all-authenticated", [], [], False),
    "a server denies": ("all-unauthenticated", [server()], [], True),
    "a server that audits": ("deny", [server(access="audit")], [], False),
    "authorized by identity": (
        "all-unauthenticated",
        [server()],
        [authorization("MeshTLSAuthentication")],
        True,
    ),
    "authorized by network alone": ("deny", [server()], [authorization("NetworkAuthentication")], False),
    "not told": ("", [], [], None),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_linkerd_refuses_what_nothing_authorizes(name: str) -> None:
    policy, servers, authorizations, refused = REQUESTS[name]
    policies = linkerd.Policies(servers, authorizations)
    assert linkerd.refuses_requests(endpoint("linkerd", policy=policy), policies)[0] is refused


def mesh(backend: str = "", mode: str = "") -> Object:
    backends = [{"name": "ca", "type": "builtin", **({"mode": mode} if mode else {})}]
    spec = {"mtls": {"backends": backends, **({"enabledBackend": backend} if backend else {})}}
    return custom("kuma.io/v1alpha1", "Mesh", "default", spec=spec)


def kuma(kind: str, place: str, spec: Object, mesh: str = "") -> Object:
    carried = {"labels": {"kuma.io/mesh": mesh}} if mesh else {}
    return custom("kuma.io/v1alpha1", kind, "x", place, spec=spec, metadata=carried)


def tls(mode: str, target: Object | None = None, place: str = "kuma-system", mesh: str = "") -> Object:
    spec = {"targetRef": target or {"kind": "Mesh"}, "rules": [{"default": {"mode": mode}}]}
    return kuma("MeshTLS", place, spec, mesh)


def identity(selector: Object) -> Object:
    return kuma("MeshIdentity", "kuma-system", {"selector": selector})


KUMA: dict[str, tuple[list[Object], list[Object], list[Object], bool | None, bool | None]] = {
    "off by default": ([mesh()], [], [], False, False),
    "strict by default once on": ([mesh("ca")], [], [], True, True),
    "permissive backend": ([mesh("ca", "PERMISSIVE")], [], [], True, False),
    "a MeshTLS overrides": ([mesh("ca")], [tls("Permissive")], [], True, False),
    "and back to strict": ([mesh("ca", "PERMISSIVE")], [tls("Strict")], [], True, True),
    "a MeshTLS for a part": (
        [mesh("ca")], [tls("Permissive", {"kind": "MeshService", "name": "w"})], [], True, None,
    ),
    "one of another mesh": ([mesh("ca")], [tls("Permissive", mesh="other")], [], True, True),
    "one of another namespace": ([mesh("ca")], [tls("Permissive", place="other")], [], True, True),
    "one of the pod's namespace": ([mesh("ca")], [tls("Permissive", place="shop")], [], True, False),
    "an identity instead of a backend": ([mesh()], [], [identity({"dataplane": {}})], True, True),
    "an identity for some": (
        [mesh()], [], [identity({"dataplane": {"matchLabels": {"app": "api"}}})], False, False,
    ),
    "an identity without a selector selects nothing": ([mesh()], [], [identity({})], False, False),
    "a mesh that is not there": ([], [], [], None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", KUMA)
def test_kuma(name: str) -> None:
    meshes, policies, identities, enrolled, strict = KUMA[name]
    verdict = othermesh.judge_kuma(endpoint("kuma"), {}, othermesh.Kuma(meshes, policies, identities))
    assert (verdict.enrolled, verdict.strict) == (enrolled, strict), verdict


def test_the_mesh_of_a_namespace_is_its_pods_mesh() -> None:
    held = othermesh.Kuma([mesh("ca")])
    assert othermesh.judge_kuma(endpoint("kuma"), {"kuma.io/mesh": "other"}, held).enrolled is None
    named = endpoint("kuma", **{"kuma.io/mesh": "default"})
    assert othermesh.judge_kuma(named, {"kuma.io/mesh": "other"}, held).enrolled is True


def permission(spec: Object, place: str = "kuma-system") -> Object:
    return kuma("MeshTrafficPermission", place, {"targetRef": {"kind": "Mesh"}, **spec})


ALLOW_ALL = {"from": [{"targetRef": {"kind": "Mesh"}, "default": {"action": "Allow"}}]}
PERMISSIONS: dict[str, tuple[list[Object], list[Object], bool | None]] = {
    "nothing allowed with mutual TLS": ([mesh("ca")], [], True),
    "without mutual TLS nothing is refused": ([mesh()], [], False),
    "everybody": ([mesh("ca")], [permission(ALLOW_ALL)], False),
    "a shadow denial allows": (
        [mesh("ca")],
        [permission({"from": [{"targetRef": {"kind": "Mesh"}, "default": {"action": "AllowWithShadowDeny"}}]})],
        False,
    ),
    "a denial": (
        [mesh("ca")],
        [permission({"from": [{"targetRef": {"kind": "Mesh"}, "default": {"action": "Deny"}}]})],
        True,
    ),
    "somebody": (
        [mesh("ca")],
        [permission({"from": [{"targetRef": {"kind": "MeshSubset", "tags": {"a": "b"}},
                               "default": {"action": "Allow"}}]})],
        True,
    ),
    "everybody, in another namespace": ([mesh("ca")], [permission(ALLOW_ALL, "other")], True),
}  # fmt: skip


@pytest.mark.parametrize("name", PERMISSIONS)
def test_kuma_refuses_what_nothing_permits(name: str) -> None:
    meshes, permissions, refused = PERMISSIONS[name]
    held = othermesh.Kuma(meshes, permissions=permissions)
    assert othermesh.kuma_refuses(endpoint("kuma"), {}, held)[0] is refused


def entry(kind: str, name: str, **spec: Any) -> Object:
    return custom("consul.hashicorp.com/v1alpha1", kind, name, "consul", spec=spec)


PERMISSIVE = {"mutualTLSMode": "permissive"}
CONSUL: dict[str, tuple[othermesh.Consul, bool, bool | None]] = {
    "entries kept elsewhere": (othermesh.Consul(), False, None),
    "strict where it is not said": (othermesh.Consul([entry("ProxyDefaults", "global")]), False, True),
    "permissive needs leave": (
        othermesh.Consul([entry("ProxyDefaults", "global", **PERMISSIVE)]),
        False,
        True,
    ),
    "permissive with leave": (
        othermesh.Consul(
            [entry("ProxyDefaults", "global", **PERMISSIVE)],
            meshes=[entry("Mesh", "mesh", allowEnablingPermissiveMutualTLS=True)],
        ),
        False,
        False,
    ),
    "one service": (
        othermesh.Consul(
            [entry("ProxyDefaults", "global")],
            [entry("ServiceDefaults", "api", **PERMISSIVE)],
            [entry("Mesh", "mesh", allowEnablingPermissiveMutualTLS=True)],
        ),
        False,
        None,
    ),
    "no transparent proxy": (othermesh.Consul([entry("ProxyDefaults", "global")]), True, False),
}


@pytest.mark.parametrize("name", CONSUL)
def test_consul(name: str) -> None:
    held, bypassed, strict = CONSUL[name]
    verdict = othermesh.judge_consul(endpoint("consul", bypassed=bypassed), held)
    assert (verdict.enrolled, verdict.strict) == (True, strict)


@pytest.mark.parametrize(("action", "refused"), [("deny", True), ("allow", False), ("", None)])
def test_consul_intentions(action: str, refused: bool | None) -> None:
    sources = [{"name": "*", "action": action}] if action else [{"name": "api", "action": "allow"}]
    one = entry("ServiceIntentions", "all", destination={"name": "*"}, sources=sources)
    assert othermesh.consul_refuses(othermesh.Consul(intentions=[one]))[0] is refused


@pytest.mark.parametrize(
    ("notes", "bypassed"),
    [
        ({"consul.hashicorp.com/transparent-proxy-status": "enabled"}, False),
        ({}, True),
        ({"consul.hashicorp.com/transparent-proxy-status": "enabled",
          "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports": "8080"}, True),
    ],
)  # fmt: skip
def test_what_reaches_a_consul_pod_past_its_proxy(notes: dict[str, str], bypassed: bool) -> None:
    status = {"consul.hashicorp.com/connect-inject-status": "injected"}
    spec = {"containers": [container(), {"name": "consul-dataplane"}]}
    assert read_endpoint("shop", {}, {**status, **notes}, spec).bypassed is bypassed


def test_a_gateway_holds_nothing_but_a_proxy() -> None:
    proxy, start = {"name": "istio-proxy"}, {"name": "istio-init"}
    assert read_endpoint("shop", {}, {}, {"containers": [proxy], "initContainers": [start]}).gateway
    assert not read_endpoint("shop", {}, {}, {"containers": [container(), proxy]}).gateway
    assert not read_endpoint("shop", {}, {}, {"containers": [container()]}).gateway


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
ON = {"mesh-auth-mutual-enabled": "true", "enable-wireguard": "true"}


def cilium(*ingress: Object) -> Object:
    spec = {"endpointSelector": {}, "ingress": list(ingress)}
    return custom("cilium.io/v2", "CiliumNetworkPolicy", "more", "shop", spec=spec)


CILIUM: dict[str, tuple[dict[str, str], dict[str, str], list[Object], bool | None]] = {
    "an empty rule beside it lets nobody in": (ON, {}, [REQUIRED, cilium({})], True),
    "somebody let in without the handshake": (
        ON,
        {},
        [REQUIRED, cilium({"fromEndpoints": [{"matchLabels": {"app": "old"}}]})],
        None,
    ),
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


def test_a_native_policy_knows_no_handshake() -> None:
    open_ = custom("networking.k8s.io/v1", "NetworkPolicy", "n", "shop", spec={"ingress": [{"from": []}]})
    verdict = othermesh.judge_cilium(endpoint(""), {}, ON, [REQUIRED], [open_])
    assert verdict is not None and verdict.enrolled is True and verdict.strict is None


AUTHORIZATION: dict[str, tuple[list[Object], bool]] = {
    "none": ([], False),
    "allow nothing here": ([{"spec": {}}], True),
    "allow nothing in the mesh": ([{"place": ROOT, "spec": {}}], True),
    "allow everything beside it": ([{"spec": {}}, {"spec": {"rules": [{}]}}], False),
    "of one workload": ([{"spec": {"selector": {"matchLabels": {"app": "web"}}}}], False),
    "dry run": ([{"spec": {}, "notes": {"istio.io/dry-run": "true"}}], False),
    "a deny without rules matches nothing": ([{"spec": {"action": "DENY"}}], False),
    "in another namespace": ([{"place": "other", "spec": {}}], False),
    "allow some, and so nothing else": (
        [{"spec": {"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/api"]}}]}]}}],
        True,
    ),
    "allow every address": (
        [{"spec": {"rules": [{"from": [{"source": {"ipBlocks": ["0.0.0.0/0"]}}]}]}}],
        False,
    ),
    "a rule of empty lists": ([{"spec": {"rules": [{"from": [], "to": []}]}}], False),
    "audit": ([{"spec": {"action": "AUDIT"}}], False),
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
