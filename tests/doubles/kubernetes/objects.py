"""Objects of a cluster, spelled as manifests, with what a test does not care about filled in."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def namespace(name: str, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": spelled(labels)}}


def spelled(labels: dict[str, str]) -> dict[str, str]:
    return {key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()}


def container(name: str = "app", **fields: Any) -> Object:
    return {"name": name, "image": "registry.example/shop/app:1", **fields}


def settled(name: str = "app", **fields: Any) -> Object:
    """A container with requests and a probe that another user than root runs."""
    given = {
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}},
        "ports": [{"containerPort": 8080}],
        "securityContext": {"runAsNonRoot": True},
    }
    return container(name, **{**given, **fields})


def workload(
    place: str,
    name: str,
    *containers: Object,
    kind: str = "Deployment",
    labels: dict[str, str] | None = None,
    pod_labels: dict[str, str] | None = None,
    managers: list[Object] | None = None,
    **spec: Any,
) -> Object:
    meta: Object = {"name": name, "namespace": place, "labels": labels or {}}
    if managers is not None:
        meta["managedFields"] = managers
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": meta,
        "spec": {
            "replicas": 1,
            "template": {
                "metadata": {"labels": {"app": name, **(pod_labels or {})}},
                "spec": {"containers": list(containers) or [settled()], **spec},
            },
        },
    }


def manager(
    name: str, time: str = "2026-01-01T00:00:00Z", *, spec: bool = True, subresource: str = ""
) -> Object:
    fields: Object = {"f:spec": {"f:replicas": {}}} if spec else {"f:status": {}}
    entry = {
        "manager": name,
        "operation": "Update",
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    return {**entry, "subresource": subresource} if subresource else entry


def pod(
    place: str,
    owner: str,
    *containers: Object,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    node: str = "node-1",
    owner_kind: str = "ReplicaSet",
    phase: str = "Running",
    number: int = 0,
    **spec: Any,
) -> Object:
    revision = "7d9f"
    made = f"{owner}-{revision}" if owner_kind == "ReplicaSet" else owner
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{made}-{number}",
            "namespace": place,
            "annotations": annotations or {},
            "labels": {"app": owner, "pod-template-hash": revision, **(labels or {})},
            "ownerReferences": [{"kind": owner_kind, "name": made, "controller": True}],
        },
        "spec": {"nodeName": node, "containers": list(containers) or [settled()], **spec},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": "True"}]},
    }


def custom(api: str, kind: str, name: str, place: str = "", **fields: Any) -> Object:
    meta = {"name": name, **({"namespace": place} if place else {}), **fields.pop("metadata", {})}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **fields}


def node(name: str, **allocatable: str) -> Object:
    given = {key.replace("__", "/").replace("_", "."): value for key, value in allocatable.items()}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"allocatable": given}}
