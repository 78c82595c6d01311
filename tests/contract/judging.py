"""What the laws say of single readings: shape, range, disclosure, and what a fault may leave of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from cnmm_collectors.signals import (
    Absent,
    Disclosure,
    Interval,
    Masses,
    Observed,
    Reading,
    SignalSpec,
    Tally,
    Unit,
    Unknown,
    Value,
)

OF_NO_PERSON = {
    "git.cn_discipline_count": "how many job families changed a component",
    "roster.team_discipline_p50": "the median number of disciplines of all teams",
    "roster.team_size_p50": "the median size of all teams, one number for the organisation",
}
"""Counts of people signals that count something else than people, each with what it counts."""
_NUMBERS = (Unit.RATIO, Unit.COUNT, Unit.DAYS, Unit.HOURS, Unit.MINUTES, Unit.SCORE)


def misshapen(value: Value, spec: SignalSpec) -> Iterator[str]:
    """Yield why a value is none of its signal's unit and range."""
    if isinstance(value, Interval) and spec.unit in (*_NUMBERS, Unit.BOOL):
        if value.low < spec.low or (spec.high is not None and (value.high is None or value.high > spec.high)):
            yield f"{value} outside {spec.low}..{spec.high}"
        return
    if not isinstance(value, _shapes(spec.unit)) or (isinstance(value, bool) and spec.unit is not Unit.BOOL):
        yield f"{type(value).__name__} is no {spec.unit.value}"
    elif spec.unit is Unit.DATE:
        yield from _not_a_date(str(value))
    elif isinstance(value, int | Fraction) and not isinstance(value, bool):
        if value < spec.low or (spec.high is not None and value > spec.high):
            yield f"{value} outside {spec.low}..{spec.high}"
        if (
            spec.unit is Unit.COUNT
            and Fraction(value).denominator != 1
            and not spec.id.endswith(("_p50", "_rate"))
        ):
            yield f"{value} is no whole number"
    elif isinstance(value, Masses) and any(mass < 0 for _, mass in value.items):
        yield "a negative mass"


def _shapes(unit: Unit) -> tuple[type, ...]:
    if unit in _NUMBERS:
        # A ratio may be pooled: the tally of one subject, from which the engine makes the range.
        return (int, Fraction, Tally) if unit is Unit.RATIO else (int, Fraction)
    return {
        Unit.BOOL: (bool,),
        Unit.DATE: (str,),
        Unit.TALLY: (Tally,),
        Unit.MASSES: (Masses,),
        Unit.STATE: (bool, str),
    }[unit]


def _not_a_date(text: str) -> Iterator[str]:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        yield "not an ISO date"


def disclosing(value: Value, spec: SignalSpec, k: int = 5) -> Iterator[str]:
    """Yield why a value of a people signal tells of fewer than k people; no number is repeated."""
    if spec.disclosure is not Disclosure.PEOPLE or spec.id in OF_NO_PERSON:
        return
    cells: list[int | Fraction] = []
    if spec.unit is Unit.COUNT and isinstance(value, int | Fraction):
        cells = [value]
    elif isinstance(value, Tally):
        cells = [value.passed, value.eligible, value.eligible - value.passed]
    elif isinstance(value, Masses) and any(mass != 1 for _, mass in value.items):
        cells = [mass for _, mass in value.items]
    elif spec.unit is Unit.COUNT and isinstance(value, Interval) and value.low == value.high:
        cells = [value.low]
    if any(0 < cell < k for cell in cells):
        yield f"{spec.id} publishes a cell of fewer than {k}"
    if spec.unit is Unit.RATIO and isinstance(value, int | Fraction) and not isinstance(value, bool):
        yield f"{spec.id} publishes an exact share of a group"


def tells_no_more(found: Reading, truth: Reading | None) -> bool:
    """True where a reading under a fault says nothing that the healthy one does not."""
    if isinstance(found, Unknown):
        return True
    if isinstance(found, Absent):
        return isinstance(truth, Absent)
    return isinstance(truth, Observed) and _covers(found.value, truth.value)


def _covers(found: Value, truth: Value) -> bool:
    if found == truth and type(found) is type(truth):
        return True
    if isinstance(found, Interval):
        if isinstance(truth, Interval):
            return found.low <= truth.low and (
                found.high is None or (truth.high is not None and truth.high <= found.high)
            )
        return (
            isinstance(truth, int | Fraction)
            and found.low <= truth
            and (found.high is None or truth <= found.high)
        )
    if isinstance(found, Tally) and isinstance(truth, Tally):
        failed = truth.eligible - truth.passed
        return (
            found.passed <= truth.passed <= found.passed + found.unread
            and found.eligible - found.passed <= failed <= found.eligible - found.passed + found.unread
        )
    if isinstance(found, Masses) and isinstance(truth, Masses):
        return not found.whole and set(found.items) <= set(truth.items)
    return False
