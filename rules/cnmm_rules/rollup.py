"""Roll-ups: many readings, some of them missing, become one honest range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from cnmm_collectors.signals import (
    Absence,
    Gap,
    Interval,
    Masses,
    Observation,
    Rollup,
    SignalSpec,
    State,
    Tally,
    Value,
)
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.index import Index, Leaf, Reading, Resolved
from cnmm_rules.ranges import COUNT_RANGE, UNIT_RANGE, Comparison, Range, exact

_Holds = Callable[[Range], bool | None]
UNDECLARED = "nobody declares how many there are"
"""The detail of the gap that only a complete listing or a declared scope closes."""
CITED = 20
"""How many citations a finding carries at most; the rest is in the bundle."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """One signal over one organisation or team.

    `seen` parents (repositories, clusters) or teams were read, of `declared` (None: nobody says).
    `eligible` counts components, or teams, that were read and belong to the population. `evidence` is
    cited failing first, `cited` the total number of citations. `gaps` counts why the rest is unknown.
    """

    range: Range
    seen: int = 0
    declared: int | None = None
    eligible: int = 0
    evidence: tuple[str, ...] = ()
    cited: int = 0
    gaps: tuple[tuple[Gap, int, str], ...] = ()
    contested: bool = False
    conflict: bool = False


@dataclass(slots=True)
class _Pile:
    """Readings of one roll-up, sorted into what they mean for it."""

    spec: SignalSpec
    as_of: date
    values: list[tuple[Leaf, Value, tuple[str, ...]]] = field(default_factory=list)
    observed: list[tuple[str, ...]] = field(default_factory=list)
    ineligible: list[tuple[str, ...]] = field(default_factory=list)
    unread: list[Leaf] = field(default_factory=list)
    hidden: int = 0
    open: bool = False
    declared: int | None = None
    eligible: int = 0
    sizes: Counter[Subject] = field(default_factory=Counter)
    gaps: Counter[tuple[Gap, str]] = field(default_factory=Counter)
    contested: bool = False
    conflict: bool = False
    answers: dict[_Holds, list[bool | None]] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        return bool(self.unread) or self.hidden > 0 or self.open

    @property
    def widest(self) -> Range:
        return Range(self.spec.low, self.spec.high)

    def verdicts(self, holds: _Holds) -> list[bool | None]:
        """Return the answer for each value, in order; equal values are asked once."""
        found = self.answers.get(holds)
        if found is not None:
            return found
        known: dict[Value, bool | None] = {}
        found = self.answers[holds] = []
        for _, value, _ in self.values:
            if value not in known:
                known[value] = holds(span(value))
            found.append(known[value])
        return found


def gather(index: Index, key: str, scope: Subject, window_days: int | None) -> _Pile:
    """Sort the readings of a signal within a scope into values, ineligible, unread and hidden."""
    spec = index.spec(key)
    pile = _Pile(spec, index.facts.as_of)
    direct = spec.subject in (SubjectKind.ORG, SubjectKind.POPULATION) or spec.subject is scope.kind
    if direct:
        leaves: tuple[Leaf, ...] = (_direct_leaf(index, key, spec, scope),)
    else:
        units = index.units(scope, spec.subject)
        leaves, pile.hidden, pile.open = units.leaves, units.hidden, units.open
        pile.declared = units.declared
    window = window_days if window_days is not None else spec.window_days
    stale = index.stale(window) if window is not None else frozenset()
    pile.sizes = Counter(leaf.parent for leaf in leaves)
    readings = index.readings(key)
    whole = spec.subject is not SubjectKind.REPO
    for leaf in leaves:
        reading = readings.get(leaf.subject)
        if whole and type(reading) is Observation and type(reading.value) is bool and not stale:
            # The common case of large organisations, kept free of calls.
            pile.values.append((leaf, reading.value, reading.evidence))
            pile.observed.append(reading.evidence)
            pile.eligible += 1
        elif reading is None:
            pile.unread.append(leaf)
            pile.gaps[Gap.NOT_COLLECTED, ""] += 1
        elif reading.state is State.UNKNOWN or (stale and not stale.isdisjoint(reading.evidence)):
            _leave_open(pile, leaf, reading)
        else:
            _take(pile, index, leaf, reading)
    return pile


def _direct_leaf(index: Index, key: str, spec: SignalSpec, scope: Subject) -> Leaf:
    place = _place(index, key, spec, scope)
    return Leaf(place, 1, place)


def _place(index: Index, key: str, spec: SignalSpec, scope: Subject) -> Subject:
    """Organisation-wide facts bind every team; a population's reading is found by its kind."""
    if spec.subject is scope.kind:
        return scope
    if spec.subject is SubjectKind.POPULATION:
        return next(iter(sorted(index.readings(key))), index.facts.org)
    return index.facts.org


