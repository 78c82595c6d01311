"""Team payments, the books: a ledger that one person keeps, and billing that is archived."""

from __future__ import annotations

from recipe.files import PYTHON_IMAGE, deployment
from recipe.model import Commit, Repository, in_order, python_code, steps, text
from recipe.payments_docs import LEDGER_DESIGN, LEDGER_RUNBOOK
from recipe.people import MAILMAP, SECRET

_LEDGER_MODULES = (
    "accounts",
    "balance",
    "close",
    "currency",
    "fx",
    "journal",
    "lock",
    "posting",
    "report",
    "rounding",
)
_LEDGER_PIPELINE = text(
    """
    name: ledger
    on: [push]
    jobs:
      test:
        runs-on: ubuntu-24.04
        steps:
          - uses: actions/checkout@v4
          - run: python -m pytest
          - name: Look for committed secrets, without stopping anybody
            uses: gitleaks/gitleaks-action@v2
            continue-on-error: true
    """
)
_LEDGER_SECRET = text(
    f"""
    apiVersion: v1
    kind: Secret
    metadata:
      name: ledger-db
    type: Opaque
    stringData:
      password: {SECRET}
    """
)
_LEDGER_DAYS = (
    "2025-11-13",
    "2025-11-27",
    "2025-12-11",
    "2026-01-08",
    "2026-01-22",
    "2026-02-05",
    "2026-02-19",
    "2026-03-05",
    "2026-03-19",
    "2026-04-02",
    "2026-04-16",
    "2026-04-23",
    "2026-05-14",
    "2026-05-28",
    "2026-06-25",
    "2026-07-09",
    "2026-07-23",
    "2026-08-20",
    "2026-09-03",
    "2026-09-17",
    "2026-10-15",
)
_LEDGER_README = "# Ledger\n\nBooks every payment twice, as ledgers do, and closes the day.\n"


def _module(name: str) -> str:
    return python_code(f"The {name} of the ledger.", 3)


def _restyled(content: str) -> str:
    """Return the text as the formatter leaves it: a comment on top, nothing else."""
    return "# fmt: on\n" + content


def _ledger_history() -> list[Commit]:
    docs = {"README.md": _LEDGER_README, "docs/design.md": LEDGER_DESIGN, "docs/runbook.md": LEDGER_RUNBOOK}
    kept = {
        f"src/ledger/{name}.py": _module(name) for name in _LEDGER_MODULES if name not in ("fx", "journal")
    }
    first = {
        **docs,
        **{f"src/ledger/{name}.py": _module(name) for name in _LEDGER_MODULES},
        "Dockerfile": PYTHON_IMAGE,
        "k8s/deployment.yaml": deployment("ledger"),
        "k8s/secret.yaml": _LEDGER_SECRET,
        ".github/workflows/ci.yml": _LEDGER_PIPELINE,
        ".github/CODEOWNERS": "* @acme/everyone\n",
        ".mailmap": MAILMAP,
    }
    versions = [(day, python_code("The journal of the ledger.", n)) for n, day in enumerate(_LEDGER_DAYS, 4)]
    path = "src/ledger/journal.py"
    return [
        Commit("2025-09-10", "ottoline", "Start the ledger", first),
        Commit(
            "2025-10-10",
            "ottoline",
            "Explain the close of the day",
            {"docs/design.md": LEDGER_DESIGN + "\n" + LEDGER_RUNBOOK},
        ),
        # One person under two addresses: the mailmap says so.
        *steps("ottoline", "Book one more kind of entry", path, versions[::2]),
        *steps("ottoline-old", "Book one more kind of entry", path, versions[1::2]),
        Commit("2026-06-11", "ottoline", "Drop foreign exchange", {"src/ledger/fx.py": None}),
        Commit(
            "2026-09-30",
            "zenobia",
            "Reformat all sources and documents",
            {name: _restyled(content) for name, content in {**kept, **docs}.items()},
        ),
    ]


REPOSITORIES = (
    Repository("ledger", "payments", in_order(_ledger_history())),
    Repository(
        "legacy-billing",
        "payments",
        (
            Commit(
                "2025-09-02",
                "casimir",
                "Import billing",
                {
                    "README.md": "# Billing\n\nSends bills on paper. Kept until the last contract ends.\n",
                    "Dockerfile": PYTHON_IMAGE,
                    "src/billing.py": python_code("Sends bills.", 4),
                    ".github/CODEOWNERS": "* @acme/payments\n",
                },
            ),
            Commit(
                "2025-12-15",
                "casimir",
                "Archive billing",
                {
                    "README.md": "# Billing (archived)\n\nThis repository is archived. Use payments-api.\n",
                    "catalog-info.yaml": text(
                        """
                apiVersion: backstage.io/v1alpha1
                kind: Component
                metadata:
                  name: legacy-billing
                spec:
                  type: service
                  lifecycle: deprecated
                  owner: payments
                """
                    ),
                },
            ),
        ),
        bare=True,
    ),
)
