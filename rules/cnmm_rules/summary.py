"""What an assessment says of itself: its catalogue, scope, ledger, citations and what its weight rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from fractions import Fraction
from itertools import groupby, islice
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.subjects import SubjectKind
from cnmm_rules.assessment import Finding
from cnmm_rules.criteria import RATING_ROLES, Catalogue, Confidence
from cnmm_rules.facts import NAMED_LOSSES, LedgerLine, Loss
from cnmm_rules.index import Index


def describe_catalogue(catalogue: Catalogue) -> dict[str, Any]:
    """Return which catalogue was applied, and how this organisation deviates from it."""
    return {
        "id": catalogue.id,
        "version": catalogue.version,
        "title": catalogue.title,
        "criteria": len(catalogue.criteria),
        "deviations": list(catalogue.deviations),
        "not_applicable": dict(sorted((catalogue.not_applicable or {}).items())),
    }


def describe_scope(index: Index) -> dict[str, Any]:
    """Return who says how large the organisation is: enumeration, scope, or nobody."""
    org = index.facts.org
    record: dict[str, Any] = {}
    said: list[str] = []
    for kind in (SubjectKind.REPO, SubjectKind.TEAM, SubjectKind.CLUSTER):
        fact = index.population(org, kind)
        if fact is not None and fact.count is not None:
            record[f"{kind.value}s_declared"] = fact.count
            said.append(fact.declared_by)
    repos = index.units(org, SubjectKind.REPO)
    components = index.units(org, SubjectKind.COMPONENT)
    record["repositories"] = repos.declared if repos.declared is not None else len(repos.leaves)
    record["repositories_read"] = len(repos.leaves) - (components.hidden if not repos.open else 0)
    drawn = index.drawn(org)
    if drawn is not None:
        record["repositories_drawn"] = len(drawn)
    record["components"] = len(components.leaves)
    record["declared_by"] = said[0] if said else "given targets"
    return record


def sum_ledger(lines: Sequence[LedgerLine], losses: Sequence[Loss], lost: int) -> dict[str, Any]:
    """Return what was requested, received, skipped and failed, in all and by source and unit.

    Entries that failed are named, at most 20 of each source and unit; `losses_total` is `lost`, all of them.
    """
    totals = {
        name: sum(getattr(line, name) for line in lines)
        for name in ("requested", "received", "skipped", "failed")
    }
    by_source = [
        {
            "source": line.source,
            "unit": line.unit,
            "requested": line.requested,
            "received": line.received,
            "skipped": line.skipped,
            "failed": line.failed,
        }
        for line in sorted(lines, key=astuple)
    ]
    piles = groupby(sorted(losses), key=lambda loss: (loss.source, loss.unit))
    shown = [asdict(loss) for _, pile in piles for loss in islice(pile, NAMED_LOSSES)]
    return {**totals, "by_source": by_source, "losses": shown, "losses_total": lost}


def cited_evidence(findings: Iterable[Finding], evidence: Mapping[str, Evidence]) -> tuple[Evidence, ...]:
    """Return the evidence that any finding cites, by id."""
    cited = {item for finding in findings for item in (*finding.evidence, *finding.counter_evidence)}
    return tuple(evidence[item] for item in sorted(cited) if item in evidence)


def weigh_shares(catalogue: Catalogue, findings: Mapping[str, Finding]) -> dict[str, Fraction]:
    """Return which shares of the rating weight rest on weak inference, on convention, on statements."""
    rating = [row for row in catalogue.criteria if row.role in RATING_ROLES and row.id in findings]
    total = sum((row.weight for row in rating), Fraction(0)) or Fraction(1)
    weak = sum((row.weight for row in rating if row.confidence is Confidence.WEAK), Fraction(0))
    custom = sum((row.weight for row in rating if "convention" in row.reason.lower()), Fraction(0))
    stated = sum((row.weight for row in rating if findings[row.id].stated), Fraction(0))
    return {
        "weak_inference": weak / total,
        "convention": custom / total,
        "self_attested": stated / total,
    }