def _leave_open(pile: _Pile, leaf: Leaf, reading: Reading) -> None:
    pile.unread.append(leaf)
    old = reading.state is not State.UNKNOWN
    pile.gaps[Gap.STALE if old else reading.gap or Gap.NOT_COLLECTED, "" if old else reading.detail] += 1
    if isinstance(reading, Resolved):
        pile.contested = pile.contested or reading.contested


def _take(pile: _Pile, index: Index, leaf: Leaf, reading: Reading) -> None:
    if isinstance(reading, Resolved) and reading.conflict:
        pile.conflict = True
    if reading.state is State.ABSENT and pile.spec.absent is Absence.INELIGIBLE:
        pile.ineligible.append(reading.evidence)
        return
    value: Value = reading.value if reading.value is not None else 0
    if isinstance(value, Tally) and value.eligible + value.unread == 0:
        pile.ineligible.append(reading.evidence)
        return
    pile.values.append((leaf, value, reading.evidence))
    if reading.state is State.OBSERVED:
        pile.observed.append(reading.evidence)
    pile.eligible += index.components(leaf.subject) if leaf.subject.kind is SubjectKind.REPO else 1


def span(value: Value) -> Range:
    """Return the range one reading stands for: booleans 0/1, dates as day numbers, tallies as shares."""
    if isinstance(value, bool | int | Fraction):
        return exact(Fraction(value))
    if isinstance(value, Interval):
        return Range(value.low, value.high)
    if isinstance(value, Tally):
        total = value.eligible + value.unread
        return Range(Fraction(value.passed, total), Fraction(value.passed + value.unread, total))
    if isinstance(value, str):
        return exact(date.fromisoformat(value[:10]).toordinal())
    raise TypeError("labels have no number; only hhi, distinct and duplicated read them")


def roll(index: Index, key: str, scope: Subject, how: Rollup | None, window: int | None) -> Rolled:
    """Return the rolled-up range of a signal for an organisation or a team."""
    pile = gather(index, key, scope, window)
    rollup = how or pile.spec.rollup
    return _finish(pile, _ROLLUPS[rollup](pile), _order(pile, rollup))


def roll_share(index: Index, key: str, scope: Subject, each: Comparison, window: int | None) -> Rolled:
    """Return the share of subjects whose own reading passes `each`."""
    pile = gather(index, key, scope, window)
    return _finish(pile, _share(pile, each.holds), _failing_first(pile, each.holds))


def roll_count(index: Index, key: str, scope: Subject, each: Comparison, window: int | None) -> Rolled:
    """Return the number of subjects whose own reading passes `each`."""
    pile = gather(index, key, scope, window)
    return _finish(pile, _count(pile, each.holds), _passing_first(pile, each.holds))


def roll_present(index: Index, key: str, scope: Subject, window: int | None) -> Rolled:
    """Return 1 once anything was observed, 0 where all was read and nothing is there, else 0..1."""
    pile = gather(index, key, scope, window)
    if pile.observed:
        return _finish(pile, exact(1), pile.observed)
    absent = pile.ineligible + [evidence for _, _, evidence in pile.values]
    return _finish(pile, UNIT_RANGE if pile.partial else exact(0), absent)


def _finish(pile: _Pile, value: Range, ordered: list[tuple[str, ...]]) -> Rolled:
    flat: dict[str, None] = {}
    for evidence in ordered:
        if len(flat) >= CITED:
            break
        flat.update(dict.fromkeys(evidence))
    unread = Counter(leaf.parent for leaf in pile.unread)
    gaps = pile.gaps
    if pile.hidden:
        gaps[Gap.NOT_COLLECTED, "not read at all"] += pile.hidden
    if pile.open:
        gaps[Gap.NOT_COLLECTED, UNDECLARED] += 1
        if not pile.values and not pile.ineligible and not pile.unread:
            gaps[Gap.NOT_COLLECTED, ""] += 1
    return Rolled(
        range=value,
        seen=len(pile.sizes) - sum(pile.sizes[parent] == count for parent, count in unread.items()),
        declared=pile.declared,
        eligible=pile.eligible,
        evidence=tuple(flat)[:CITED],
        cited=sum(len(evidence) for evidence in ordered),
        gaps=tuple((gap, count, detail) for (gap, detail), count in sorted(gaps.items())),
        contested=pile.contested,
        conflict=pile.conflict,
    )


