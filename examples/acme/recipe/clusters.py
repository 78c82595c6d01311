"""What runs at acme: the clusters prod and lab, object by object; a test's double of the API serves them."""

from __future__ import annotations

from typing import Any

from doubles.kubernetes.objects import container, custom, manager, node, settled, workload
from doubles.prometheus import cpu

Object = dict[str, Any]
CPU_END = "2026-10-31T06"
TOKEN = "acme-auditor-51c0ffee"  # noqa: S105 - invented, and a canary
LAB_REFUSES = ("/api/v1/nodes",)
"""What the auditor's account may not list in lab."""
SETTINGS: dict[str, Any] = {
    "organisation": "acme",
    "clusters": [
        {"context": "acme-prod", "name": "prod", "env": "production", "metrics": "metrics-prod*"},
        {"context": "acme-lab", "name": "lab", "env": "nonprod", "metrics": "metrics-lab*"},
    ],
    "teams": [f"acme/{name}" for name in ("checkout", "data", "payments", "platform", "security", "web")],
    "api_domains": ["acme.example"],
    "standard_tools": {
        "developer-portal": "backstage",
        "gitops": "argo-cd",
        "platform-api": "crossplane",
        "policy": "kyverno",
        "runtime-security": "falco",
        "secrets": "external-secrets",
        "service-mesh": "istio",
    },
}
PROXY = container("istio-proxy", securityContext={"runAsUser": 1337})
ROOT = {"securityContext": {"runAsUser": 0}}
BY_ARGO, BY_FLUX = [manager("argocd-controller")], [manager("kustomize-controller")]
BY_PIPELINE, BY_HAND = [manager("deployer")], [manager("kubectl-edit")]


def app(
    place: str,
    name: str,
    team: str,
    since: str,
    managers: list[Object],
    *containers: Object,
    mesh: bool = False,
    labels: dict[str, str] | None = None,
    **spec: Any,
) -> list[Object]:
    """Return a Deployment that a team owns, and its one pod."""
    made = workload(
        place, name, *containers, labels={"team": team, **(labels or {})}, managers=managers, **spec
    )
    made["metadata"]["creationTimestamp"] = f"{since}T08:00:00Z"
    held = made["spec"]["template"]["spec"]
    meta = {
        "name": f"{name}-7d9f-x2k4z", "namespace": place, "creationTimestamp": "2026-10-20T08:00:00Z",
        "labels": {"app": name, "pod-template-hash": "7d9f"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": f"{name}-7d9f", "controller": True}],
    }  # fmt: skip
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": meta,
        "spec": {**held, "nodeName": "node-a", "containers": held["containers"] + ([PROXY] if mesh else [])},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip
    return [made, pod]


def agents(place: str, name: str, image: str, nodes: tuple[str, ...]) -> list[Object]:
    """Return a DaemonSet and its ready pod on each node."""
    made = workload(place, name, container(image=image), kind="DaemonSet")
    made["metadata"]["creationTimestamp"] = "2024-11-20T08:00:00Z"
    return [
        made,
        *(
            {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": f"{name}-{node}", "namespace": place,
                             "ownerReferences": [{"kind": "DaemonSet", "name": name, "controller": True}]},
                "spec": {"nodeName": node, "containers": [container(image=image)]},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
            }
            for node in nodes
        ),
    ]  # fmt: skip


