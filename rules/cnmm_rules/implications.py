"""Rows that carry others: a stronger one that is met meets the weaker, and its unmet stays visible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cnmm_rules.assessment import Finding, Outcome
from cnmm_rules.criteria import Criterion
from cnmm_rules.judgement import SCOPE_OPEN


def imply(found: dict[str, Finding], rows: Iterable[Criterion]) -> dict[str, Finding]:
    """Let stronger rows carry weaker ones, transitively; a direct unmet stays visible as a conflict."""
    result = dict(found)
    waiting = [row for row in rows if row.implied_by]
    for _ in waiting:
        changed = False
        for row in waiting:
            before = result[row.id]
            after = _implied(row, before, [result[name] for name in row.implied_by if name in result])
            if after is not before:
                result[row.id] = after
                changed = True
        if not changed:
            break
    return result


def _implied(row: Criterion, own: Finding, stronger: list[Finding]) -> Finding:
    if own.proven or own.outcome is Outcome.NOT_APPLICABLE or _undecided_scope(row, own):
        return own
    carrier = next((finding for finding in stronger if finding.proven), None)
    conflict = "its own test is unmet" if own.outcome is Outcome.UNMET else ""
    if carrier is not None:
        return replace(
            own,
            outcome=Outcome.MET,
            proven=True,
            possible=True,
            why=f"implied by {carrier.criterion}",
            implied_by=carrier.criterion,
            conflict=conflict or own.conflict,
            evidence=own.evidence if own.evidence and not conflict else carrier.evidence,
            evidence_total=own.evidence_total if own.evidence and not conflict else carrier.evidence_total,
            counter_evidence=own.evidence if conflict else own.counter_evidence,
        )
    open_ = next((finding for finding in stronger if finding.possible), None)
    if open_ is not None and not own.possible:
        why = f"its own test is unmet, but {open_.criterion} would imply it"
        return replace(
            own, outcome=Outcome.UNKNOWN, possible=True, why=why, conflict=conflict or own.conflict
        )
    return own


def _undecided_scope(row: Criterion, own: Finding) -> bool:
    """A row that may not apply cannot be implied: it could still leave the level."""
    return own.why == SCOPE_OPEN
