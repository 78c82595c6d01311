"""The Dask manifest is what Kubernetes and Dask read: every field typed, every option known, nothing open."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import yaml

PATH = Path(__file__).parents[2] / "deploy/dask.yaml"
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all(PATH.read_text()))
BY_NAME = {(one["kind"], one["metadata"]["name"]): one for one in OBJECTS}
TEMPLATES = [one["spec"]["template"] for one in OBJECTS if "template" in one.get("spec", {})]


def test_the_official_types_know_every_field() -> None:
    client = kubernetes.client.ApiClient()
    for one in OBJECTS:
        model = f"{one['apiVersion'].rpartition('/')[2].capitalize()}{one['kind']}"
        made = client.deserialize(json.dumps(one), model, "application/json")
        assert client.sanitize_for_serialization(made) == one, model


def test_pods_are_closed_and_services_find_them() -> None:
    assert len(TEMPLATES) == 2
    assert not [one for one in OBJECTS if one["kind"] == "Secret"]
    for template in TEMPLATES:
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert {"limits", "requests"} <= container["resources"].keys()
    scheduler, workers = BY_NAME["Service", "cnmm-dask"], BY_NAME["Service", "cnmm-dask-workers"]
    for service, template in zip((scheduler, workers), TEMPLATES, strict=True):
        assert service["spec"]["selector"] == template["metadata"]["labels"]
    assert BY_NAME["StatefulSet", "cnmm-dask-worker"]["spec"]["serviceName"] == workers["metadata"]["name"]
    policy = BY_NAME["NetworkPolicy", "cnmm-dask"]["spec"]
    assert all("from" in rule for rule in policy["ingress"])
    assert policy["podSelector"]["matchLabels"].items() <= TEMPLATES[1]["metadata"]["labels"].items()


def test_dask_takes_the_options_and_the_certificates(
    require: Callable[[str, bool, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    require("dask", find_spec("distributed") is not None, "pip install 'cnmm[dask]'")
    import dask.config
    from distributed.cli import dask_scheduler, dask_worker
    from distributed.security import Security

    for template, command in zip(TEMPLATES, (dask_scheduler.main, dask_worker.main), strict=True):
        arguments = list(template["spec"]["containers"][0]["args"])
        assert command.make_context("dask", arguments, ignore_unknown_options=False, resilient_parsing=False)
    settings = yaml.safe_load(BY_NAME["ConfigMap", "cnmm-dask"]["data"]["dask.yaml"])
    mounted = {mount["mountPath"] for mount in TEMPLATES[0]["spec"]["containers"][0]["volumeMounts"]}
    assert {"/etc/dask", "/tls"} <= mounted
    with dask.config.set(dask.config.merge(dask.config.global_config, settings)):
        security = Security()
        assert security.require_encryption is True
        for role in ("scheduler", "worker", "client"):
            assert security.get_tls_config_for_role(role) == {
                "ca_file": "/tls/ca.crt", "cert": "/tls/tls.crt", "key": "/tls/tls.key", "ciphers": None,
            }  # fmt: skip
