"""The closed predicate language: a test over measures gives true, false or unknown, and says what decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from cnmm_collectors.signals import Gap, Rollup
from cnmm_collectors.subjects import SubjectKind
from cnmm_rules.criteria import (
    AgeOf,
    AllOf,
    Change,
    Compare,
    CountOf,
    CriterionRef,
    NOf,
    Present,
    Record,
    ShareOf,
    Test,
    TrendOf,
)
from cnmm_rules.ranges import (
    COUNT_RANGE,
    UNIT_RANGE,
    Comparison,
    Operator,
    Range,
    Truth,
    decimal,
    kleene_all,
    kleene_at_least,
)
from cnmm_rules.rollup import Rolled

RATIO_ROLLUPS = frozenset({Rollup.SHARE, Rollup.MEAN, Rollup.P50})
"""Roll-ups that say nothing over a handful of units; they obey the row's least population."""
COUNTED_KINDS = frozenset({SubjectKind.COMPONENT, SubjectKind.REPO, SubjectKind.TEAM})
"""What a least population counts: teams and components (a repository as its components), never clusters."""


@dataclass(frozen=True, slots=True)
class RecordState:
    """What is known of a named record.

    `age_days` is None where there is none; `proven` or merely stated; `document` where an artefact carries
    it; `absent` where a signed list of all records says that there is none.
    """

    age_days: int | None
    proven: bool
    rolled: Rolled
    document: bool = False
    absent: bool = False


class Measures(Protocol):
    """What a test may ask about one subject; the engine answers from facts, a sibling test from its case."""

    def rolled(self, key: str, rollup: Rollup | None) -> Rolled:
        """Return the rolled-up range of a signal."""
        ...

    def rollup(self, key: str) -> Rollup:
        """Return the declared roll-up of a signal."""
        ...

    def measured_in(self, key: str) -> SubjectKind:
        """Return the kind of subject a reading of the signal is about."""
        ...

    def share_of(self, key: str, each: Comparison) -> Rolled:
        """Return the share of subjects whose own reading passes."""
        ...

    def count_of(self, key: str, each: Comparison) -> Rolled:
        """Return the number of subjects whose own reading passes."""
        ...

    def present(self, key: str) -> Rolled:
        """Return 1 once anything was observed, 0 where everything was read and absent."""
        ...

    def age_of(self, key: str) -> Rolled:
        """Return the days from the newest date to the audit date."""
        ...

    def baseline(self, key: str, over_days: int) -> Range | None:
        """Return what the signal measured about that long ago, None without such a baseline."""
        ...

    def record(self, test: Record) -> RecordState:
        """Return what is known of a named record."""
        ...

    def criterion(self, name: str) -> Truth:
        """Return another row's finding: met, unmet, else unknown."""
        ...


