"""Team platform: the shared infrastructure and workflows, an operator, and an experiment."""

from __future__ import annotations

from recipe.files import GO_IMAGE, calls_shared, deployment
from recipe.model import Commit, Repository, go_code, in_order, modules, text
from recipe.platform_files import (
    APPS,
    CERTIFICATES_CRD,
    CHECK_WORKFLOW,
    COMPOSITION,
    CONTRIBUTING,
    NETWORK,
    ROADMAP,
    RUNBOOK,
    SERVICE_WORKFLOW,
    STATE_ADR,
    TEAM_API,
    TENANT_CRD,
    XRD,
    terraform,
)
from recipe.security import OWNER

_OVERLAY = text(
    """
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources: [../../base]
    """
)
_BASE = text(
    """
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources: [deployment.yaml]
    """
)
_COMPOSITION_PATH = "crossplane/composition-database.yaml"


def _nodes(count: int) -> dict[str, str | None]:
    return {"terraform/main.tf": terraform(count)}


def _composition(step: int) -> dict[str, str | None]:
    return {_COMPOSITION_PATH: COMPOSITION.replace("size: small", f"size: small-{step}")}


# With the documents below: 13 changes by one person, 7 and 6 by two others, in the last 365 days.
_NODE_DAYS = (
    ("2025-11-11", "marisol"),
    ("2025-11-25", "marisol"),
    ("2026-01-13", "marisol"),
    ("2026-01-27", "marisol"),
    ("2026-02-10", "tobiah"),
    ("2026-02-24", "marisol"),
    ("2026-03-24", "leofric"),
    ("2026-04-07", "marisol"),
    ("2026-04-21", "tobiah"),
    ("2026-05-26", "marisol"),
    ("2026-06-02", "leofric"),
    ("2026-06-23", "marisol"),
    ("2026-07-21", "tobiah"),
    ("2026-08-18", "marisol"),
    ("2026-09-29", "leofric"),
)
_COMPOSITION_DAYS = (
    ("2026-03-31", "tobiah"),
    ("2026-06-16", "marisol"),
    ("2026-07-28", "leofric"),
    ("2026-08-25", "tobiah"),
    ("2026-10-07", "marisol"),
)

_INFRA = (
    Commit(
        "2025-09-03",
        "marisol",
        "Keep the infrastructure as code",
        {
            "README.md": "# Platform\n\nNetworks, clusters and the workflows of every service.\n",
            "CONTRIBUTING.md": CONTRIBUTING,
            "terraform/main.tf": terraform(3),
            "terraform/network.tf": NETWORK,
            "kustomize/base/kustomization.yaml": _BASE,
            "kustomize/base/deployment.yaml": deployment("portal"),
            "kustomize/overlays/prod/kustomization.yaml": _OVERLAY,
            "crossplane/xrd-database.yaml": XRD,
            _COMPOSITION_PATH: COMPOSITION,
            "argocd/apps.yaml": APPS,
            "crds/cert-manager-certificates.yaml": CERTIFICATES_CRD,
            "policy/require-owner.yaml": OWNER,
            "scripts/render.sh": "#!/bin/sh\nkustomize build kustomize/overlays/prod\n",
            "docs/runbook.md": RUNBOOK,
            ".github/workflows/service.yml": SERVICE_WORKFLOW,
            ".github/workflows/check.yml": CHECK_WORKFLOW,
            ".github/CODEOWNERS": "* @acme/platform\n/policy/ @acme/security\n",
        },
    ),
    *(
        Commit(day, who, "Change the size of the cluster", _nodes(n))
        for n, (day, who) in enumerate(_NODE_DAYS, 4)
    ),
    *(
        Commit(day, who, "Tune the databases", _composition(n))
        for n, (day, who) in enumerate(_COMPOSITION_DAYS, 1)
    ),
    Commit(
        "2025-12-02", "marisol", "Decide where state is kept", {"docs/adr/0001-terraform-state.md": STATE_ADR}
    ),
    Commit(
        "2026-05-12",
        "leofric",
        "Ask for an owner in words",
        {"policy/require-owner.yaml": OWNER.replace("Name", "State")},
    ),
    Commit("2026-07-08", "tobiah", "Say how to work with us", {"docs/team-api.md": TEAM_API}),
    Commit("2026-09-05", "marisol", "Plan the next half year", {"docs/roadmap.md": ROADMAP}),
    Commit("2026-09-22", "leofric", "Tune the databases for audits", _composition(9)),
    Commit(
        "2026-10-22",
        "tobiah",
        "Explain the restart",
        {"docs/runbook.md": RUNBOOK + "\nRestart one zone after the other, never two at once.\n"},
    ),
)