def _truthy(value: Range) -> bool | None:
    if value.low >= 1:
        return True
    return False if value.high is not None and value.high < 1 else None


def _weigh(parts: Counter[int]) -> Fraction:
    return sum((Fraction(count, n) for n, count in parts.items()), Fraction(0))


def _share(pile: _Pile, holds: _Holds) -> Range:
    passed: Counter[int] = Counter()
    failed: Counter[int] = Counter()
    undecided: Counter[int] = Counter(leaf.parts for leaf in pile.unread)
    for (leaf, _, _), verdict in zip(pile.values, pile.verdicts(holds), strict=True):
        pot = passed if verdict else undecided if verdict is None else failed
        pot[leaf.parts] += 1
    if pile.open:
        return UNIT_RANGE
    unread = _weigh(undecided) + pile.hidden
    good = _weigh(passed)
    total = good + _weigh(failed) + unread
    if total == 0:
        return UNIT_RANGE
    return Range(good / total, (good + unread) / total)


def _count(pile: _Pile, holds: _Holds) -> Range:
    verdicts = pile.verdicts(holds)
    low = verdicts.count(True)
    if pile.hidden or pile.open:
        return Range(Fraction(low), None)
    return Range(Fraction(low), Fraction(low + verdicts.count(None) + len(pile.unread)))


def _sum(pile: _Pile) -> Range:
    if not pile.values:
        return COUNT_RANGE
    low = high = Fraction(0)
    open_ = pile.partial
    for value, count in Counter(value for _, value, _ in pile.values).items():
        item = span(value)
        low += count * item.low
        open_ = open_ or item.high is None
        high += count * (item.high or 0)
    return Range(low, None if open_ else high)


def _max(pile: _Pile) -> Range:
    spans = [span(value) for value in {value for _, value, _ in pile.values}]
    if not spans:
        return pile.widest
    highs = [item.high for item in spans]
    low = max(item.low for item in spans)
    if pile.partial or None in highs:
        ceiling = pile.spec.high
        return Range(low, ceiling if ceiling is None or ceiling >= low else None)
    return Range(low, max(high for high in highs if high is not None))


def _min(pile: _Pile) -> Range:
    spans = [span(value) for value in {value for _, value, _ in pile.values}]
    if not spans:
        return pile.widest
    highs = [item.high for item in spans if item.high is not None]
    low = pile.spec.low if pile.partial else min(item.low for item in spans)
    return Range(low, min(highs) if highs else None)


def _newest(pile: _Pile) -> Range:
    today = Fraction(pile.as_of.toordinal())
    days = [span(value).low for value in {value for _, value, _ in pile.values}]
    if not days:
        return Range(Fraction(1), today)
    low = min(max(days), today)
    return Range(low, today if pile.partial else low)


def _any(pile: _Pile) -> Range:
    verdicts = pile.verdicts(_truthy)
    if True in verdicts:
        return exact(1)
    if not verdicts or pile.partial or None in verdicts:
        return UNIT_RANGE
    return exact(0)


def _mean(pile: _Pile) -> Range:
    if pile.open or pile.spec.high is None:
        return pile.widest
    lows = highs = weight = Fraction(0)
    for (value, parts), count in Counter((value, leaf.parts) for leaf, value, _ in pile.values).items():
        part = Fraction(count, parts)
        item = span(value)
        lows += part * item.low
        highs += part * (pile.spec.high if item.high is None else item.high)
        weight += part
    unread = _weigh(Counter(leaf.parts for leaf in pile.unread)) + pile.hidden
    total = weight + unread
    if total == 0:
        return pile.widest
    return Range((lows + unread * pile.spec.low) / total, (highs + unread * pile.spec.high) / total)


