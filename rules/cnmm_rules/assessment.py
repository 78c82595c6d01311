"""The assessment: findings, levels as intervals, coverage; what reports read and what the bundle seals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.subjects import Subject
from cnmm_rules.conclusions import conclusions_digest
from cnmm_rules.facts import Claim, Waiver
from cnmm_rules.numerals import number, test_to_json
from cnmm_rules.predicates import Leafed

SCHEMA = "cnmm/assessment/1"
ENGINE = "2"
"""Changes whenever the same facts and catalogue could give another assessment."""


class Outcome(StrEnum):
    """A criterion's outcome for a subject."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"
    CONTESTED = "contested"
    CLAIMED = "claimed"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class GapNote:
    """Why a test has no answer: which signal, which cause, how often, and what would answer it."""

    signal: str
    cause: str
    count: int
    detail: str
    needs: str

    def to_json(self) -> dict[str, Any]:
        """Return the record; `detail` only where there is one."""
        record: dict[str, Any] = {"signal": self.signal, "cause": self.cause, "count": self.count}
        record["needs"] = self.needs
        if self.detail:
            record["detail"] = self.detail
        return record


@dataclass(frozen=True, slots=True)
class Finding:
    """A criterion's outcome for a subject, with what decided it.

    `proven` and `possible` are what the two passes of level inference use: proven counts met rows only,
    possible
    everything that is not ruled out.
    """

    criterion: str
    subject: Subject
    outcome: Outcome
    proven: bool
    possible: bool
    why: str
    tests: tuple[Leafed, ...]
    counters: tuple[Leafed, ...]
    evidence: tuple[str, ...]
    evidence_total: int
    counter_evidence: tuple[str, ...]
    gaps: tuple[GapNote, ...]
    implied_by: str = ""
    conflict: str = ""
    waiver: Waiver | None = None
    adjudicated: str = ""
    stated: bool = False
    statement: Claim | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the record of the output contract."""
        record: dict[str, Any] = {
            "criterion": self.criterion,
            "subject": str(self.subject),
            "outcome": self.outcome.value,
            "why": self.why,
            "tests": [test_to_json(test) for test in (*self.tests, *self.counters)],
            "evidence": list(self.evidence),
            "evidence_total": self.evidence_total,
            "counter_evidence": list(self.counter_evidence),
            "gaps": [gap.to_json() for gap in self.gaps],
        }
        optional = {
            "implied_by": self.implied_by,
            "conflict": self.conflict,
            "adjudicated": self.adjudicated,
            "stated": self.stated,
        }
        record.update({key: value for key, value in optional.items() if value})
        if self.statement is not None:
            record["statement"] = {
                "role": self.statement.role,
                "dated": self.statement.dated.isoformat(),
                "expires": self.statement.expires.isoformat(),
            }
        if self.waiver is not None:
            record["waiver"] = {
                "reason": self.waiver.reason,
                "owner": self.waiver.owner,
                "approver": self.waiver.approver,
                "expires": self.waiver.expires.isoformat(),
            }
        return record


@dataclass(frozen=True, slots=True)
class LevelState:
    """How one level of a section stands in both passes; shares are of importance weight."""

    level: int
    share_proven: Fraction
    share_possible: Fraction
    weight: Fraction
    holds_proven: bool
    holds_possible: bool
    minor: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the record, shares as decimals rounded towards the cautious side."""
        return {
            "level": self.level,
            "share_proven": number(self.share_proven, up=False),
            "share_possible": number(self.share_possible, up=True),
            "weight": number(self.weight),
            "holds_proven": self.holds_proven,
            "holds_possible": self.holds_possible,
            "minor_weaknesses": list(self.minor),
        }


