"""One row judged for one subject: from its tests, counter-tests and corroboration to an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnmm_rules.assessment import Outcome
from cnmm_rules.criteria import Applies, Confidence, Criterion
from cnmm_rules.predicates import Leafed, Measures, Verdict, evaluate

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
