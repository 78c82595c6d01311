"""Manifests in Git: the same facts as from live objects, declared; and nothing run to read them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnmm_collectors.kubernetes.manifests import ManifestsCollector, describe
from cnmm_collectors.kubernetes.reading import ClusterReading
from cnmm_collectors.kubernetes.semantics.changes import Writer
from cnmm_collectors.kubernetes.settings import ManifestSettings, Settings
from cnmm_collectors.kubernetes.sources import Tree
from cnmm_collectors.plugin import Target, WorkItem, Yield
from cnmm_collectors.signals import Tally
from cnmm_scanner.contract import Contract, gather
from doubles.kubernetes.objects import container, custom, namespace, pod, settled, workload
from doubles.kubernetes.server import ApiServer
from unit.collectors.kubernetes.conftest import Run, Seen, make_reader

EXTERNAL = {"target": {"name": "db"}, "dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password"}}}]}
SHOP = "namespace:prod/shop"
OBJECTS = [
    namespace("shop", istio_injection="enabled"),
    workload("shop", "web", labels={"team": "checkout"}),
    workload("shop", "api", container(), hostPID=True),
    workload("shop", "db", kind="StatefulSet", volumes=[{"name": "s", "secret": {"secretName": "db"}}]),
    custom("networking.k8s.io/v1", "NetworkPolicy", "default", "shop", spec={"podSelector": {}}),
    custom(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "h",
        "shop",
        spec={"scaleTargetRef": {"kind": "Deployment", "name": "web"}},
    ),
    custom("external-secrets.io/v1", "ExternalSecret", "db", "shop", spec=EXTERNAL),
    custom(
        "security.istio.io/v1", "PeerAuthentication", "default", "shop", spec={"mtls": {"mode": "STRICT"}}
    ),
]


def commit(folder: Path, files: dict[str, Any]) -> Path:
    """Make a repository of files; what is no text is spelled as YAML documents."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            content if isinstance(content, str) else yaml.safe_dump_all(content), encoding="utf-8"
        )
    git = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@x.invalid"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


def scan(folder: Path, *paths: str, **settings: Any) -> Seen:
    chosen = ManifestSettings.model_validate(
        {"clusters": [{"name": "prod", "paths": list(paths or ("clusters/prod/*",))}], **settings}
    )
    collector, reader = ManifestsCollector(), make_reader(name="manifests")
    yields: list[Yield] = []
    for one in list(collector.plan(Target("path", str(folder)), chosen, reader)):  # type: ignore[arg-type]
        assert isinstance(one, WorkItem)
        yields += collector.collect(one, chosen, reader)  # type: ignore[arg-type]
    gather(yields, Contract(ManifestsCollector.signals))
    return Seen(yields)


def test_the_same_objects_give_the_same_facts_live_and_in_git(api: ApiServer, tmp_path: Path) -> None:
    api.add(*OBJECTS)
    reader = make_reader()
    live = ClusterReading(reader.kube.open("test", api.kubeconfig(tmp_path)), "prod", 500, 0)  # type: ignore[arg-type]
    seen = live.read(Settings(), "", reader.as_of)
    files = {"all.yaml": yaml.safe_dump_all(OBJECTS).encode()}
    written = describe(Tree(files).render(), "prod", ManifestSettings(), reader)  # type: ignore[arg-type]

    def facts(found: Any) -> Any:
        blank = {"created": "", "writer": Writer.UNTOLD, "ready": 0}
        return [
            replace(
                one, **blank, template=replace(one.template, endpoint=replace(one.template.endpoint, mesh=""))
            )
            for one in found.all_workloads()
        ]

    assert facts(seen) == facts(written)
    assert (seen.source, written.source) == ("kubernetes", "manifests")


def test_live_and_declared_signals_agree(api: ApiServer, run: Run, tmp_path: Path) -> None:
    api.add(*OBJECTS, custom("v1", "ConfigMap", "istio", "istio-system", data={"mesh": ""}))
    proxy = {"name": "istio-proxy", "securityContext": {"runAsUser": 1337}}
    api.add(
        pod("shop", "web", settled(), proxy),
        pod("shop", "api", container(), proxy, hostPID=True),
        pod("shop", "db", settled(), proxy, owner_kind="StatefulSet"),
    )
    live = run()
    declared = scan(commit(tmp_path / "git", {"clusters/prod/all.yaml": OBJECTS}))
    for key in (
        "requests_probes_ratio",
        "autoscaled_ratio",
        "credential_by_tool_ratio",
        "mtls_ratio",
        "mtls_strict_ratio",
        "hardened_pod_ratio",
        "cost_label_ratio",
    ):
        assert live.value(f"k8s.{key}", SHOP) == declared.value(f"k8s.{key}", SHOP), key
    assert {one.source for one in declared.signals} == {"manifests"}
    assert all(item.commit for one in declared.signals for item in one.reading.evidence)


def test_without_clusters_in_the_settings_nothing_is_read(tmp_path: Path) -> None:
    folder = commit(tmp_path / "git", {"all.yaml": OBJECTS})
    reader = make_reader(name="manifests")
    assert list(ManifestsCollector().plan(Target("path", str(folder)), ManifestSettings(), reader)) == []  # type: ignore[arg-type]


