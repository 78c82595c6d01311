"""Tests in plain words: what a row asks, said for a reader who does not know the predicate language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType

from cnmm_collectors.signals import Rollup, SignalSpec, Unit, split_key
from cnmm_collectors.subjects import SubjectKind
from cnmm_rules.criteria import (
    AgeOf,
    AllOf,
    Change,
    Compare,
    CountOf,
    CriterionRef,
    Leaf,
    NOf,
    Present,
    Record,
    RecordKind,
    ShareOf,
    Test,
    TrendOf,
)
from cnmm_rules.ranges import Comparison, Operator, Range, decimal

Signals = Mapping[str, SignalSpec]
UNNAMED: Signals = MappingProxyType({})
"""No declarations: signals are then called by their key alone."""

NOUNS = {
    SubjectKind.ORG: ("organisation", "organisations"),
    SubjectKind.TEAM: ("team", "teams"),
    SubjectKind.REPO: ("repository", "repositories"),
    SubjectKind.COMPONENT: ("component", "components"),
    SubjectKind.CLUSTER: ("cluster", "clusters"),
    SubjectKind.NAMESPACE: ("namespace", "namespaces"),
    SubjectKind.POPULATION: ("group of people", "groups of people"),
}
"""What a subject is called, one and many."""

ROLLUPS = {
    Rollup.SHARE: "share of {many}",
    Rollup.COUNT: "number of {many}",
    Rollup.SUM: "sum over {many}",
    Rollup.MAX: "highest value of any {one}",
    Rollup.MIN: "lowest value of any {one}",
    Rollup.ANY: "at least one {one}",
    Rollup.MEAN: "mean over {many}",
    Rollup.P50: "median over {many}",
    Rollup.NEWEST: "newest date over {many}",
    Rollup.POOLED: "share of all items, pooled over {many},",
    Rollup.HHI: "concentration over {many} (1 is everything in one place)",
    Rollup.DISTINCT: "number of different entries over {many}",
    Rollup.DUPLICATED: "number of purposes served twice or more over {many}",
    Rollup.DIRECT: "value for the {one}",
}
"""How readings of many subjects are said to become one measure."""

_OPERATORS = {
    Operator.ABOVE: "above",
    Operator.AT_LEAST: "at least",
    Operator.BELOW: "below",
    Operator.AT_MOST: "at most",
    Operator.EQUALS: "exactly",
}
_RECORDS = {
    RecordKind.ARTEFACT: "an artefact called {name}, reviewed, at most {days} days old",
    RecordKind.STATEMENT: "a statement called {name}, at most {days} days old",
    RecordKind.EITHER: "an artefact called {name}, at most {days} days old (a statement alone is a claim)",
}
_TIMES = frozenset({Unit.DAYS, Unit.HOURS, Unit.MINUTES})


def words(test: Test, signals: Signals = UNNAMED) -> str:
    """Return a whole test as one phrase; `signals` lends titles, subjects and units to the keys."""
    if isinstance(test, AllOf | NOf):
        parts = "; ".join(words(part, signals) for part in test.tests)
        return f"{joint(test)} ({parts}){_said(test)}"
    return phrase(test, signals)


def lines(test: Test, signals: Signals = UNNAMED, depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield a test as (depth, line), one line for each part, in reading order."""
    if isinstance(test, AllOf | NOf):
        yield depth, f"{joint(test)}{_said(test)}:"
        for part in test.tests:
            yield from lines(part, signals, depth + 1)
    else:
        yield depth, phrase(test, signals)


def joint(test: AllOf | NOf) -> str:
    """Return how many parts of a compound test must hold."""
    if isinstance(test, AllOf):
        return "all of"
    return "any of" if test.n == 1 else f"at least {test.n} of {len(test.tests)}"


def phrase(leaf: Leaf, signals: Signals = UNNAMED) -> str:
    """Return one reading test in words, with what it says beside it."""
    return _phrase(leaf, signals) + _said(leaf)


def _phrase(leaf: Leaf, signals: Signals) -> str:
    match leaf:
        case Compare():
            return _compare(leaf, signals)
        case ShareOf() | CountOf():
            return _counted(leaf, signals)
        case Present():
            return f"something was found for {name(leaf.key, signals)}"
        case AgeOf():
            when = compared(leaf.comparison)
            return f"{name(leaf.key, signals)} last dated {when} days before the audit date"
        case TrendOf():
            return _trend(leaf, signals)
        case Record():
            return _RECORDS[leaf.kind].format(name=leaf.name, days=leaf.at_most)
        case CriterionRef():
            return f"row {leaf.criterion} is met"


