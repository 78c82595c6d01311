"""What is deployed parses, holds the fences it promises, and reads the cluster with one role."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "chart"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
TEMPLATES = sorted(path for path in (CHART / "templates").glob("*.yaml") if path.name != "clusterrole.yaml")


def objects(path: Path) -> list[Any]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def rendered(path: Path, truth: bool) -> list[Any]:
    """Return a template's objects with every value filled in and every condition taken one way.

    Not Helm: it shows that the YAML around the values holds together, in either branch.
    """
    text = "\n".join(_branches(path.read_text().splitlines(), truth))
    text = re.sub(r"\{\{-?\s*(.*?)\s*-?}}", lambda found: _value(found[1]), text)
    return [one for one in yaml.safe_load_all(text) if one]


def _branches(lines: list[str], truth: bool) -> Iterator[str]:
    stack: list[bool] = []
    for line in lines:
        found = re.fullmatch(r"\s*\{\{-?\s*(if|range|else|end)\b.*}}", line)
        if not found:
            if all(stack):
                yield line
        elif found[1] == "end":
            stack.pop()
        elif found[1] == "else":
            stack[-1] = not stack[-1]
        else:
            stack.append(truth or found[1] == "range")
    assert not stack, "a block that is not closed"


def _value(expression: str) -> str:
    name, _, function = (part.strip() for part in expression.partition("|"))
    if name.startswith(".Release."):
        return "cnmm"
    if name == ".":
        return '"10.0.0.0/8"' if function == "quote" else "443"
    value: Any = VALUES
    for part in name.removeprefix(".Values.").split("."):
        assert part in value, f"{name} is not among the values"
        value = value[part]
    return str(value) if function == "" and isinstance(value, str) else json.dumps(value)


def pods(found: list[Any]) -> Iterator[Any]:
    for one in found:
        if one["kind"] == "CronJob":
            yield one["spec"]["jobTemplate"]["spec"]["template"]["spec"]


FORMS = [
    ("cronjob.yaml", lambda: objects(DEPLOY / "cronjob.yaml")),
    ("chart, all on", lambda: [one for path in TEMPLATES for one in rendered(path, True)]),
    ("chart, all off", lambda: [one for path in TEMPLATES for one in rendered(path, False)]),
]


@pytest.mark.parametrize(("name", "make"), FORMS, ids=[name for name, _ in FORMS])
def test_pod_is_fenced_in(name: str, make: Any) -> None:
    found = make()
    assert {"CronJob", "NetworkPolicy", "ServiceAccount", "PersistentVolumeClaim"} <= {
        one["kind"] for one in found
    }
    assert all(one["apiVersion"] and one["metadata"]["name"] for one in found)
    assert not [one for one in found if one["kind"] == "Secret"]
    (pod,) = pods(found)
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


@pytest.mark.parametrize(("name", "make"), FORMS, ids=[name for name, _ in FORMS])
def test_network_is_closed_but_for_names_and_the_ports_that_are_listed(name: str, make: Any) -> None:
    (policy,) = (one["spec"] for one in make() if one["kind"] == "NetworkPolicy")
    assert policy["policyTypes"] == ["Ingress", "Egress"] and policy["ingress"] == []
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports <= {53, 443, 6443}


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
    for found in (objects(DEPLOY / "cronjob.yaml"), rendered(CHART / "templates/access.yaml", True)):
        (binding,) = (one for one in found if one["kind"] == "ClusterRoleBinding")
        assert binding["roleRef"]["name"] == role["metadata"]["name"]


def test_values_fit_their_schema_and_mistakes_do_not() -> None:
    schema = jsonschema_rs.validator_for((CHART / "values.schema.json").read_text())
    assert schema.is_valid(VALUES)
    for change in (
        {"shedule": "x"},
        {"schedule": "weekly"},
        {"image": {"repository": "a", "digest": "sha256:1"}},
    ):
        assert not schema.is_valid({**VALUES, **change})


def test_image_is_not_root_and_installs_by_hash() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    final = text.rpartition("FROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.M)
    assert "tools/venv.sh /opt/cnmm deploy/requirements.lock" in text
    assert not re.search(r"^(ADD|ARG .*(TOKEN|SECRET|PASSWORD))", text, re.M)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored and "!deploy/requirements.lock" in ignored


def test_image_lock_agrees_with_the_development_lock() -> None:
    def pins(path: Path) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+(?:\[[^]]*])?==\S+)", path.read_text(), re.M))

    mine, known = pins(DEPLOY / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    assert {re.sub(r"\[.*?]", "", pin) for pin in mine} <= {re.sub(r"\[.*?]", "", pin) for pin in known}
    assert {"kubernetes", "psycopg"} <= {re.split(r"==|\[", pin)[0] for pin in mine}
    assert "://" not in (DEPLOY / "requirements.lock").read_text()