def bare(name: str) -> dict[str, Any]:
    found = workload("x", name)
    del found["metadata"]["namespace"]
    return found


def test_kustomize_puts_files_together(tmp_path: Path) -> None:
    overlay = {"resources": ["../../base"], "namespace": "shop", "commonLabels": {"product": "store"}}
    folder = commit(
        tmp_path / "git",
        {
            "base/kustomization.yaml": [{"resources": ["web.yaml"]}],
            "base/web.yaml": [bare("web")],
            "clusters/prod/kustomization.yaml": [overlay],
        },
    )
    seen = scan(folder, "clusters/prod/*", "base/*")
    assert seen.value("k8s.cost_label_ratio", SHOP) == Tally(1, 1)


@pytest.mark.parametrize("key", ["patches", "components", "helmCharts", "replacements"])
def test_what_only_kustomize_works_out_is_unread(key: str, tmp_path: Path) -> None:
    folder = commit(
        tmp_path / "git",
        {
            "clusters/prod/kustomization.yaml": [{"resources": ["web.yaml"], key: [{"path": "p.yaml"}]}],
            "clusters/prod/web.yaml": [workload("shop", "web")],
            "clusters/prod/plain/api.yaml": [workload("shop", "api")],
        },
    )
    # A chart that is put in adds objects; those beside it are told.
    told = 2 if key == "helmCharts" else 1
    assert scan(folder).value("k8s.requests_probes_ratio", SHOP) == Tally(told, told, 1)


PATCHES: dict[str, list[dict[str, Any]]] = {
    "by target": [{"path": "p.yaml", "target": {"kind": "Deployment", "name": "we.*"}}],
    "by its own name": [{"path": "p.yaml"}],
    "written in place": [{"patch": "kind: Deployment\nmetadata: {name: web}\nspec: {replicas: 9}\n"}],
}


@pytest.mark.parametrize("name", PATCHES)
@pytest.mark.parametrize("place", ["overlay", "component"])
def test_a_patch_hides_what_it_changes_and_nothing_else(name: str, place: str, tmp_path: Path) -> None:
    patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {}}
    overlay = {"resources": ["web.yaml", "api.yaml"]}
    own = overlay | ({"patches": PATCHES[name]} if place == "overlay" else {"components": ["../extra"]})
    folder = "clusters/prod/app" if place == "overlay" else "clusters/prod/extra"
    files: dict[str, Any] = {
        "clusters/prod/app/kustomization.yaml": [own],
        "clusters/prod/app/web.yaml": [workload("shop", "web")],
        "clusters/prod/app/api.yaml": [workload("shop", "api")],
        "clusters/prod/other.yaml": [workload("till", "till")],
        f"{folder}/p.yaml": [patch],
    }
    if place == "component":
        files["clusters/prod/extra/kustomization.yaml"] = [{"kind": "Component", "patches": PATCHES[name]}]
    seen = scan(commit(tmp_path / "git", files))
    assert seen.value("k8s.requests_probes_ratio", SHOP) == Tally(1, 1, 1)
    assert seen.value("k8s.requests_probes_ratio", "namespace:prod/till") == Tally(1, 1)


def test_a_namespace_that_is_patched_keeps_its_mesh_to_itself(tmp_path: Path) -> None:
    own = {"resources": ["all.yaml"], "patches": [{"path": "p.yaml", "target": {"kind": "Namespace"}}]}
    objects = [namespace("shop", istio_injection="enabled"), workload("shop", "web")]
    files = {"clusters/prod/kustomization.yaml": [own], "clusters/prod/all.yaml": objects}
    assert scan(commit(tmp_path / "git", files)).value("k8s.mtls_ratio", SHOP) == Tally(0, 0, 1)


def test_yaml_is_read_as_the_api_server_takes_it(tmp_path: Path) -> None:
    policy = """apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: web, namespace: shop, creationTimestamp: 2024-01-01T00:00:00Z}
spec:
  selector: {matchLabels: {app: web}}
  mtls: {mode: STRICT}
  portLevelMtls:
    8080: {mode: PERMISSIVE}
"""
    objects = [namespace("shop", istio_injection="enabled"), workload("shop", "web")]
    folder = commit(tmp_path / "git", {"clusters/prod/p.yaml": policy, "clusters/prod/all.yaml": objects})
    assert scan(folder).value("k8s.mtls_strict_ratio", SHOP) is False


def test_a_chart_is_read_where_it_is_no_template(tmp_path: Path) -> None:
    files = {
        "clusters/prod/chart/Chart.yaml": "name: chart\n",
        "clusters/prod/chart/values.yaml": "kind: List\n",
        "clusters/prod/chart/templates/web.yaml": [workload("shop", "web")],
    }
    assert scan(commit(tmp_path / "git", files)).value("k8s.requests_probes_ratio", SHOP) == Tally(1, 1)


