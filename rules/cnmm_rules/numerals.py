"""Exact numbers and tests as the output contract spells them: decimals, rounded to the cautious side."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from cnmm_rules.estimates import CONFIDENCE
from cnmm_rules.predicates import Leafed
from cnmm_rules.ranges import Range


def test_to_json(test: Leafed) -> dict[str, Any]:
    """Return one reading test with range beside threshold; unbounded is null."""
    low, high = bounds(test.rolled.range)
    record: dict[str, Any] = {
        "signal": test.signal,
        "threshold": test.threshold,
        "low": low,
        "high": high,
        "seen": test.rolled.seen,
        "declared": test.rolled.declared,
        "answer": {True: "true", False: "false", None: "unknown"}[test.truth],
    }
    estimate = test.rolled.estimate
    if estimate is not None:
        record["estimate"] = {
            "value": number(estimate.value), "low": number(estimate.low, up=False),
            "high": number(estimate.high, up=True), "confidence": number(CONFIDENCE),
            "drawn": estimate.drawn, "of": estimate.of,
        }  # fmt: skip
    if test.counter:
        record["counter"] = True
    if test.claimed:
        record["claimed"] = True
    if test.says:
        record["says"] = test.says
    return record


def bounds(value: Range) -> tuple[int | float, int | float | None]:
    """Return the range as decimals of at most six places: low rounded down, high rounded up, null
    unbounded."""
    low = number(value.low, up=False)
    return low, None if value.high is None else number(value.high, up=True)


def number(value: Fraction, *, up: bool | None = None) -> int | float:
    """Return an exact number as an int, or a decimal of six places: floor, ceiling or nearest."""
    if value.denominator == 1:
        return value.numerator
    scaled = value * 1_000_000
    if up is None:
        rounded = round(scaled)
    else:
        rounded = -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator
    return rounded / 1_000_000
