"""What an operator can set for clusters and for manifests."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cnmm_collectors.reader.kube import shown
from cnmm_collectors.subjects import Subject, SubjectKind

PROVIDED = (
    "kube-*", "openshift", "openshift-*", "gke-*", "gmp-*", "aks-*", "calico-*", "tigera-operator", "cilium",
    "cilium-*", "local-path-storage", "azure-arc", "amazon-*",
)  # fmt: skip
"""Namespaces that come with a cluster: what runs there is no team's."""
SYSTEM = (
    *PROVIDED, "istio-system", "istio-ingress", "istio-egress", "istio-cni", "linkerd", "linkerd-*",
    "gatekeeper-system", "kyverno", "cert-manager", "flux-system", "argocd", "kuma-system",
    "kong-mesh-system", "consul", "crossplane-system", "external-secrets", "falco", "karpenter", "keda",
    "trivy-system",
)  # fmt: skip
"""Namespaces of the cluster and of its platform tools, which are no tenants' practice."""


def comes_with_a_cluster(namespace: str) -> bool:
    """True for a namespace whose workloads are the provider's or the cluster's own."""
    return any(fnmatchcase(namespace, pattern) for pattern in PROVIDED)


Environment = Literal["", "production", "nonprod"]


class Cluster(BaseModel):
    """What is declared of one cluster."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    context: str = Field(description="Context of the kubeconfig, or in-cluster")
    name: str = Field(default="", description="What the cluster is called in reports; its context by default")
    env: Environment = Field(default="", description="production or nonprod; empty where nobody says")
    metrics: str = Field(
        default="",
        description="Pattern of the names of the metrics exports about it, where there are several clusters",
    )

    @property
    def subject(self) -> Subject:
        """The cluster as reports name it."""
        return Subject.safe(SubjectKind.CLUSTER, self.name or shown(self.context))


class Shared(BaseModel):
    """What clusters and manifests have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system_namespaces: tuple[str, ...] = Field(
        default=SYSTEM, description="Patterns of namespaces that are outside the population"
    )
    owner_labels: tuple[str, ...] = Field(
        default=("owner", "team", "app.kubernetes.io/team", "backstage.io/owner"),
        description="Labels and annotations that name the owning team, strongest first",
    )
    cost_labels: tuple[str, ...] = Field(
        default=("cost-center", "cost-centre", "costcenter", "product", "app.kubernetes.io/part-of"),
        description="Labels that name a cost centre or product",
    )
    teams: tuple[str, ...] = Field(
        default=(),
        description="Teams that exist, ORG/NAME; only these are named, an owner label ends in NAME",
    )

    def is_system(self, namespace: str) -> bool:
        """True for a namespace outside the population."""
        return any(fnmatchcase(namespace, pattern) for pattern in self.system_namespaces)

    def team(self, value: str) -> str:
        """Return the declared team an owner label names, empty for none."""
        wanted = value.strip().removeprefix("group:").rpartition("/")[2].lower()
        return next((team for team in self.teams if team.rpartition("/")[2].lower() == wanted), "")


class Settings(Shared):
    """The `kubernetes:` part of the configuration."""

    organisation: str = Field(default="", description="Whose clusters these are; with clusters, a population")
    clusters: tuple[Cluster, ...] = Field(default=(), description="Every cluster the organisation has")
    kubeconfig: Path | None = Field(default=None, description="File; KUBECONFIG or ~/.kube/config by default")
    run_programs: bool = Field(
        default=False, description="Let a context run the program its kubeconfig names to log in"
    )
    api_domains: tuple[str, ...] = Field(
        default=(), description="Domains of the organisation's own API groups, such as acme.example"
    )
    standard_tools: dict[str, str] = Field(
        default_factory=dict, description="The common tool of each category, such as gitops: argo-cd"
    )
    tool_exceptions: tuple[str, ...] = Field(
        default=(), description="Tools whose stay or migration a decision record names"
    )
    single_lists: int = Field(
        default=50_000,
        ge=0,
        description="Most lists that are asked for in single namespaces, where whole ones are refused",
    )
    page: int = Field(default=500, ge=1, le=5000, description="Items asked for at once")

    def cluster(self, context: str) -> Cluster:
        """Return what is declared of a context."""
        named = (one for one in self.clusters if context in (one.context, one.name))
        return next(named, Cluster(context=context))


class ManifestCluster(BaseModel):
    """Files that describe a cluster; one cluster may have several entries, which are put together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="The cluster's name, as in the settings of the live cluster")
    paths: tuple[str, ...] = Field(description="Patterns of files, such as clusters/prod/*")
    repository: str = Field(default="", description="End of the repository's locator; empty for any")
    namespace: str = Field(default="", description="Namespace of the objects that name none")


class ManifestSettings(Shared):
    """The `manifests:` part of the configuration."""

    clusters: tuple[ManifestCluster, ...] = Field(
        default=(), description="Which files describe which cluster; without any, no manifest is read"
    )
    max_seconds: float = Field(default=600.0, gt=0, description="Wall time for one repository")
    max_files: int = Field(default=20_000, ge=1, description="Most manifest files that are read")
    max_file_bytes: int = Field(default=1024 * 1024, ge=1024, description="Largest manifest that is read")
