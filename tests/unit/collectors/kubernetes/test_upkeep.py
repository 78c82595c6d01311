"""What is looked after, what came, what stands beside the common tool, and what tunes by itself."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.kubernetes.semantics.releases import arrival
from cnmm_collectors.signals import Masses
from doubles.kubernetes.objects import container, custom, namespace, pod, workload
from doubles.kubernetes.server import ApiServer, refuse
from unit.collectors.kubernetes.conftest import Run

CLUSTER = "cluster:prod"
Object = dict[str, Any]
TEAMS = ["acme/platform"]


def names(value: Any) -> list[str]:
    return [label for label, _ in value.items]


HISTORY = {
    "the version changed": ([("1", "2024-01-01"), ("2", "2026-02-01"), ("2", "2026-03-01")], "2026-02-01"),
    "the first installation": ([("1", "2026-02-01")], "2026-02-01"),
    "older entries may be lost": ([("2", f"2026-0{n}-01") for n in range(1, 6)], ""),
    "an entry without a version": ([("", "2026-02-01")], ""),
    "no history": ([], ""),
}


@pytest.mark.parametrize("name", HISTORY)
def test_the_day_a_version_came(name: str) -> None:
    history, day = HISTORY[name]
    assert arrival(history, 5) == day


def tool(name: str, image: str, **labels: str) -> Object:
    return workload("tools", name, container(image=image), labels=labels)


def at_least(*labels: str) -> Masses:
    return Masses(tuple((one, 1) for one in labels), whole=False)


def application(name: str, *deployed: tuple[str, str]) -> Object:
    made = [{"kind": "Deployment", "namespace": "tools", "name": name}]
    history = [
        {"deployedAt": f"{day}T00:00:00Z", "source": {"chart": name, "targetRevision": version}}
        for version, day in deployed
    ]
    return custom(
        "argoproj.io/v1alpha1", "Application", name, "argocd", status={"resources": made, "history": history}
    )


def test_looked_after_is_owned_and_renewed(shop: ApiServer, run: Run) -> None:
    shop.add(namespace("tools"), workload("argocd", "server", container(image="argoproj/argocd:v3")))
    shop.add(
        tool("kyverno", "ghcr.io/kyverno/kyverno:v1.15", team="platform"),
        tool("opencost", "opencost/opencost:1", team="platform"),
        tool("harbor", "goharbor/harbor-core:v2"),
        application("kyverno", ("3.4", "2025-01-01"), ("3.5", "2026-02-01")),
        application("opencost", ("1.0", "2024-01-01"), ("2.0", "2024-06-01")),
    )
    seen = run(teams=TEAMS)
    assert names(seen.value("k8s.cncf_kept_project_count{env=production}", CLUSTER)) == ["kyverno"]
    assert names(seen.value("k8s.cncf_category_count", CLUSTER)) == ["policy"]
    assert seen.absent("k8s.cncf_kept_project_count{env=nonprod}", CLUSTER)
    assert run().gap("k8s.cncf_kept_project_count", CLUSTER) == "not_visible", (
        "which teams exist is not declared"
    )
    shop.add(tool("contour", "projectcontour/contour:v1", team="platform"))
    assert run(teams=TEAMS).value("k8s.cncf_kept_project_count", CLUSTER) == at_least("kyverno")
    shop.faults["/applications"] = refuse(403)
    assert run(teams=TEAMS).gap("k8s.cncf_kept_project_count", CLUSTER) == "not_permitted"


def test_a_helm_release_remembers_its_versions(shop: ApiServer, run: Run) -> None:
    shop.add(namespace("tools"))
    labels = {"helm.toolkit.fluxcd.io/namespace": "flux-system", "helm.toolkit.fluxcd.io/name": "kyverno"}
    shop.add(
        workload(
            "tools", "kyverno", container(image="kyverno/kyverno:1"), labels={**labels, "team": "platform"}
        )
    )
    history = [
        {"chartVersion": "3.5.0", "firstDeployed": "2026-02-01T00:00:00Z"},
        {"chartVersion": "3.4.0", "firstDeployed": "2025-01-01T00:00:00Z"},
    ]
    release = custom(
        "helm.toolkit.fluxcd.io/v2", "HelmRelease", "kyverno", "flux-system", status={"history": history}
    )
    shop.add(release)
    kept = run(teams=TEAMS).reading("k8s.cncf_kept_project_count", CLUSTER)
    assert "renewed within a year: kyverno" in kept.evidence[0].excerpt


def test_what_appeared_within_a_year(shop: ApiServer, run: Run) -> None:
    shop.install("kyverno.io", "v1", "ClusterPolicy", "clusterpolicies", False)
    shop.objects["apiextensions.k8s.io", "customresourcedefinitions"][0]["metadata"]["creationTimestamp"] = (
        "2026-02-01T00:00:00Z"
    )
    shop.install("cert-manager.io", "v1", "Certificate", "certificates")
    key = "k8s.tool_change_count_12m{change=appeared}"
    assert names(run().value(key, CLUSTER)) == ["kyverno"]
    assert run().gap("k8s.tool_change_count_12m{change=gone}", CLUSTER) == "not_collected"
    shop.add(namespace("tools"), tool("harbor", "goharbor/harbor-core:v2"))
    assert names(run().value(key, CLUSTER)) == ["kyverno"], "harbor has run since 2024"
    shop.objects["apps", "deployments"][-1]["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z"
    assert run().value(key, CLUSTER) == at_least("kyverno"), "it may have been made again"


def test_beside_the_common_tool(shop: ApiServer, run: Run) -> None:
    shop.install("argoproj.io", "v1alpha1", "Application", "applications")
    key = "k8s.off_standard_tool_ratio"
    assert run().gap(key, CLUSTER) == "not_collected"
    assert run(standard_tools={"gitops": "argo-cd"}).value(key, CLUSTER) is False
    assert run(standard_tools={"gitops": "flux2"}).value(key, CLUSTER) is True
    assert run(standard_tools={"gitops": "flux2"}, tool_exceptions=["argo-cd"]).value(key, CLUSTER) is False
    assert run(standard_tools={"policy": "kyverno"}).gap(key, CLUSTER) == "not_visible"


def test_rivals_stand_in_for_one_another(shop: ApiServer, run: Run) -> None:
    key = "k8s.standing_duplication_count"
    shop.add(namespace("tools"), tool("linkerd", "cr.l5d.io/linkerd/controller:1"))
    shop.install("policy.linkerd.io", "v1beta3", "Server", "servers")
    shop.add(tool("prometheus", "prom/prometheus:v3"), tool("jaeger", "jaegertracing/jaeger:2"))
    shop.add(tool("falco", "falcosecurity/falco:1"), tool("sidekick", "falcosecurity/falcosidekick:2"))
    assert names(run().value(key, CLUSTER)) == ["runtime-security/falco", "service-mesh/linkerd"]
    shop.add(tool("istiod", "istio/pilot:1"))
    assert "service-mesh/istio" in names(run().value(key, CLUSTER))
    shop.objects["apps", "deployments"][-1]["metadata"]["creationTimestamp"] = "2026-05-01T00:00:00Z"
    assert run().value(key, CLUSTER) == at_least("runtime-security/falco", "service-mesh/linkerd")


@pytest.mark.parametrize(
    ("goal", "objects", "acting"),
    [
        ("cost", [("karpenter.sh/v1", "NodePool", {"spec": {}}), ("karpenter.sh/v1", "NodeClaim", {})], ["karpenter"]),
        ("cost", [("karpenter.sh/v1", "NodePool", {"spec": {"disruption": {"consolidationPolicy": "WhenEmpty"}}}),
                  ("karpenter.sh/v1", "NodeClaim", {})], []),
        ("cost", [("karpenter.sh/v1", "NodePool", {"spec": {}})], []),
        ("latency", [("keda.sh/v1alpha1", "ScaledObject", {"status": {"lastActiveTime": "2026-05-01T00:00:00Z"}})],
         ["keda"]),
        ("latency", [("keda.sh/v1alpha1", "ScaledObject", {"status": {"lastActiveTime": "2025-05-01T00:00:00Z"}})],
         []),
        ("energy", [("kube-green.com/v1alpha1", "SleepInfo", {"status": {"lastScheduleTime": "2026-05-30T00:00:00Z"}})],
         ["kube-green"]),
    ],
)  # fmt: skip
def test_optimisers_have_acted(
    goal: str, objects: list[tuple[str, str, Object]], acting: list[str], shop: ApiServer, run: Run
) -> None:
    for api, kind, fields in objects:
        place = "" if api.startswith("karpenter") else "shop"
        recent = {"metadata": {"creationTimestamp": "2026-05-01T00:00:00Z"}}
        shop.add(custom(api, kind, "one", place, **{**fields, **recent}))
    assert names(run().value(f"k8s.optimiser_count{{goal={goal}}}", CLUSTER)) == acting


@pytest.mark.parametrize(("mode", "acting"), [("Recreate", ["vertical-pod-autoscaler"]), ("Off", [])])
def test_a_vertical_autoscaler_that_only_recommends_tunes_nothing(
    mode: str, acting: list[str], shop: ApiServer, run: Run
) -> None:
    spec = {"updatePolicy": {"updateMode": mode}}
    shop.add(custom("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", "web", "shop", spec=spec))
    young = pod("shop", "web", annotations={"vpaUpdates": "Pod resources updated by web"}, number=1)
    young["metadata"]["creationTimestamp"] = "2026-05-01T00:00:00Z"
    shop.add(young)
    assert names(run().value("k8s.optimiser_count{goal=cost}", CLUSTER)) == acting
