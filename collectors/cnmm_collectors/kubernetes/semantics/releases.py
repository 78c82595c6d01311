"""Releases: since when the version that runs has been there, as reconcilers remember it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnmm_collectors.kubernetes.objects import Workload
from cnmm_collectors.kubernetes.shape import Object, objects, text

_HELM = ("helm.toolkit.fluxcd.io/namespace", "helm.toolkit.fluxcd.io/name")
HELM_KEPT, ARGO_KEPT = 5, 10
"""How many entries the reconcilers keep unless told otherwise: a history as long may have lost older ones."""


@dataclass(frozen=True, slots=True)
class Releases:
    """The day each version came, by workload and by Helm release; empty where it is not told."""

    workloads: Mapping[tuple[str, str, str], str]
    releases: Mapping[tuple[str, str], str]

    def of(self, workload: Workload) -> str:
        """Return the day the version of a workload came, empty where nothing tells."""
        release = workload.labels.get(_HELM[0], ""), workload.labels.get(_HELM[1], "")
        own = self.workloads.get((workload.kind, workload.namespace, workload.name), "")
        return own or self.releases.get(release, "")


def read(applications: Iterable[Object], releases: Iterable[Object]) -> Releases:
    """Return what Argo CD's applications of a chart and Flux's Helm releases remember; raises ShapeFault."""
    workloads: dict[tuple[str, str, str], str] = {}
    for one in applications:
        history = [
            (text(entry, "source", "targetRevision"), text(entry, "deployedAt")[:10])
            for entry in objects(one, "status", "history")
            if text(entry, "source", "chart")
        ]
        came = arrival(history, ARGO_KEPT)
        for made in objects(one, "status", "resources") if came else ():
            workloads[text(made, "kind"), text(made, "namespace"), text(made, "name")] = came
    kept: dict[tuple[str, str], str] = {}
    for one in releases:
        # Flux lists the newest first.
        history = [
            (
                text(entry, "chartVersion"),
                text(entry, "firstDeployed")[:10] or text(entry, "lastDeployed")[:10],
            )
            for entry in reversed(objects(one, "status", "history"))
        ]
        kept[text(one, "metadata", "namespace"), text(one, "metadata", "name")] = arrival(history, HELM_KEPT)
    return Releases(workloads, kept)


def arrival(history: Sequence[tuple[str, str]], most: int) -> str:
    """Return the day the newest version came first, oldest entry first; empty where some may be lost."""
    if not history or not all(version and day for version, day in history):
        return ""
    newest = history[-1][0]
    run = 0
    while run < len(history) and history[-1 - run][0] == newest:
        run += 1
    lost = run == len(history) and len(history) >= most
    return "" if lost else history[-run][1]