def room(name: str, **labels: str) -> Object:
    """Return a namespace; `__` in a label stands for the slash, `_` for the dash."""
    spelled = {key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": spelled}}


def closed(place: str, name: str = "closed", **spec: Any) -> Object:
    """Return a network policy over every pod of a namespace."""
    return custom("networking.k8s.io/v1", "NetworkPolicy", name, place, spec={"podSelector": {}, **spec})


def peers(place: str, mode: str) -> Object:
    """Return what Istio asks of callers in a namespace."""
    return custom(
        "security.istio.io/v1", "PeerAuthentication", "default", place, spec={"mtls": {"mode": mode}}
    )


def bound(name: str, role: str, *subjects: tuple[str, str], place: str = "") -> Object:
    """Return a binding of a role to users and groups."""
    kind, of = ("RoleBinding", "Role") if place else ("ClusterRoleBinding", "ClusterRole")
    held = [{"kind": one, "name": who} for one, who in subjects]
    return custom(RBAC, kind, name, place, roleRef={"kind": of, "name": role}, subjects=held)


def claim(place: str, name: str, asked: str, ready: str, by: str) -> Object:
    """Return a database that a team asked for, and when it was ready."""
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": ready}
    meta = {"creationTimestamp": asked, "managedFields": [manager(by)]}
    return custom(
        "platform.acme.example/v1", "Database", name, place, metadata=meta, status={"conditions": [condition]}
    )


RBAC = "rbac.authorization.k8s.io/v1"
EVERYTHING = [{"verbs": ["*"], "resources": ["*"], "apiGroups": ["*"]}]
ADMIN = custom(
    RBAC, "ClusterRole", "cluster-admin", rules=EVERYTHING,
    metadata={"labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
)  # fmt: skip
PEOPLE = (
    ADMIN,
    bound("platform", "cluster-admin", ("Group", "oidc:acme-platform")),
    bound("break-glass", "cluster-admin", ("User", "marisol.underhay@acme.example")),
    bound("readers", "view", ("Group", "oidc:acme-everyone")),
    custom(RBAC, "Role", "deployer", "cart",
           rules=[{"verbs": ["*"], "resources": ["deployments"], "apiGroups": ["apps"]}]),
    bound("deployer", "deployer", ("User", "evander.pikestaffe@acme.example"), place="cart"),
)  # fmt: skip
ADMITTED = {"pod_security.kubernetes.io__enforce": "baseline"}
INTO_MESH = {"istio_injection": "enabled"}


def _listed(place: str, *names: str) -> list[Object]:
    return [{"group": "apps", "kind": "Deployment", "namespace": place, "name": name} for name in names]


def _secret(name: str) -> dict[str, Any]:
    return {"volumes": [{"name": "s", "secret": {"secretName": name}}]}


PAY = (
    room("pay", **INTO_MESH, **ADMITTED),
    *app("pay", "payments-api", "payments", "2026-01-15", BY_ARGO, mesh=True,
         labels={"app.kubernetes.io/part-of": "payments"}, **_secret("payments-db")),
    *app("pay", "ledger", "payments", "2025-09-01", BY_HAND, mesh=True,
         labels={"app.kubernetes.io/part-of": "ledger"}, **_secret("ledger-db")),
    closed("pay"),
    custom("v1", "ResourceQuota", "size", "pay", spec={"hard": {"requests.cpu": "8"}}),
    custom("security.istio.io/v1", "AuthorizationPolicy", "nothing", "pay", spec={}),
    custom("external-secrets.io/v1", "ExternalSecret", "payments-db", "pay",
           spec={"target": {"name": "payments-db"},
                 "secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"}}),
    custom("autoscaling/v2", "HorizontalPodAutoscaler", "payments-api", "pay",
           spec={"scaleTargetRef": {"kind": "Deployment", "name": "payments-api"}}),
    claim("pay", "books", "2026-09-10T08:00:00Z", "2026-09-10T08:25:00Z", "argocd-controller"),
)  # fmt: skip
CART = (
    room("cart", **INTO_MESH),
    *app("cart", "checkout-web", "checkout", "2026-03-01", BY_PIPELINE, container(**ROOT), mesh=True),
    *app("cart", "checkout-cart", "checkout", "2026-03-01", BY_PIPELINE, container(**ROOT), mesh=True),
    peers("cart", "PERMISSIVE"),
    closed("cart"),
    closed("cart", "open", ingress=[{}]),
)
STORE = (
    room("store"),
    *app("store", "catalogue", "web", "2025-12-10", BY_FLUX),
    *app("store", "search", "web", "2025-12-10", BY_FLUX),
    claim("store", "search", "2026-10-01T08:00:00Z", "2026-10-01T08:55:00Z", "kustomize-controller"),
)
FORECAST = (
    room("forecast"),
    *app("forecast", "ml-forecast", "data", "2026-02-01", BY_HAND,
         settled(image="docker.io/vllm/vllm-openai:v0.9",
                 env=[{"name": "OPENAI_BASE_URL", "value": "http://localhost:8000"}],
                 resources={"requests": {"cpu": "4", "memory": "16Gi"}, "limits": {"nvidia.com/gpu": "1"}}),
         **_secret("model-registry")),
)  # fmt: skip
PORTAL = (
    room("portal", **INTO_MESH, **ADMITTED),
    *app("portal", "portal", "platform", "2026-04-01", BY_ARGO,
         settled(image="mirror.acme.example/backstage/backstage:1.40"), mesh=True,
         labels={"cost-center": "cc-100"},
         volumes=[{"name": "c", "csi": {"driver": "secrets-store.csi.k8s.io"}}]),
    closed("portal"),
)  # fmt: skip
NODES = ("node-a", "node-b", "node-c")
PLATFORM = (
    *(node(name) for name in NODES[:2]),
    node("node-c", nvidia_com__gpu="2"),
    *(room(name) for name in ("kube-system", "istio-system", "argocd", "flux-system", "falco")),
    *agents("kube-system", "cilium", "quay.io/cilium/cilium:v1.18", NODES),
    custom("v1", "ConfigMap", "cilium-config", "kube-system", data={"enable-wireguard": "true"}),
    workload("istio-system", "istiod", container(image="docker.io/istio/pilot:1.27")),
    custom("v1", "ConfigMap", "istio", "istio-system", data={"mesh": "rootNamespace: istio-system\n"}),
    peers("istio-system", "STRICT"),
    *agents("falco", "falco", "docker.io/falcosecurity/falco:0.41", NODES),
    workload("falco", "falcosidekick", container(image="docker.io/falcosecurity/falcosidekick:2.31")),
    workload("kube-system", "opencost", container(image="ghcr.io/opencost/opencost:1.117")),
    *PEOPLE,
    custom("argoproj.io/v1alpha1", "Application", "acme", "argocd",
           spec={"destination": {"server": "https://kubernetes.default.svc"}},
           status={"resources": [*_listed("pay", "payments-api"), *_listed("portal", "portal")]}),
    custom("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "store", "flux-system",
           status={"inventory": {"entries": [{"id": "store_catalogue_apps_Deployment"},
                                             {"id": "store_search_apps_Deployment"}]}}),
    custom("kyverno.io/v1", "ClusterPolicy", "verify-images", spec={
        "validationFailureAction": "Enforce",
        "rules": [{"name": "signed",
                   "match": {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["pay"]}}]},
                   "verifyImages": [{"imageReferences": ["*"], "attestors": [{"entries": [{"keys": {}}]}]}]}],
    }),
    custom("kyverno.io/v1", "ClusterPolicy", "require-owner-label", spec={
        "validationFailureAction": "Audit",
        "rules": [{"name": "owner", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
                   "validate": {"pattern": {"metadata": {"labels": {"team": "?*"}}}}}],
    }),
    custom("apiextensions.crossplane.io/v1", "CompositeResourceDefinition",
           "xdatabases.platform.acme.example",
           spec={"group": "platform.acme.example", "names": {"kind": "XDatabase", "plural": "xdatabases"},
                 "claimNames": {"kind": "Database", "plural": "databases"}}),
    custom("external-secrets.io/v1", "ClusterSecretStore", "vault", spec={"provider": {"vault": {}}}),
    custom("tenancy.acme.example/v1", "Tenant", "payments"),
)  # fmt: skip
PROD: tuple[Object, ...] = (*PLATFORM, *PAY, *CART, *STORE, *FORECAST, *PORTAL)
SINCE = {
    "apiextensions.crossplane.io": "2025-06-01",
    "argoproj.io": "2024-05-01",
    "core.k8sgpt.ai": "2026-05-05",
    "external-secrets.io": "2026-01-20",
    "kustomize.toolkit.fluxcd.io": "2025-02-01",
    "kyverno.io": "2026-03-01",
    "platform.acme.example": "2025-06-02",
    "security.istio.io": "2025-01-10",
    "tenancy.acme.example": "2026-02-10",
}
"""Since when each group of API definitions has been there."""

