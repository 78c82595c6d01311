"""One row at a time: what it takes to be met, and what each missing part makes of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from cnmm_collectors.signals import Gap, Rollup
from cnmm_collectors.subjects import SubjectKind
from cnmm_rules.assessment import Outcome
from cnmm_rules.criteria import Applies, Compare, Confidence, Criterion, Proof, Record, RecordKind, Role
from cnmm_rules.judgement import judge
from cnmm_rules.predicates import RecordState
from cnmm_rules.ranges import UNIT_RANGE, Comparison, Operator, Range, Truth
from cnmm_rules.rollup import Rolled
from property.worlds import SPECS

HALF = Comparison(Operator.ABOVE, Fraction(1, 2))
TEST, COUNTER, FITS, SECOND = (Compare(f"t.{name}", HALF) for name in ("share", "mean", "any", "direct"))
YES, NO = Range(Fraction(1), Fraction(1)), Range(Fraction(0), Fraction(0))


class Measured:
    """Measures that answer from a table; a missing key is unread."""

    def __init__(self, **seen: Range) -> None:
        self.seen = {f"t.{name}": value for name, value in seen.items()}
        self.records: dict[str, RecordState] = {}

    def rolled(self, key: str, rollup: Rollup | None = None) -> Rolled:
        if key not in self.seen:
            return Rolled(UNIT_RANGE, gaps=((Gap.NOT_COLLECTED, 1, ""),))
        return Rolled(self.seen[key], 9, 9, 9, ("sha256:x",), 1)

    def rollup(self, key: str) -> Rollup:
        return SPECS[key].rollup

    def measured_in(self, key: str) -> SubjectKind:
        return SPECS[key].subject

    def share_of(self, key: str, each: Comparison) -> Rolled:
        return self.rolled(key)

    def count_of(self, key: str, each: Comparison) -> Rolled:
        return self.rolled(key)

    def present(self, key: str) -> Rolled:
        return self.rolled(key)

    def age_of(self, key: str) -> Rolled:
        return self.rolled(key)

    def baseline(self, key: str, over_days: int) -> Range | None:
        return None

    def record(self, test: Record) -> RecordState:
        return self.records.get(test.name, RecordState(None, False, Rolled(UNIT_RANGE)))

    def criterion(self, name: str) -> Truth:
        return None


ROW = Criterion(
    id="s.L1.row",
    section="s",
    level=1,
    line=1,
    statement="stated",
    role=Role.RATED,
    importance=2,
    confidence=Confidence.STRONG,
    proof=Proof.MACHINE,
    organisation=Applies(TEST),
    team=None,
    applicable=None,
    counter=(),
    corroboration=None,
    window_days=None,
    retires_at=None,
    implied_by=(),
    reason="reason",
    sources=(),
    meaning="meaning",
    next_step="next",
    prompts=(),
)


def outcome(row: Criterion, **seen: Range) -> Outcome:
    assert row.organisation is not None
    return judge(row, row.organisation, Measured(**seen)).outcome


@pytest.mark.parametrize(
    ("seen", "want"),
    [({"share": YES}, Outcome.MET), ({"share": NO}, Outcome.UNMET), ({}, Outcome.UNKNOWN)],
)
def test_a_plain_row(seen: dict[str, Range], want: Outcome) -> None:
    assert outcome(ROW, **seen) is want


@pytest.mark.parametrize(
    ("seen", "want"),
    [
        ({"share": YES, "mean": NO}, Outcome.MET),
        ({"share": YES, "mean": YES}, Outcome.CONTESTED),
        ({"share": YES}, Outcome.UNKNOWN),
        ({"share": NO, "mean": YES}, Outcome.UNMET),
    ],
)
def test_counter_evidence_must_be_read_and_false(seen: dict[str, Range], want: Outcome) -> None:
    assert outcome(replace(ROW, counter=(COUNTER,)), **seen) is want


@pytest.mark.parametrize(
    ("seen", "want"),
    [
        ({"share": YES, "any": YES}, Outcome.MET),
        ({"share": YES, "any": NO}, Outcome.NOT_APPLICABLE),
        # a row that could still leave the level may not be counted for it
        ({"share": YES}, Outcome.UNKNOWN),
        ({"share": NO}, Outcome.UNKNOWN),
    ],
)
def test_what_may_not_apply_is_neither_met_nor_missed(seen: dict[str, Range], want: Outcome) -> None:
    assert outcome(replace(ROW, applicable=FITS), **seen) is want


@pytest.mark.parametrize(
    ("seen", "want"),
    [
        ({"share": YES, "direct": YES}, Outcome.MET),
        ({"share": YES, "direct": NO}, Outcome.CLAIMED),
        ({"share": YES}, Outcome.CLAIMED),
        ({"share": NO, "direct": YES}, Outcome.UNMET),
    ],
)
def test_a_weak_inference_needs_a_second_source(seen: dict[str, Range], want: Outcome) -> None:
    row = replace(ROW, confidence=Confidence.WEAK, corroboration=SECOND)
    assert outcome(row, **seen) is want


@pytest.mark.parametrize(
    ("state", "want"),
    [
        (RecordState(100, True, Rolled(YES, 1, 1, 1, ("sha256:x",), 1), document=True), Outcome.MET),
        (RecordState(100, False, Rolled(YES, 1, 1, 1, ("sha256:x",), 1)), Outcome.CLAIMED),
        (RecordState(500, True, Rolled(YES, 1, 1, 1, ("sha256:x",), 1)), Outcome.UNKNOWN),
        (RecordState(-3, True, Rolled(YES, 1, 1, 1, ("sha256:x",), 1)), Outcome.UNKNOWN),
        (RecordState(None, False, Rolled(UNIT_RANGE)), Outcome.UNKNOWN),
    ],
)
def test_a_record_proves_in_date_and_a_statement_only_claims(state: RecordState, want: Outcome) -> None:
    test = Record("charter", RecordKind.EITHER, 365)
    measured = Measured()
    measured.records["charter"] = state
    applies = Applies(test)
    assert judge(replace(ROW, organisation=applies), applies, measured).outcome is want


def test_an_answer_without_a_citation_is_no_answer() -> None:
    class Uncited(Measured):
        def rolled(self, key: str, rollup: Rollup | None = None) -> Rolled:
            return replace(super().rolled(key, rollup), evidence=())

    assert ROW.organisation is not None
    assert judge(ROW, ROW.organisation, Uncited(share=YES)).outcome is Outcome.UNKNOWN


def test_too_few_units_decide_no_ratio() -> None:
    applies = Applies(TEST, min_population=10)
    assert judge(ROW, applies, Measured(share=YES)).outcome is Outcome.UNKNOWN
