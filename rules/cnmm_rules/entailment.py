"""Entailment: whether one test being true leaves another no way to be false."""

from __future__ import annotations

from cnmm_rules.criteria import (
    AgeOf,
    AllOf,
    Compare,
    CountOf,
    NOf,
    Present,
    Record,
    RecordKind,
    ShareOf,
    Test,
    TrendOf,
)
from cnmm_rules.ranges import Comparison, Operator, exact


def entails(strong: Test, weak: Test) -> bool:
    """True where `strong` cannot hold without `weak`, by the shape of both tests and their numbers."""
    if isinstance(weak, AllOf):
        return all(entails(strong, part) for part in weak.tests)
    if isinstance(weak, NOf):
        if sum(entails(strong, part) for part in weak.tests) >= weak.n:
            return True
        if isinstance(strong, AllOf):
            return any(entails(part, weak) for part in strong.tests)
        return isinstance(strong, NOf) and _branches(strong, weak)
    if isinstance(strong, AllOf):
        return any(entails(part, weak) for part in strong.tests)
    if isinstance(strong, NOf):
        return _branches(strong, weak)
    return _leaf(strong, weak)


def _branches(strong: NOf, weak: Test) -> bool:
    """Any n branches hold one that entails: so fewer than n may fail to."""
    return sum(not entails(part, weak) for part in strong.tests) < strong.n


def _leaf(strong: Test, weak: Test) -> bool:
    match strong, weak:
        case Compare(), Compare():
            same = strong.key == weak.key and strong.rollup == weak.rollup
            return same and tighter(strong.comparison, weak.comparison)
        case (ShareOf() | CountOf(), ShareOf() | CountOf()):
            same = type(strong) is type(weak) and strong.key == weak.key
            each = tighter(strong.each, weak.each)
            return same and each and tighter(strong.comparison, weak.comparison)
        case AgeOf(), AgeOf():
            return strong.key == weak.key and tighter(strong.comparison, weak.comparison)
        case Record(), Record():
            kind = weak.kind in (strong.kind, RecordKind.EITHER)
            return strong.name == weak.name and kind and strong.at_most <= weak.at_most
        case (Present(), Present()) | (TrendOf(), TrendOf()):
            return strong == weak
    return False


def tighter(strong: Comparison, weak: Comparison) -> bool:
    """True where every number that passes `strong` passes `weak`."""
    s, w, bound = strong.operator, weak.operator, weak.bound
    if s is Operator.EQUALS:
        return _passes(weak, strong)
    lower = (Operator.ABOVE, Operator.AT_LEAST)
    upper = (Operator.BELOW, Operator.AT_MOST)
    if w in lower and s in lower:
        return strong.bound > bound or (strong.bound == bound and (s is w or s is Operator.ABOVE))
    if w in upper and s in upper:
        return strong.bound < bound or (strong.bound == bound and (s is w or s is Operator.BELOW))
    if s is Operator.BETWEEN and strong.upper is not None:
        if w in lower:
            return strong.bound > bound or (strong.bound == bound and w is Operator.AT_LEAST)
        if w in upper:
            return strong.upper < bound or (strong.upper == bound and w is Operator.AT_MOST)
        if w is Operator.BETWEEN and weak.upper is not None:
            return strong.bound >= bound and strong.upper <= weak.upper
    return False


def _passes(weak: Comparison, value: Comparison) -> bool:
    return weak.holds(exact(value.bound)) is True
