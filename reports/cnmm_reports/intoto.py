"""An in-toto statement: every file of a report by digest, beside what the assessment concluded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cnmm_reports.canonical import write_document
from cnmm_reports.view import ReportView

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:cnmm:predicate:assessment:1"


class IntotoRenderer:
    """Writes `statement.intoto.json`, unsigned: one subject for each artefact the view names."""

    attests: ClassVar[bool] = True

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file, none where the view names no artefact."""
        if not view.artefacts:
            return {}
        return {"statement.intoto.json": write_document(_statement(view, view.artefacts))}


def _statement(view: ReportView, artefacts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}
            for name, digest in sorted(artefacts.items())
        ],
        "predicateType": PREDICATE,
        "predicate": _predicate(view.assessment),
    }


def _predicate(document: Mapping[str, Any]) -> dict[str, Any]:
    """Texts and whole numbers only: some libraries of the format read every other number as a float."""
    catalogue, ledger = document["catalogue"], document["ledger"]
    return {
        "schema": document["schema"],
        "engine": document["engine"],
        "organisation": document["organisation"],
        "asOf": document["as_of"],
        "period": {"from": document["period"]["from"], "to": document["period"]["to"]},
        "complete": document["complete"],
        "headline": {
            "proven": document["headline"]["proven"],
            "possible": document["headline"]["possible"],
            "sections": list(document["headline"]["sections"]),
        },
        "conclusionsDigest": document["conclusions_digest"],
        "catalogue": {
            "id": catalogue["id"],
            "version": catalogue["version"],
            "deviations": len(catalogue["deviations"]),
        },
        "ledger": {key: ledger[key] for key in ("requested", "received", "skipped", "failed")},
    }