def name(key: str, signals: Signals = UNNAMED) -> str:
    """Return a signal's title with its key behind it, or the key alone where it is not declared."""
    spec = _spec(key, signals)
    return key if spec is None else f"“{spec.title}” ({key})"


def figure(value: Fraction) -> str:
    """Return an exact number as people write it, at most six decimals."""
    return decimal(value)


def compared(comparison: Comparison) -> str:
    """Return a comparison in words: `above 0.5`, `between 3 and 9`."""
    if comparison.operator is Operator.BETWEEN:
        upper = comparison.bound if comparison.upper is None else comparison.upper
        return f"between {decimal(comparison.bound)} and {decimal(upper)}"
    return f"{_OPERATORS[comparison.operator]} {decimal(comparison.bound)}"


def measure(rollup: Rollup, subject: SubjectKind) -> str:
    """Return what a roll-up over subjects of a kind is called: `share of components`."""
    one, many = NOUNS[subject]
    return ROLLUPS[rollup].format(one=one, many=many)


def _compare(leaf: Compare, signals: Signals) -> str:
    spec = _spec(leaf.key, signals)
    if spec is None:
        how = f"{leaf.rollup.value} of " if leaf.rollup is not None else ""
        return f"{how}{leaf.key} {compared(leaf.comparison)}"
    rollup = leaf.rollup or spec.rollup
    told = name(leaf.key, signals)
    if rollup in (Rollup.ANY, Rollup.DIRECT) and spec.unit is Unit.BOOL:
        return _yes_or_no(leaf.comparison, rollup, spec, told)
    number = compared(leaf.comparison) + unit_of(spec, rollup)
    if rollup is Rollup.DIRECT:
        return f"{told} {number}"
    return f"{measure(rollup, spec.subject)} {number} for {told}"


def _yes_or_no(comparison: Comparison, rollup: Rollup, spec: SignalSpec, told: str) -> str:
    yes = comparison.operator in (Operator.EQUALS, Operator.AT_LEAST, Operator.ABOVE)
    yes = yes and (comparison.operator is Operator.ABOVE or comparison.bound == 1)
    if rollup is Rollup.DIRECT:
        return f"{told}: {'yes' if yes else 'no'}"
    one, _ = NOUNS[spec.subject]
    return f"{'at least one' if yes else 'no'} {one} with {told}"


def unit_of(spec: SignalSpec, rollup: Rollup) -> str:
    """Return the unit to be put behind a number, with a space before it; shares and counts need none."""
    timed = spec.unit in _TIMES and rollup not in (Rollup.SHARE, Rollup.COUNT)
    return f" {spec.unit.value}" if timed else ""


def _counted(leaf: ShareOf | CountOf, signals: Signals) -> str:
    spec = _spec(leaf.key, signals)
    many = NOUNS[spec.subject][1] if spec is not None else "subjects"
    unit = unit_of(spec, Rollup.DIRECT) if spec is not None else ""
    how = "share" if isinstance(leaf, ShareOf) else "number"
    told = name(leaf.key, signals)
    own = f"whose own {told} is {compared(leaf.each)}{unit}"
    if spec is not None and leaf.each.holds(Range(spec.low, spec.high)):
        own = f"that have a value for {told}"
    return f"{how} of {many} {own}: {compared(leaf.comparison)}"


def _trend(leaf: TrendOf, signals: Signals) -> str:
    slack = f"{decimal(100 * leaf.tolerance)} %"
    by = f" by more than {slack}" if leaf.tolerance else ""
    within = f" ({slack} is tolerated)" if leaf.tolerance else ""
    moved = {
        Change.FALLING: f"is lower{by} than",
        Change.RISING: f"is higher{by} than",
        Change.NOT_FALLING: f"is not lower{within} than",
        Change.NOT_RISING: f"is not higher{within} than",
    }[leaf.change]
    return f"{name(leaf.key, signals)} {moved} {leaf.over_days} days earlier"


def _said(test: Test) -> str:
    return f" ({test.says})" if test.says else ""


def _spec(key: str, signals: Signals) -> SignalSpec | None:
    return signals.get(split_key(key)[0])
