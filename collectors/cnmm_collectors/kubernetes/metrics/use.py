"""What workloads used of the CPU they asked for, over a week: with an end where a series is missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median

from cnmm_collectors.kubernetes.metrics.answer import Measure, MetricsFault, Place, Series
from cnmm_collectors.signals import Gap, Interval

DAYS = 7
LATE = 14
"""An export whose newest sample is older than so many days does not reach the audit date."""
_DAY, _HOUR = 86_400_000, 3_600_000
_WIDEST = 6 * _HOUR
"""Between two samples of a week, or before the first, no more than this may be missing."""
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
"""What Kubernetes makes the random parts of names from."""
_ENDS = {
    "Deployment": re.compile(rf"{_SAFE}{{1,10}}-{_SAFE}{{5}}"),
    "StatefulSet": re.compile(r"\d+"),
    "DaemonSet": re.compile(rf"{_SAFE}{{5}}"),
}
"""How the name of a pod goes on after that of its workload and a hyphen."""
Workload = tuple[str, str]
"""Kind and name."""
_OPEN = Interval(Fraction(0), Fraction(1))


@dataclass(frozen=True, slots=True)
class Week:
    """The seven days that an export covers whole, in milliseconds since 1970."""

    start: int
    end: int

    @property
    def said(self) -> str:
        """`2026-10-24 to 2026-10-31`."""
        return " to ".join(
            str(datetime.fromtimestamp(at / 1000, UTC).date()) for at in (self.start, self.end)
        )


def week_of(series: Iterable[Series], as_of: date) -> Week:
    """Return the last seven days that both measures cover by the audit date; raises MetricsFault."""
    after = int(datetime.combine(as_of + timedelta(days=1), time(), UTC).timestamp() * 1000)
    moments: dict[Measure, set[int]] = {Measure.USE: set(), Measure.REQUEST: set()}
    for one in series:
        moments[one.measure].update(at for at in one.times if at < after)
    for measure, found in moments.items():
        if not found:
            raise MetricsFault(f"no sample of CPU {measure.value} by the audit date", Gap.NOT_COLLECTED)
    end = min(map(max, moments.values()))
    if end < after - (LATE + 1) * _DAY:
        raise MetricsFault(f"the newest sample is more than {LATE} days old", Gap.STALE)
    week = Week(end - DAYS * _DAY, end)
    for measure, found in moments.items():
        _check_whole(measure, sorted(at for at in found if week.start <= at <= end), week)
    return week


def _check_whole(measure: Measure, moments: Sequence[int], week: Week) -> None:
    """Raise MetricsFault for a measure that begins late, or stops for hours."""
    if not moments or moments[0] > week.start + _HOUR:
        days = (week.end - moments[0]) / _DAY if moments else 0
        hint = f"CPU {measure.value} of {days:.1f} days is given, {DAYS} are asked for"
        raise MetricsFault(hint, Gap.NOT_VISIBLE)
    widest = max((then - now for now, then in pairwise(moments)), default=week.end)
    if widest > _WIDEST:
        hint = (
            f"CPU {measure.value} misses {widest / _HOUR:.0f} hours of its week: {_WIDEST // _HOUR} at most"
        )
        raise MetricsFault(hint, Gap.NOT_VISIBLE)


@dataclass(slots=True)
class _Samples:
    """Samples of one measure of one pod, or of a workload where pods are not told apart."""

    total: int = 0
    moments: set[int] = field(default_factory=set)

    def take(self, samples: Mapping[int, int]) -> None:
        self.total += sum(samples.values())
        self.moments |= samples.keys()


def _merged(series: Iterable[Series], week: Week) -> dict[tuple[Measure, Place], dict[int, int]]:
    """Return each place's samples within the week: of a moment that is told twice the higher counts."""
    found: dict[tuple[Measure, Place], dict[int, int]] = defaultdict(dict)
    for one in series:
        held = found[one.measure, one.place]
        for at, value in zip(one.times, one.values, strict=True):
            if week.start <= at <= week.end:
                held[at] = max(value, held.get(at, 0))
    return found


def by_workload(
    series: Iterable[Series], week: Week, workloads: Mapping[str, Collection[Workload]]
) -> dict[str, dict[Workload, Interval]]:
    """Return use over request of the workloads of each namespace, [0, 1] for one that nothing is told of."""
    pods: dict[tuple[str, Workload], dict[str, dict[Measure, _Samples]]] = defaultdict(
        lambda: defaultdict(lambda: {Measure.USE: _Samples(), Measure.REQUEST: _Samples()})
    )
    doubtful: set[tuple[str, Workload]] = set()
    depths: dict[tuple[str, Workload, Measure], tuple[bool, bool]] = {}
    for (measure, place), samples in _merged(series, week).items():
        owners = _owners(place, workloads.get(place.namespace, ()))
        if len(owners) > 1:
            doubtful.update((place.namespace, one) for one in owners)
        elif samples and owners:
            # A sum of pods or containers beside its parts would count them twice.
            depth = bool(place.pod), bool(place.container)
            if depths.setdefault((place.namespace, owners[0], measure), depth) != depth:
                doubtful.add((place.namespace, owners[0]))
            pods[place.namespace, owners[0]][place.pod][measure].take(samples)
    return {
        namespace: {
            one: _OPEN if (namespace, one) in doubtful else _share(pods[namespace, one].values())
            for one in sorted(own)
        }
        for namespace, own in workloads.items()
    }


def _owners(place: Place, workloads: Collection[Workload]) -> list[Workload]:
    """Return the workloads that a series may be about: one, none of those known, or several alike."""
    if place.workload:
        named = [one for one in workloads if one[1] == place.workload]
        return [one for one in named if place.kind in ("", one[0].lower())]
    return [one for one in workloads if is_of(place.pod, one)]


def is_of(pod: str, workload: Workload) -> bool:
    """True where a pod is called as those of a workload are."""
    kind, name = workload
    return pod.startswith(f"{name}-") and _ENDS[kind].fullmatch(pod, len(name) + 1) is not None


def _share(pods: Iterable[Mapping[Measure, _Samples]]) -> Interval:
    """Return use over request of the pods of a workload, at most 1.

    A pod's use counts for as long as its request does. One whose use is not told may have used anything;
    one whose request is not told leaves the whole open.
    """
    used, asked, untold = Fraction(0), 0, False
    for one in pods:
        use, request = one[Measure.USE], one[Measure.REQUEST]
        if not request.moments:
            return _OPEN
        asked += request.total
        if use.moments:
            used += Fraction(use.total * len(request.moments), len(use.moments))
        untold |= not use.moments
    if not asked:
        return _OPEN
    share = min(Fraction(1), used / asked)
    return Interval(share, Fraction(1) if untold else share)


def middle(shares: Collection[Interval]) -> Fraction | Interval:
    """Return the median of shares as far as they are told."""
    low = Fraction(median(one.low for one in shares))
    high = Fraction(median(Fraction(1) if one.high is None else one.high for one in shares))
    return low if low == high else Interval(low, high)
