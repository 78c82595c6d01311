"""Survey signals: intervals over groups that are large enough, with a remainder that is large enough too."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

from cnmm_collectors.people.constructs import SENSITIVE, constructs, is_bad
from cnmm_collectors.people.survey import WHOLE_GROUPS, Wave, half_width
from cnmm_collectors.signals import Gap, Interval, Unknown
from cnmm_collectors.tables.cells import Cells

AUDIENCES = {
    "tech": r"engineer|tech|develop|operations|platform|\bit\b|\bsre\b",
    "mgmt": r"manage|\bmgmt\b|lead(?!er)",
    "exec": r"exec|board|c.level|director|vorstand",
    "leaders": r"leaders|leadership",
    "product": r"product",
}
MAX_AGE_DAYS = 365
_SENSITIVE_MIN = 10
_ALIKE, _NEAR = 0.5, 5
Answer = tuple[str, "Interval | Unknown", Wave | None]


def opinions(waves: Sequence[Wave], cells: Cells, as_of: date) -> Iterator[Answer]:
    """Yield (signal key, cell or why not, survey) for every survey signal."""
    for construct in constructs():
        wave, why = _pick(waves, construct, as_of)
        if wave is not None and why is None and wave.lost(construct, cells.k) is None:
            why = Unknown(
                Gap.NOT_COLLECTED,
                "how many answered is not declared: answers may be missing; set surveys: answered",
            )
        values = [] if wave is None else wave.answers.get(construct, [])
        if construct == "unplanned":
            told = _unplanned(wave, values, cells, why)
            lost = 0 if wave is None else wave.lost(construct, cells.k) or 0
            yield "survey.unplanned_share", _less(told, len(values), lost, Fraction(0), Fraction(1)), wave
            continue
        yield from _construct(construct, wave, values, cells, why)


def _construct(
    construct: str, wave: Wave | None, values: list[tuple[float, str]], cells: Cells, why: Unknown | None
) -> Iterator[Answer]:
    least = max(cells.k, _SENSITIVE_MIN) if construct in SENSITIVE else cells.k
    named = f"construct={construct}"
    parts = _parts([group for _, group in values], least)
    lost = 0 if wave is None else wave.lost(construct, cells.k) or 0

    def mean(chosen: Sequence[float], invited: int) -> Interval | Unknown:
        return _less(_mean(chosen, invited, least, lost > 0), len(chosen), lost)

    whole: Interval | Unknown
    if why is not None or wave is None:
        whole = why or Unknown(Gap.NOT_COLLECTED, "no survey asks for it")
        favourable: Interval | Unknown = whole
    elif construct in wave.sums:
        size = sum(row[2] for row in wave.sums[construct])
        whole = _less(_summed(wave, construct, least), size, lost)
        favourable = Unknown(Gap.NOT_VISIBLE, "only means were supplied")
    else:
        told = [value for value, _ in values]
        whole = mean(told, wave.invited)
        favourable = _favourable(construct, told, wave.invited, least, cells, lost)
    yield f"survey.construct_mean{{{named}}}", whole, wave
    yield f"survey.favourable_ratio{{{named}}}", favourable, wave
    lowest: list[Interval] = []
    for group in parts:
        part = mean([value for value, one in values if one == group], 0)
        if isinstance(part, Interval) and construct not in SENSITIVE:
            lowest.append(part)
    yield f"survey.lowest_group_mean{{{named}}}", _lowest(construct, lowest, whole), wave
    for audience, pattern in AUDIENCES.items():
        key = f"survey.construct_mean{{{named},audience={audience}}}"
        if construct != "cn-comfort":
            continue
        chosen = [value for value, one in values if one in parts and re.search(pattern, one)]
        rest = len(values) - len(chosen)
        large = isinstance(whole, Interval) and len(chosen) >= least and (rest == 0 or rest >= least)
        reading = mean(chosen, 0) if large else _small(least)
        yield key, whole if isinstance(whole, Unknown) else reading, wave


def _pick(waves: Sequence[Wave], construct: str, as_of: date) -> tuple[Wave | None, Unknown | None]:
    """Return the newest survey that asks for a construct, and why it cannot be used where it cannot."""
    asking = [wave for wave in waves if wave.answers.get(construct) or wave.sums.get(construct)]
    unscaled = [wave for wave in waves if wave.scale.get(construct) == 0]
    if not asking:
        if any(construct in wave.doubtful for wave in waves):
            return None, Unknown(Gap.MALFORMED, "an item runs against the others: its direction is in doubt")
        if any(construct in wave.mixed for wave in waves):
            return None, Unknown(Gap.UNSUPPORTED, "answers are on two scales, and scales are not mixed")
        if unscaled:
            return None, Unknown(Gap.MALFORMED, "the survey's scale is not declared; set surveys: scale")
        return None, Unknown(Gap.NOT_COLLECTED, "no survey asks for it")
    wave = max(asking, key=lambda one: one.newest or date.min)
    if wave.newest is None:
        return wave, Unknown(Gap.STALE, "the survey has no date")
    if (as_of - wave.newest).days > MAX_AGE_DAYS:
        return wave, Unknown(Gap.STALE, f"the newest answers are more than {MAX_AGE_DAYS} days old")
    if wave.scale[construct] != (100 if construct == "unplanned" else 7) and construct != "unplanned":
        return wave, Unknown(Gap.UNSUPPORTED, "answers are not on a 7-point scale, and scales are not mixed")
    if not wave.invited:
        return wave, Unknown(Gap.NOT_COLLECTED, "how many were invited is not declared; set surveys: invited")
    return wave, None


def _small(least: int) -> Unknown:
    return Unknown(
        Gap.NOT_VISIBLE,
        f"too few answers: groups of {least} or more are told, beside as large a rest",
    )


def _enough(n: int, invited: int, least: int) -> Unknown | None:
    if n < least:
        return _small(least)
    if invited and (n > invited or n < min(100, math.ceil(invited / 2))):
        return Unknown(
            Gap.NOT_VISIBLE, "fewer valid answers than the smaller of 100 and half of those invited"
        )
    return None


def _less(
    told: Interval | Unknown, n: int, lost: int, least: Fraction = Fraction(1), most: Fraction = Fraction(7)
) -> Interval | Unknown:
    """Return a mean of `n` answers as it would be if `lost` more were all the worst, or all the best."""
    if isinstance(told, Unknown) or not lost:
        return told
    high = most if told.high is None else told.high
    low, high = (n * told.low + lost * least) / (n + lost), (n * high + lost * most) / (n + lost)
    return Interval(Fraction(math.floor(low * 10), 10), Fraction(math.ceil(high * 10), 10))


def _mean(values: Sequence[float], invited: int, least: int, some_lost: bool = False) -> Interval | Unknown:
    """Return the 90 % interval of a mean; `invited` 0 for a part, whose size nobody declares.

    Where some answers were lost nobody knows how far they lie apart: then it is as wide as any could be.
    """
    n = len(values)
    why = _enough(n, invited, least)
    if why is not None:
        return why
    mean = sum(values) / n
    sd = 3.2 if some_lost else math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1))
    return _range(mean, sd, n, invited or n * 1000)


def _summed(wave: Wave, construct: str, least: int) -> Interval | Unknown:
    rows = wave.sums[construct]
    whole = [row for row in rows if row[3] in WHOLE_GROUPS] or rows
    n = min(row[2] for row in whole) if whole is not rows else sum(row[2] for row in rows)
    why = _enough(n, wave.invited, least)
    if why is not None:
        return why
    weight = sum(row[2] for row in whole)
    mean = sum(row[0] * row[2] for row in whole) / weight
    # Without a standard deviation the largest that such a mean allows.
    sd = max(row[1] if row[1] is not None else math.sqrt(max(0.0, (7 - mean) * (mean - 1))) for row in whole)
    return _range(mean, sd, n, wave.invited)


def _range(mean: float, sd: float, n: int, invited: int) -> Interval:
    """Return a mean's interval, widened by one person's whole swing and outward to tenths.

    That all gave one answer must not show: answers less than half a point apart are told as if they
    lay half a point apart, and a sum within five points of the largest or smallest as if it were that far.
    """
    mean = min(max(mean, 1 + _NEAR / n), 7 - _NEAR / n)
    half = half_width(n, max(sd, _ALIKE), invited) + 6 / n
    low, high = math.floor((mean - half) * 10), math.ceil((mean + half) * 10)
    return Interval(Fraction(max(10, min(low, 70)), 10), Fraction(min(70, max(high, 10)), 10))


def _favourable(
    construct: str, values: Sequence[float], invited: int, least: int, cells: Cells, lost: int
) -> Interval | Unknown:
    n = len(values)
    why = _enough(n, invited, least)
    if why is not None:
        return why
    hits = sum(value <= 3 if is_bad(construct) else value >= 5 for value in values)
    cell = cells.share(hits, n, strangers=lost)
    if cell is None or cell.high is None:
        return _small(least)
    spread = 0.6 if lost else _spread(hits, n)
    half = Fraction(math.ceil(1000 * half_width(n, spread, invited)), 1000)
    return Interval(max(Fraction(0), cell.low - half), min(Fraction(1), cell.high + half))


def _spread(hits: int, n: int) -> float:
    """Return a share's standard deviation by steps of five, so that its width tells no count."""
    p = (hits // 5 * 5 + 2.5) / (n // 5 * 5 + 5)
    return math.sqrt(p * (1 - p)) if 0 < p < 1 else 0.5


def _unplanned(
    wave: Wave | None, values: list[tuple[float, str]], cells: Cells, why: Unknown | None
) -> Interval | Unknown:
    if why is not None or wave is None:
        return why or Unknown(Gap.NOT_COLLECTED, "no survey asks for it")
    numbers = [min(value, 100.0) / 100 for value, _ in values]
    short = _enough(len(numbers), wave.invited, cells.k)
    if short is not None:
        return short
    n = len(numbers)
    mean = sum(numbers) / n
    sd = math.sqrt(sum((value - mean) ** 2 for value in numbers) / (n - 1))
    half = half_width(n, max(sd, _ALIKE / 6), wave.invited) + 1 / n
    low, high = math.floor((mean - half) * 100), math.ceil((mean + half) * 100)
    return Interval(Fraction(max(0, low), 100), Fraction(min(100, high), 100))


def _parts(groups: Sequence[str], least: int) -> frozenset[str]:
    """Return the groups that may be told: large enough, and so is what is left untold, or nothing."""
    sizes = Counter(groups)
    shown = {group: size for group, size in sizes.items() if group and size >= least}
    while shown:
        rest = [size for group, size in sizes.items() if group not in shown]
        if not rest or (sum(rest) >= least and len(rest) > 1):
            break
        del shown[min(shown, key=lambda group: (shown[group], group))]
    return frozenset(shown)


def _lowest(construct: str, parts: Sequence[Interval], whole: Interval | Unknown) -> Interval | Unknown:
    """Return the least favourable group, turned so that higher is better."""
    if isinstance(whole, Unknown):
        return whole
    found = [*(parts or [whole])]
    if is_bad(construct):
        found = [Interval(8 - (one.high or Fraction(7)), 8 - one.low) for one in found]
    return Interval(min(one.low for one in found), min(one.high or Fraction(7) for one in found))
