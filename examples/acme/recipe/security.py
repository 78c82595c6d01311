"""Team security: policies as code, the guideline, and a register of exceptions."""

from __future__ import annotations

from recipe.model import Commit, Repository, in_order, python_code, text
from recipe.people import PEOPLE


def policy(name: str, why: str, message: str, pattern: str) -> str:
    """Return a Kyverno policy with one rule."""
    head = text(
        f"""
        apiVersion: kyverno.io/v1
        kind: ClusterPolicy
        metadata:
          name: {name}
          annotations:
            policies.kyverno.io/description: {why}
        spec:
          validationFailureAction: Enforce
          rules:
            - name: {name}
              match:
                any:
                  - resources:
                      kinds: [Pod]
              validate:
                message: {message}
                pattern:
        """
    )
    return head + "".join(f"            {line}\n" for line in pattern.splitlines())


NONROOT = policy(
    "run-as-nonroot",
    "Containers run under an account of their own.",
    "Run as non-root.",
    "spec:\n  securityContext:\n    runAsNonRoot: true",
)
REGISTRY = policy(
    "allowed-registries",
    "Images come from the registry of the house.",
    "Use registry.acme.example.",
    "spec:\n  containers:\n    - image: registry.acme.example/*",
)
OWNER = policy(
    "require-owner",
    "Somebody can be asked about every pod that runs.",
    "Name the owning team.",
    'metadata:\n  labels:\n    owner: "?*"',
)

_GUIDELINE = text(
    """
    # Security guideline

    Who builds something new starts here, and asks the security team where it says nothing.

    ## Preferred

    - Take credentials from the secret store at run time, with a short life.
    - Build images from the base images of the house, and rebuild them weekly.

    ## Safe

    - A service may keep its own certificate when the mesh is not there yet.

    ## Forbidden

    - Never commit a password, key or token, not even for a test system.
    - Never run a container as root, and never ask for the host network.
    """
)

# Two are complete and in force, one is complete and has run out, one lacks mitigation and expiry.
_REGISTER = text(
    f"""
    exceptions:
      - id: EX-1
        owner: payments
        reason: The old card terminal speaks only TLS 1.1 until it is replaced.
        mitigation: It stands in a network of its own without a way out.
        expires: 2026-12-31
      - id: EX-2
        owner: data
        reason: The notebook image needs a compiler that the base image lacks.
        mitigation: It runs without network and is removed each night.
        expires: 2027-03-31
      - id: EX-3
        owner: {PEOPLE["leofric"][1]}
        reason: The status page is built from a public base image.
        mitigation: It serves static files and holds no credential.
        expires: 2026-06-30
      - id: EX-4
        owner: web
        reason: The search service runs as root while its cache is moved.
    """
)
_RUNBOOK = text(
    """
    # Runbook

    1. Take the policy back to audit mode when it stops a rollout in production.
    2. Tell the team that owns the workload what the policy refused, and why.
    3. Write an exception into the register when the fix takes more than a day.
    """
)
_TEST = text(
    """
    apiVersion: cli.kyverno.io/v1alpha1
    kind: Test
    metadata:
      name: policies
    policies: [../policies/run-as-nonroot.yaml]
    resources: [pods.yaml]
    """
)
_PIPELINE = text(
    """
    name: policies
    on:
      push:
      pull_request:
    jobs:
      test:
        runs-on: ubuntu-24.04
        steps:
          - uses: actions/checkout@v4
          - run: kyverno test tests
    """
)
_OWNERS = text(
    """
    /README.md @acme/security
    /.github/ @acme/security
    /docs/ @acme/security
    /exceptions/ @acme/security
    /policies/ @acme/security
    /scripts/ @acme/security
    /tests/ @acme/security
    """
)

_COMMITS = (
    Commit(
        "2025-09-24",
        "leofric",
        "Keep the policies as code",
        {
            "README.md": "# Guardrails\n\nWhat every cluster refuses, and how to ask for an exception.\n",
            "policies/run-as-nonroot.yaml": NONROOT,
            "policies/allowed-registries.yaml": REGISTRY,
            "tests/kyverno-test.yaml": _TEST,
            "docs/security-guideline.md": _GUIDELINE.replace(
                "- Never run a container as root, and never ask for the host network.\n", ""
            ),
            ".github/workflows/policies.yml": _PIPELINE,
            ".github/CODEOWNERS": _OWNERS,
        },
    ),
    Commit(
        "2025-11-20",
        "leofric",
        "Open a register of exceptions",
        {"exceptions/register.yaml": _REGISTER.partition("  - id: EX-2")[0]},
    ),
    Commit("2026-01-28", "leofric", "Note three more exceptions", {"exceptions/register.yaml": _REGISTER}),
    Commit(
        "2026-03-02",
        "leofric",
        "Report what was refused",
        {"scripts/report.py": python_code("Counts refusals.", 2)},
    ),
    Commit(
        "2026-04-20", "leofric", "Say what to do when a policy stops a rollout", {"docs/runbook.md": _RUNBOOK}
    ),
    Commit("2026-06-24", "leofric", "Require an owner", {"policies/require-owner.yaml": OWNER}),
    Commit(
        "2026-08-20", "leofric", "Forbid root in the guideline", {"docs/security-guideline.md": _GUIDELINE}
    ),
    Commit(
        "2026-08-27",
        "marisol",
        "Say it shorter",
        {"policies/run-as-nonroot.yaml": NONROOT.replace("Run as non-root.", "Not as root.")},
    ),
    Commit(
        "2026-10-06",
        "leofric",
        "Point to the runbook",
        {
            "README.md": "# Guardrails\n\nWhat every cluster refuses, and why. See docs/runbook.md.\n",
        },
    ),
)

REPOSITORIES = (Repository("guardrails", "security", in_order(_COMMITS)),)
