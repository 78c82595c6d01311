"""Cells: the only numbers about people that leave the collector, each told in steps of k.

A count is told as the step it falls into; the last step of a group reaches to the whole of it, so that
neither nobody nor everybody is ever certain, and no difference of two cells pins a count of 1 to k-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from cnmm_collectors.signals import Interval

SMALLEST = 5
_GRID = 1000


@dataclass(frozen=True, slots=True)
class Cells:
    """Makes cells for groups of k or more people; k is 5 or larger."""

    k: int = SMALLEST

    def __post_init__(self) -> None:
        if self.k < SMALLEST:
            raise ValueError("k is 5 or more")

    def count(self, number: int) -> Interval:
        """Return a head count as it is published: the step that it falls into.

        A whole number would tell, beside the steps of its parts or in the next scan, of one person.
        """
        least = self.step(number)
        return Interval(Fraction(least), Fraction(least + self.k - 1))

    def bucket(self, number: int) -> Interval:
        """Return a count of holders: 0 to k-1, k to 2k-1, or 2k and more."""
        if number < self.k:
            return Interval(Fraction(0), Fraction(self.k - 1))
        if number < 2 * self.k:
            return Interval(Fraction(self.k), Fraction(2 * self.k - 1))
        return Interval(Fraction(2 * self.k), None)

    def step(self, number: int) -> int:
        """Return the number of whole steps of k in it, as a number of people: what a ledger may tell."""
        return number // self.k * self.k

    def steps(self, number: int) -> int:
        """Return the fewest whole steps of k that hold so many people."""
        return -(-number // self.k) * self.k

    def share(self, hits: int, group: int, *, unread: int = 0, strangers: int = 0) -> Interval | None:
        """Return the share `hits` of `group` as it is published, None for a group below k.

        Both numbers are told by their step alone; the share is widened by one person at both ends. `unread`
        rows may each be one more hit, `strangers` each one more member: the range holds whatever would be
        told once they were read. They count in whole steps, so that what they shift tells no more of
        either number.
        """
        if group < self.k:
            return None
        least = self.step(group)
        most = least + self.k - 1
        low, high = self._within(hits, least, most)
        more = self.steps(strangers)
        top = high + 1 + self.steps(unread)
        # A few more members reach the next step of hits before that of the group.
        upper = [
            Fraction(top + shift, least + max(0, shift - self.k)) for shift in {0, min(self.k, more), more}
        ]
        return _outward(Fraction(max(0, low - 1), most + more), min(Fraction(1), max(upper)))

    def told(self, hits: int, group: int) -> str:
        """Return a share in words for a ledger row: percent, or that the group is too small."""
        cell = self.share(hits, group)
        if cell is None or cell.high is None:
            return "not told: fewer than k"
        return f"{int(cell.low * 100)} % to {-int(-cell.high * 100 // 1)} %"

    def _within(self, hits: int, least: int, most: int) -> tuple[int, int]:
        """Return the step of k that holds `hits`; all steps but the last are k wide, the last up to 2k-1.

        The last step ends with the last member of the group's own step, so that the group is not told.
        """
        steps = max(1, (least + 1) // self.k)
        at = min(hits // self.k, steps - 1)
        return at * self.k, (most if at == steps - 1 else at * self.k + self.k - 1)


def team_share(hits: int, teams: int) -> Interval | None:
    """Return a share of teams widened by one team at both ends, None for fewer than three teams."""
    if teams < 3:
        return None
    return _outward(Fraction(max(0, hits - 1), teams), Fraction(hits + 1, teams))


def _outward(low: Fraction, high: Fraction) -> Interval:
    """Return the range on a grid of a thousandth, never narrower, within 0 and 1."""
    floor = Fraction(int(low * _GRID), _GRID)
    ceiling = Fraction(-int(-high * _GRID // 1), _GRID)
    return Interval(max(Fraction(0), floor), min(Fraction(1), ceiling))
