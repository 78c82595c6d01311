"""Planted faults: a threshold of a key row moved a little makes a known organisation miss its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import pytest

from cnmm_rules import criteria
from cnmm_rules.criteria import (
    AgeOf,
    AllOf,
    Applies,
    Catalogue,
    Compare,
    CountOf,
    Criterion,
    NOf,
    Record,
    Role,
    ShareOf,
    Test,
    keys_of,
)
from cnmm_rules.engine import assess
from cnmm_rules.facts import Facts
from cnmm_rules.measures import Workings
from cnmm_rules.ranges import Comparison, Operator
from known.known_answers import answers, intervals, lean, published

HUGE = {"ten-thousand", "bank"}
_IMPLIED = "production of any kind implies first use through the next level's key"
_AGENT = "an agent beside an AI engineer is level 4, whose key implies this one"
_RUNS = "an application in production, asked for beside it, needs a production cluster"
_SEEN = "the section applies only once one of these is seen, so asking for none of it changes nothing"
SURVIVORS = {
    "ai.L1.first-use: k8s.ml_prod_workload_count{use=calls} >= 1 -> >= 0": _SEEN,
    "ai.L1.first-use: k8s.agent_prod_workload_count >= 1 -> >= 0": _SEEN,
    "ai.L1.first-use: k8s.ml_prod_workload_count{use=serves} >= 1 -> >= 0": _SEEN,
    "ai.L1.first-use: git.ai_use_count >= 1 -> >= 0": _SEEN,
    "ai.L1.first-use: catalog.ai_system_count >= 1 -> >= 0": _SEEN,
    "upskilling.L2.runs-production: k8s.cluster_count{env=production} >= 1 -> >= 0": _RUNS,
    "ai.L1.first-use: k8s.ml_prod_workload_count{use=serves} >= 1 -> >= 2": _IMPLIED,
    "ai.L1.first-use: k8s.ml_prod_workload_count{use=calls} >= 1 -> >= 2": _IMPLIED,
    "ai.L1.first-use: k8s.agent_prod_workload_count >= 1 -> >= 2": _IMPLIED,
    "ai.L3.ai-engineer-as-glue: k8s.agent_prod_workload_count >= 1 -> >= 2": _AGENT,
}
"""Mutants that no known organisation notices, each with the reason why that is right."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A key row with one number moved, and how that reads."""

    row: Criterion
    change: str


def moved(number: Fraction, sign: int) -> Fraction:
    """Return a bound moved by what people would argue about: 0.1 of a share or score, 1 of a count."""
    step = Fraction(1) if number.denominator == 1 and number >= 1 else Fraction(1, 10)
    return number + sign * step


def shifts(comparison: Comparison) -> Iterator[Comparison]:
    """Yield the comparison with its bound moved either way, leaving out what cannot differ."""
    for sign in (-1, 1):
        bound = moved(comparison.bound, sign)
        if bound >= 0 and comparison.operator is not Operator.EQUALS:
            yield replace(comparison, bound=bound)


def mutations(test: Test) -> Iterator[tuple[Test, str]]:  # noqa: C901 - one case for each form of test
    """Yield every test that differs in one number or one connective, with the change in words."""
    match test:
        case AllOf():
            yield NOf(1, test.tests), "all became any"
            yield from _inside(test, test.tests)
        case NOf():
            yield AllOf(test.tests), f"{test.n} of {len(test.tests)} became all"
            yield from _inside(test, test.tests)
        case Compare():
            for comparison in shifts(test.comparison):
                yield replace(test, comparison=comparison), f"{test.key} {test.comparison} -> {comparison}"
        case ShareOf() | CountOf():
            for comparison in shifts(test.comparison):
                yield replace(test, comparison=comparison), f"of {test.key} {test.comparison} -> {comparison}"
            for each in shifts(test.each):
                yield replace(test, each=each), f"each {test.key} {test.each} -> {each}"
        case AgeOf():
            for factor in (Fraction(1, 4), Fraction(4)):
                comparison = replace(test.comparison, bound=test.comparison.bound * factor)
                yield (
                    replace(test, comparison=comparison),
                    f"age {test.key} {test.comparison} -> {comparison}",
                )
        case Record():
            yield replace(test, at_most=test.at_most // 10), f"{test.name} {test.at_most} -> a tenth"


def _inside(test: AllOf | NOf, parts: tuple[Test, ...]) -> Iterator[tuple[Test, str]]:
    for number, part in enumerate(parts):
        for changed, what in mutations(part):
            yield replace(test, tests=(*parts[:number], changed, *parts[number + 1 :])), what


def mutants(row: Criterion) -> Iterator[Mutant]:
    """Yield every mutant of a row's test for the organisation."""
    applies = row.organisation
    assert applies is not None
    assert applies.test is not None
    for test, what in mutations(applies.test):
        yield Mutant(replace(row, organisation=Applies(test, applies.min_population)), what)


@cache
def known(section: str, name: str) -> Facts:
    """Return what an organisation's facts say of the signals one section asks for."""
    rows = alone(section).criteria
    asked = {key for row in rows for test in criteria.tests_of(row) for key in keys_of(test)}
    asked.update(key for row in rows for key in keys_of(published().section(row.section).unless))
    whole = lean(name)
    return replace(whole, observations=tuple(item for item in whole.observations if item.key in asked))


@cache
def workings(section: str, name: str) -> Workings:
    """Return what can be worked out of these facts once for all mutants, which change no fact."""
    return Workings.of(known(section, name), published().signals)


@cache
def alone(section: str) -> Catalogue:
    """Return the catalogue with one section's rows and whatever implies them."""
    whole = published()
    rows = {row.id: row for row in whole.of_section(section)}
    waiting = list(rows.values())
    by_id = {row.id: row for row in whole.criteria}
    while waiting:
        for name in waiting.pop().implied_by:
            if name not in rows:
                rows[name] = by_id[name]
                waiting.append(by_id[name])
    kept = tuple(replace(row, team=None) for row in whole.criteria if row.id in rows)
    return replace(whole, criteria=kept)


@cache
def order(section: str, level: int) -> tuple[str, ...]:
    """Return the organisations, those that most likely notice a fault of the row first."""
    first = (
        f"{section}-{level}",
        f"almost-{level}",
        f"whole-{level}",
        f"{section}-{level - 1}",
        "way",
        "twenty",
    )
    names = [name for name in answers() if name not in HUGE]
    return tuple(sorted(names, key=lambda name: (not name.startswith(first), name.startswith(first[4:]))))


def noticed(mutant: Mutant) -> str | None:
    """Return the first known organisation that misses its answer under the mutant, or None."""
    section = mutant.row.section
    catalogue = alone(section)
    rows = tuple(mutant.row if row.id == mutant.row.id else row for row in catalogue.criteria)
    for name in order(section, mutant.row.level):
        made = workings(section, name)
        got = intervals(assess(made.index.facts, replace(catalogue, criteria=rows), made))[section]
        if got != answers()[name].levels[section]:
            return name
    return None


KEYS = [row for row in published().criteria if row.role is Role.KEY]


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row.id)
def test_a_moved_threshold_of_a_key_row_is_noticed(row: Criterion) -> None:
    found = {f"{row.id}: {mutant.change}" for mutant in mutants(row) if noticed(mutant) is None}
    assert found == {name for name in SURVIVORS if name.startswith(f"{row.id}:")}


@pytest.mark.parametrize("row", KEYS, ids=lambda row: row.id)
def test_a_key_row_that_is_lost_is_noticed(row: Criterion) -> None:
    assert noticed(Mutant(replace(row, role=Role.INFO), "no longer rated")) is not None
