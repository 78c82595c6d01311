"""The engine: facts and a catalogue become an assessment; pure, exact, and the same on any machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from fractions import Fraction
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import SignalSpec, split_key
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.assessment import Assessment, Finding, GapNote, Outcome, SectionState
from cnmm_rules.criteria import (
    RATING_ROLES,
    Applies,
    Catalogue,
    Confidence,
    Criterion,
    CriterionRef,
    Role,
    leaves,
)
from cnmm_rules.facts import Facts, LedgerLine
from cnmm_rules.index import Index
from cnmm_rules.levels import infer
from cnmm_rules.measures import Cache, SubjectMeasures
from cnmm_rules.next_evidence import rank_next
from cnmm_rules.predicates import Leafed, Measures, Verdict, evaluate
from cnmm_rules.ranges import Truth, decimal
from cnmm_rules.rollup import CITED, UNDECLARED

SCOPE_NEEDS = "a complete listing by the owner, or `scope:` in cnmm.yaml"
"""What closes the gap of an undeclared population."""
NOTHING_THERE = "proven not to exist here"
SCOPE_OPEN = "not known whether the row applies"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of a row before implications: what decided it, in one line and in full."""

    outcome: Outcome
    why: str
    tests: tuple[Leafed, ...]
    counters: tuple[Leafed, ...] = ()


def judge(row: Criterion, applies: Applies, measures: Measures) -> Judgement:
    """Return the outcome of one row for one subject, implications and decisions of people left out."""
    least = applies.min_population
    test = applies.test
    if test is None:
        return Judgement(Outcome.UNKNOWN, "nothing measures this row", ())
    fits = evaluate(row.applicable, measures) if row.applicable is not None else None
    verdict = evaluate(test, measures, least)
    counters = tuple(evaluate(counter, measures, least) for counter in row.counter)
    shown = tuple(replace(leaf, counter=True) for counter in counters for leaf in counter.leaves)
    tests = verdict.leaves + (fits.leaves if fits is not None else ())
    if fits is not None and fits.truth is not True:
        if fits.truth is False:
            return Judgement(Outcome.NOT_APPLICABLE, NOTHING_THERE, tests, shown)
        return Judgement(Outcome.UNKNOWN, SCOPE_OPEN, tests, shown)
    if verdict.truth is True:
        outcome, why = _supported(row, counters, measures, least)
        return Judgement(outcome, why, tests + _corroboration(row, measures, least), shown)
    if verdict.truth is False:
        return Judgement(Outcome.UNMET, "the whole range misses the threshold", tests, shown)
    return Judgement(*_undecided(test, verdict, measures, least), tests, shown)


def _supported(
    row: Criterion, counters: Sequence[Verdict], measures: Measures, least: int
) -> tuple[Outcome, str]:
    if any(counter.truth is True for counter in counters):
        return Outcome.CONTESTED, "support and counter-evidence together"
    if any(counter.truth is None for counter in counters):
        return Outcome.UNKNOWN, "counter-evidence has not been read"
    if row.confidence is Confidence.WEAK:
        second = row.corroboration
        if second is None or evaluate(second, measures, least).truth is not True:
            return Outcome.CLAIMED, "a weak inference without a second independent source"
    return Outcome.MET, "the whole range passes the threshold"


def _corroboration(row: Criterion, measures: Measures, least: int) -> tuple[Leafed, ...]:
    if row.corroboration is None:
        return ()
    return evaluate(row.corroboration, measures, least).leaves


def _undecided(test: Any, verdict: Verdict, measures: Measures, least: int) -> tuple[Outcome, str]:
    if any(leaf.rolled.contested for leaf in verdict.leaves):
        return Outcome.CONTESTED, "sources of equal force disagree"
    if any(leaf.claimed for leaf in verdict.leaves):
        stated = evaluate(test, measures, least, claims=True)
        if stated.truth is True:
            return Outcome.CLAIMED, "rests on a statement that is not proof"
    if all(leaf.rolled.seen == 0 for leaf in verdict.leaves):
        return Outcome.UNKNOWN, "nothing has been read for this row"
    return Outcome.UNKNOWN, "what is unread could decide either way"


