"""What is deployed parses, holds the fences it promises, and reads the cluster with one role."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import kubernetes.client
import pytest
import yaml

from deploy.render import CASES, RENDERED, render, state

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "chart"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def objects(path: Path) -> list[Any]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def pods(found: list[Any]) -> Iterator[Any]:
    for one in found:
        spec = one.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield spec["template"]["spec"]


FORMS = [DEPLOY / "cronjob.yaml", *(RENDERED / f"{name}.yaml" for name in CASES)]
BY_NAME = pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)


def named(text: str) -> dict[tuple[str, str], Any]:
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text) if one}


def test_what_is_tested_is_what_helm_makes_of_the_chart() -> None:
    for name, values in CASES.items():
        first, _, text = (RENDERED / f"{name}.yaml").read_text().partition("\n")
        assert first == f"# chart {state()}", "the chart was changed: run tests/deploy/render.py"
        if shutil.which("helm"):
            assert named(render(values)) == named(text)


def typed(one: dict[str, Any]) -> str:
    """Return the official client's model for an object; Python's names are made of group, version and kind."""
    group, _, version = one["apiVersion"].rpartition("/")
    own = {"batch", "apps", "networking.k8s.io", "rbac.authorization.k8s.io", ""}
    return f"{version.capitalize()}{one['kind']}" if group in own else ""


@BY_NAME
def test_the_official_types_know_every_field(path: Path) -> None:
    """An object that is read into its type and written again is the same: nothing misspelt, nothing missing."""
    client = kubernetes.client.ApiClient()
    checked = []
    for one in objects(path):
        if not (model := typed(one)):
            assert one["kind"] in {"PrometheusRule", "ServiceMonitor"}
            continue
        made = client.deserialize(json.dumps(one), model, "application/json")
        assert client.sanitize_for_serialization(made) == one, model
        checked.append(one["kind"])
    assert {"CronJob", "NetworkPolicy", "PersistentVolumeClaim"} <= set(checked)


@pytest.mark.parametrize("fault", ["misspelt", "missing", "text for a number"])
def test_the_official_types_refuse_a_fault(fault: str) -> None:
    (one,) = (one for one in objects(RENDERED / "usual.yaml") if one["kind"] == "CronJob")
    spec = one["spec"]["jobTemplate"]["spec"]
    if fault == "misspelt":
        spec["template"]["spec"]["automountServiceAccountTokens"] = False
    elif fault == "missing":
        del spec["template"]["spec"]["containers"]
    else:
        spec["backoffLimit"] = "none"
    client = kubernetes.client.ApiClient()
    with pytest.raises((AssertionError, ValueError)):
        made = client.deserialize(json.dumps(one), "V1CronJob", "application/json")
        assert client.sanitize_for_serialization(made) == one


@BY_NAME
def test_pods_are_fenced_in(path: Path) -> None:
    found = objects(path)
    assert {"CronJob", "NetworkPolicy", "ServiceAccount", "PersistentVolumeClaim"} <= {
        one["kind"] for one in found
    }
    assert all(one["apiVersion"] and one["metadata"]["name"] for one in found)
    assert not [one for one in found if one["kind"] == "Secret"]
    found_pods = list(pods(found))
    assert len(found_pods) == sum(one["kind"] in ("CronJob", "Deployment") for one in found)
    for pod in found_pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert not [entry for entry in container.get("env", []) if "value" in entry]
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
        assert {"limits", "requests"} <= container["resources"].keys()


@BY_NAME
def test_network_is_closed_but_for_names_and_the_ports_that_are_listed(path: Path) -> None:
    policy, *_ = (one["spec"] for one in objects(path) if one["kind"] == "NetworkPolicy")
    assert policy["policyTypes"] == ["Ingress", "Egress"] and policy["ingress"] == []
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports <= ({53, 443, 6443, 5432} if path.stem == "whole" else {53, 443, 6443})


def test_what_is_served_is_read_with_a_token_from_one_namespace_alone() -> None:
    found = {(one["kind"], one["metadata"]["name"]): one for one in objects(RENDERED / "whole.yaml")}
    policy = found["NetworkPolicy", "cnmm-serve"]["spec"]
    assert policy["egress"] == [] and policy["ingress"] == [
        {
            "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
            "ports": [{"protocol": "TCP", "port": 8100}],
        }
    ]
    pod = found["Deployment", "cnmm-serve"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert container["args"][-2:] == ["--token-variable", container["env"][0]["name"]]
    assert all(mount["readOnly"] for mount in container["volumeMounts"])
    for chosen in (found["Service", "cnmm-serve"]["spec"]["selector"], policy["podSelector"]["matchLabels"]):
        assert chosen == pod["metadata"]["labels"]
    monitor = found["ServiceMonitor", "cnmm"]["spec"]
    assert (
        monitor["selector"]["matchLabels"].items()
        <= found["Service", "cnmm-serve"]["metadata"]["labels"].items()
    )
    secret = container["env"][0]["valueFrom"]["secretKeyRef"]
    assert monitor["endpoints"][0]["authorization"]["credentials"] == secret


def test_role_is_the_generated_one_and_reads_alone() -> None:
    template = (CHART / "templates/clusterrole.yaml").read_text()
    assert '.Files.Get "files/clusterrole.yaml" | splitList "\\n---\\n" | first' in template
    assert (CHART / "files/clusterrole.yaml").resolve() == DEPLOY / "clusterrole.yaml"
    text = (DEPLOY / "clusterrole.yaml").read_text()
    role = yaml.safe_load(text.split("\n---\n")[0])
    assert role["kind"] == "ClusterRole"
    rules = [rule for one in yaml.safe_load_all(text) for rule in one["rules"]]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list"}
    assert not [rule for rule in rules if {"secrets", "pods/log", "pods/exec"} & {*rule["resources"]}]
    # Kinds that a policy engine generates have no fixed names; a wildcard stands nowhere else.
    wild = [rule for rule in rules if "*" in {*rule["resources"], *rule["apiGroups"]}]
    assert {group for rule in wild for group in rule["apiGroups"]} <= {"constraints.gatekeeper.sh"}
    for found in (objects(DEPLOY / "cronjob.yaml"), objects(RENDERED / "usual.yaml")):
        (binding,) = (one for one in found if one["kind"] == "ClusterRoleBinding")
        assert binding["roleRef"]["name"] == role["metadata"]["name"]


def test_values_fit_their_schema_and_mistakes_do_not() -> None:
    schema = jsonschema_rs.validator_for((CHART / "values.schema.json").read_text())
    assert schema.is_valid(VALUES)
    for change in (
        {"shedule": "x"},
        {"schedule": "weekly"},
        {"image": {"repository": "a", "digest": "sha256:1"}},
        {"history": "postgresql://reader:secret@db/cnmm"},
        {"credentialsSecret": "Not_A_Name"},
    ):
        assert not schema.is_valid({**VALUES, **change})


def test_image_is_not_root_and_installs_by_hash() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    final = text.rpartition("FROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.M)
    assert "tools/venv.sh /opt/cnmm deploy/requirements.lock" in text
    assert not re.search(r"^(ADD|ARG .*(TOKEN|SECRET|PASSWORD))", text, re.M)
    bases = re.findall(r"^FROM (\S+)", text, re.M)
    assert bases and set(bases) == {"${PYTHON}"}
    assert re.search(r"^ARG PYTHON=python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", text, re.M)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored and "!deploy/requirements.lock" in ignored


def test_image_lock_agrees_with_the_development_lock() -> None:
    def pins(path: Path) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+(?:\[[^]]*])?==\S+)", path.read_text(), re.M))

    mine, known = pins(DEPLOY / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    assert {re.sub(r"\[.*?]", "", pin) for pin in mine} <= {re.sub(r"\[.*?]", "", pin) for pin in known}
    assert {"kubernetes", "psycopg"} <= {re.split(r"==|\[", pin)[0] for pin in mine}
    assert "://" not in (DEPLOY / "requirements.lock").read_text()
