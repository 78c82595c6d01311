"""Team payments, the service: documented, scanned, signed, and changed by three people."""

from __future__ import annotations

from recipe.files import PYTHON_IMAGE, calls_shared, deployment
from recipe.model import Commit, Repository, in_order, modules, python_code, text
from recipe.payments_docs import (
    ADR_BROKER,
    ADR_QUEUE,
    ADR_QUEUE_SUPERSEDED,
    ADR_STORE,
    CONTRIBUTING,
    RUNBOOK,
    TEAM_API,
)

_JOBS = """\
  supply-chain:
    runs-on: ubuntu-24.04
    permissions: {contents: read, id-token: write, attestations: write}
    steps:
      - uses: actions/checkout@v4
      - name: Look for committed secrets
        uses: gitleaks/gitleaks-action@v2
      - name: Scan the image
        uses: aquasecurity/trivy-action@0.28.0
        with:
          image-ref: registry.acme.example/payments-api:latest
          exit-code: "1"
      - name: List what is inside
        uses: anchore/sbom-action@v0
        with:
          image: registry.acme.example/payments-api:latest
      - name: Attest where it was built
        uses: actions/attest-build-provenance@v2
        with:
          subject-name: registry.acme.example/payments-api
"""

_CHART = text(
    """
    apiVersion: v2
    name: payments-api
    version: 1.0.0
    """
)


def _values(replicas: int) -> str:
    return f"replicas: {replicas}\nimage: registry.acme.example/payments-api\n"


_API = "src/payments/api.py"


def _api(parts: int) -> str:
    return python_code("Takes payments.", parts)


# (day, who) of plain changes to the code, before the last 180 days and within them.
_EARLIER = (
    ("2025-11-12", "casimir"),
    ("2025-11-26", "evander"),
    ("2025-12-10", "ottoline"),
    ("2025-12-17", "casimir"),
    ("2026-01-22", "casimir"),
    ("2026-02-04", "evander"),
    ("2026-02-18", "ottoline"),
    ("2026-03-18", "evander"),
    ("2026-04-01", "ottoline"),
    ("2026-04-08", "evander"),
    ("2026-04-22", "evander"),
)
_LATER = (
    ("2026-07-15", "ottoline"),
    ("2026-08-12", "evander"),
    ("2026-08-26", "casimir"),
    ("2026-09-23", "evander"),
)

_FIRST = Commit(
    "2025-09-08",
    "ottoline",
    "Start the payments service",
    {
        "README.md": "# Payments\n\nTakes payments for every shop of the organisation and books them.\n",
        "Dockerfile": PYTHON_IMAGE,
        "requirements.txt": "fastapi==0.115.0\n",
        _API: _api(1),
        "src/payments/legacy.py": python_code("Takes payments the old way.", 2),
        **modules("src/payments", "py", "bank card invoice limits tax"),
        "chart/Chart.yaml": _CHART,
        "chart/values.yaml": _values(2),
        "chart/templates/deployment.yaml": deployment("payments-api"),
        ".github/workflows/ci.yml": calls_shared(_JOBS),
        ".github/CODEOWNERS": "* @acme/payments\n",
        "docs/adr/0001-message-queue.md": ADR_QUEUE,
        "docs/teams/payments/team-api.md": TEAM_API,
    },
)


def _api_history() -> list[Commit]:
    plain = [
        Commit(day, who, "Handle one more case of payment", {_API: _api(number)})
        for number, (day, who) in enumerate(sorted((*_EARLIER, *_LATER)), 2)
    ]
    return [
        _FIRST,
        *plain,
        Commit(
            "2026-01-15", "ottoline", "Decide on the store", {"docs/adr/0002-payment-store.md": ADR_STORE}
        ),
        Commit(
            "2026-03-10",
            "casimir",
            "Replace the decision on the queue",
            {
                "docs/adr/0001-message-queue.md": ADR_QUEUE_SUPERSEDED,
                "docs/adr/0003-event-broker.md": ADR_BROKER,
            },
        ),
        Commit("2026-04-15", "casimir", "Say how to contribute", {"CONTRIBUTING.md": CONTRIBUTING}),
        Commit("2026-05-20", "ottoline", "Run three replicas", {"chart/values.yaml": _values(3)}),
        Commit("2026-06-03", "casimir", "Run four replicas", {"chart/values.yaml": _values(4)}),
        Commit(
            "2026-06-17",
            "evander",
            "Add refunds and how to run them",
            {
                "src/payments/refunds.py": python_code("Gives money back.", 1),
                "docs/runbook.md": RUNBOOK,
            },
        ),
        Commit(
            "2026-07-01",
            "casimir",
            "Remove the old way of paying",
            {
                "src/payments/legacy.py": None,
                "docs/runbook.md": RUNBOOK + "\nThe old way of paying is gone.\n",
            },
        ),
        Commit(
            "2026-09-09",
            "ottoline",
            "Refund in parts",
            {
                "src/payments/refunds.py": python_code("Gives money back.", 2),
                "docs/runbook.md": RUNBOOK + "\nRefunds can be made in parts since September.\n",
            },
        ),
        Commit(
            "2026-10-20",
            "ottoline",
            "Refund to another account",
            {
                "src/payments/refunds.py": python_code("Gives money back.", 3),
                "docs/runbook.md": RUNBOOK + "\nRefunds can go to another account since October.\n",
            },
        ),
    ]


REPOSITORIES = (Repository("payments-api", "payments", in_order(_api_history())),)