_TENANT_DAYS = (
    "2025-11-14",
    "2025-12-05",
    "2025-12-19",
    "2026-01-16",
    "2026-01-30",
    "2026-02-13",
    "2026-02-27",
    "2026-03-13",
    "2026-03-27",
    "2026-04-10",
    "2026-04-24",
    "2026-05-15",
    "2026-05-29",
    "2026-06-26",
    "2026-07-10",
    "2026-07-24",
    "2026-08-21",
    "2026-09-11",
    "2026-09-28",
)
_JOBS = """\
  supply-chain:
    runs-on: ubuntu-24.04
    permissions: {contents: read, id-token: write}
    steps:
      - uses: actions/checkout@v4
      - name: Scan the image
        run: trivy image --exit-code 1 registry.acme.example/tenant-operator:latest
      - name: Sign the image
        run: cosign sign --yes registry.acme.example/tenant-operator:latest
"""


def _controller(parts: int) -> dict[str, str | None]:
    return {"controllers/tenant.go": go_code("controllers", parts)}


_OPERATOR = (
    Commit(
        "2025-09-17",
        "tobiah",
        "Scaffold the tenant operator",
        {
            "README.md": "# Tenant operator\n\nGives each team its namespaces, limits and rights.\n",
            "PROJECT": text(
                """
            domain: acme.example
            layout: [go.kubebuilder.io/v4]
            projectName: tenant-operator
            repo: git.acme.example/acme/tenant-operator
            version: "3"
            """
            ),
            "go.mod": "module acme.example/tenant\n\nrequire sigs.k8s.io/controller-runtime v0.19.0\n",
            "main.go": "package main\n\nfunc main() {}\n",
            **modules("controllers", "go", "namespace quota rights"),
            "config/crd/tenants.yaml": TENANT_CRD,
            "config/manager/manager.yaml": deployment("tenant-operator", 1),
            "Dockerfile": GO_IMAGE,
            ".github/workflows/ci.yml": calls_shared(_JOBS),
            ".github/CODEOWNERS": "* @acme/platform @tgreens\n",
            **_controller(1),
        },
    ),
    *(
        Commit(day, "marisol" if n % 2 else "tobiah", "Reconcile one more thing", _controller(n))
        for n, day in enumerate(_TENANT_DAYS, 3)
    ),
    Commit(
        "2026-06-01",
        "tobiah",
        "Describe the rights",
        {
            "README.md": "# Tenant operator\n\nGives each team its namespaces, limits, rights.\n",
        },
    ),
)

_EXPERIMENT = (
    Commit(
        "2025-09-29",
        "tobiah",
        "Try a mesh",
        {
            "README.md": "# Mesh lab\n\nA trial of a service mesh. Nothing here is meant to stay.\n",
            "catalog-info.yaml": text(
                """
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: lab-mesh
            spec:
              type: service
              lifecycle: experimental
              owner: platform
            """
            ),
            "Dockerfile": GO_IMAGE,
            "probe.go": go_code("main", 1),
        },
    ),
    Commit("2026-02-03", "tobiah", "Probe more", {"probe.go": go_code("main", 2)}),
    Commit("2026-10-14", "tobiah", "Probe even more", {"probe.go": go_code("main", 3)}),
)

REPOSITORIES = (
    Repository("platform-infra", "platform", in_order(_INFRA)),
    Repository("tenant-operator", "platform", in_order(_OPERATOR)),
    Repository("lab-mesh", "platform", in_order(_EXPERIMENT)),
)
