"""What a scan takes from the history and what it leaves there: baseline, comparison, trend, entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cnmm_collectors.signals import fraction_to_json
from cnmm_rules.criteria import Catalogue, TrendOf, leaves, tests_of
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.diff.compare import compare, regressions
from cnmm_scanner.diff.sides import Side
from cnmm_scanner.history.entry import read_entry
from cnmm_scanner.history.location import Location
from cnmm_scanner.history.points import join_points, point_of
from cnmm_scanner.history.store import History, Kept, open_history
from cnmm_scanner.history.trend import build_trend


@dataclass(frozen=True, slots=True)
class Past:
    """What the history says beside a new assessment; empty without an earlier complete scan."""

    diff: Mapping[str, Any] | None = None
    trend: Mapping[str, Any] | None = None
    regressed: tuple[str, ...] = ()


def read_baseline(
    location: Location, organisation: str, as_of: date, catalogue: Catalogue
) -> list[dict[str, Any]]:
    """Return the measures that the catalogue's trends will be compared with, sorted, fit to be sealed."""
    asked = sorted({leaf.over_days for leaf in _trends(catalogue)})
    keys = {leaf.key for leaf in _trends(catalogue)}
    with open_history(location) as history:
        complete = [one for one in history.entries(organisation) if one.complete and one.as_of < as_of]
        chosen = {one.id: one for days in asked if (one := _nearest(complete, as_of, days)) is not None}
        rows = [row for one in chosen.values() for row in _sealed(history, one, keys)]
    return sorted(rows, key=lambda row: (row["as_of"], row["signal"], row["subject"], row["scan"]))


def _trends(catalogue: Catalogue) -> Iterator[TrendOf]:
    for row in catalogue.criteria:
        for test in tests_of(row):
            yield from (leaf for leaf in leaves(test) if isinstance(leaf, TrendOf))


def _nearest(complete: list[Kept], as_of: date, over_days: int) -> Kept | None:
    """Return the scan nearest to that long ago, at least three quarters as old: what a trend will accept."""
    old = [one for one in complete if 4 * (as_of - one.as_of).days >= 3 * over_days]
    return min(
        old, key=lambda one: (abs((as_of - one.as_of).days - over_days), one.as_of, -one.id), default=None
    )


def _sealed(history: History, kept: Kept, keys: set[str]) -> Iterator[dict[str, Any]]:
    for one in history.measures(kept):
        if one.signal in keys:
            yield {
                "as_of": kept.as_of.isoformat(),
                "signal": one.signal,
                "subject": one.subject,
                "low": fraction_to_json(one.low),
                "high": None if one.high is None else fraction_to_json(one.high),
                "scan": kept.manifest_digest,
            }


def look_back(location: Location, assessment: Mapping[str, Any], own: str = "") -> Past:
    """Return how an assessment differs from the latest complete one that is kept; raises HistoryFault.

    `own` is the digest of its manifest where it may be kept already.
    """
    organisation, as_of = assessment["organisation"], date.fromisoformat(assessment["as_of"])
    with open_history(location) as history:
        before = history.latest(organisation, as_of, own)
        if before is None:
            return Past()
        old = Side(f"scan of {before.as_of}", history.assessment(before))
        diff = compare(old, Side("this scan", assessment))
        trend = build_trend(history, organisation)
    return Past(diff, _with_now(trend, assessment), tuple(regressions(diff)))


def _with_now(trend: dict[str, Any], assessment: Mapping[str, Any]) -> dict[str, Any]:
    now = point_of(assessment)
    points = [point for point in trend["points"] if point["as_of"] <= assessment["as_of"] and point != now]
    return {**trend, **join_points([*points, now])}


def remember(location: Location, bundle: Path, keep_days: int | None = None) -> bool:
    """Keep a bundle's assessment and drop what is older than `keep_days`; return False where it was kept."""
    with Bundle(bundle) as opened:
        entry = read_entry(opened)
    with open_history(location) as history:
        fresh = history.record(entry)
        if keep_days is not None:
            history.prune(today() - timedelta(days=keep_days), entry.assessment["organisation"])
    return fresh


def today() -> date:
    """Return the present day, UTC."""
    return datetime.now(UTC).date()