@dataclass(frozen=True, slots=True)
class Leafed:
    """One reading test with what it saw: the range beside the threshold, and its answer.

    `claimed`: only an unproven statement would make it true. `affirmed`: a proven statement makes it true.
    """

    signal: str
    threshold: str
    truth: Truth
    rolled: Rolled
    says: str = ""
    claimed: bool = False
    counter: bool = False
    affirmed: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a whole test and every reading test in it, in order."""

    truth: Truth
    leaves: tuple[Leafed, ...]


def evaluate(test: Test, measures: Measures, least: int = 1, *, claims: bool = False) -> Verdict:
    """Return the answer of a test; `claims` counts mere statements as true, to find what they would
    change."""
    return _Evaluation(measures, least, claims).of(test)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    measures: Measures
    least: int
    claims: bool

    def of(self, test: Test) -> Verdict:
        if isinstance(test, AllOf | NOf):
            parts = [self.of(inner) for inner in test.tests]
            truths = [part.truth for part in parts]
            truth = kleene_all(truths) if isinstance(test, AllOf) else kleene_at_least(test.n, truths)
            return Verdict(truth, tuple(leaf for part in parts for leaf in part.leaves))
        leaf = self._leaf(test)
        return Verdict(leaf.truth, (leaf,))

    def _leaf(self, test: Test) -> Leafed:
        match test:
            case Compare():
                return self._compare(test)
            case ShareOf():
                rolled = self.measures.share_of(test.key, test.each)
                truth = self._enough(test.key, rolled, test.comparison.holds(rolled.range))
                shown = f"{test.comparison} (share with a value {test.each})"
                return Leafed(test.key, shown, truth, rolled, test.says)
            case CountOf():
                rolled = self.measures.count_of(test.key, test.each)
                truth = _cited(rolled, test.comparison.holds(rolled.range))
                shown = f"{test.comparison} (number with a value {test.each})"
                return Leafed(test.key, shown, truth, rolled, test.says)
            case Present():
                rolled = self.measures.present(test.key)
                truth = _cited(rolled, Comparison(Operator.AT_LEAST, Fraction(1)).holds(rolled.range))
                return Leafed(test.key, "present", truth, rolled, test.says)
            case AgeOf():
                rolled = self.measures.age_of(test.key)
                truth = _cited(rolled, test.comparison.holds(rolled.range))
                return Leafed(test.key, f"age {test.comparison} days", truth, rolled, test.says)
            case TrendOf():
                return self._trend(test)
            case Record():
                return self._record(test)
            case CriterionRef():
                truth = self.measures.criterion(test.criterion)
                return Leafed(test.criterion, "met", truth, Rolled(UNIT_RANGE), test.says)
            case _:
                raise TypeError(f"{type(test).__name__} is not a reading test")

    def _compare(self, test: Compare) -> Leafed:
        rolled = self.measures.rolled(test.key, test.rollup)
        how = test.rollup or self.measures.rollup(test.key)
        truth = test.comparison.holds(rolled.range)
        truth = self._enough(test.key, rolled, truth) if how in RATIO_ROLLUPS else _cited(rolled, truth)
        prefix = f"{test.rollup.value} " if test.rollup is not None else ""
        return Leafed(test.key, f"{prefix}{test.comparison}", truth, rolled, test.says)

    def _enough(self, key: str, rolled: Rolled, truth: Truth) -> Truth:
        few = rolled.eligible < self.least and self.measures.measured_in(key) in COUNTED_KINDS
        return None if few else _cited(rolled, truth)

    def _trend(self, test: TrendOf) -> Leafed:
        rolled = self.measures.rolled(test.key, None)
        before = self.measures.baseline(test.key, test.over_days)
        truth = None if before is None else _cited(rolled, _moved(test, rolled.range, before))
        since = "no baseline" if before is None else f"was {show(before)}"
        threshold = f"{test.change.value.replace('_', ' ')} over {test.over_days} days ({since})"
        return Leafed(test.key, threshold, truth, rolled, test.says)

    def _record(self, test: Record) -> Leafed:
        state = self.measures.record(test)
        dated = state.age_days is not None and 0 <= state.age_days <= test.at_most
        claimed = dated and not state.proven and not state.rolled.contested
        truth: Truth = True if dated and (state.proven or self.claims) else False if state.absent else None
        truth = _cited(state.rolled, truth) if state.absent or state.rolled.contested else truth
        threshold = f"{test.kind.value} record at most {test.at_most} days old"
        name = f"record.{test.kind.value}.{test.name}"
        affirmed = truth is True and not state.document
        return Leafed(name, threshold, truth, state.rolled, test.says, claimed=claimed, affirmed=affirmed)


def _cited(rolled: Rolled, truth: Truth) -> Truth:
    """An answer without a citation is no answer; a contested reading decides nothing."""
    return truth if rolled.evidence and not rolled.contested else None


def _moved(test: TrendOf, now: Range, before: Range) -> Truth:
    up, down = 1 + test.tolerance, 1 - test.tolerance
    match test.change:
        case Change.FALLING:
            return _below(now, before, down, strict=True)
        case Change.NOT_RISING:
            return _below(now, before, up, strict=False)
        case Change.RISING:
            return _not(_below(now, before, up, strict=False))
        case Change.NOT_FALLING:
            return _not(_below(now, before, down, strict=True))


def _below(now: Range, before: Range, factor: Fraction, *, strict: bool) -> Truth:
    least = before.low * factor
    most = None if before.high is None else before.high * factor
    if now.high is not None and (now.high < least or (not strict and now.high == least)):
        return True
    if most is not None and (now.low > most or (strict and now.low == most)):
        return False
    return None


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def show(value: Range) -> str:
    """Return a range as people read it: `0.4`, `0 to 0.4`, `3 or more`."""
    if value.exact:
        return decimal(value.low)
    if value.high is None:
        return f"{decimal(value.low)} or more"
    return f"{decimal(value.low)} to {decimal(value.high)}"


def unread(detail: str = "") -> Rolled:
    """Return the roll-up of something nobody read."""
    return Rolled(COUNT_RANGE, gaps=((Gap.NOT_COLLECTED, 1, detail),))


def undecided(leaves: tuple[Leafed, ...]) -> Iterator[Leafed]:
    """Yield the reading tests that have no answer."""
    return (leaf for leaf in leaves if leaf.truth is None)