def _median(pile: _Pile) -> Range:
    if pile.open:
        return pile.widest
    counted = Counter((value, leaf.parts) for leaf, value, _ in pile.values)
    known = [(span(value), Fraction(count, parts)) for (value, parts), count in counted.items()]
    unread = _weigh(Counter(leaf.parts for leaf in pile.unread)) + pile.hidden
    if not known and unread == 0:
        return pile.widest
    lows = [(item.low, weight) for item, weight in known] + [(pile.spec.low, unread)]
    ceiling = pile.spec.high
    highs = [(ceiling if item.high is None else item.high, weight) for item, weight in known]
    low = _weighted_median([(value, weight) for value, weight in lows if weight])
    high = _weighted_median([(value, weight) for value, weight in [*highs, (ceiling, unread)] if weight])
    return Range(low if low is not None else pile.spec.low, high)


def _weighted_median(items: list[tuple[Fraction | None, Fraction]]) -> Fraction | None:
    """Return the lower weighted median; None sorts as infinity."""
    half = sum((weight for _, weight in items), Fraction(0)) / 2
    reached = Fraction(0)
    for value, weight in sorted(items, key=lambda item: (item[0] is None, item[0] or Fraction(0))):
        reached += weight
        if reached >= half:
            return value
    return None


def _pooled(pile: _Pile) -> Range:
    tallies = [value for _, value, _ in pile.values if isinstance(value, Tally)]
    passed = sum(item.passed for item in tallies)
    unread = sum(item.unread for item in tallies)
    total = sum(item.eligible for item in tallies) + unread
    if pile.partial or total == 0:
        return UNIT_RANGE
    return Range(Fraction(passed, total), Fraction(passed + unread, total))


def _labels(pile: _Pile) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, value, _ in pile.values:
        if isinstance(value, Masses):
            found.update(dict(value.items))
    return found


def _hhi(pile: _Pile) -> Range:
    masses = _labels(pile)
    total = sum(masses.values())
    if pile.partial or total == 0:
        return UNIT_RANGE
    return exact(sum((Fraction(mass, total) ** 2 for mass in masses.values()), Fraction(0)))


def _distinct(pile: _Pile) -> Range:
    low = Fraction(len(_labels(pile)))
    return Range(low, None if pile.partial else low)


def _duplicated(pile: _Pile) -> Range:
    groups = Counter(label.partition("/")[0] for label in _labels(pile))
    low = Fraction(sum(count > 1 for count in groups.values()))
    return Range(low, None if pile.partial else low)


def _direct(pile: _Pile) -> Range:
    return span(pile.values[0][1]) if pile.values else pile.widest


_ROLLUPS: dict[Rollup, Callable[[_Pile], Range]] = {
    Rollup.SHARE: lambda pile: _share(pile, _truthy),
    Rollup.COUNT: lambda pile: _count(pile, _truthy),
    Rollup.SUM: _sum,
    Rollup.MAX: _max,
    Rollup.MIN: _min,
    Rollup.ANY: _any,
    Rollup.MEAN: _mean,
    Rollup.P50: _median,
    Rollup.NEWEST: _newest,
    Rollup.POOLED: _pooled,
    Rollup.HHI: _hhi,
    Rollup.DISTINCT: _distinct,
    Rollup.DUPLICATED: _duplicated,
    Rollup.DIRECT: _direct,
}


def _order(pile: _Pile, rollup: Rollup) -> list[tuple[str, ...]]:
    if rollup in (Rollup.SHARE, Rollup.MEAN):
        return _failing_first(pile, _truthy)
    if rollup in (Rollup.COUNT, Rollup.ANY):
        return _passing_first(pile, _truthy)
    if rollup in (Rollup.MAX, Rollup.NEWEST, Rollup.SUM):
        lows = {value: span(value).low for value in {value for _, value, _ in pile.values}}
        ranked = sorted(pile.values, key=lambda item: -lows[item[1]])
        return [evidence for _, _, evidence in ranked] or pile.ineligible
    return [evidence for _, _, evidence in pile.values] or pile.ineligible


def _failing_first(pile: _Pile, holds: _Holds) -> list[tuple[str, ...]]:
    failing: list[tuple[str, ...]] = []
    other: list[tuple[str, ...]] = []
    for (_, _, evidence), verdict in zip(pile.values, pile.verdicts(holds), strict=True):
        (failing if verdict is False else other).append(evidence)
    return failing + other


def _passing_first(pile: _Pile, holds: _Holds) -> list[tuple[str, ...]]:
    passing: list[tuple[str, ...]] = []
    other: list[tuple[str, ...]] = []
    for (_, _, evidence), verdict in zip(pile.values, pile.verdicts(holds), strict=True):
        (passing if verdict is True else other).append(evidence)
    return passing + other + pile.ineligible
