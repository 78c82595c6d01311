"""The comparison of two bundles or assessments, and the regressions a gate stops at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cnmm_scanner.diff.derived import compare_bundles
from cnmm_scanner.diff.document import REALITY
from cnmm_scanner.diff.documents import compare_documents
from cnmm_scanner.diff.sides import DiffFault, Side, open_side

_HOLDING = ("met", "not_applicable")


def compare_files(old: Path, new: Path) -> dict[str, Any]:
    """Return what changed between two files and why; raises Fault."""
    with open_side(old) as before, open_side(new) as after:
        return compare(before, after)


def compare(old: Side, new: Side) -> dict[str, Any]:
    """Return what changed, by derivation where both sides are bundles; raises DiffFault."""
    was, now = old.assessment, new.assessment
    if was["organisation"] != now["organisation"]:
        raise DiffFault(f"{old.name} and {new.name} are about different organisations")
    if now["as_of"] < was["as_of"]:
        raise DiffFault(f"{new.name} is older than {old.name}", "give the older one first")
    if old.bundle is not None and new.bundle is not None:
        return compare_bundles(old, new, old.bundle, new.bundle)
    return compare_documents(old, new)


def regressions(diff: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each section of the organisation whose proven level fell because reality did."""
    lost = {finding["criterion"].partition(".")[0] for finding in diff["findings"] if _lost(finding)}
    for section in diff["sections"]:
        was, now = section["old"][0], section["new"][0]
        if section["subject"] != "organisation" or section["section"] not in lost or was is None:
            continue
        if now is None or now < was:
            yield f"regression: proven level of {section['section']} was {was}, is {now}"


def _lost(finding: Mapping[str, Any]) -> bool:
    held = finding["old"] in _HOLDING and finding["new"] not in _HOLDING
    return held and finding["subject"].startswith("org:") and REALITY in finding["causes"]
