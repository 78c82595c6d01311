"""Which findings a bounded format holds: the organisation's first, then whole teams while there is room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Finding = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """The findings a format holds, and how many it leaves to assessment.json."""

    findings: tuple[Finding, ...]
    left_out: int


def select(findings: Sequence[Finding], limit: int) -> Selection:
    """Return at most `limit` findings in their order, each subject whole; only the first may be cut."""
    kept: list[Finding] = []
    for _, group in groupby(findings, key=lambda finding: finding["subject"]):
        rows = list(group)
        if kept and len(kept) + len(rows) > limit:
            break
        kept += rows[:limit]
    return Selection(tuple(kept), len(findings) - len(kept))


def citations(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield (stance, evidence id) of a finding: what decided it, then what its counter-tests read."""
    for identity in finding["evidence"]:
        yield "for", identity
    for identity in finding["counter_evidence"]:
        yield "against", identity


def by_id(evidence: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return citations by their id."""
    return {item["id"]: item for item in evidence}
