"""The engine: facts and a catalogue become an assessment; pure, exact, and the same on any machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cnmm_collectors.signals import SignalSpec, split_key
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.assessment import Assessment, Finding, GapNote, Outcome, SectionState
from cnmm_rules.criteria import (
    Applies,
    Catalogue,
    Criterion,
    CriterionRef,
    Role,
    leaves,
)
from cnmm_rules.facts import Facts
from cnmm_rules.implications import imply
from cnmm_rules.index import Index
from cnmm_rules.judgement import NOTHING_THERE, SCOPE_OPEN, Judgement, judge
from cnmm_rules.levels import infer
from cnmm_rules.measures import Cache, SubjectMeasures, Workings
from cnmm_rules.next_evidence import rank_next
from cnmm_rules.predicates import Leafed, Verdict, evaluate
from cnmm_rules.questions import answer_ahead
from cnmm_rules.ranges import Truth
from cnmm_rules.rollup import CITED, UNDECLARED
from cnmm_rules.summary import (
    cited_evidence,
    describe_catalogue,
    describe_scope,
    sum_ledger,
    weigh_shares,
)

SCOPE_NEEDS = "a complete listing by the owner, or `scope:` in cnmm.yaml"
"""What closes the gap of an undeclared population."""


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
        found = imply(found, [row for row, _ in plain])
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


def assess(facts: Facts, catalogue: Catalogue, workings: Workings | None = None) -> Assessment:
    """Return the assessment of one bundle's facts under one catalogue; raises KeyError for undeclared
    signals.

    `workings` of these facts and signals spare whoever judges them under several catalogues most of the time.
    """
    if workings is None:
        workings = Workings.of(facts, catalogue.signals)
        answer_ahead(catalogue, workings.index, workings.cache)
    index, cache = workings.index, workings.cache
    if index.facts is not facts:
        raise ValueError("workings of other facts")
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
        catalogue=describe_catalogue(catalogue),
        scope=describe_scope(index),
        sections=sections,
        teams=tuple(teams),
        findings=tuple(findings),
        evidence=cited_evidence(findings, facts.evidence),
        next_evidence=rank_next(catalogue, org, sections),
        ledger=sum_ledger(facts.ledger, facts.losses, facts.lost),
        shares=weigh_shares(catalogue, org),
        undecided=undecided,
    )


def _sections(catalogue: Catalogue, findings: Mapping[str, Finding]) -> tuple[SectionState, ...]:
    return tuple(infer(section, catalogue.of_section(section.id), findings) for section in catalogue.sections)


__all__ = ["assess"]
