"""What a random sample of repositories says of all of them: beside the range, and deciding nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, comb, floor

from cnmm_collectors.subjects import Subject
from cnmm_rules.pile import Holds, Pile, weigh

CONFIDENCE = Fraction(95, 100)
_TAIL = 40
"""One over the chance that is left out at either end."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share of the whole as a sample of `drawn` of `of` repositories shows it.

    The true share lies in low..high unless the draw was one of the least likely twentieth.
    """

    value: Fraction
    low: Fraction
    high: Fraction
    drawn: int
    of: int


def estimate_share(pile: Pile, holds: Holds) -> Estimate | None:
    """Return the share among drawn repositories with its interval; None where nothing was left out.

    A drawn repository that could not be read counts at either end. What an ineligible repository takes from
    the whole is not known, so the whole is taken too large, which only widens the interval.
    """
    drawn = pile.drawn
    if not drawn or pile.open or pile.declared is None or not _left_out(pile, drawn):
        return None
    passed: Counter[int] = Counter()
    failed: Counter[int] = Counter()
    unread: Counter[int] = Counter(leaf.parts for leaf in pile.unread if leaf.parent in drawn)
    for (leaf, _, _), verdict in zip(pile.values, pile.verdicts(holds), strict=True):
        if leaf.parent in drawn:
            (passed if verdict else unread if verdict is None else failed)[leaf.parts] += 1
    good, bad = weigh(passed), weigh(failed)
    lost = weigh(unread) + len(drawn - pile.sizes.keys())
    if good + bad == 0:
        return None
    whole, seen = pile.declared, good + bad + lost
    low = _lowest(whole, min(whole, ceil(seen)), floor(good))
    high = _highest(whole, max(1, floor(seen)), min(max(1, floor(seen)), ceil(good + lost)))
    return Estimate(good / (good + bad), Fraction(low, whole), Fraction(high, whole), len(drawn), whole)


def _left_out(pile: Pile, drawn: frozenset[Subject]) -> bool:
    return pile.hidden > len(drawn - pile.sizes.keys()) or any(
        leaf.parent not in drawn for leaf in pile.unread
    )


@lru_cache(maxsize=4096)
def _lowest(whole: int, drawn: int, good: int) -> int:
    """Return the least number of good ones in the whole with which so many in the sample are not too many."""
    low, high = good, whole - drawn + good
    while low < high:
        middle = (low + high) // 2
        if _many(whole, drawn, good, middle):
            high = middle
        else:
            low = middle + 1
    return low


@lru_cache(maxsize=4096)
def _highest(whole: int, drawn: int, good: int) -> int:
    """Return the greatest number of good ones with which so few in the sample are not too few."""
    return whole - _lowest(whole, drawn, drawn - good)


def _many(whole: int, drawn: int, good: int, among: int) -> bool:
    """True where `good` or more in a sample have a chance above the tail, exactly, in whole numbers."""
    ways = comb(whole, drawn)
    return (ways - _ways_up_to(whole, drawn, good - 1, among)) * _TAIL > ways


def _ways_up_to(whole: int, drawn: int, most: int, among: int) -> int:
    """Return in how many ways a sample holds at most so many of those that are good."""
    first = max(0, drawn - (whole - among))
    if most < first:
        return 0
    ways = comb(among, first) * comb(whole - among, drawn - first)
    total = 0
    for number in range(first, min(most, among, drawn) + 1):
        total += ways
        rest = whole - among - drawn + number + 1
        ways = ways * (among - number) * (drawn - number) // ((number + 1) * rest)
    return total
