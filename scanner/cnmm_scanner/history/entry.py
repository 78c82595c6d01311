"""What a history keeps of one scan: how it ended, and its key measures as exact ranges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from cnmm_collectors.subjects import Subject
from cnmm_rules.criteria import Catalogue, Compare, Criterion, TrendOf, leaves, tests_of
from cnmm_rules.facts import Facts
from cnmm_rules.index import Index
from cnmm_rules.measures import Cache, SubjectMeasures
from cnmm_rules.ranges import Range
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.canonical import digest
from cnmm_scanner.history.location import HistoryFault
from cnmm_scanner.manifest import ASSESSMENT


class Measure(NamedTuple):
    """What a scan measured for a signal and subject, as a range; `high` None where nothing bounds it."""

    signal: str
    subject: str
    low: Fraction
    high: Fraction | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One scan, as a history records it."""

    manifest_digest: str
    sealed: bytes
    assessment: dict[str, Any]
    measures: tuple[Measure, ...]

    @property
    def as_of(self) -> date:
        """The audit date."""
        return date.fromisoformat(self.assessment["as_of"])


def read_entry(bundle: Bundle) -> Entry:
    """Return what is kept of a bundle; raises HistoryFault where it seals no assessment."""
    if ASSESSMENT not in bundle.manifest.members:
        raise HistoryFault(f"{bundle.path}: holds facts and no assessment", "cnmm assess makes one")
    sealed = bundle.assessment()
    measures = tuple(measure(bundle.facts(), bundle.catalogue()))
    return Entry(digest(bundle.manifest_bytes), sealed, json.loads(sealed), measures)


def measure(facts: Facts, catalogue: Catalogue) -> Iterator[Measure]:
    """Yield the range of every signal a later trend may be compared with.

    For the organisation these are all signals that a row compares by their own roll-up, for teams those
    that a row follows over time: a hundred teams would otherwise fill a history with what nobody asks for.
    """
    index, cache = Index(facts, catalogue.signals), Cache()
    yield from _measures(index, cache, facts.org, windows(catalogue.criteria))
    followed = windows(catalogue.criteria, trends_only=True)
    for team in index.teams():
        yield from _measures(index, cache, team, followed)


def _measures(
    index: Index, cache: Cache, scope: Subject, keys: dict[str, tuple[int | None, ...]]
) -> Iterator[Measure]:
    for key, seen in sorted(keys.items()):
        found = [SubjectMeasures(index, scope, days, cache, {}).rolled(key, None) for days in seen]
        if any(rolled.seen for rolled in found):
            whole = _around([rolled.range for rolled in found])
            yield Measure(key, str(scope), whole.low, whole.high)


def _around(ranges: list[Range]) -> Range:
    """Return the range that holds them all: rows that trust other evidence windows may see other ranges."""
    highs = [one.high for one in ranges]
    high = None if None in highs else max(one for one in highs if one is not None)
    return Range(min(one.low for one in ranges), high)


def windows(rows: Iterable[Criterion], *, trends_only: bool = False) -> dict[str, tuple[int | None, ...]]:
    """Return, by signal key, the evidence windows of the rows that compare it by its own roll-up."""
    found: dict[str, dict[int | None, None]] = {}
    for row in rows:
        for test in tests_of(row):
            for leaf in leaves(test):
                if isinstance(leaf, TrendOf) or (
                    isinstance(leaf, Compare) and leaf.rollup is None and not trends_only
                ):
                    found.setdefault(leaf.key, {})[row.window_days] = None
    return {key: tuple(days) for key, days in found.items()}
