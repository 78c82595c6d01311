"""Readings of one signal within a scope, sorted into what they mean for its roll-up."""

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
    SignalSpec,
    State,
    Tally,
    Value,
)
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.index import Index, Leaf
from cnmm_rules.ranges import Range, exact
from cnmm_rules.resolution import Reading, Resolved

Holds = Callable[[Range], bool | None]
AT_LEAST = "these were seen; there may be more"
"""The detail of the gap that a list of names leaves which could not be read to its end."""
_NOT_DRAWN = (Gap.SAMPLED_OUT, "not sampled (budget)")


@dataclass(slots=True)
class Pile:
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
    conflict: int = 0
    cut: bool = False
    drawn: frozenset[Subject] | None = None
    answers: dict[Holds, list[bool | None]] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        return bool(self.unread) or self.hidden > 0 or self.open or self.cut

    def leaves_out(self, parent: Subject) -> bool:
        """True for a repository that is not in the sample of which alone something was read."""
        return self.drawn is not None and parent not in self.drawn

    def name_gaps(self) -> Counter[tuple[Gap, str]]:
        """Return why something is open, with those of which nothing at all was read."""
        found = Counter(self.gaps)
        # Of what was not drawn nobody was meant to read anything.
        skipped = 0 if self.drawn is None else max(0, (self.declared or 0) - len(self.drawn))
        skipped = min(self.hidden, skipped)
        found[_NOT_DRAWN] += skipped
        found[Gap.NOT_COLLECTED, "not read at all"] += self.hidden - skipped
        return +found

    @property
    def widest(self) -> Range:
        return Range(self.spec.low, self.spec.high)

    def verdicts(self, holds: Holds) -> list[bool | None]:
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


def gather(index: Index, key: str, scope: Subject, window_days: int | None) -> Pile:
    """Sort the readings of a signal within a scope into values, ineligible, unread and hidden."""
    spec = index.spec(key)
    pile = Pile(spec, index.facts.as_of)
    direct = spec.subject in (SubjectKind.ORG, SubjectKind.POPULATION) or spec.subject is scope.kind
    if direct:
        leaves: tuple[Leaf, ...] = (_direct_leaf(index, key, spec, scope),)
    else:
        units = index.units(scope, spec.subject)
        leaves, pile.hidden, pile.open = units.leaves, units.hidden, units.open
        pile.declared, pile.drawn = units.declared, index.drawn(scope)
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
            pile.gaps[_NOT_DRAWN if pile.leaves_out(leaf.parent) else (Gap.NOT_COLLECTED, "")] += 1
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


def _leave_open(pile: Pile, leaf: Leaf, reading: Reading) -> None:
    pile.unread.append(leaf)
    old = reading.state is not State.UNKNOWN
    pile.gaps[Gap.STALE if old else reading.gap or Gap.NOT_COLLECTED, "" if old else reading.detail] += 1
    if isinstance(reading, Resolved):
        pile.contested = pile.contested or reading.contested


def _take(pile: Pile, index: Index, leaf: Leaf, reading: Reading) -> None:
    if isinstance(reading, Resolved) and reading.conflict:
        pile.conflict += 1
    if reading.state is State.ABSENT and pile.spec.absent is Absence.INELIGIBLE:
        pile.ineligible.append(reading.evidence)
        return
    value: Value = reading.value if reading.value is not None else 0
    if isinstance(value, Tally) and value.eligible + value.unread == 0:
        pile.ineligible.append(reading.evidence)
        return
    if isinstance(value, Masses) and not value.whole:
        pile.cut = True
        pile.gaps[Gap.NOT_VISIBLE, AT_LEAST] += 1
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


def truthy(value: Range) -> bool | None:
    """Say whether a reading counts as a yes; None while its range holds both answers."""
    if value.low >= 1:
        return True
    return False if value.high is not None and value.high < 1 else None


def weigh(parts: Counter[int]) -> Fraction:
    """Return how many repositories the components amount to: one of n weighs 1/n."""
    return sum((Fraction(count, n) for n, count in parts.items()), Fraction(0))
