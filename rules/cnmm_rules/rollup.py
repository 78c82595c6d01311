"""Roll-ups: many readings, some of them missing, become one honest range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from sys import intern

from cnmm_collectors.signals import Basis, Gap, Masses, Rollup, Tally
from cnmm_collectors.subjects import Subject
from cnmm_rules.citing import failing_first, order, passing_first
from cnmm_rules.estimates import Estimate, estimate_share
from cnmm_rules.index import Index
from cnmm_rules.pile import Holds, Pile, gather, span, truthy, weigh
from cnmm_rules.ranges import COUNT_RANGE, UNIT_RANGE, Comparison, Range, exact
from cnmm_rules.wording import NOUNS

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
    conflict: str = ""
    estimate: Estimate | None = None


def roll(index: Index, key: str, scope: Subject, how: Rollup | None, window: int | None) -> Rolled:
    """Return the rolled-up range of a signal for an organisation or a team."""
    pile = gather(index, key, scope, window)
    rollup = how or pile.spec.rollup
    rolled = _finish(pile, _ROLLUPS[rollup](pile), order(pile, rollup))
    return _estimated(rolled, pile, truthy) if rollup is Rollup.SHARE else rolled


def roll_share(index: Index, key: str, scope: Subject, each: Comparison, window: int | None) -> Rolled:
    """Return the share of subjects whose own reading passes `each`."""
    pile = gather(index, key, scope, window)
    rolled = _finish(pile, _share(pile, each.holds), failing_first(pile, each.holds))
    return _estimated(rolled, pile, each.holds)


def roll_count(index: Index, key: str, scope: Subject, each: Comparison, window: int | None) -> Rolled:
    """Return the number of subjects whose own reading passes `each`."""
    pile = gather(index, key, scope, window)
    return _finish(pile, _count(pile, each.holds), passing_first(pile, each.holds))


def roll_present(index: Index, key: str, scope: Subject, window: int | None) -> Rolled:
    """Return 1 once anything was observed, 0 where all was read and nothing is there, else 0..1."""
    pile = gather(index, key, scope, window)
    if pile.observed:
        return _finish(pile, exact(1), pile.observed)
    absent = pile.ineligible + [evidence for _, _, evidence in pile.values]
    return _finish(pile, UNIT_RANGE if pile.partial else exact(0), absent)


def _estimated(rolled: Rolled, pile: Pile, holds: Holds) -> Rolled:
    """Return the same range with what a random sample says beside it, where only a sample was read."""
    found = estimate_share(pile, holds)
    return replace(rolled, estimate=found) if found is not None else rolled


def _finish(pile: Pile, value: Range, ordered: list[tuple[str, ...]]) -> Rolled:
    flat: dict[str, None] = {}
    for evidence in ordered:
        if len(flat) >= CITED:
            break
        flat.update(dict.fromkeys(evidence))
    unread = Counter(leaf.parent for leaf in pile.unread)
    gaps = pile.name_gaps()
    if pile.open:
        gaps[Gap.NOT_COLLECTED, UNDECLARED] += 1
        if not pile.values and not pile.ineligible and not pile.unread:
            gaps[Gap.NOT_COLLECTED, ""] += 1
    return Rolled(
        range=value,
        seen=len(pile.sizes) - sum(pile.sizes[parent] == count for parent, count in unread.items()),
        declared=pile.declared,
        eligible=pile.eligible,
        # Thousands of roll-ups of teams cite the same few hundred ids.
        evidence=tuple(map(intern, tuple(flat)[:CITED])),
        cited=sum(len(evidence) for evidence in ordered),
        gaps=tuple((gap, count, detail) for (gap, detail), count in sorted(gaps.items())),
        contested=pile.contested,
        conflict=_contest(pile),
    )


def _contest(pile: Pile) -> str:
    """Say of how many subjects a weaker source contradicts the one that counts, empty for none."""
    if not pile.conflict:
        return ""
    best = min(source.rank for source in pile.spec.sources)
    written = any(one.rank > best and one.basis is Basis.DECLARED for one in pile.spec.sources)
    noun = NOUNS[pile.spec.subject][pile.conflict != 1]
    who = "what somebody wrote down says otherwise than what takes effect" if written else (
        "a weaker source says otherwise than the stronger one"
    )  # fmt: skip
    return f"of {pile.conflict} {noun} {who}"


def _share(pile: Pile, holds: Holds) -> Range:
    passed: Counter[int] = Counter()
    failed: Counter[int] = Counter()
    undecided: Counter[int] = Counter(leaf.parts for leaf in pile.unread)
    for (leaf, _, _), verdict in zip(pile.values, pile.verdicts(holds), strict=True):
        pot = passed if verdict else undecided if verdict is None else failed
        pot[leaf.parts] += 1
    if pile.open:
        return UNIT_RANGE
    unread = weigh(undecided) + pile.hidden
    good = weigh(passed)
    total = good + weigh(failed) + unread
    if total == 0:
        return UNIT_RANGE
    return Range(good / total, (good + unread) / total)


def _count(pile: Pile, holds: Holds) -> Range:
    verdicts = pile.verdicts(holds)
    low = verdicts.count(True)
    if pile.hidden or pile.open:
        return Range(Fraction(low), None)
    return Range(Fraction(low), Fraction(low + verdicts.count(None) + len(pile.unread)))


def _sum(pile: Pile) -> Range:
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


def _max(pile: Pile) -> Range:
    spans = [span(value) for value in {value for _, value, _ in pile.values}]
    if not spans:
        return pile.widest
    highs = [item.high for item in spans]
    low = max(item.low for item in spans)
    if pile.partial or None in highs:
        ceiling = pile.spec.high
        return Range(low, ceiling if ceiling is None or ceiling >= low else None)
    return Range(low, max(high for high in highs if high is not None))


def _min(pile: Pile) -> Range:
    spans = [span(value) for value in {value for _, value, _ in pile.values}]
    if not spans:
        return pile.widest
    highs = [item.high for item in spans if item.high is not None]
    low = pile.spec.low if pile.partial else min(item.low for item in spans)
    return Range(low, min(highs) if highs else None)


def _newest(pile: Pile) -> Range:
    today = Fraction(pile.as_of.toordinal())
    days = [span(value).low for value in {value for _, value, _ in pile.values}]
    if not days:
        return Range(Fraction(1), today)
    low = min(max(days), today)
    return Range(low, today if pile.partial else low)


def _any(pile: Pile) -> Range:
    verdicts = pile.verdicts(truthy)
    if True in verdicts:
        return exact(1)
    if not verdicts or pile.partial or None in verdicts:
        return UNIT_RANGE
    return exact(0)


def _mean(pile: Pile) -> Range:
    if pile.open or pile.spec.high is None:
        return pile.widest
    lows = highs = weight = Fraction(0)
    for (value, parts), count in Counter((value, leaf.parts) for leaf, value, _ in pile.values).items():
        part = Fraction(count, parts)
        item = span(value)
        lows += part * item.low
        highs += part * (pile.spec.high if item.high is None else item.high)
        weight += part
    unread = weigh(Counter(leaf.parts for leaf in pile.unread)) + pile.hidden
    total = weight + unread
    if total == 0:
        return pile.widest
    return Range((lows + unread * pile.spec.low) / total, (highs + unread * pile.spec.high) / total)


def _median(pile: Pile) -> Range:
    if pile.open:
        return pile.widest
    counted = Counter((value, leaf.parts) for leaf, value, _ in pile.values)
    known = [(span(value), Fraction(count, parts)) for (value, parts), count in counted.items()]
    unread = weigh(Counter(leaf.parts for leaf in pile.unread)) + pile.hidden
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


def _pooled(pile: Pile) -> Range:
    tallies = [value for _, value, _ in pile.values if isinstance(value, Tally)]
    passed = sum(item.passed for item in tallies)
    unread = sum(item.unread for item in tallies)
    total = sum(item.eligible for item in tallies) + unread
    if pile.partial or total == 0:
        return UNIT_RANGE
    return Range(Fraction(passed, total), Fraction(passed + unread, total))


def _labels(pile: Pile) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, value, _ in pile.values:
        if isinstance(value, Masses):
            found.update(dict(value.items))
    return found


def _hhi(pile: Pile) -> Range:
    masses = _labels(pile)
    total = sum(masses.values())
    if pile.partial or total == 0:
        return UNIT_RANGE
    return exact(sum((Fraction(mass, total) ** 2 for mass in masses.values()), Fraction(0)))


def _distinct(pile: Pile) -> Range:
    low = Fraction(len(_labels(pile)))
    return Range(low, None if pile.partial else low)


def _duplicated(pile: Pile) -> Range:
    groups = Counter(label.partition("/")[0] for label in _labels(pile))
    low = Fraction(sum(count > 1 for count in groups.values()))
    return Range(low, None if pile.partial else low)


def _direct(pile: Pile) -> Range:
    return span(pile.values[0][1]) if pile.values else pile.widest


_ROLLUPS: dict[Rollup, Callable[[Pile], Range]] = {
    Rollup.SHARE: lambda pile: _share(pile, truthy),
    Rollup.COUNT: lambda pile: _count(pile, truthy),
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
