"""Pairs of small worlds, as bundles: one row over repositories that say yes, no or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cnmm_scanner.bundle import RULES, RUN, Bundle, write_bundle
from cnmm_scanner.canonical import document, record
from cnmm_scanner.container import held
from cnmm_scanner.derive import derive
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.records import POPULATIONS
from unit.scanner.small import ABOUT, SECTION, cite, facts

Flags = Mapping[str, bool | None]
"""A repository's reading; None was refused."""


def build(
    path: Path, flags: Flags, *, listed: Sequence[str] | None = None, above: str = "0.5",
    as_of: str = "2026-11-22", judged: bool = True, changes: Mapping[str, bytes] | None = None,
    organisation: str = "acme",
) -> Path:  # fmt: skip
    """Write a bundle; `listed` names every repository the owner lists, those with a flag by default."""
    names = sorted(flags if listed is None else listed)
    at = f"{as_of}T00:00:00Z"
    members = facts(dict.fromkeys(flags, True))
    run = {
        "organisation": organisation, "as_of": as_of, "complete": True,
        "period": {"from": "2025-01-01", "to": as_of},
    }  # fmt: skip
    members[RUN] = held(document(run))
    members["observations/signals/x.ndjson"] = held(
        b"".join(record(_reading(*one)) for one in sorted(flags.items()))
    )
    cited = sorted((cite(name, at) for name in flags), key=lambda item: item.id)
    members["evidence/probe.ndjson"] = held(b"".join(record(item.to_json()) for item in cited))
    population = {
        "within": "org:acme", "kind": "repo", "count": len(names),
        "members": [f"repo:{name}" for name in names], "declared_by": "enumeration",
    }  # fmt: skip
    members[POPULATIONS] = held(record(population))
    members[f"{RULES}/org.yaml"] = held(SECTION.replace(b"above: 0.5", f"above: {above}".encode()))
    members.update({name: held(data) for name, data in (changes or {}).items()})
    about = {**ABOUT, "as_of": as_of}
    write_bundle(path, members, about)
    if judged:
        with Bundle(path) as bundle:
            members[ASSESSMENT] = held(derive(bundle))
        write_bundle(path, members, about)
    return path


def _reading(name: str, value: bool | None) -> dict[str, Any]:
    about = {"signal": "x.flag", "subject": f"repo:{name}", "source": "probe"}
    if value is None:
        return {**about, "state": "unknown", "gap": "not_permitted", "detail": "refused"}
    return {**about, "state": "observed", "value": value, "evidence": [cite(name).id]}


def assessment_of(path: Path) -> Path:
    """Write the assessment that a bundle seals beside it; return its path."""
    target = path.with_suffix(".json")
    with Bundle(path) as bundle:
        target.write_bytes(bundle.container.read(ASSESSMENT))
    return target