class _Subject:
    """Judges every row of one subject, then lets implications and decisions of people act."""

    def __init__(
        self, catalogue: Catalogue, index: Index, scope: Subject, cache: Cache, *, decided: bool = True
    ) -> None:
        self._catalogue = catalogue
        self._index = index
        self._scope = scope
        self._cache = cache
        self._outcomes: dict[str, Truth] = {}
        self._sections: dict[str, Verdict] = {}
        facts = index.facts
        today = facts.as_of
        # Of several statements about a row the one that speaks longest is shown.
        self._claimed = {
            claim.criterion: claim
            for claim in sorted(facts.claims, key=lambda claim: (claim.expires, claim.dated, claim.role))
            if claim.subject == scope and claim.dated <= today <= claim.expires
        }
        self._waivers = {
            waiver.criterion: waiver
            for waiver in sorted(
                facts.waivers, key=lambda one: (one.expires, one.reason, one.owner, one.approver)
            )
            if waiver.subject == scope and today <= waiver.expires
        }
        # Of several decisions the last one counts, of one day the refusal.
        decisions = facts.adjudications if decided else ()
        decisions = tuple(sorted(decisions, key=lambda one: (one.dated, one.decision, one.reason)))
        self._decisions = {item.criterion: item for item in decisions if item.subject == scope}

    def findings(self) -> dict[str, Finding]:
        """Return the finding of every row that applies to this subject, by criterion id."""
        rows = [(row, applies) for row in self._catalogue.criteria if (applies := self._applies(row))]
        plain = [(row, applies) for row, applies in rows if not _refers(applies)]
        derived = [(row, applies) for row, applies in rows if _refers(applies)]
        found = {row.id: self._finding(row, applies) for row, applies in plain}
        found = _imply(found, [row for row, _ in plain])
        self._outcomes = {name: _truth(finding) for name, finding in found.items()}
        found |= {row.id: self._finding(row, applies) for row, applies in derived}
        return found

    def _applies(self, row: Criterion) -> Applies | None:
        return row.team if self._scope.kind is SubjectKind.TEAM else row.organisation

    def _finding(self, row: Criterion, applies: Applies) -> Finding:
        measures = SubjectMeasures(self._index, self._scope, row.window_days, self._cache, self._outcomes)
        judged = self._within_section(row, judge(row, applies, measures))
        outcome, why, decided = self._people(row, judged)
        evidence, total = _citations(judged.tests)
        against, _ = _citations(judged.counters)
        return Finding(
            criterion=row.id,
            subject=self._scope,
            outcome=outcome,
            proven=outcome is Outcome.MET,
            possible=outcome not in (Outcome.UNMET, Outcome.NOT_APPLICABLE),
            why=why,
            tests=judged.tests,
            counters=judged.counters,
            evidence=evidence,
            evidence_total=total,
            counter_evidence=against,
            gaps=_gaps((*judged.tests, *judged.counters), self._catalogue.signals),
            conflict=_disagreement((*judged.tests, *judged.counters)),
            waiver=self._waivers.get(row.id),
            adjudicated=decided,
            stated=_stated(judged, outcome, row.id in self._claimed),
            statement=self._claimed.get(row.id),
        )

    def _people(self, row: Criterion, judged: Judgement) -> tuple[Outcome, str, str]:
        """Apply what people declared: not-applicable, claims and an auditor's decision."""
        outcome, why = judged.outcome, judged.why
        declared = (self._catalogue.not_applicable or {}).get(row.id)
        if declared is not None and not self._refused(row):
            outcome, why = Outcome.UNKNOWN, f"declared not applicable: {declared}"
        elif outcome is Outcome.UNKNOWN and row.id in self._claimed:
            outcome, why = Outcome.CLAIMED, "rests on a statement that is not proof"
        decision = self._decisions.get(row.id)
        if decision is None or outcome not in (Outcome.CONTESTED, Outcome.CLAIMED, Outcome.UNKNOWN):
            return outcome, why, ""
        if declared is not None and decision.decision == "accept":
            return Outcome.NOT_APPLICABLE, why, decision.reason
        if outcome is Outcome.UNKNOWN:
            return outcome, why, ""
        if not _citations(judged.tests)[1]:
            return outcome, why, ""
        verdict = Outcome.MET if decision.decision == "accept" else Outcome.UNMET
        return verdict, f"an auditor decided: {decision.reason}", decision.reason

    def _within_section(self, row: Criterion, judged: Judgement) -> Judgement:
        """A section whose subject is proven not to exist leaves; while that is open, no row of it is met."""
        seen = self._seen(row.section)
        if seen is None or seen.truth is True:
            return judged
        if seen.truth is False:
            return Judgement(Outcome.NOT_APPLICABLE, NOTHING_THERE, seen.leaves)
        if judged.outcome is not Outcome.MET:
            return judged
        return replace(judged, outcome=Outcome.UNKNOWN, why=SCOPE_OPEN, tests=judged.tests + seen.leaves)

    def _seen(self, section: str) -> Verdict | None:
        """Return whether what a section is about has been seen, None where nobody asks."""
        unless = self._catalogue.section(section).unless
        if unless is None:
            return None
        if section not in self._sections:
            measures = SubjectMeasures(self._index, self._index.facts.org, None, self._cache, {})
            self._sections[section] = evaluate(unless, measures)
        return self._sections[section]

    def _refused(self, row: Criterion) -> bool:
        """A single key row is never declared away, nor a section whose subject has been seen."""
        declared = self._catalogue.not_applicable or {}
        whole = all(other.id in declared for other in self._catalogue.of_section(row.section))
        if row.role is Role.KEY and not whole:
            return True
        seen = self._seen(row.section)
        return whole and seen is not None and seen.truth is True


