"""An account that may look into some namespaces only: what it saw counts, and nothing else is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cnmm_collectors.kubernetes.apart import TRIED
from cnmm_collectors.kubernetes.collector import KubernetesCollector
from cnmm_collectors.kubernetes.settings import Settings
from cnmm_collectors.plugin import Target
from cnmm_collectors.signals import Masses, Observed, Unknown
from contract.judging import tells_no_more
from doubles.kubernetes.objects import container, custom, namespace, node, pod, workload
from doubles.kubernetes.server import ApiServer, only, refuse
from unit.collectors.kubernetes.conftest import Run, Seen, make_reader

SHOP, TILL, IDLE = (f"namespace:prod/{name}" for name in ("shop", "till", "idle"))
CLUSTER = "cluster:prod"
REFUSED = ("403 of every list", "403 of pods", "403 of deployments", "403 of policies")


@pytest.fixture
def two(api: ApiServer) -> ApiServer:
    """A cluster with two tenants and an idle namespace."""
    api.add(*(namespace(name) for name in ("kube-system", "shop", "till", "idle")), node("n"))
    for place, image in (("shop", "docker.io/library/web:1"), ("till", "quay.io/argoproj/argocd:v3")):
        api.add(workload(place, place, container(image=image), labels={"team": place}), pod(place, place))
        api.add(custom("networking.k8s.io/v1", "NetworkPolicy", "all", place, spec={"podSelector": {}}))
    api.add(workload("kube-system", "calico", container(image="docker.io/calico/node:v3"), kind="DaemonSet"))
    role = {"roleRef": {"kind": "ClusterRole", "name": "view"}, "subjects": [{"kind": "User", "name": "u"}]}
    api.add(custom("rbac.authorization.k8s.io/v1", "RoleBinding", "r", "till", **role))
    return api


def refuse_some(api: ApiServer, what: str) -> None:
    """Refuse whole lists, so that only those of the namespace shop are left."""
    fault = only("shop")
    end = {"pods": "/pods", "deployments": "/deployments", "policies": "/networkpolicies"}
    api.faults[end.get(what.removeprefix("403 of "), "")] = fault


def by_place(seen: Seen) -> dict[tuple[str, str], Any]:
    return {(one.key, str(one.subject)): one.reading for one in seen.signals}


@pytest.mark.parametrize("what", REFUSED)
def test_no_reading_tells_more_than_the_whole_cluster(what: str, two: ApiServer, run: Run) -> None:
    whole = by_place(run(teams=["acme/shop", "acme/till"]))
    refuse_some(two, what)
    parts = by_place(run(teams=["acme/shop", "acme/till"]))
    assert set(whole) <= set(parts), "something that was not to be seen has gone"
    bold = [place for place, reading in parts.items() if not tells_no_more(reading, whole.get(place))]
    assert not bold


def test_a_namespace_that_is_seen_is_told_as_ever(two: ApiServer, run: Run) -> None:
    whole = run()
    two.faults[""] = only("shop")
    seen = run()
    for key in ("requests_probes_ratio", "hardened_pod_ratio", "mtls_ratio", "autoscaled_ratio",
                "cost_label_ratio", "credential_by_tool_ratio", "policy_report_ns_ratio"):  # fmt: skip
        was, now = (one.reading(f"k8s.{key}", SHOP) for one in (whole, seen))
        assert (type(now), getattr(now, "value", None)) == (type(was), getattr(was, "value", None))
        assert seen.gap(f"k8s.{key}", TILL) == "not_permitted"
    assert {child for child, _ in seen.memberships} == {SHOP, TILL, IDLE}
    rows = {row.about.removeprefix("prod "): row for row in seen.ledger}
    assert (rows["pods"].requested, rows["pods"].received, rows["pods"].failed) == (4, 1, 3)


def test_where_nobody_may_see_what_runs_nothing_is_false(two: ApiServer, run: Run) -> None:
    assert {child for child, _ in run().memberships} == {SHOP, TILL}
    two.faults["/api/v1/pods"] = refuse(503)
    seen = run()
    assert seen.value("k8s.default_deny_ns_ratio", TILL) is True
    told = [one.key for one in seen.signals if one.subject == IDLE and not isinstance(one.reading, Unknown)]
    assert told == [], "an idle namespace is none of the population"


def test_of_the_cluster_a_part_gives_a_lower_end(two: ApiServer, run: Run) -> None:
    argo = Masses((("argo-cd", 1),))
    assert run().value("k8s.cncf_project_count", CLUSTER) == argo
    two.faults[""] = only("till")
    assert run().value("k8s.cncf_project_count", CLUSTER) == Masses(argo.items, whole=False)
    two.faults[""] = only("shop")
    assert run().gap("k8s.cncf_project_count", CLUSTER) == "not_permitted"
    assert run().gap("k8s.rbac_group_subject_ratio", CLUSTER) == "not_permitted"


def test_claims_of_one_namespace_are_told_and_of_the_rest_are_not(two: ApiServer, run: Run) -> None:
    meta = {"creationTimestamp": "2026-05-01T10:00:00Z", "managedFields": [{"manager": "argocd-controller"}]}
    for place in ("shop", "till"):
        two.add(custom("platform.acme.example/v1", "Database", "db", place, metadata=meta))
    own = {"api_domains": ["acme.example"]}
    kinds = Masses((("databases.platform.acme.example", 1),))
    assert run(**own).value("k8s.platform_api_count", CLUSTER) == kinds
    two.faults[""] = only("shop")
    seen = run(**own)
    assert seen.value("k8s.platform_api_count", CLUSTER) == Masses(kinds.items, whole=False)
    assert seen.value("k8s.self_service_claim_ratio", SHOP).passed == 1
    assert seen.gap("k8s.self_service_claim_ratio", TILL) == "not_permitted"
    two.faults[""] = only("idle")
    assert run(**own).gap("k8s.own_extension_count", CLUSTER) == "not_permitted"


def asked(api: ApiServer, place: str) -> set[str]:
    paths = [urlsplit(path).path for _, path in api.requests]
    return {
        path.rpartition("/")[2]
        for path in paths
        if f"/namespaces/{place}/" in path and "configmap" not in path
    }


def test_nothing_more_is_asked_where_neither_pods_nor_deployments_are_given(two: ApiServer, run: Run) -> None:
    two.faults[""] = only("shop")
    run()
    assert asked(two, "till") == {"pods", "deployments"}
    assert {"networkpolicies", "rolebindings", "statefulsets"} <= asked(two, "shop")


def test_one_kind_that_is_refused_as_a_whole_is_asked_for_in_single_namespaces(
    two: ApiServer, run: Run
) -> None:
    two.faults["/networkpolicies"] = only("shop")
    seen = run()
    assert seen.value("k8s.default_deny_ns_ratio", SHOP) is True
    assert seen.gap("k8s.default_deny_ns_ratio", TILL) == "not_permitted"


def test_a_kind_that_many_namespaces_refuse_is_given_up(two: ApiServer, run: Run) -> None:
    two.add(*(namespace(f"room-{number:03}") for number in range(60)))
    two.faults["/networkpolicies"] = refuse(403)
    run()
    tried = [path for _, path in two.requests if "/namespaces/" in path and "networkpolicies" in path]
    assert len(tried) == TRIED


@pytest.mark.parametrize("most", [0, 1, 5, 9])
def test_single_lists_have_an_end_that_is_said(most: int, two: ApiServer, run: Run) -> None:
    two.faults[""] = only("shop")
    whole = by_place(run())
    before = len([path for _, path in two.requests if "/namespaces/" in path])
    seen = run(single_lists=most)
    after = [path for _, path in two.requests if "/namespaces/" in path and "configmap" not in path]
    assert len(after) - before <= most
    bold = [place for place, one in by_place(seen).items() if not tells_no_more(one, whole.get(place))]
    assert not bold
    assert seen.gap("k8s.default_deny_ns_ratio", SHOP) in ("not_collected", "not_permitted")
    assert any("single_lists" in row.detail or row.cause == "not_collected" for row in seen.ledger)


def test_doctor_says_what_single_lists_cost(two: ApiServer, tmp_path: Path) -> None:
    two.faults[""] = only("shop")
    for most, told in ((50_000, 4 * 10), (20, 20)):
        chosen = Settings(kubeconfig=two.kubeconfig(tmp_path), single_lists=most)
        found = KubernetesCollector().probe(Target("kube", "test"), chosen, make_reader())  # type: ignore[arg-type]
        detail = next(one.detail for one in found if one.group.endswith("kinds of objects"))
        assert f"a scan asks 4 single namespaces, up to {told} calls in all" in detail


def test_a_list_that_is_refused_everywhere_is_one_refusal(two: ApiServer, run: Run) -> None:
    two.faults[""] = only()
    seen = run()
    assert isinstance(seen.reading("k8s.cluster_count", CLUSTER), Observed)
    assert [row.requested for row in seen.ledger if row.about == "prod pods"] == [1]
    assert all(isinstance(one.reading, Unknown) for one in seen.signals if one.subject in (SHOP, TILL, IDLE))
