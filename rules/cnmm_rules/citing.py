"""In which order a roll-up cites what it rests on: what decides it first."""

from __future__ import annotations

from cnmm_collectors.signals import Rollup
from cnmm_rules.pile import Holds, Pile, span, truthy


def order(pile: Pile, rollup: Rollup) -> list[tuple[str, ...]]:
    """Return the citations of a roll-up, those first that decide it."""
    if rollup in (Rollup.SHARE, Rollup.MEAN):
        return failing_first(pile, truthy)
    if rollup in (Rollup.COUNT, Rollup.ANY):
        return passing_first(pile, truthy)
    if rollup in (Rollup.MAX, Rollup.NEWEST, Rollup.SUM):
        lows = {value: span(value).low for value in {value for _, value, _ in pile.values}}
        ranked = sorted(pile.values, key=lambda item: -lows[item[1]])
        return [evidence for _, _, evidence in ranked] or pile.ineligible
    return [evidence for _, _, evidence in pile.values] or pile.ineligible


def failing_first(pile: Pile, holds: Holds) -> list[tuple[str, ...]]:
    """Return the citations of what does not hold, then the others."""
    return _first(pile, holds, wanted=False)


def passing_first(pile: Pile, holds: Holds) -> list[tuple[str, ...]]:
    """Return the citations of what holds, then the others, then of what is outside of the population."""
    return _first(pile, holds, wanted=True) + pile.ineligible


def _first(pile: Pile, holds: Holds, *, wanted: bool) -> list[tuple[str, ...]]:
    found = list(zip(pile.verdicts(holds), (evidence for _, _, evidence in pile.values), strict=True))
    wanted_ones = [evidence for verdict, evidence in found if verdict is wanted]
    return wanted_ones + [evidence for verdict, evidence in found if verdict is not wanted]
