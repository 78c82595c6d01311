"""Ranges and comparisons: exact numbers that may be partly unseen, and three-valued answers about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

Truth = bool | None
"""True, False, or None for unknown (Kleene)."""


@dataclass(frozen=True, slots=True)
class Range:
    """The true value lies in low..high; `high` None where nothing bounds it."""

    low: Fraction
    high: Fraction | None

    @property
    def exact(self) -> bool:
        """True where nothing is left open."""
        return self.low == self.high


UNIT_RANGE = Range(Fraction(0), Fraction(1))
COUNT_RANGE = Range(Fraction(0), None)


def exact(value: Fraction | int) -> Range:
    """Return the range that holds one value."""
    return Range(Fraction(value), Fraction(value))


class Operator(StrEnum):
    """The closed set of comparisons."""

    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"
    EQUALS = "equals"
    BETWEEN = "between"


_SYMBOLS = {
    Operator.ABOVE: ">",
    Operator.AT_LEAST: ">=",
    Operator.BELOW: "<",
    Operator.AT_MOST: "<=",
    Operator.EQUALS: "=",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison with exact bounds; `upper` is used by `between` alone, which includes both ends."""

    operator: Operator
    bound: Fraction
    upper: Fraction | None = None

    def holds(self, value: Range) -> Truth:
        """Return True only if the whole range passes, False only if the whole range fails."""
        low, high, bound = value.low, value.high, self.bound
        match self.operator:
            case Operator.ABOVE:
                return _decide(low > bound, high is not None and high <= bound)
            case Operator.AT_LEAST:
                return _decide(low >= bound, high is not None and high < bound)
            case Operator.BELOW:
                return _decide(high is not None and high < bound, low >= bound)
            case Operator.AT_MOST:
                return _decide(high is not None and high <= bound, low > bound)
            case Operator.EQUALS:
                outside = low > bound or (high is not None and high < bound)
                return _decide(low == high == bound, outside)
            case Operator.BETWEEN:
                upper = self.upper if self.upper is not None else bound
                outside = low > upper or (high is not None and high < bound)
                return _decide(low >= bound and high is not None and high <= upper, outside)

    def __str__(self) -> str:
        if self.operator is Operator.BETWEEN:
            return f"{decimal(self.bound)} to {decimal(self.upper or self.bound)}"
        return f"{_SYMBOLS[self.operator]} {decimal(self.bound)}"


def _decide(passes: bool, fails: bool) -> Truth:
    if passes:
        return True
    return False if fails else None


def decimal(value: Fraction) -> str:
    """Return the number as people write it, at most six decimals, no trailing zeros."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def kleene_all(values: list[Truth]) -> Truth:
    """False if one is false, else unknown if one is unknown, else true."""
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True


def kleene_at_least(n: int, values: list[Truth]) -> Truth:
    """True once n are true, false once n can no longer be reached, else unknown."""
    passed = sum(value is True for value in values)
    open_ = sum(value is None for value in values)
    if passed >= n:
        return True
    return False if passed + open_ < n else None
