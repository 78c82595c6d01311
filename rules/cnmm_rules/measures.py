"""Measures of one subject, answered from an index of facts; every answer is computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from cnmm_collectors.signals import Observation, Rollup, SignalSpec, State
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.criteria import RECORD_SIGNALS, Record, RecordKind, record_keys
from cnmm_rules.facts import Facts
from cnmm_rules.index import Index
from cnmm_rules.predicates import RecordState, unread
from cnmm_rules.ranges import Comparison, Range, Truth
from cnmm_rules.rollup import Rolled, roll, roll_count, roll_present, roll_share


@dataclass(slots=True)
class Cache:
    """Roll-ups already made, shared by all rows."""

    rolled: dict[tuple[object, ...], Rolled] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workings:
    """An index of facts, and the roll-ups made of them so far: the same under every catalogue."""

    index: Index
    cache: Cache

    @classmethod
    def of(cls, facts: Facts, signals: Mapping[str, SignalSpec]) -> Workings:
        """Begin with nothing rolled up."""
        return cls(Index(facts, signals), Cache())


@dataclass(frozen=True, slots=True)
class SubjectMeasures:
    """What the facts say about one organisation or team, under one row's evidence window."""

    index: Index
    scope: Subject
    window: int | None
    cache: Cache
    outcomes: Mapping[str, Truth]

    def rolled(self, key: str, rollup: Rollup | None) -> Rolled:
        """Return the rolled-up range of a signal."""
        return self._once("roll", key, rollup, lambda: roll(self.index, key, self.scope, rollup, self.window))

    def rollup(self, key: str) -> Rollup:
        """Return the declared roll-up of a signal."""
        return self.index.spec(key).rollup

    def measured_in(self, key: str) -> SubjectKind:
        """Return the kind of subject a reading of the signal is about."""
        return self.index.spec(key).subject

    def share_of(self, key: str, each: Comparison) -> Rolled:
        """Return the share of subjects whose own reading passes."""
        return self._once(
            "share", key, each, lambda: roll_share(self.index, key, self.scope, each, self.window)
        )

    def count_of(self, key: str, each: Comparison) -> Rolled:
        """Return the number of subjects whose own reading passes."""
        return self._once(
            "count", key, each, lambda: roll_count(self.index, key, self.scope, each, self.window)
        )

    def present(self, key: str) -> Rolled:
        """Return 1 once anything was observed, 0 where everything was read and absent."""
        return self._once(
            "present", key, None, lambda: roll_present(self.index, key, self.scope, self.window)
        )

    def _once(self, form: str, key: str, how: object, make: Callable[[], Rolled]) -> Rolled:
        place = (form, key, self.scope, how, self._window(key))
        found = self.cache.rolled.get(place)
        if found is None:
            found = self.cache.rolled[place] = make()
        return found

    def _window(self, key: str) -> int | None:
        """Return the window that matters: None where nothing is older than it, so that answers are shared."""
        days = self.window if self.window is not None else self.index.spec(key).window_days
        return days if days is not None and self.index.stale(days) else None

    def age_of(self, key: str) -> Rolled:
        """Return the days from the newest date to the audit date."""
        newest = self.rolled(key, Rollup.NEWEST)
        today = Fraction(self.index.facts.as_of.toordinal())
        high = today - newest.range.low
        low = Fraction(0) if newest.range.high is None else today - newest.range.high
        return replace(newest, range=Range(low, high))

    def baseline(self, key: str, over_days: int) -> Range | None:
        """Return the sealed measure nearest to `over_days` ago, at least three quarters as old."""
        as_of = self.index.facts.as_of
        aged = [
            ((as_of - fact.as_of).days, fact)
            for fact in self.index.facts.baseline
            if fact.key == key and fact.subject == self.scope
        ]
        usable = [item for item in aged if 4 * item[0] >= 3 * over_days]
        if not usable:
            return None
        _, fact = min(usable, key=lambda item: (abs(item[0] - over_days), item[1].as_of))
        return Range(fact.low, fact.high)

    def record(self, test: Record) -> RecordState:
        """Return the strongest record of that name: a proven one before a stated one, then the newest."""
        states = [self._record(key) for key in record_keys(test)]
        if all(state.absent for state in states):
            cited = tuple(dict.fromkeys(item for state in states for item in state.rolled.evidence))
            return replace(states[0], rolled=replace(states[0].rolled, evidence=cited, cited=len(cited)))
        return replace(min(states, key=_strength), absent=False)

    def _record(self, key: str) -> RecordState:
        """Return the strongest that any source says of a record: a source adds proof and takes none away.

        What a signed list denies and somebody handed in all the same is contested.
        """
        seen = self.index.sealed(key, self.index.facts.org)
        denied = tuple(item for one in seen if one.state is State.ABSENT for item in one.evidence)
        states = [state for one in seen if (state := self._state(key, one)) is not None]
        if not states:
            if not denied:
                return RecordState(None, False, unread("no such record was supplied"))
            none = Rolled(Range(Fraction(0), Fraction(0)), 1, 1, 1, denied, len(denied))
            return RecordState(None, False, none, absent=True)
        best = min(states, key=_strength)
        # The file itself is cited beside what proves it, and beside what denies it.
        others = (item for state in states for item in state.rolled.evidence)
        cited = tuple(dict.fromkeys((*best.rolled.evidence, *others, *denied)))
        told = replace(best.rolled, evidence=cited, cited=len(cited), contested=bool(denied))
        return replace(best, rolled=told)

    def _state(self, key: str, reading: Observation) -> RecordState | None:
        if reading.state is not State.OBSERVED or not isinstance(reading.value, str):
            return None
        word, _, day = reading.value.partition(" ")
        age = (self.index.facts.as_of - date.fromisoformat(day)).days
        seen = Rolled(Range(Fraction(age), Fraction(age)), 1, 1, 1, reading.evidence, len(reading.evidence))
        proven = word == "proven" and bool(reading.evidence)
        return RecordState(age, proven, seen, key.startswith(RECORD_SIGNALS[RecordKind.ARTEFACT]))

    def criterion(self, name: str) -> Truth:
        """Return another row's finding for this subject: met, unmet, else unknown."""
        return self.outcomes.get(name)


def _strength(state: RecordState) -> tuple[bool, bool, bool, bool, int]:
    """Order records: proven before stated, undisputed before contested, there before not, then the newest."""
    gone = state.age_days is None
    return not state.proven, state.rolled.contested, gone, state.absent, state.age_days or 0