LAB: tuple[Object, ...] = (
    room("kube-system"),
    room("sandbox"),
    *app("sandbox", "notebook", "data", "2026-08-01", BY_PIPELINE, settled(**ROOT)),
    room("trials"),
    *app("trials", "k8sgpt", "platform", "2026-05-06", BY_PIPELINE,
         settled(image="ghcr.io/k8sgpt-ai/k8sgpt-operator:v0.2"), serviceAccountName="k8sgpt"),
    ADMIN,
    bound("platform", "cluster-admin", ("Group", "oidc:acme-platform")),
    custom("core.k8sgpt.ai/v1alpha1", "Result", "podnotready", "trials",
           metadata={"creationTimestamp": "2026-10-20T08:00:00Z"}),
)  # fmt: skip

CPU = {
    "prod": (
        ("pay", "payments-api", "0.06", "0.1"), ("pay", "ledger", "0.05", "0.1"),
        ("store", "catalogue", "0.02", "0.1"), ("store", "search", "0.15", "0.1"),
        ("forecast", "ml-forecast", "1", "4"), ("portal", "portal", "0.03", "0.1"),
    ),
    "lab": (("sandbox", "notebook", "0.01", "0.1"), ("trials", "k8sgpt", "0.04", "0.1")),
}  # fmt: skip
"""Cores that each workload used and asked for, hour by hour in the last week of October."""


def metrics() -> dict[str, bytes]:
    """Return what the monitoring of each cluster answered, by file."""
    return {
        f"metrics-{name}.json": cpu(
            [(place, f"{app}-7d9f-x2k4z", *cores) for place, app, *cores in held], CPU_END
        )
        for name, held in CPU.items()
    }
