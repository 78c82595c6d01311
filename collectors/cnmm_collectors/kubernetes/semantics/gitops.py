"""GitOps: which workloads a reconciler lists among what it manages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnmm_collectors.kubernetes.objects import Workload
from cnmm_collectors.kubernetes.shape import Object, objects, text

HERE = ("https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local")
_FLUX = "kustomize.toolkit.fluxcd.io/name"
_HELM = ("helm.toolkit.fluxcd.io/namespace", "helm.toolkit.fluxcd.io/name")
_TRACKING = "argocd.argoproj.io/tracking-id"


@dataclass(frozen=True, slots=True)
class Managed:
    """What the reconcilers of this cluster list: (kind, namespace, name), and Helm releases they keep."""

    listed: frozenset[tuple[str, str, str]]
    releases: frozenset[tuple[str, str]]
    argo: bool

    @classmethod
    def read(
        cls, applications: Iterable[Object], kustomizations: Iterable[Object], releases: Iterable[Object]
    ) -> Managed:
        """Return what is managed here; an Application for another cluster manages nothing here; raises
        ShapeFault.
        """
        listed: set[tuple[str, str, str]] = set()
        argo = False
        for one in applications:
            server, name = (
                text(one, "spec", "destination", "server"),
                text(one, "spec", "destination", "name"),
            )
            if server in HERE or name == "in-cluster":
                argo = True
                for made in objects(one, "status", "resources"):
                    listed.add((text(made, "kind"), text(made, "namespace"), text(made, "name")))
        for one in kustomizations:
            if text(one, "spec", "kubeConfig", "secretRef", "name"):
                continue
            for entry in objects(one, "status", "inventory", "entries"):
                parts = text(entry, "id").split("_")
                if len(parts) == 4:
                    listed.add((parts[3], parts[0], parts[1]))
        kept = frozenset(
            (text(one, "metadata", "namespace"), text(one, "metadata", "name")) for one in releases
        )
        return cls(frozenset(listed), kept, argo)


def managed_by(workload: Workload, managed: Managed) -> bool | None:
    """Say whether a reconciler lists a workload; None where one that was not read may do so.

    A chart's own instance label proves nothing; without a local reconciler it may still be another's mark.
    """
    if (workload.kind, workload.namespace, workload.name) in managed.listed:
        return True
    release = workload.labels.get(_HELM[0], ""), workload.labels.get(_HELM[1], "")
    if all(release):
        return True if release in managed.releases else None
    if _FLUX in workload.labels or _TRACKING in workload.annotations:
        return None
    marked = "app.kubernetes.io/instance" in workload.labels
    if marked and not managed.argo and "meta.helm.sh/release-name" not in workload.annotations:
        return None
    return False