def _stated(judged: Judgement, outcome: Outcome, claimed: bool) -> bool:
    """True where a statement carries the outcome: a claim, or a record that only affirms."""
    relevant = outcome in (Outcome.CLAIMED, Outcome.MET)
    affirmed = any(leaf.claimed or leaf.affirmed for leaf in judged.tests)
    return relevant and (affirmed or (claimed and outcome is Outcome.CLAIMED))


def _refers(applies: Applies) -> bool:
    return any(isinstance(leaf, CriterionRef) for leaf in leaves(applies.test))


def _truth(finding: Finding) -> Truth:
    if finding.proven:
        return True
    return None if finding.possible else False


def _disagreement(leaves: Sequence[Leafed]) -> str:
    """Say where a weaker source contradicts the one that counts, as a manifest does its cluster."""
    said = sorted({(leaf.rolled.conflict, leaf.signal) for leaf in leaves if leaf.rolled.conflict})
    parts = [f"{conflict}, which counts: {signal}" for conflict, signal in said]
    return f"contested by a weaker source: {'; '.join(parts)}" if parts else ""


def _imply(found: dict[str, Finding], rows: Iterable[Criterion]) -> dict[str, Finding]:
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


def _citations(tests: Iterable[Leafed]) -> tuple[tuple[str, ...], int]:
    """Return at most CITED ids, those of deciding tests first, and how many there are in all."""
    ordered = sorted(tests, key=lambda leaf: leaf.truth is None)
    flat = dict.fromkeys(item for leaf in ordered for item in leaf.rolled.evidence)
    return tuple(flat)[:CITED], sum(leaf.rolled.cited for leaf in ordered)


