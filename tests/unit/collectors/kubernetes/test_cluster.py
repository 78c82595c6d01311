"""A live cluster: what each signal says of known objects."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from cnmm_collectors import accounts, placement, takeup
from cnmm_collectors.reader.people import pseudonym
from cnmm_collectors.signals import Interval, Masses, Tally
from doubles.kubernetes.objects import container, custom, manager, namespace, node, pod, settled, workload
from doubles.kubernetes.server import ApiServer, refuse
from unit.collectors.kubernetes.conftest import Run, Seen

EXTERNAL = {"target": {"name": "db"}, "dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password"}}}]}
SHOP = "namespace:prod/shop"
CLUSTER = "cluster:prod"
Object = dict[str, Any]


def names(value: Any) -> list[str]:
    return [label for label, _ in value.items]


def rbac(kind: str, name: str, place: str = "", **fields: Any) -> Object:
    return custom("rbac.authorization.k8s.io/v1", kind, name, place, **fields)


def bound(name: str, role: str, *subjects: tuple[str, str], place: str = "", label: str = "") -> Object:
    kind = "RoleBinding" if place else "ClusterRoleBinding"
    meta = {"labels": {"kubernetes.io/bootstrapping": label}} if label else {}
    return rbac(
        kind,
        name,
        place,
        metadata=meta,
        roleRef={"kind": "ClusterRole", "name": role},
        subjects=[{"kind": one, "name": who, "namespace": "shop"} for one, who in subjects],
    )


def test_administrators_are_users_and_groups_that_are_not_the_system(shop: ApiServer, run: Run) -> None:
    everything = [{"verbs": ["*"], "resources": ["*"], "apiGroups": ["*"]}]
    shop.add(
        rbac("ClusterRole", "own-admin", rules=everything),
        rbac("ClusterRole", "viewer", rules=[{"verbs": ["get"], "resources": ["*"], "apiGroups": [""]}]),
        bound("default", "cluster-admin", ("Group", "system:masters"), label="rbac-defaults"),
        bound("a", "cluster-admin", ("User", "alice"), ("Group", "oidc:platform"), ("ServiceAccount", "bot")),
        bound("b", "own-admin", ("User", "bob"), ("User", "alice")),
        bound("c", "cluster-admin", ("User", "eks:node-manager"), ("User", "ci@p.iam.gserviceaccount.com")),
        bound("d", "viewer", ("Group", "oidc:readers"), ("User", "carol")),
        bound("e", "cluster-admin", ("User", "dave"), place="shop"),
    )
    seen = run()
    assert seen.value("k8s.cluster_admin_subject_count", CLUSTER) == 3
    assert seen.value("k8s.rbac_group_subject_ratio", CLUSTER) == Tally(2, 7)
    assert seen.value("k8s.wildcard_role_ratio", CLUSTER) == Tally(3, 3)


def listed(seen: Seen) -> set[str]:
    return {one.value for one in seen.people if one.attribute == accounts.LISTED}


def test_everybody_a_binding_lets_in_is_a_pseudonym_and_workloads_are_not(shop: ApiServer, run: Run) -> None:
    shop.add(
        bound("a", "cluster-admin", ("User", "oidc:alice@corp.example"), ("Group", "oidc:platform")),
        bound(
            "b", "view", ("ServiceAccount", "bot"), ("Group", "system:authenticated"), ("User", "ci-robot")
        ),
    )
    seen = run()
    held = {one.person for one in seen.people if one.attribute == accounts.HOLDER}
    assert held == {pseudonym("user:oidc:alice@corp.example"), pseudonym("user:ci-robot")}
    other = {one.value for one in seen.people if one.attribute == accounts.ALIAS}
    assert other >= {pseudonym("address:alice@corp.example"), pseudonym("login:ci-robot")}
    groups = [one.value for one in seen.people if one.attribute == accounts.GROUP]
    assert groups == [accounts.group_tag("platform")]
    assert listed(seen) == {"whole"}
    assert "alice" not in repr(seen.people)


@pytest.mark.parametrize("path", ["/rolebindings", "/clusterrolebindings"])
def test_hidden_bindings_are_a_list_in_part(shop: ApiServer, run: Run, path: str) -> None:
    shop.faults[path] = refuse(403, "Forbidden")
    assert listed(run()) == {"partial"}


def test_a_cluster_that_does_not_answer_is_a_list_in_part(shop: ApiServer, run: Run) -> None:
    shop.faults["/api/v1/namespaces"] = refuse(401, "Unauthorized")
    assert listed(run()) == {"partial"}


def test_who_was_added_to_the_first_binding_holds_what_it_gives(shop: ApiServer, run: Run) -> None:
    masters, added = ("Group", "system:masters"), ("User", "erin")
    shop.add(bound("cluster-admin", "cluster-admin", masters, added, label="rbac-defaults"))
    assert run().value("k8s.cluster_admin_subject_count", CLUSTER) == 1


def test_everybody_is_more_than_one(shop: ApiServer, run: Run) -> None:
    shop.add(bound("open", "cluster-admin", ("Group", "system:authenticated")))
    assert run().value("k8s.cluster_admin_subject_count", CLUSTER) == Interval(Fraction(1), None)


def test_rbac_refused_is_unknown(shop: ApiServer, run: Run) -> None:
    shop.faults["/clusterroles"] = refuse(403, "Forbidden")
    seen = run()
    for key in ("cluster_admin_subject_count", "rbac_group_subject_ratio", "wildcard_role_ratio"):
        assert seen.gap(f"k8s.{key}", CLUSTER) == "not_permitted"


def test_mutual_tls_of_live_pods(shop: ApiServer, run: Run) -> None:
    proxy = {"name": "istio-proxy", "image": "istio/proxyv2:1"}
    shop.add(
        pod("shop", "api", settled(), proxy),
        pod("shop", "api", settled(), proxy, number=1),
        pod("shop", "half", settled(), proxy),
        pod("shop", "half", settled(), number=1),
        pod("shop", "job", owner_kind="Job"),
        pod("shop", "edge", hostNetwork=True),
        pod("shop", "done", phase="Succeeded"),
        custom(
            "security.istio.io/v1",
            "PeerAuthentication",
            "default",
            "istio-system",
            spec={"mtls": {"mode": "STRICT"}},
        ),
        custom("v1", "ConfigMap", "istio", "istio-system", data={"mesh": "rootNamespace: istio-system\n"}),
    )
    seen = run()
    assert seen.value("k8s.mtls_ratio", SHOP) == Tally(1, 3)
    assert seen.value("k8s.mtls_strict_ratio", SHOP) is False
    excerpt = seen.reading("k8s.mtls_ratio", SHOP).evidence[0].excerpt
    assert "PeerAuthentication istio-system/default: STRICT" in excerpt


@pytest.mark.parametrize(("status", "gap"), [(403, "not_permitted"), (404, "not_visible")])
def test_a_mesh_configuration_that_is_refused_hides_what_it_decides(
    status: int, gap: str, shop: ApiServer, run: Run
) -> None:
    shop.add(pod("shop", "api", settled(), {"name": "istio-proxy"}), namespace("plain"), pod("plain", "web"))
    shop.install("security.istio.io", "v1", "PeerAuthentication", "peerauthentications")
    shop.faults["/configmaps/istio"] = refuse(status)
    seen = run()
    for key in ("mtls_ratio", "mtls_strict_ratio", "transport_auth_ratio", "authz_default_deny_ratio"):
        assert seen.gap(f"k8s.{key}", SHOP) == gap
    assert seen.value("k8s.mtls_ratio", "namespace:prod/plain") == Tally(0, 1)


def control_plane(place: str, revision: str = "", **mesh: Any) -> list[Object]:
    labels = {"app": "istiod", **({"istio.io/rev": revision} if revision else {})}
    image = container("discovery", image="mirror.example/istio/pilot:1.27.0")
    name = f"istio-{revision}" if revision else "istio"
    return [
        namespace(place),
        workload(place, "istiod", image, labels=labels),
        custom("v1", "ConfigMap", name, place, data={"mesh": json.dumps(mesh)}),
    ]


def strict(place: str) -> Object:
    spec = {"mtls": {"mode": "STRICT"}}
    return custom("security.istio.io/v1", "PeerAuthentication", "default", place, spec=spec)


@pytest.mark.parametrize("revision", ["", "1-27"])
def test_the_root_namespace_is_where_the_control_plane_is(revision: str, shop: ApiServer, run: Run) -> None:
    shop.add(*control_plane("aks-istio-system", revision), strict("aks-istio-system"))
    shop.objects["", "pods"] = []
    shop.add(pod("shop", "web", settled(), {"name": "istio-proxy"}))
    assert run().value("k8s.mtls_strict_ratio", SHOP) is True


def test_two_control_planes_with_different_roots_are_not_told(shop: ApiServer, run: Run) -> None:
    shop.add(*control_plane("istio-system"), *control_plane("mesh-two"), strict("mesh-two"))
    shop.add(pod("shop", "api", settled(), {"name": "istio-proxy"}))
    assert run().gap("k8s.mtls_strict_ratio", SHOP) == "not_visible"


def test_callers_that_do_not_use_mutual_tls_unasked(shop: ApiServer, run: Run) -> None:
    shop.objects["", "pods"] = []
    shop.add(*control_plane("istio-system", enableAutoMtls=False))
    shop.add(pod("shop", "web", settled(), {"name": "istio-proxy"}))
    shop.install("security.istio.io", "v1", "PeerAuthentication", "peerauthentications")
    assert run().value("k8s.mtls_ratio", SHOP) == Tally(0, 0, 1)
    shop.add(strict("shop"))
    assert run().value("k8s.mtls_ratio", SHOP) == Tally(1, 1)


def test_a_destination_rule_undoes_what_its_service_selects(shop: ApiServer, run: Run) -> None:
    proxy = {"name": "istio-proxy"}
    shop.objects["", "pods"] = []
    shop.add(*control_plane("istio-system"), pod("shop", "web", settled(), proxy))
    shop.add(pod("shop", "api", settled(), proxy))
    shop.add(custom("v1", "Service", "web", "shop", spec={"selector": {"app": "web"}}))
    spec = {"host": "web", "trafficPolicy": {"tls": {}}}
    shop.add(custom("networking.istio.io/v1", "DestinationRule", "plain", "shop", spec=spec))
    assert run().value("k8s.mtls_ratio", SHOP) == Tally(1, 2)
    shop.faults["/api/v1/services"] = refuse(403)
    assert run().gap("k8s.mtls_ratio", SHOP) == "not_permitted"


def test_a_gateway_is_no_workload_of_its_namespace(shop: ApiServer, run: Run) -> None:
    shop.add(pod("shop", "edge", {"name": "istio-proxy"}))
    assert run().value("k8s.mtls_ratio", SHOP) == Tally(0, 1)


def test_a_workload_policy_refused_leaves_mutual_tls_unknown(shop: ApiServer, run: Run) -> None:
    shop.install("security.istio.io", "v1", "PeerAuthentication", "peerauthentications")
    shop.faults["/peerauthentications"] = refuse(403)
    seen = run()
    assert seen.gap("k8s.mtls_ratio", SHOP) == "not_permitted"
    assert seen.value("k8s.default_deny_ns_ratio", SHOP) is False


def test_certificates_for_both_sides_authenticate(shop: ApiServer, run: Run) -> None:
    shop.add(
        workload("shop", "grpc", volumes=[{"name": "tls", "secret": {"secretName": "grpc-tls"}}]),
        pod("shop", "grpc"),
        custom(
            "cert-manager.io/v1",
            "Certificate",
            "grpc",
            "shop",
            spec={"secretName": "grpc-tls", "usages": ["server auth", "client auth"]},
        ),
    )
    seen = run()
    assert seen.value("k8s.transport_auth_ratio", SHOP) == Tally(1, 2)
    assert seen.value("k8s.mtls_ratio", SHOP) == Tally(0, 2)


DENY = custom("networking.k8s.io/v1", "NetworkPolicy", "default", "shop", spec={"podSelector": {}})


def engine(image: str) -> Object:
    return workload("kube-system", "agent", container(image=image), kind="DaemonSet")


def test_closed_only_where_something_enforces(shop: ApiServer, run: Run) -> None:
    shop.add(DENY)
    assert run().gap("k8s.default_deny_ns_ratio", SHOP) == "not_visible"
    shop.add(engine("mirror.example/quay.io/calico/node:v3"))
    assert run().value("k8s.default_deny_ns_ratio", SHOP) is True
    shop.add(custom("networking.k8s.io/v1", "NetworkPolicy", "open", "shop", spec={"ingress": [{}]}))
    assert run().value("k8s.default_deny_ns_ratio", SHOP) is False


@pytest.mark.parametrize(
    ("config", "closed"),
    [({}, True), ({"enable-policy": "never"}, False), ({"policy-audit-mode": "true"}, False)],
)
def test_cilium_can_be_told_not_to_enforce(
    config: dict[str, str], closed: bool, shop: ApiServer, run: Run
) -> None:
    shop.add(
        DENY,
        engine("quay.io/cilium/cilium:v1"),
        custom("v1", "ConfigMap", "cilium-config", "kube-system", data=config),
    )
    assert run().value("k8s.default_deny_ns_ratio", SHOP) is closed


def kyverno(action: str, *, images: bool = False, name: str = "disallow-privileged") -> Object:
    rule: Object = {"name": name, "match": {"any": [{"resources": {"kinds": ["Pod"]}}]}}
    if images:
        rule["verifyImages"] = [{"imageReferences": ["*"], "attestors": [{"entries": []}]}]
    else:
        rule["validate"] = {"message": "no", "pattern": {}}
    return custom(
        "kyverno.io/v1", "ClusterPolicy", name, spec={"validationFailureAction": action, "rules": [rule]}
    )


def test_guard_rails_are_what_is_enforced(shop: ApiServer, run: Run) -> None:
    shop.objects["", "namespaces"] = []
    shop.add(namespace("shop"), kyverno("Audit"))
    shop.objects["", "namespaces"][0]["metadata"]["labels"] = {
        "pod-security.kubernetes.io/warn": "restricted"
    }
    assert run().value("k8s.guardrail_ns_ratio{family=workload}", SHOP) is False
    shop.objects["", "namespaces"][0]["metadata"]["labels"] = {
        "pod-security.kubernetes.io/enforce": "baseline"
    }
    assert run().value("k8s.guardrail_ns_ratio{family=workload}", SHOP) is True
    assert run().value("k8s.policy_enforced_ns_ratio", SHOP) is False
    shop.add(custom("v1", "ResourceQuota", "q", "shop", spec={"hard": {"cpu": "1"}}))
    assert run().value("k8s.policy_enforced_ns_ratio", SHOP) is True


def test_no_label_leaves_the_cluster_default_unknown(shop: ApiServer, run: Run) -> None:
    shop.add(DENY, custom("v1", "ResourceQuota", "q", "shop", spec={"hard": {"cpu": "1"}}))
    assert run().gap("k8s.policy_enforced_ns_ratio", SHOP) == "not_visible"


@pytest.mark.parametrize(("action", "verified"), [("Enforce", True), ("enforce", True), ("Audit", False)])
def test_verified_images(action: str, verified: bool, shop: ApiServer, run: Run) -> None:
    shop.add(kyverno(action, images=True, name="verify"))
    seen = run()
    assert seen.value("k8s.signature_verify_ratio", SHOP) is verified
    assert seen.value("k8s.guardrail_ns_ratio{family=image}", SHOP) is verified


@pytest.mark.parametrize(
    ("action", "enforced"), [(None, True), ("deny", True), ("dryrun", False), ("warn", False)]
)
def test_gatekeeper_denies_unless_told_otherwise(
    action: str | None, enforced: bool, shop: ApiServer, run: Run
) -> None:
    spec: Object = {"match": {"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}]}}
    spec |= {"enforcementAction": action} if action else {}
    shop.add(custom("constraints.gatekeeper.sh/v1beta1", "K8sRequiredLabels", "owner", spec=spec))
    assert run().value("k8s.guardrail_ns_ratio{family=ownership}", SHOP) is enforced


@pytest.mark.parametrize(("actions", "enforced"), [(["Deny"], True), (["Audit"], False), (None, False)])
def test_an_admission_policy_without_a_binding_does_nothing(
    actions: list[str] | None, enforced: bool, shop: ApiServer, run: Run
) -> None:
    rules = [{"apiGroups": ["apps"], "resources": ["deployments"]}]
    api = "admissionregistration.k8s.io/v1"
    shop.add(
        custom(
            api, "ValidatingAdmissionPolicy", "images", spec={"matchConstraints": {"resourceRules": rules}}
        )
    )
    if actions:
        spec = {"policyName": "images", "validationActions": actions}
        shop.add(custom(api, "ValidatingAdmissionPolicyBinding", "images", spec=spec))
    assert run().value("k8s.guardrail_ns_ratio{family=image}", SHOP) is enforced


def test_a_rule_whose_intent_is_not_told_proves_nothing_false(shop: ApiServer, run: Run) -> None:
    shop.add(kyverno("Enforce", name="house-rule-7"))
    assert run().gap("k8s.guardrail_ns_ratio{family=network}", SHOP) == "unsupported"


def secret(name: str) -> Object:
    return {"volumes": [{"name": "s", "secret": {"secretName": name}}]}


def test_credentials_that_tools_hand_over(shop: ApiServer, run: Run) -> None:
    shop.add(
        workload("shop", "by-tool", **secret("db")),
        workload("shop", "by-hand", **secret("copied")),
        workload("shop", "identity", serviceAccountName="cloud"),
        workload("shop", "csi", volumes=[{"name": "c", "csi": {"driver": "secrets-store.csi.k8s.io"}}]),
        custom("external-secrets.io/v1", "ExternalSecret", "es", "shop", spec=EXTERNAL),
        custom(
            "v1",
            "ServiceAccount",
            "cloud",
            "shop",
            metadata={"annotations": {"eks.amazonaws.com/role-arn": "a"}},
        ),
    )
    assert run().value("k8s.credential_by_tool_ratio", SHOP) == Tally(3, 4)
    shop.faults["/externalsecrets"] = refuse(403)
    assert run().gap("k8s.credential_by_tool_ratio", SHOP) == "not_permitted"


def application(*names: str, server: str = "https://kubernetes.default.svc") -> Object:
    made = [{"group": "apps", "kind": "Deployment", "namespace": "shop", "name": name} for name in names]
    return custom(
        "argoproj.io/v1alpha1",
        "Application",
        "shop",
        "argocd",
        spec={"destination": {"server": server}},
        status={"resources": made},
    )


def test_reconciled_and_changed_by_hand(shop: ApiServer, run: Run) -> None:
    shop.add(
        workload("shop", "listed", managers=[manager("kubectl-client-side-apply")]),
        workload("shop", "edited", managers=[manager("kubectl-edit")]),
        workload("shop", "applied", managers=[manager("kubectl-client-side-apply")]),
        workload(
            "shop",
            "chart",
            labels={"app.kubernetes.io/instance": "chart"},
            managers=[manager("argocd-controller")],
        ),
        application("listed"),
    )
    seen = run()
    assert seen.value("k8s.gitops_managed_ratio", SHOP) == Tally(1, 5)
    # `web` has no managed fields, and nobody knows who applied `applied`.
    assert seen.value("k8s.manual_change_ratio", SHOP) == Tally(1, 3, 2)


def test_an_application_for_another_cluster_manages_nothing_here(shop: ApiServer, run: Run) -> None:
    shop.add(application("web", server="https://other.example"))
    assert run().value("k8s.gitops_managed_ratio", SHOP) == Tally(0, 1)


def test_flux_inventory(shop: ApiServer, run: Run) -> None:
    shop.add(
        custom(
            "kustomize.toolkit.fluxcd.io/v1",
            "Kustomization",
            "apps",
            "flux-system",
            status={"inventory": {"entries": [{"id": "shop_web_apps_Deployment", "v": "v1"}]}},
        )
    )
    assert run().value("k8s.gitops_managed_ratio", SHOP) == Tally(1, 1)


def test_owners_are_teams_that_exist(shop: ApiServer, run: Run) -> None:
    shop.add(
        workload("shop", "a", labels={"team": "checkout"}), workload("shop", "b", labels={"team": "nobody"})
    )
    assert run().value("k8s.owner_label_ratio", SHOP) == Tally(0, 1, 2)
    seen = run(teams=["acme/checkout"])
    assert seen.value("k8s.owner_label_ratio", SHOP) == Tally(1, 3)
    assert seen.value("k8s.prod_team_count", SHOP) == Masses((("acme/checkout", 1),), whole=False)
    assert run(teams=["acme/other"]).gap("k8s.prod_team_count", SHOP) == "not_visible"


def test_a_namespace_belongs_to_the_team_that_owns_it(api: ApiServer, run: Run) -> None:
    api.add(namespace("shop", team="checkout"), workload("shop", "web"))
    seen = run(teams=["acme/checkout"])
    assert (SHOP, "team:acme/checkout") in seen.memberships
    assert names(seen.value("k8s.prod_team_count", SHOP)) == ["acme/checkout"]


def test_autoscaling_and_applications(shop: ApiServer, run: Run) -> None:
    shop.add(
        workload("shop", "new", labels={"app.kubernetes.io/part-of": "young"}),
        workload("shop", "old", labels={"app.kubernetes.io/part-of": "store"}),
        custom(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "h",
            "shop",
            spec={"scaleTargetRef": {"kind": "Deployment", "name": "old"}},
        ),
        custom("keda.sh/v1alpha1", "ScaledObject", "k", "shop", spec={"scaleTargetRef": {"name": "new"}}),
    )
    for one in shop.objects["apps", "deployments"]:
        if one["metadata"]["name"] == "new":
            one["metadata"]["creationTimestamp"] = "2026-05-20T00:00:00Z"
    seen = run()
    assert seen.value("k8s.autoscaled_ratio", SHOP) == Tally(2, 3)
    assert names(seen.value("k8s.prod_app_count", SHOP)) == ["shop", "store"]


def test_what_nobody_declares_is_unknown(shop: ApiServer, run: Run) -> None:
    seen = run(clusters=[{"context": "test", "name": "prod"}])
    assert seen.value("k8s.cluster_count", CLUSTER) is True
    assert seen.gap("k8s.cluster_count{env=production}", CLUSTER) == "not_collected"
    assert seen.gap("k8s.prod_app_count", SHOP) == "not_collected"
    seen = run(clusters=[{"context": "test", "name": "prod", "env": "nonprod"}])
    assert seen.value("k8s.cluster_count{env=production}", CLUSTER) is False
    assert seen.absent("k8s.prod_app_count", SHOP)


def test_nodes_with_a_ready_detector(shop: ApiServer, run: Run) -> None:
    shop.add(node("node-2"), node("node-3"))
    assert run().gap("k8s.runtime_detection_node_ratio", CLUSTER) == "not_visible"
    falco = container("falco", image="docker.io/falcosecurity/falco:0.40")
    shop.add(
        namespace("falco"),
        pod("falco", "falco", falco, owner_kind="DaemonSet", node="node-1"),
        pod("falco", "falco", falco, owner_kind="DaemonSet", node="node-2", number=1),
    )
    shop.objects["", "pods"][-1]["status"]["conditions"][0]["status"] = "False"
    assert run().value("k8s.runtime_detection_node_ratio", CLUSTER) == Tally(1, 3)


def test_projects_by_maturity_and_beyond_the_baseline(shop: ApiServer, run: Run) -> None:
    shop.add(
        workload("kube-system", "coredns", container(image="registry.k8s.io/coredns/coredns:v1")),
        engine("quay.io/cilium/cilium:v1"),
        custom("kyverno.io/v1", "ClusterPolicy", "p", spec={}),
        custom("acme.example/v1", "Shop", "s", "shop"),
        workload("shop", "prom", container(image="mirror.example/prom/prometheus:v3")),
    )
    shop.install("security.kubearmor.com", "v1", "KubeArmorPolicy", "kubearmorpolicies")
    seen = run(api_domains=["acme.example"])
    assert names(seen.value("k8s.cncf_project_count{maturity=any,env=production}", CLUSTER)) == [
        "kubearmor",
        "kyverno",
        "prometheus",
    ]
    assert names(seen.value("k8s.cncf_project_count{maturity=sandbox}", CLUSTER)) == ["kubearmor"]
    assert seen.absent("k8s.cncf_project_count{maturity=sandbox,env=nonprod}", CLUSTER)
    assert names(seen.value("k8s.security_tool_count", CLUSTER)) == ["kubearmor", "kyverno"]
    assert names(seen.value("k8s.own_extension_count", CLUSTER)) == ["shops.acme.example"]


def test_claims_of_a_platform(shop: ApiServer, run: Run) -> None:
    shop.add(
        custom(
            "apiextensions.crossplane.io/v2",
            "CompositeResourceDefinition",
            "databases.platform.acme.example",
            spec={"group": "platform.acme.example", "names": {"plural": "databases", "kind": "Database"}},
        ),
        custom(
            "platform.acme.example/v1",
            "Database",
            "orders",
            "shop",
            metadata={
                "creationTimestamp": "2026-05-01T10:00:00Z",
                "managedFields": [{"manager": "argocd-controller"}],
            },
            status={
                "conditions": [
                    {"type": "Ready", "status": "True", "lastTransitionTime": "2026-05-01T10:07:30Z"}
                ]
            },
        ),
    )
    seen = run()
    assert names(seen.value("k8s.platform_api_count", CLUSTER)) == ["databases.platform.acme.example"]
    assert seen.value("k8s.self_service_claim_ratio", SHOP) == Tally(1, 1)
    assert seen.value("k8s.claim_ready_minutes_p50", SHOP) == Fraction(15, 2)


def test_own_kinds_are_a_lower_end_where_some_are_not_told(shop: ApiServer, run: Run) -> None:
    key, domains = "k8s.own_extension_count", {"api_domains": ["acme.example"]}
    shop.add(
        custom("a.acme.example/v1", "Shop", "s", "shop"), custom("b.acme.example/v1", "Till", "t", "shop")
    )
    assert names(run(**domains).value(key, CLUSTER)) == ["shops.a.acme.example", "tills.b.acme.example"]
    shop.faults["/tills"] = refuse(403)
    partial = Masses((("shops.a.acme.example", 1),), whole=False)
    assert run(**domains).value(key, CLUSTER) == partial
    shop.faults.clear()
    shop.stale.add("b.acme.example")
    assert run(**domains).value(key, CLUSTER) == partial, "a group that nobody could describe may hold any"
    shop.stale.add("a.acme.example")
    assert run(**domains).gap(key, CLUSTER) == "unreachable"
    shop.stale.clear()
    shop.faults["/apis"] = refuse(403)
    assert run(**domains).gap(key, CLUSTER) == "not_permitted"


def test_reports_are_current_by_their_last_writing(shop: ApiServer, run: Run) -> None:
    written = [{"manager": "kyverno", "time": "2026-05-30T00:00:00Z"}]
    shop.add(
        custom("wgpolicyk8s.io/v1alpha2", "PolicyReport", "r", "shop", metadata={"managedFields": written})
    )
    assert run().value("k8s.policy_report_ns_ratio", SHOP) is True
    assert any("policyreports" in path for _, path in shop.requests)
    shop.objects["wgpolicyk8s.io", "policyreports"][0]["metadata"]["managedFields"][0]["time"] = (
        "2026-05-01T00:00:00Z"
    )
    assert run().value("k8s.policy_report_ns_ratio", SHOP) is False


def test_accelerators(shop: ApiServer, run: Run) -> None:
    shop.objects["", "nodes"] = []
    gpu = node("gpu-1")
    gpu["status"]["allocatable"] = {"nvidia.com/gpu": "8"}
    shop.add(gpu, node("node-1"))
    shop.add(workload("shop", "train", settled(resources={"limits": {"nvidia.com/gpu": 1}})))
    seen = run()
    assert seen.value("k8s.gpu_node_count", CLUSTER) == 1
    assert seen.value("k8s.gpu_request_count", SHOP) == 1
    assert seen.gap("k8s.gpu_sharing_present", CLUSTER) == "unsupported"


def test_a_rule_for_some_pods_proves_nothing_about_the_namespace(shop: ApiServer, run: Run) -> None:
    policy = kyverno("Enforce", images=True, name="verify")
    policy["spec"]["rules"][0]["match"]["any"][0]["resources"]["selector"] = {
        "matchLabels": {"signed": "yes"}
    }
    shop.add(policy)
    assert run().gap("k8s.signature_verify_ratio", SHOP) == "unsupported"


def test_exceptions_and_exclusions_are_counted(shop: ApiServer, run: Run) -> None:
    policy = kyverno("Enforce")
    policy["spec"]["rules"][0]["exclude"] = {"any": [{"resources": {"namespaces": ["shop"]}}]}
    match = {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["shop"]}}]}
    shop.add(policy, custom("kyverno.io/v2", "PolicyException", "e", "shop", spec={"match": match}))
    seen = run()
    assert seen.value("k8s.policy_exception_count", SHOP) == 2
    assert seen.value("k8s.guardrail_ns_ratio{family=workload}", SHOP) is False


def test_cilium_in_mode_always_needs_no_policy(shop: ApiServer, run: Run) -> None:
    data = {"enable-policy": "always"}
    shop.add(
        engine("quay.io/cilium/cilium:v1"),
        custom("v1", "ConfigMap", "cilium-config", "kube-system", data=data),
    )
    assert run().value("k8s.default_deny_ns_ratio", SHOP) is True


def placed(seen: Seen) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in seen.people:
        found.setdefault(one.attribute, set()).add(one.value)
    return {name: found.get(name, set()) for name in (placement.RUNS, placement.CLUSTER, placement.DECLARED)}


def test_teams_in_production_are_told_with_what_may_be_missing(api: ApiServer, run: Run) -> None:
    api.add(namespace("kube-system"), namespace("shop"), workload("kube-system", "dns"))
    api.add(workload("shop", "web", labels={"team": "checkout"}), pod("shop", "web"))
    teams = {"teams": ["acme/checkout", "acme/ops"], "organisation": "acme"}
    run_there = {"team:acme/checkout"}
    assert placed(run(**teams)) == {
        placement.RUNS: run_there, placement.CLUSTER: {"whole"}, placement.DECLARED: {CLUSTER}
    }  # fmt: skip
    other = {"clusters": [{"context": "test", "name": "prod", "env": "nonprod"}]}
    assert placed(run(**teams, **other))[placement.CLUSTER] == {"apart"}
    api.add(namespace("falco"), workload("falco", "falco"))
    assert placed(run(**teams))[placement.CLUSTER] == {"partial"}, "whose it is nobody says"
    api.objects["apps", "deployments"][-1]["metadata"]["labels"] = {"team": "ops"}
    seen = placed(run(**teams))
    assert (seen[placement.CLUSTER], seen[placement.RUNS]) == ({"whole"}, {*run_there, "team:acme/ops"})
    api.faults["/statefulsets"] = refuse(403)
    assert placed(run(**teams))[placement.CLUSTER] == {"partial"}
    api.faults["/api/v1/namespaces"] = refuse(401)
    assert placed(run(**teams))[placement.CLUSTER] == {"partial"}


def test_claims_are_told_by_team_and_whether_they_are_all(shop: ApiServer, run: Run) -> None:
    database = custom(
        "platform.acme.example/v1", "Database", "orders", "shop",
        metadata={"creationTimestamp": "2026-05-01T10:00:00Z"},
    )  # fmt: skip
    shop.add(database)
    given = {"api_domains": ["acme.example"], "organisation": "acme", "teams": ["acme/checkout"]}

    def told() -> dict[str, set[str]]:
        seen = run(**given).people
        return {
            name: {one.value for one in seen if one.attribute == name}
            for name in (takeup.CLAIM, takeup.CLUSTER)
        }

    assert told() == {takeup.CLAIM: set(), takeup.CLUSTER: {"partial"}}, "whose namespace it is nobody says"
    shop.objects["", "namespaces"][1]["metadata"]["labels"] = {"team": "checkout"}
    claim = "databases.platform.acme.example\nteam:acme/checkout"
    assert told() == {takeup.CLAIM: {claim}, takeup.CLUSTER: {"whole"}}
    tenant = custom(
        "platform.acme.example/v1", "Tenant", "a", metadata={"creationTimestamp": "2026-05-01T10:00:00Z"}
    )
    shop.add(tenant)
    assert told()[takeup.CLUSTER] == {"partial"}, "whose a tenant is nobody says"
    (kept,) = shop.objects["platform.acme.example", "tenants"]
    kept["metadata"]["creationTimestamp"] = "2024-05-01T10:00:00Z"
    assert told()[takeup.CLUSTER] == {"whole"}
    shop.faults["/databases"] = refuse(403)
    assert told() == {takeup.CLAIM: set(), takeup.CLUSTER: {"partial"}}


def test_kinds_of_which_no_claim_was_read_are_told(shop: ApiServer, run: Run) -> None:
    shop.add(
        custom("s3.aws.example.io/v1", "Bucket", "b", "shop"), custom("own.acme.example/v1", "Tenant", "t")
    )

    def told(**given: Any) -> set[str]:
        return {one.value for one in run(**given).people if one.attribute == takeup.UNREAD}

    assert told(api_domains=["acme.example"]) == {"buckets.s3.aws.example.io"}
    shop.faults["/apis"] = refuse(503)
    (value,) = told()
    assert "*" in value.split("\n")
