"""A bundle small enough to try every bit of it, with a catalogue of one row."""

from __future__ import annotations

from pathlib import Path

from cnmm_collectors.evidence import Evidence
from cnmm_scanner.bundle import REGISTRY, RULES, RUN, Bundle, write_bundle
from cnmm_scanner.canonical import document, record
from cnmm_scanner.container import Content, held
from cnmm_scanner.derive import derive
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.records import POPULATIONS
from cnmm_scanner.signature import Signer

MAIN = b"""id: tiny
version: 1.0.0
title: Tiny
sections: [{id: org, title: Org, rated: true, in_headline: true}]
"""
SECTION = b"""section: org
criteria:
- {id: org.L1.flagged, level: 1, line: 1, statement: Most carry the flag., role: key, importance: 3,
  confidence: strong, proof: machine, applies: {organisation: {}}, test: {signal: x.flag, above: 0.5},
  reason: More than half is most., meaning: Most of them carry it., next_step: Read the others too.}
"""
SIGNAL = {
    "id": "x.flag",
    "title": "Flag",
    "definition": "It carries the flag.",
    "unit": "bool",
    "subject": "repo",
    "rollup": "share",
    "absent": "zero",
    "disclosure": "structural",
    "sources": [{"name": "probe", "rank": 1, "basis": "effective", "permission": "read"}],
}
ABOUT = {
    "organisation": "acme",
    "as_of": "2026-11-22",
    "complete": True,
    "catalogue": {"id": "tiny", "version": "1.0.0"},
    "plugins": [],
    "parent": "",
}


def cite(name: str, at: str = "2026-11-22T00:00:00Z") -> Evidence:
    """Return a citation of a repository."""
    return Evidence("probe", f"probe:{name}", "read", "sha256:" + "0" * 64, at, at, "probe 1")


def facts(flags: dict[str, bool]) -> dict[str, Content]:
    """Return the members of a bundle in which each named repository carries the flag or not."""
    citations = sorted((cite(name) for name in flags), key=lambda item: item.id)
    observed = [
        {
            "signal": "x.flag",
            "subject": f"repo:{name}",
            "source": "probe",
            "state": "observed",
            "value": value,
            "evidence": [cite(name).id],
        }
        for name, value in sorted(flags.items())
    ]
    population = {
        "within": "org:acme",
        "kind": "repo",
        "count": len(flags),
        "members": [f"repo:{name}" for name in sorted(flags)],
        "declared_by": "enumeration",
    }
    run = {
        "organisation": "acme",
        "as_of": "2026-11-22",
        "period": {"from": "2025-11-22", "to": "2026-11-22"},
        "complete": True,
    }
    row = {"source": "probe", "unit": "repository", "about": "all", "requested": 2, "received": 2}
    return {
        RUN: held(document(run)),
        f"{RULES}/catalogue.yaml": held(MAIN),
        f"{RULES}/org.yaml": held(SECTION),
        f"{REGISTRY}/x.yaml": held(document({"signals": [SIGNAL]})),
        POPULATIONS: held(record(population)),
        "observations/signals/x.ndjson": held(b"".join(map(record, observed))),
        "evidence/probe.ndjson": held(b"".join(record(item.to_json()) for item in citations)),
        "ledger/probe.ndjson": held(record({**row, "skipped": 0, "failed": 0})),
    }


def make(path: Path, flags: dict[str, bool] | None = None, signer: Signer | None = None) -> Path:
    """Write a whole bundle, assessment and all; return its path."""
    members = facts({"a": True, "b": True} if flags is None else flags)
    write_bundle(path, members, ABOUT)
    with Bundle(path) as bundle:
        members[ASSESSMENT] = held(derive(bundle))
    write_bundle(path, members, ABOUT, signer)
    return path