def _gaps(tests: Iterable[Leafed], signals: Mapping[str, SignalSpec]) -> tuple[GapNote, ...]:
    notes: dict[tuple[str, str, str], GapNote] = {}
    for leaf in tests:
        if leaf.truth is not None:
            continue
        for gap, count, detail in leaf.rolled.gaps:
            needs = SCOPE_NEEDS if detail == UNDECLARED else _needs(leaf.signal, signals)
            note = GapNote(leaf.signal, gap.value, count, detail, needs)
            notes.setdefault((leaf.signal, gap.value, detail), note)
    return tuple(notes[key] for key in sorted(notes))


def _needs(signal: str, signals: Mapping[str, SignalSpec]) -> str:
    """Return the least permission of each source that answers the signal best, in plain words."""
    if signal.startswith("record."):
        return "an artefact with digest, date, owner and reviewer"
    spec = signals.get(split_key(signal)[0]) if "." in signal else None
    if spec is None:
        return ""
    best = min(source.rank for source in spec.sources)
    return " or ".join(
        f"{source.name}: {source.permission}" for source in spec.sources if source.rank == best
    )


def assess(facts: Facts, catalogue: Catalogue) -> Assessment:
    """Return the assessment of one bundle's facts under one catalogue; raises KeyError for undeclared
    signals."""
    index = Index(facts, catalogue.signals)
    cache = Cache()
    org = _Subject(catalogue, index, facts.org, cache).findings()
    sections = _sections(catalogue, org)
    undecided = None
    if facts.adjudications:
        alone = _Subject(catalogue, index, facts.org, cache, decided=False).findings()
        undecided = _sections(catalogue, alone)
    teams: list[tuple[Subject, tuple[SectionState, ...]]] = []
    findings = list(org.values())
    for team in index.teams():
        own = _Subject(catalogue, index, team, cache).findings()
        findings.extend(own.values())
        teams.append((team, _sections(catalogue, own)))
    findings.sort(
        key=lambda finding: (finding.subject.kind is SubjectKind.TEAM, finding.subject, finding.criterion)
    )
    return Assessment(
        organisation=facts.organisation,
        as_of=facts.as_of.isoformat(),
        period=(facts.period[0].isoformat(), facts.period[1].isoformat()),
        complete=facts.complete,
        catalogue=_catalogue(catalogue),
        scope=_scope(index),
        sections=sections,
        teams=tuple(teams),
        findings=tuple(findings),
        evidence=_cited_evidence(findings, facts.evidence),
        next_evidence=rank_next(catalogue, org, sections),
        ledger=_ledger(facts.ledger),
        shares=_shares(catalogue, org),
        undecided=undecided,
    )


def _sections(catalogue: Catalogue, findings: Mapping[str, Finding]) -> tuple[SectionState, ...]:
    return tuple(infer(section, catalogue.of_section(section.id), findings) for section in catalogue.sections)


def _catalogue(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "id": catalogue.id,
        "version": catalogue.version,
        "title": catalogue.title,
        "criteria": len(catalogue.criteria),
        "deviations": list(catalogue.deviations),
        "not_applicable": dict(sorted((catalogue.not_applicable or {}).items())),
    }


def _scope(index: Index) -> dict[str, Any]:
    """Return who says how large the organisation is: enumeration, scope, or nobody."""
    org = index.facts.org
    record: dict[str, Any] = {}
    said: list[str] = []
    for kind in (SubjectKind.REPO, SubjectKind.TEAM, SubjectKind.CLUSTER):
        fact = index.population(org, kind)
        if fact is not None:
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


def _ledger(lines: Sequence[LedgerLine]) -> dict[str, Any]:
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
    return {**totals, "by_source": by_source}


def _cited_evidence(findings: Iterable[Finding], evidence: Mapping[str, Evidence]) -> tuple[Evidence, ...]:
    cited = {item for finding in findings for item in (*finding.evidence, *finding.counter_evidence)}
    return tuple(evidence[item] for item in sorted(cited) if item in evidence)


def _shares(catalogue: Catalogue, findings: Mapping[str, Finding]) -> dict[str, Fraction]:
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


__all__ = ["assess", "decimal", "judge"]
