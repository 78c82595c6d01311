"""The organisation's clusters: two API servers on loopback, by the double that the tests use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml
from recipe import clusters

from doubles.kubernetes.server import ApiServer, refuse
from services import Service


@contextmanager
def serve(sample: Path) -> Iterator[Service]:
    """Serve both clusters for as long as the context is open; SAMPLE/kubeconfig leads to them."""
    with ExitStack() as stack:
        prod, lab = (stack.enter_context(ApiServer()) for _ in range(2))
        fill(prod, clusters.PROD)
        fill(lab, clusters.LAB)
        for end in clusters.LAB_REFUSES:
            lab.faults[end] = refuse(403, "Forbidden")
        config = sample / "kubeconfig"
        servers = {"acme-prod": prod.url, "acme-lab": lab.url}
        config.write_text(yaml.safe_dump(kubeconfig(servers)), encoding="utf-8")
        settings = {**clusters.SETTINGS, "kubeconfig": str(config)}
        yield Service(tuple(f"kube:{name}" for name in servers), {"kubernetes": settings})


def fill(api: ApiServer, objects: Iterable[dict[str, Any]]) -> None:
    """Put objects into a cluster, their API definitions as old as the recipe says."""
    api.add(*objects)
    for one in api.objects.get(("apiextensions.k8s.io", "customresourcedefinitions"), ()):
        group = one["metadata"]["name"].partition(".")[2]
        one["metadata"]["creationTimestamp"] = f"{clusters.SINCE[group]}T08:00:00Z"


def kubeconfig(servers: dict[str, str]) -> dict[str, Any]:
    """Return a kubeconfig with a context for each server, all with the auditor's token."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in servers.items()],
        "users": [{"name": "auditor", "user": {"token": clusters.TOKEN}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "auditor"}} for name in servers],
    }
