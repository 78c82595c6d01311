"""A repository that describes a cluster, next to one that describes nothing; the same damage as for `git`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnmm_collectors.plugin import Target
from contract.worlds import CREDENTIAL, World
from contract.worlds.git import damage
from unit.collectors.git.repos import JANE, OMAR, History

PARTS = ("git",)
REALITIES = ("whole", "empty repository", "bare")
FAULTS = (
    "shallow",
    "corrupt pack",
    "lost blob",
    "unreadable",
    "hostile configuration",
    "unborn head",
    "cut short",
)
APP = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {team: payments}}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example/web:1
        resources: {requests: {cpu: 100m, memory: 64Mi}}
        readinessProbe: {httpGet: {path: /, port: 8080}}
        securityContext: {runAsNonRoot: true}
"""
SECRET = "hunter2-planted-value"


@contextmanager
def world(folder: Path, state: str) -> Iterator[World]:
    """Make the folder `group` with `shop`, which describes the cluster and is damaged, and `till`."""
    group, trap = folder / "group", folder / "trap"
    history = History()
    history.commit(
        {
            "Dockerfile": "FROM scratch\n",
            "clusters/prod/web.yaml": APP,
            "clusters/prod/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
            "clusters/prod/secret.yaml": "apiVersion: v1\nkind: Secret\n"
            "metadata: {name: s, namespace: shop}\n"
            f"stringData: {{password: {SECRET}}}\n",
        },
        40,
        JANE,
    )
    history.commit({"README.md": "# Shop\n"}, 20, OMAR)
    history.write(group / "shop")
    other = History()
    other.commit({"README.md": "# Till\n"}, 20, OMAR)
    other.write(group / "till")
    damage(state, group / "shop", folder, trap)
    settings = {
        "clusters": [{"name": "prod", "paths": ["clusters/prod/*"], "repository": "shop"}],
        **({"max_seconds": 0.0001} if state == "cut short" else {}),
    }
    yield World(
        (Target("path", str(group), CREDENTIAL, facts=(("organisation", "acme"),)),),
        settings,
        (group,),
        canaries=(SECRET, "Jane Roe", "omar@example.com"),
        traps=(trap,),
        as_nobody=state == "unreadable",
    )
