"""What was refused, lost or broken is unknown for what needs it, and changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.kubernetes import resources
from cnmm_collectors.kubernetes.collector import KubernetesCollector
from cnmm_collectors.kubernetes.probing import using
from cnmm_collectors.kubernetes.settings import Settings
from cnmm_collectors.plugin import Probe, Target, WorkItem
from cnmm_collectors.reader import KubeFault, KubeLimits
from cnmm_collectors.signals import Gap, Unknown
from cnmm_scanner.contract import Contract, gather
from cnmm_scanner.targets import parse_target
from doubles.kubernetes.objects import custom, namespace, pod, workload
from doubles.kubernetes.server import ApiServer, drip, garbage, half, only, refuse, times
from unit.collectors.kubernetes.conftest import Run, make_reader

EXTERNAL = {"target": {"name": "db"}, "dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password"}}}]}
SHOP = "namespace:prod/shop"
CLUSTER = "cluster:prod"
PODS = {
    "k8s.hardened_pod_ratio",
    "k8s.mtls_ratio",
    "k8s.mtls_strict_ratio",
    "k8s.transport_auth_ratio",
    "k8s.authz_default_deny_ratio",
    "k8s.runtime_detection_node_ratio",
}


def test_everything_yielded_keeps_the_contract(shop: ApiServer, run: Run) -> None:
    seen = run()
    gather(seen.yields, Contract(KubernetesCollector.signals))
    states = seen.states()
    assert len(states) == len(seen.signals), "a key was answered twice"
    assert {key.partition("{")[0] for key, _ in states} == {spec.id for spec in KubernetesCollector.signals}


def test_nothing_but_get_and_no_secret(shop: ApiServer, run: Run) -> None:
    run()
    assert {method for method, _ in shop.requests} == {"GET"}
    assert not [path for _, path in shop.requests if "/secrets" in path]


def test_the_door_refuses_secrets(shop: ApiServer, tmp_path: Path) -> None:
    cluster = make_reader().kube.open("test", shop.kubeconfig(tmp_path))
    for path in ("/api/v1/secrets", "/api/v1/namespaces/shop/secrets", "/api/v1/namespaces/shop/secrets/db"):
        with pytest.raises(KubeFault, match="never read"):
            cluster.get(path)
    assert shop.requests == []


FAULTS = {
    "403": (refuse(403, "Forbidden", 'User "auditor" cannot list'), "not_permitted"),
    "429": (refuse(429, "TooManyRequests"), "rate_limited"),
    "500": (refuse(500, "InternalError"), "unreachable"),
    "503": (refuse(503, "ServiceUnavailable"), "unreachable"),
    "404": (refuse(404, "NotFound"), "not_visible"),
    "302": (refuse(302, headers=(("Location", "http://127.0.0.1:9/"),)), "malformed"),
    "html": (garbage(), "malformed"),
    "array": (garbage(b"[]"), "malformed"),
    "no list": (garbage(b'{"kind": "Status"}'), "malformed"),
    "items are texts": (garbage(b'{"kind": "PodList", "metadata": {}, "items": ["a"]}'), "malformed"),
    "half": (half, "malformed"),
    "slow": (drip(3), "not_collected"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_one_list_changes_only_what_needs_it(name: str, shop: ApiServer, run: Run) -> None:
    whole = run().states()
    fault, gap = FAULTS[name]
    shop.faults["/pods"] = fault
    seen = run(limits=KubeLimits(seconds=0.5, connect=1, pause=0.01, longest_pause=0.02))
    hit = {place: seen.gap(*place) for place, state in seen.states().items() if state != whole.get(place)}
    assert {key for key, _ in hit} == {
        "k8s.hardened_pod_ratio",
        "k8s.mtls_ratio",
        "k8s.mtls_strict_ratio",
        "k8s.transport_auth_ratio",
        "k8s.authz_default_deny_ratio",
    }
    assert set(hit.values()) <= {gap, "unreachable"} if name == "half" else set(hit.values()) == {gap}
    for row in seen.ledger:
        assert row.requested == row.received + row.skipped + row.failed
    assert [row.about for row in seen.ledger if row.failed] == ["prod pods"]


def test_a_passing_fault_is_tried_again(shop: ApiServer, run: Run) -> None:
    shop.faults["/api/v1/pods"] = times(2, refuse(503, headers=(("Retry-After", "0"),)))
    assert run().value("k8s.hardened_pod_ratio", SHOP).passed == 1


def test_a_list_that_expires_is_read_again_from_its_start(shop: ApiServer, run: Run) -> None:
    shop.add(*(pod("shop", "web", number=number) for number in range(1, 8)))
    whole = run(page=3).value("k8s.hardened_pod_ratio", SHOP)
    assert (whole.passed, whole.eligible) == (8, 8)
    shop.expire_once.add("pods")
    assert run(page=3).value("k8s.hardened_pod_ratio", SHOP) == whole
    shop.expire_always.add("pods")
    assert run(page=3).gap("k8s.hardened_pod_ratio", SHOP) == "stale"


def test_an_endless_list_ends(shop: ApiServer, run: Run) -> None:
    page = {"kind": "PodList", "metadata": {"continue": "again"}, "items": []}
    shop.faults["/api/v1/pods"] = garbage(json.dumps(page).encode())
    assert run().gap("k8s.hardened_pod_ratio", SHOP) == "malformed"


def test_who_is_not_let_in_reads_nothing(shop: ApiServer, run: Run) -> None:
    for path in ("/api", "/apis", "namespaces"):
        shop.faults[path] = refuse(401, "Unauthorized")
    seen = run()
    assert {one.reading.gap for one in seen.signals if isinstance(one.reading, Unknown)} == {
        Gap.NOT_PERMITTED
    }
    assert all(isinstance(one.reading, Unknown) for one in seen.signals)
    assert seen.memberships == []
    assert [(row.failed, row.cause) for row in seen.ledger] == [(1, "not_permitted")]


def test_an_anonymous_answer_is_not_a_reading(shop: ApiServer, run: Run) -> None:
    shop.faults["/api/v1/namespaces"] = refuse(
        403, "Forbidden", 'User "system:anonymous" cannot list namespaces'
    )
    assert all(isinstance(one.reading, Unknown) for one in run().signals)


def test_an_unreachable_server_is_unknown(shop: ApiServer, run: Run, tmp_path: Path) -> None:
    shop.__exit__()
    seen = run()
    assert all(
        isinstance(one.reading, Unknown) and one.reading.gap is Gap.UNREACHABLE for one in seen.signals
    )


def test_absent_only_where_discovery_was_complete(shop: ApiServer, run: Run) -> None:
    assert run().value("k8s.default_deny_ns_ratio", SHOP) is False
    assert run().absent("k8s.policy_exception_count", SHOP)
    shop.faults["/apis"] = refuse(403, "Forbidden")
    seen = run()
    assert seen.gap("k8s.policy_exception_count", SHOP) == "not_permitted"
    assert seen.gap("k8s.default_deny_ns_ratio", SHOP) == "not_permitted"
    # What every API server has is still read.
    assert seen.value("k8s.requests_probes_ratio", SHOP).passed == 1
    assert seen.value("k8s.cluster_admin_subject_count", CLUSTER) == 0


def test_an_aggregated_api_that_is_down_is_unknown(shop: ApiServer, run: Run) -> None:
    shop.install("wgpolicyk8s.io", "v1alpha2", "PolicyReport", "policyreports")
    shop.stale.add("wgpolicyk8s.io")
    seen = run()
    assert seen.gap("k8s.policy_report_ns_ratio", SHOP) == "unreachable"
    assert seen.absent("k8s.policy_exception_count", SHOP)


@pytest.mark.parametrize("down", [False, True])
def test_a_server_without_aggregated_discovery(
    down: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    run = request.getfixturevalue("run")
    api: ApiServer = request.getfixturevalue("shop")
    api.aggregated = False
    api.install("wgpolicyk8s.io", "v1alpha2", "PolicyReport", "policyreports")
    if down:
        api.stale.add("wgpolicyk8s.io")
    seen = run()
    if down:
        assert seen.gap("k8s.policy_report_ns_ratio", SHOP) == "unreachable"
    else:
        assert seen.value("k8s.policy_report_ns_ratio", SHOP) is False
    assert seen.value("k8s.requests_probes_ratio", SHOP).passed == 1


def test_a_version_nobody_heard_of_is_read_as_it_is_served(shop: ApiServer, run: Run) -> None:
    shop.install("external-secrets.io", "v9", "ExternalSecret", "externalsecrets")
    shop.add(custom("external-secrets.io/v9", "ExternalSecret", "db", "shop", spec=EXTERNAL))
    secret = [{"name": "db", "secret": {"secretName": "db"}}]
    shop.add(workload("shop", "api", volumes=secret))
    value = run().value("k8s.credential_by_tool_ratio", SHOP)
    assert (value.passed, value.eligible) == (1, 1)


def test_refused_namespaces_leave_the_cluster_unread(shop: ApiServer, run: Run) -> None:
    shop.faults["/api/v1/namespaces"] = refuse(403, "Forbidden", 'User "auditor" cannot list namespaces')
    seen = run()
    assert seen.memberships == []
    assert seen.value("k8s.cluster_count{env=production}", CLUSTER) is True
    assert seen.value("k8s.cluster_admin_subject_count", CLUSTER) == 0
    assert not [one for one in seen.signals if str(one.subject).startswith("namespace:")]


def test_system_and_empty_namespaces_are_outside(shop: ApiServer, run: Run) -> None:
    shop.add(namespace("empty"), workload("kube-system", "dns"))
    assert run().memberships == [(SHOP, CLUSTER)]


def test_a_context_that_runs_a_program_needs_leave(shop: ApiServer, tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "/usr/bin/touch",
            "args": [str(witness)],
            "interactiveMode": "Never",
        }
    }
    path = shop.kubeconfig(tmp_path, user=user)
    with pytest.raises(KubeFault, match="run_programs"):
        make_reader().kube.open("test", path)
    assert not witness.exists()


def test_probe_says_what_cannot_be_seen(shop: ApiServer, tmp_path: Path) -> None:
    shop.faults["/rolebindings"] = refuse(403, "Forbidden")
    chosen = Settings(kubeconfig=shop.kubeconfig(tmp_path))
    found = list(KubernetesCollector().probe(Target("kube", "test"), chosen, make_reader()))  # type: ignore[arg-type]
    assert [one.readable for one in found] == [True, False, False]
    assert (found[2].group, found[2].gap) == ("metrics", Gap.NOT_COLLECTED)
    assert found[1].group == "rolebindings (rbac.authorization.k8s.io)"
    assert "single namespaces" in found[1].detail
    assert "403" in found[1].detail
    assert "k8s.cluster_admin_subject_count" in found[1].signals


def probe(shop: ApiServer, tmp_path: Path, **settings: Any) -> dict[str, Probe]:
    chosen = Settings(kubeconfig=shop.kubeconfig(tmp_path), **settings)
    found = KubernetesCollector().probe(Target("kube", "test"), chosen, make_reader())  # type: ignore[arg-type]
    return {one.group: one for one in found if not one.readable and one.group != "metrics"}


def test_probe_names_what_no_list_can(shop: ApiServer, tmp_path: Path) -> None:
    shop.install("constraints.gatekeeper.sh", "v1beta1", "K8sPSPPrivileged", "k8spspprivileged", False)
    shop.install("platform.acme.example", "v1", "Database", "databases")
    for end in ("/k8spspprivileged", "/databases", "/configmaps/cilium-config"):
        shop.faults[end] = refuse(403, "Forbidden")
    found = probe(shop, tmp_path, api_domains=["acme.example"])
    assert set(found) == {
        "k8spspprivileged (constraints.gatekeeper.sh)", "databases (platform.acme.example)",
        "configmap kube-system/cilium-config",
    }  # fmt: skip
    assert "k8s.guardrail_ns_ratio" in found["k8spspprivileged (constraints.gatekeeper.sh)"].signals
    document = found["configmap kube-system/cilium-config"]
    assert {"k8s.mtls_ratio", "k8s.default_deny_ns_ratio", "k8s.node_encryption_ratio"} <= set(
        document.signals
    )
    assert document.needs == "get: configmap kube-system/cilium-config, where it exists"


def test_many_refusals_of_one_cause_are_one_line(shop: ApiServer, tmp_path: Path) -> None:
    shop.faults[""] = only()
    found = probe(shop, tmp_path)
    many = next(one for name, one in found.items() if name.endswith("kinds of objects"))
    assert {"pods", "deployments", "networkpolicies"} <= set(many.detail.replace(",", " ").split())
    assert {"k8s.mtls_ratio", "k8s.default_deny_ns_ratio"} <= set(many.signals)
    assert "deploy/clusterrole.yaml" in many.needs


def test_every_kind_that_is_read_is_asked_for_by_some_signal() -> None:
    unasked = [one.name for one in resources.EVERYTHING if not using(one, KubernetesCollector.signals)]
    assert unasked == [], "a refusal of it would leave nothing open"


def test_two_readings_of_one_cluster_are_equal(shop: ApiServer, run: Run) -> None:
    assert run().yields == run().yields


def test_no_name_of_a_person_leaves(shop: ApiServer, run: Run) -> None:
    shop.add(
        custom(
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            "jane-admin",
            roleRef={"kind": "ClusterRole", "name": "cluster-admin"},
            subjects=[{"kind": "User", "name": "jane.doe@acme.example"}],
        ),
        workload("shop", "owned", labels={"owner": "jane.doe"}),
    )
    assert "jane" not in repr(run(teams=["acme/checkout"]).yields)


def test_population_is_what_the_settings_declare(shop: ApiServer, run: Run) -> None:
    from cnmm_collectors.plugin import Population

    found = [one for one in run(organisation="acme").yields if isinstance(one, Population)]
    assert [(str(one.within), one.count, one.declared_by) for one in found] == [("org:acme", 1, "scope")]


def test_a_login_in_a_context_name_does_not_leave(shop: ApiServer, tmp_path: Path) -> None:
    chosen = Settings(kubeconfig=shop.kubeconfig(tmp_path, "jane.doe@prod"))
    target = Target("kube", "jane.doe@prod")
    (item,) = KubernetesCollector().plan(target, chosen, make_reader())  # type: ignore[arg-type]
    assert isinstance(item, WorkItem)
    assert str(item.subjects[0]) == CLUSTER
    with pytest.raises(KubeFault) as caught:
        make_reader().kube.open("jane.doe@other", chosen.kubeconfig)
    assert "jane" not in str(caught.value)


@pytest.mark.parametrize(
    "context",
    ["prod", "gke_acme_europe-west1_prod", "arn:aws:eks:eu-west-1:000000000000:cluster/prod", "a@b"],
)
def test_a_context_is_a_target(context: str) -> None:
    target = parse_target(f"kube:{context}")
    assert (target.kind, target.locator) == ("kube", context)
    assert KubernetesCollector().accepts(target)


@pytest.mark.parametrize(
    "content", ["", "[]", "contexts: 7", "contexts: [{name: test}]", "a: [", "users: [3]"]
)
def test_a_broken_kubeconfig_is_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KubeFault) as caught:
        make_reader().kube.open("test", path)
    assert "\n" not in str(caught.value)
    assert caught.value.gap is Gap.UNREACHABLE


def test_an_account_that_nothing_lets_in_knows_what_discovery_says_and_nothing_else(
    shop: ApiServer, run: Run
) -> None:
    shop.faults["/apis"] = lambda handler: bool(handler.discovery("/apis", handler.headers["Accept"])) or True
    shop.faults["s"] = refuse(403, "Forbidden", 'User "nobody" cannot list')
    seen = run()
    told = {one.key.partition("{")[0] for one in seen.signals if not isinstance(one.reading, Unknown)}
    # No kind that an optimiser brings is served, and that is all an outsider may know.
    assert told == {"k8s.cluster_count", "k8s.optimiser_count"}
    assert seen.memberships == []


def claim(ready: str, born: str = "2026-05-01T10:00:00Z") -> list[dict[str, Any]]:
    api = "platform.acme.example/v1"
    definition = custom(
        "apiextensions.crossplane.io/v2", "CompositeResourceDefinition", "databases.platform.acme.example",
        spec={"group": "platform.acme.example", "names": {"plural": "databases", "kind": "Database"}},
    )  # fmt: skip
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": ready}
    meta = {"creationTimestamp": born, "managedFields": [{"manager": "argocd-controller"}]}
    status = {"conditions": [condition]}
    return [definition, custom(api, "Database", "orders", "shop", metadata=meta, status=status)]


def test_clocks_that_differ_give_no_time_below_nothing(shop: ApiServer, run: Run) -> None:
    shop.add(*claim("2026-05-01T09:59:58Z"))
    assert run().gap("k8s.claim_ready_minutes_p50", SHOP) == "not_visible"


def test_what_a_clock_dates_into_the_future_is_not_old(shop: ApiServer, run: Run) -> None:
    assert run().value("k8s.prod_app_count", SHOP).items == (("shop", 1),)
    shop.objects["apps", "deployments"][0]["metadata"]["creationTimestamp"] = "2027-01-01T00:00:00Z"
    assert run().absent("k8s.prod_app_count", SHOP)
    shop.objects["apps", "deployments"][0]["metadata"]["creationTimestamp"] = "no time"
    assert run().gap("k8s.prod_app_count", SHOP) == "not_visible"
