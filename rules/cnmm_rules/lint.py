"""Lint: what a well-formed catalogue can still get wrong, each fault with file, line and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from cnmm_collectors.signals import Rollup, SignalSpec, Unit, split_key
from cnmm_rules.criteria import (
    RATING_ROLES,
    AgeOf,
    Applies,
    Catalogue,
    Compare,
    Confidence,
    CountOf,
    Criterion,
    CriterionRef,
    Leaf,
    Record,
    Role,
    ShareOf,
    TrendOf,
    leaves,
    tests_of,
)
from cnmm_rules.entailment import entails, tighter
from cnmm_rules.equivalence import EQUIVALENT, paid_alone
from cnmm_rules.ranges import COUNT_RANGE, UNIT_RANGE, Operator, Range

KEYS_A_LEVEL = 2
_COUNTED = (Rollup.SUM, Rollup.COUNT, Rollup.DISTINCT, Rollup.DUPLICATED)
_SHARED = (Rollup.SHARE, Rollup.ANY, Rollup.POOLED, Rollup.HHI)
_NUMBERLESS = (Unit.STATE, Unit.DATE)
_TIED = (Operator.ABOVE, Operator.AT_LEAST, Operator.BELOW, Operator.AT_MOST)


def lint(catalogue: Catalogue) -> Iterator[str]:
    """Yield one line for every fault: tests that cannot vary, unsound implications, roles out of place."""
    for row in catalogue.criteria:
        for message in (*_row(row), *_tests(row, catalogue)):
            yield f"{row.where}: {row.id}: {message}"
    yield from _implications(catalogue)
    yield from _keys(catalogue)
    yield from _ladders(catalogue)


def _row(row: Criterion) -> Iterator[str]:
    applies = [item for item in (row.organisation, row.team) if item is not None]
    if row.role in RATING_ROLES and any(item.test is None for item in applies):
        yield "a rated row needs a test"
    if row.confidence is Confidence.WEAK and row.role in RATING_ROLES and row.corroboration is None:
        yield "a weak inference needs `corroboration`, a second independent source"
    if row.retires_at is not None and row.retires_at <= row.level:
        yield f"retires at level {row.retires_at}, which is not above its own"
    if row.id in row.implied_by:
        yield "implies itself"
    for setting in dict.fromkeys(key for item in applies if item.test for key in paid_alone(item.test)):
        yield f"asks for {setting}, sold by plan: let {' or '.join(EQUIVALENT[setting])} count as well"


def _tests(row: Criterion, catalogue: Catalogue) -> Iterator[str]:
    for test in tests_of(row):
        for leaf in leaves(test):
            if isinstance(leaf, CriterionRef):
                if row.role is not Role.DERIVED:
                    yield "only derived rows may ask for another row"
            elif not isinstance(leaf, Record):
                yield from _leaf(leaf, catalogue.signals[split_key(leaf.key)[0]])


def _leaf(leaf: Leaf, spec: SignalSpec) -> Iterator[str]:
    match leaf:
        case Compare():
            yield from _compare(leaf, spec)
        case ShareOf() | CountOf():
            yield from _each(leaf, spec)
        case AgeOf():
            if spec.unit is not Unit.DATE:
                yield f"age_of needs a date signal, {leaf.key} is in {spec.unit.value}"
            yield from _varies(leaf.key, str(leaf.comparison), leaf.comparison.holds(COUNT_RANGE))
        case TrendOf() if spec.unit in _NUMBERLESS:
            yield f"{leaf.key} has no trend"


def _compare(leaf: Compare, spec: SignalSpec) -> Iterator[str]:
    rollup = leaf.rollup or spec.rollup
    if spec.unit is Unit.STATE:
        yield f"{leaf.key} is a state: use record, not a comparison"
    elif spec.unit is Unit.DATE:
        yield f"{leaf.key} is a date: use age_of"
    elif spec.unit is Unit.MASSES and rollup not in (Rollup.HHI, *_COUNTED):
        yield f"{leaf.key} holds labels: only hhi, distinct and duplicated read them"
    else:
        yield from _varies(leaf.key, str(leaf.comparison), leaf.comparison.holds(widest(spec, rollup)))


def _each(leaf: ShareOf | CountOf, spec: SignalSpec) -> Iterator[str]:
    """`each` that is always true is allowed in a count alone: it counts who is measured at all."""
    if spec.unit in (Unit.MASSES, *_NUMBERLESS):
        yield f"{leaf.key} has no number for each subject"
        return
    each = leaf.each.holds(Range(spec.low, spec.high))
    if isinstance(leaf, ShareOf) or each is False:
        yield from _varies(leaf.key, f"each {leaf.each}", each)
    whole = UNIT_RANGE if isinstance(leaf, ShareOf) else COUNT_RANGE
    yield from _varies(leaf.key, str(leaf.comparison), leaf.comparison.holds(whole))


def widest(spec: SignalSpec, rollup: Rollup) -> Range:
    """Return the range a roll-up of the signal can take before anything is read."""
    if rollup in _COUNTED:
        return COUNT_RANGE
    if rollup in _SHARED:
        return UNIT_RANGE
    return Range(spec.low, spec.high)


def _varies(key: str, shown: str, verdict: bool | None) -> Iterator[str]:
    if verdict is not None:
        word = "true" if verdict else "false"
        yield f"{key} {shown} is always {word}: put the threshold inside the signal's range"


def _implications(catalogue: Catalogue) -> Iterator[str]:
    rows = {row.id: row for row in catalogue.criteria}
    for row in catalogue.criteria:
        for name in row.implied_by:
            for mine, theirs, who in _pairs(row, rows[name]):
                if mine.test is None or theirs.test is None or not entails(theirs.test, mine.test):
                    yield (
                        f"{row.where}: {row.id}: implied by {name}, but its test does not entail "
                        f"this one for the {who}: delete the implication or strengthen {name}"
                    )


def _pairs(row: Criterion, other: Criterion) -> Iterator[tuple[Applies, Applies, str]]:
    if row.organisation is not None and other.organisation is not None:
        yield row.organisation, other.organisation, "organisation"
    if row.team is not None and other.team is not None:
        yield row.team, other.team, "team"


def _keys(catalogue: Catalogue) -> Iterator[str]:
    counts = Counter((row.section, row.level) for row in catalogue.criteria if row.role is Role.KEY)
    for (section, level), count in sorted(counts.items()):
        if count > KEYS_A_LEVEL:
            yield f"{section}.yaml:1:1: level {level} has {count} key rows: {KEYS_A_LEVEL} at most"


def _ladders(catalogue: Catalogue) -> Iterator[str]:
    """A number asked of a signal at one level may not be stricter than the same signal's at a higher one."""
    asked: dict[tuple[str, str], list[tuple[Criterion, Compare]]] = {}
    for row in catalogue.criteria:
        if row.role not in RATING_ROLES or row.organisation is None or row.level == 0:
            continue
        test = row.organisation.test
        if isinstance(test, Compare) and test.comparison.operator in _TIED:
            asked.setdefault((row.section, test.key), []).append((row, test))
    for pairs in asked.values():
        for low, mine in pairs:
            for high, other in pairs:
                if low.level < high.level and low.retires_at is None and _stricter(mine, other):
                    yield (
                        f"{low.where}: {low.id}: {mine.key} {mine.comparison} is stricter "
                        f"than {other.comparison} at level {high.level}"
                    )


def _stricter(mine: Compare, other: Compare) -> bool:
    return tighter(mine.comparison, other.comparison) and mine.comparison != other.comparison


def prompts(catalogue: Catalogue) -> int:
    """Return how many pieces of counter-evidence are left to the auditor as prompts without effect."""
    return sum(len(row.prompts) for row in catalogue.criteria)


def share_on_convention(catalogue: Catalogue) -> Fraction:
    """Return the share of rating weight whose reason names convention."""
    rating = [row for row in catalogue.criteria if row.role in RATING_ROLES]
    total = sum((row.weight for row in rating), Fraction(0)) or Fraction(1)
    custom = sum((row.weight for row in rating if "convention" in row.reason.lower()), Fraction(0))
    return custom / total
