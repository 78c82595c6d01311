"""What team platform keeps in Git: infrastructure, definitions, workflows and words."""

from __future__ import annotations

from recipe.model import text


def terraform(nodes: int) -> str:
    """Return the cluster with so many nodes."""
    return text(
        f"""
        module "cluster" {{
          source  = "terraform-aws-modules/eks/aws"
          version = "20.24.0"
          name    = "acme-prod"
          nodes   = {nodes}
        }}
        """
    )


NETWORK = text(
    """
    module "network" {
      source  = "terraform-aws-modules/vpc/aws"
      version = "5.13.0"
      name    = "acme"
    }
    """
)

XRD = text(
    """
    apiVersion: apiextensions.crossplane.io/v1
    kind: CompositeResourceDefinition
    metadata:
      name: xdatabases.platform.acme.example
    spec:
      group: platform.acme.example
      names: {kind: XDatabase, plural: xdatabases}
      claimNames: {kind: Database, plural: databases}
      versions:
        - name: v1
          served: true
          referenceable: true
    """
)

COMPOSITION = text(
    """
    apiVersion: apiextensions.crossplane.io/v1
    kind: Composition
    metadata:
      name: database
      labels: {size: small}
    spec:
      compositeTypeRef: {apiVersion: platform.acme.example/v1, kind: XDatabase}
      mode: Pipeline
    """
).replace("{size: small}", "\n    size: small")

APPS = text(
    """
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata:
      name: portal
    spec:
      project: default
      source:
        repoURL: https://git.acme.example/acme/platform-infra
        path: kustomize/overlays/prod
      destination:
        server: https://kubernetes.default.svc
        namespace: portal
    """
)

CERTIFICATES_CRD = text(
    """
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata:
      name: certificates.cert-manager.io
    spec:
      group: cert-manager.io
      names: {kind: Certificate, plural: certificates}
      scope: Namespaced
    """
)

TENANT_CRD = text(
    """
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata:
      name: tenants.tenancy.acme.example
    spec:
      group: tenancy.acme.example
      names: {kind: Tenant, plural: tenants}
      scope: Cluster
    """
)

SERVICE_WORKFLOW = text(
    """
    name: service
    on:
      workflow_call:
    jobs:
      build:
        runs-on: ubuntu-24.04
        steps:
          - uses: actions/checkout@v4
          - run: make test
          - run: make image
    """
)

CHECK_WORKFLOW = text(
    """
    name: check
    on:
      push:
      pull_request:
    jobs:
      check:
        runs-on: ubuntu-24.04
        steps:
          - uses: actions/checkout@v4
          - run: terraform -chdir=terraform validate
          - name: Try the policies on what will be rolled out
            run: kyverno apply policy --resource kustomize/base/deployment.yaml
          - name: Look for committed secrets
            run: gitleaks detect --redact
    """
)

CONTRIBUTING = text(
    """
    # Contributing

    Every team may open a pull request here; the platform team answers within a day.
    """
)

RUNBOOK = text(
    """
    # Runbook

    1. Drain the node before it is replaced, and wait until every pod has moved.
    2. Raise the number of nodes first when the cluster cannot place any pod.
    3. Roll the network back with the last plan when a zone cannot be reached.
    """
)

TEAM_API = text(
    """
    # Team API: platform

    We offer clusters, databases and the build workflow, each with a version and notes.
    Ask in the platform channel between eight and six; outside of that call the rota.
    Changes that break something are announced four weeks before they are made.
    """
)

ROADMAP = text(
    """
    # Platform roadmap

    - Databases on demand for every team by the end of the year.
    - One way of rolling out instead of two, decided in the spring.
    - Certificates for services that nobody has to ask for.
    """
)

STATE_ADR = text(
    """
    # 1. Keep the state of Terraform in a bucket

    Date: 2025-12-02

    ## Status

    Accepted

    ## Decision

    The state lies in a versioned bucket, locked while somebody applies a change.
    """
)