def test_the_settings_say_where_objects_without_a_namespace_go(tmp_path: Path) -> None:
    files = {"web/web.yaml": [bare("web")], "api/api.yaml": [bare("api")], "till/till.yaml": [bare("till")]}
    folder = commit(tmp_path / "git", files)
    entries = [
        {"name": "prod", "paths": ["web/*", "api/*"], "namespace": "shop"},
        {"name": "prod", "paths": ["till/*"], "namespace": "till"},
    ]
    seen = scan(folder, clusters=entries)
    assert seen.value("k8s.requests_probes_ratio", SHOP) == Tally(2, 2)
    assert seen.value("k8s.requests_probes_ratio", "namespace:prod/till") == Tally(1, 1)
    assert sum(row.unit == "file" for row in seen.ledger) == 1


def test_a_remote_base_is_unread(tmp_path: Path) -> None:
    folder = commit(
        tmp_path / "git",
        {
            "clusters/prod/kustomization.yaml": [
                {"resources": ["https://host.invalid/base?ref=v1", "web.yaml"]}
            ],
            "clusters/prod/web.yaml": [workload("shop", "web")],
        },
    )
    assert scan(folder).value("k8s.requests_probes_ratio", SHOP) == Tally(1, 1, 1)


def test_templates_of_a_chart_are_unread(tmp_path: Path) -> None:
    folder = commit(
        tmp_path / "git",
        {
            "clusters/prod/chart/Chart.yaml": "name: chart\n",
            "clusters/prod/chart/values.yaml": "replicas: 2\n",
            "clusters/prod/chart/templates/web.yaml": "kind: Deployment\nmetadata: {name: {{ .R }}}\n",
            "clusters/prod/web.yaml": [workload("shop", "web")],
        },
    )
    seen = scan(folder)
    assert seen.value("k8s.requests_probes_ratio", SHOP) == Tally(1, 1, 1)
    assert seen.gap("k8s.default_deny_ns_ratio", SHOP) == "unsupported"


@pytest.mark.parametrize(
    "content",
    [
        "a: [",
        "kind: Deployment\napiVersion: apps/v1\nmetadata: 7\n",
        "a: &a [*a]\nb: !!python/object:os.system x\n",
    ],
)
def test_broken_files_are_unread(content: str, tmp_path: Path) -> None:
    folder = commit(
        tmp_path / "git",
        {"clusters/prod/x.yaml": content, "clusters/prod/web.yaml": [workload("shop", "web")]},
    )
    assert scan(folder).value("k8s.requests_probes_ratio", SHOP) == Tally(1, 1, 1)


def test_the_labels_of_an_unseen_namespace_decide_the_mesh(tmp_path: Path) -> None:
    folder = commit(tmp_path / "git", {"clusters/prod/web.yaml": [workload("shop", "web")]})
    assert scan(folder).value("k8s.mtls_ratio", SHOP) == Tally(0, 0, 1)


def test_two_policies_of_one_scope_are_ambiguous_without_age(tmp_path: Path) -> None:
    other = custom(
        "security.istio.io/v1", "PeerAuthentication", "more", "shop", spec={"mtls": {"mode": "PERMISSIVE"}}
    )
    folder = commit(tmp_path / "git", {"clusters/prod/all.yaml": [*OBJECTS, other]})
    assert scan(folder).gap("k8s.mtls_strict_ratio", SHOP) == "not_visible"


def test_a_component_that_nobody_puts_in_is_nothing(tmp_path: Path) -> None:
    deny = custom("networking.k8s.io/v1", "NetworkPolicy", "all", "shop", spec={"podSelector": {}})
    files: dict[str, Any] = {
        "clusters/prod/kustomization.yaml": [{"resources": ["web.yaml"]}],
        "clusters/prod/web.yaml": [workload("shop", "web")],
        "clusters/prod/closed/kustomization.yaml": [{"kind": "Component", "resources": ["deny.yaml"]}],
        "clusters/prod/closed/deny.yaml": [deny],
    }
    assert scan(commit(tmp_path / "a", files)).value("k8s.default_deny_ns_ratio", SHOP) is False
    own = {"resources": ["web.yaml"], "components": ["closed"]}
    seen = scan(commit(tmp_path / "b", files | {"clusters/prod/kustomization.yaml": [own]}))
    assert seen.value("k8s.default_deny_ns_ratio", SHOP) is True


def test_an_object_is_one_however_often_it_is_written(tmp_path: Path) -> None:
    other = workload("shop", "web", container())
    files: dict[str, Any] = {"clusters/prod/a.yaml": [workload("shop", "web")]}
    twice = files | {"clusters/prod/b.yaml": [workload("shop", "web"), workload("shop", "api")]}
    assert scan(commit(tmp_path / "a", twice)).value("k8s.requests_probes_ratio", SHOP) == Tally(2, 2)
    differs = files | {"clusters/prod/b.yaml": [other, workload("shop", "api")]}
    seen = scan(commit(tmp_path / "b", differs))
    assert seen.value("k8s.requests_probes_ratio", SHOP) == Tally(1, 1, 1), "which one is applied is not told"
