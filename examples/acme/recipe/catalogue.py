"""The software catalogue of acme as Backstage entities: every component in use, and the thirty teams."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import yaml

from recipe.staff import TEAMS, TYPES, staff

HOST = "https://git.acme.example/acme"
SHARED = "shared-service"


@dataclass(frozen=True)
class Entry:
    """One component; `place` is its folder in the repository, empty for all of it."""

    repository: str
    owner: str
    runtime: str
    created: str
    kind: str = "service"
    lifecycle: str = "production"
    system: str = ""
    place: str = ""
    notes: dict[str, str] = field(default_factory=dict)


COMPONENTS = (
    Entry("payments-api", "payments", "kubernetes", "2025-09-01", system="payments", notes={"slo": "99.9 %"}),
    Entry("ledger", "payments", "kubernetes", "2025-09-01", system="payments"),
    Entry("checkout-web", "checkout", "kubernetes", "2025-09-01", "website", system="checkout",
          notes={"slo": "99.5 %"}),
    Entry("checkout-cart", "checkout", "kubernetes", "2025-09-01", system="checkout"),
    Entry("platform-infra", "platform", "kubernetes", "2025-09-01", SHARED,
          notes={"way-in": "portal", "claim-kind": "databases.platform.acme.example"}),
    Entry("tenant-operator", "platform", "kubernetes", "2025-09-01", SHARED,
          notes={"way-in": "claim", "claim-kind": "tenants.tenancy.acme.example"}),
    Entry("guardrails", "security", "kubernetes", "2025-09-01", SHARED,
          notes={"way-in": "ticket", "claim-kind": "policyexceptions.kyverno.io"}),
    Entry("ml-forecast", "data", "batch machine", "2026-02-01", "ai-system",
          notes={"purpose": "demand forecast", "risk-class": "minimal"}),
    # Nobody owns it yet, so its record is not whole either.
    Entry("support-agent", "", "kubernetes", "2026-03-01", "ai-system", notes={"purpose": "answers"}),
    Entry("shop", "web", "delivery network", "2025-09-01", "library", place="packages/ui"),
    Entry("shop", "web", "delivery network", "2025-09-01", "library", "deprecated", place="packages/widget"),
    Entry("shop", "data", "kubernetes", "2025-09-01", system="shop", place="services/search"),
    Entry("shop", "web", "kubernetes", "2025-09-01", system="shop", place="services/catalogue"),
    Entry("status-page", "web", "virtual machine", "2025-09-01", "website"),
    Entry("lab-mesh", "platform", "kubernetes", "2025-09-01", lifecycle="experimental"),
    Entry("legacy-billing", "payments", "virtual machine", "2025-09-01", lifecycle="deprecated"),
    Entry("sandbox-notes", "web", "", "2025-09-01", "documentation", "experimental"),
)  # fmt: skip
"""Everything but store-locator, which the auditors were refused."""


def files() -> dict[str, bytes]:
    """Return the catalogue files by name."""
    return {
        "catalog/components.yaml": _dump([*map(_component, COMPONENTS), API]),
        "catalog/teams.yaml": _dump([_team(name) for name in TEAMS]),
        "catalog/radar.json": (json.dumps(RADAR, indent=2) + "\n").encode(),
    }


RADAR = {
    "title": "Technology radar of acme",
    "entries": [
        {
            "title": "Terraform",
            "timeline": [
                {"date": "2024-05-06", "ringId": "trial", "description": "One zone"},
                {"date": "2026-01-12", "ringId": "adopt", "moved": 1, "description": "All zones"},
            ],
            "links": [{"url": f"{HOST}/platform-infra/blob/main/docs/adr/0001-terraform-state.md"}],
        },
        {
            "title": "Kyverno",
            "timeline": [
                {"date": "2026-03-02", "ringId": "adopt", "moved": 1, "description": "Nobody wrote down why"}
            ],
        },
        {
            "title": "Pulumi",
            "timeline": [
                {"date": "2025-02-03", "ringId": "assess"},
                {
                    "date": "2026-01-12",
                    "ringId": "hold",
                    "moved": -1,
                    "description": "Two languages for one thing",
                },
            ],
            "links": [{"url": f"{HOST}/platform-infra/blob/main/docs/adr/0001-terraform-state.md"}],
        },
    ],
}
"""In the JSON of the Backstage plug-in: one move decided on record, one without, one by another record."""


API = {
    "apiVersion": "backstage.io/v1alpha1", "kind": "API", "metadata": {"name": "payments"},
    "spec": {"type": "openapi", "lifecycle": "production", "owner": "group:default/payments",
             "definition": "openapi: 3.1.0"},
}  # fmt: skip
"""What payments-api provides, the only interface on record, with its description."""


def _dump(entities: list[dict[str, object]]) -> bytes:
    return yaml.safe_dump_all(entities, sort_keys=False).encode()


def _component(one: Entry) -> dict[str, object]:
    name = one.place.rpartition("/")[2] or one.repository
    at = f"{HOST}/{one.repository}" + (f"/tree/main/{one.place}" if one.place else "")
    notes = {"github.com/project-slug": f"acme/{one.repository}", "backstage.io/source-location": f"url:{at}"}
    own = {"created": one.created, **one.notes, **({"runtime": one.runtime} if one.runtime else {})}
    notes |= {f"acme.example/{key}": text for key, text in own.items()}
    spec: dict[str, object] = {"type": one.kind, "lifecycle": one.lifecycle}
    if one.owner:
        spec["owner"] = f"group:default/{one.owner}"
    if one.system:
        spec["system"] = one.system
    if one.repository == "payments-api":
        spec["providesApis"] = ["payments"]
    meta = {"name": name, "annotations": notes}
    return {"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": meta, "spec": spec}


def _team(name: str) -> dict[str, object]:
    notes: dict[str, str] = {}
    if name == "platform":
        notes = {
            "acme.example/product-owner-role": "Platform Product Owner",
            "acme.example/roadmap-date": "2026-09-01",
            "acme.example/radar-date": "2026-08-15",
        }
    labels = {"acme.example/team-type": TYPES[name]} if name in TYPES else {}
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Group",
        "metadata": {"name": name, "labels": labels, "annotations": notes},
        "spec": {
            "type": "team",
            "members": [f"user:default/{one.login}" for one in staff() if one.team == name],
        },
    }