@dataclass(frozen=True, slots=True)
class SectionState:
    """A section for one subject: its interval, coverage and what blocks the next level.

    `proven`/`possible` None where no level is inferred. `sufficient` False below the coverage floor.
    """

    id: str
    title: str
    rated: bool
    in_headline: bool
    proven: int | None
    possible: int | None
    coverage: Fraction
    sufficient: bool
    levels: tuple[LevelState, ...]
    blocking: tuple[str, ...]
    contradictions: tuple[str, ...]
    self_attested: Fraction
    counts: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the record of the output contract."""
        return {
            "id": self.id,
            "title": self.title,
            "rated": self.rated,
            "in_headline": self.in_headline,
            "proven": self.proven,
            "possible": self.possible,
            "coverage": number(self.coverage, up=False),
            "sufficient": self.sufficient,
            "levels": [level.to_json() for level in self.levels],
            "blocking": list(self.blocking),
            "contradictions": list(self.contradictions),
            "self_attested": number(self.self_attested, up=True),
            "outcomes": dict(sorted(self.counts.items())),
        }


@dataclass(frozen=True, slots=True)
class NextEvidence:
    """What would narrow the intervals most: signals one source supplies, what it takes, what it could change.

    `narrows` maps a section that it moves further than the sources before it to (proven, possible) now and
    after them all: best case of proven, worst case of possible.
    `blocking` are the rows waiting for it that block a section which holds the headline down.
    """

    source: str
    signals: tuple[str, ...]
    needs: str
    rows: int
    after: tuple[str, ...]
    narrows: Mapping[str, tuple[int, int, int, int]]
    blocking: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the record of the output contract."""
        return {
            "signal": self.signals[0],
            "signals": list(self.signals),
            "source": self.source,
            "needs": self.needs,
            "rows": self.rows,
            "after": list(self.after),
            "blocking": list(self.blocking),
            "narrows": {key: list(value) for key, value in sorted(self.narrows.items())},
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """Findings, intervals, coverage and what to collect next; a function of one bundle."""

    organisation: str
    as_of: str
    period: tuple[str, str]
    complete: bool
    catalogue: Mapping[str, Any]
    scope: Mapping[str, Any]
    sections: tuple[SectionState, ...]
    teams: tuple[tuple[Subject, tuple[SectionState, ...]], ...]
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]
    next_evidence: tuple[NextEvidence, ...]
    ledger: Mapping[str, Any]
    shares: Mapping[str, Fraction]

    undecided: tuple[SectionState, ...] | None = None
    """The organisation's sections without an auditor's decisions; None where no decision was given."""

    @property
    def headline(self) -> dict[str, Any]:
        """The lowest proven and the lowest possible over the headline sections, and which hold them down."""
        return headline_of(self.sections)

    def to_json(self) -> dict[str, Any]:
        """Return the whole output contract, arrays sorted by id, with its conclusions digest."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "engine": ENGINE,
            "organisation": self.organisation,
            "as_of": self.as_of,
            "period": {"from": self.period[0], "to": self.period[1]},
            "complete": self.complete,
            "catalogue": dict(self.catalogue),
            "scope": dict(self.scope),
            "headline": self.headline,
            "shares": {key: number(value) for key, value in sorted(self.shares.items())},
            "sections": [section.to_json() for section in self.sections],
            "teams": [
                {"id": str(team), "sections": [section.to_json() for section in sections]}
                for team, sections in self.teams
            ],
            "findings": [finding.to_json() for finding in self.findings],
            "evidence": [item.to_json() for item in self.evidence],
            "next_evidence": [item.to_json() for item in self.next_evidence],
            "ledger": dict(self.ledger),
        }
        if self.undecided is not None:
            document["without_adjudications"] = {
                "headline": headline_of(self.undecided),
                "sections": {state.id: [state.proven, state.possible] for state in self.undecided},
            }
        document["conclusions_digest"] = conclusions_digest(document)
        return document


def headline_of(sections: tuple[SectionState, ...]) -> dict[str, Any]:
    """Return the lowest proven and possible over the headline sections, and which hold the proven end."""
    rated = [section for section in sections if section.in_headline]
    proven = min((section.proven or 0 for section in rated), default=0)
    possible = min((section.possible or 0 for section in rated), default=0)
    lowest = [section.id for section in rated if section.proven == proven]
    return {"proven": proven, "possible": possible, "sections": lowest}
