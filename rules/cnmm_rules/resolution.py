"""What all sources together say of one signal: the strongest counts, equals that differ are contested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeGuard, cast

from cnmm_collectors.signals import Gap, Interval, Masses, Observation, SignalSpec, State, Tally, Value
from cnmm_collectors.subjects import Subject


@dataclass(frozen=True, slots=True)
class Resolved:
    """What all sources together say of one signal about one subject.

    `value` is None unless state is OBSERVED. `contested`: sources of equal force differ, state UNKNOWN.
    `conflict`: a weaker source differs from the one that counts.
    """

    state: State
    value: Value | None
    evidence: tuple[str, ...]
    gap: Gap | None = None
    detail: str = ""
    contested: bool = False
    conflict: bool = False


Reading = Observation | Resolved
"""One source's sealed reading where only one can answer, else what all sources say together."""


def resolve(readings: list[Observation], spec: SignalSpec) -> Resolved:
    """Return the reading of the strongest source; weaker ones never replace a stronger that is unread."""
    best = min(source.rank for source in spec.sources)
    strongest = [reading for reading in readings if spec.rank(reading.source) == best]
    answered = [reading for reading in strongest if reading.state is not State.UNKNOWN]
    evidence = tuple(dict.fromkeys(item for reading in readings for item in reading.evidence))
    if not answered:
        first = (strongest or readings)[0]
        gap = first.gap if strongest and first.gap else Gap.NOT_COLLECTED
        detail = first.detail if strongest else "a stronger source was not read"
        return Resolved(State.UNKNOWN, None, evidence, gap, detail)
    answered = [one for one in answered if spec.adds(one.source) and one.value is True] or answered
    first = answered[0]
    if any(_differs(first, other) for other in answered[1:]):
        return Resolved(State.UNKNOWN, None, evidence, Gap.MALFORMED, "sources disagree", contested=True)
    weaker = [reading for reading in readings if reading not in strongest]
    conflict = any(_contradicts(first, other) for other in weaker if other.state is not State.UNKNOWN)
    return Resolved(first.state, first.value, first.evidence, conflict=conflict)


def _differs(one: Observation, other: Observation) -> bool:
    return (one.state, one.value) != (other.state, other.value)


def _contradicts(one: Observation, other: Observation) -> bool:
    """True where two readings cannot both hold: what is only told in part may agree with what is told."""
    if not _differs(one, other):
        return False
    if one.value is None or other.value is None:
        return True
    if isinstance(one.value, Masses) and isinstance(other.value, Masses):
        few, many = sorted((one.value, other.value), key=lambda held: held.whole)
        return few.whole or not set(few.items) <= set(many.items)
    mine, theirs = _ends(one.value), _ends(other.value)
    if mine is None or theirs is None:
        return True
    (low, high), (least, most) = mine, theirs
    return (high is not None and high < least) or (most is not None and most < low)


def _ends(value: Value) -> tuple[Fraction, Fraction | None] | None:
    """Return the lowest and highest number a value may stand for, None for what is no number."""
    if isinstance(value, Interval):
        return value.low, value.high
    if isinstance(value, Tally):
        total = value.eligible + value.unread or 1
        return Fraction(value.passed, total), Fraction(value.passed + value.unread, total)
    return (Fraction(value), Fraction(value)) if isinstance(value, int | Fraction) else None


def resolve_all(
    readings: Mapping[Subject, Observation | list[Observation]], spec: SignalSpec
) -> Mapping[Subject, Reading]:
    """Return the reading of each subject, resolved over all sources of one signal."""
    best = min(source.rank for source in spec.sources)
    weaker = {source.name for source in spec.sources if source.rank != best}

    def stands(seen: Observation | list[Observation]) -> TypeGuard[Observation]:
        return isinstance(seen, Observation) and seen.source not in weaker

    if all(map(stands, readings.values())):
        # One reading of the strongest source each, as nearly everywhere: nothing to resolve, nothing to copy.
        return cast("Mapping[Subject, Observation]", readings)
    return {
        subject: seen if stands(seen) else resolve(seen if isinstance(seen, list) else [seen], spec)
        for subject, seen in readings.items()
    }


def group(observations: Iterable[Observation]) -> dict[Subject, Observation | list[Observation]]:
    """Return the readings of one signal by subject; those of several sources as a list in one order."""
    readings: dict[Subject, Observation | list[Observation]] = {}
    for observation in observations:
        earlier = readings.setdefault(observation.subject, observation)
        if earlier is observation:
            continue
        if isinstance(earlier, list):
            earlier.append(observation)
        else:
            readings[observation.subject] = [earlier, observation]
    for seen in readings.values():
        if isinstance(seen, list):
            seen.sort(key=lambda item: (item.source, str(item.to_json())))
    return readings
