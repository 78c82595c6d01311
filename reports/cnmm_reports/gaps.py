"""What was not read: by source and cause for the organisation, by signal and cause for one row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cnmm_reports.titles import signal_title, source_title
from cnmm_reports.view import ReportView
from cnmm_reports.wording import gap_words

Gap = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Uncollected:
    """What one source did not supply for one cause: signals and the organisation's rows left open."""

    source: str
    title: str
    cause: str
    words: str
    signals: tuple[str, ...]
    rows: tuple[str, ...]
    units: int
    needs: tuple[str, ...]
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """What one row lacks of one signal for one cause; `units` counts subjects that were not read."""

    signal: str
    title: str
    words: str
    details: tuple[str, ...]
    units: int
    needs: tuple[str, ...]


def uncollected(view: ReportView) -> tuple[Uncollected, ...]:
    """Return the organisation's gaps by source and cause, those that leave most rows open first."""
    piles: dict[tuple[str, str, str], list[tuple[str, Gap]]] = {}
    for finding in view.assessment["findings"]:
        if finding["subject"].startswith("org:"):
            for gap in finding["gaps"]:
                key = _source(view, gap["signal"]), gap["cause"], gap_words(gap, finding)
                piles.setdefault(key, []).append((finding["criterion"], gap))
    rows = [_pile(*key, pile) for key, pile in piles.items()]
    return tuple(sorted(rows, key=lambda row: (-len(row.rows), row.source, row.cause, row.words)))


def missing(view: ReportView, finding: Mapping[str, Any]) -> tuple[Missing, ...]:
    """Return the gaps of one finding, one for each signal and cause, in the order of the finding."""
    piles: dict[tuple[str, str], list[Gap]] = {}
    for gap in finding["gaps"]:
        piles.setdefault((gap["signal"], gap_words(gap, finding)), []).append(gap)
    return tuple(
        Missing(
            signal=signal,
            title=signal_title(view, signal),
            words=words,
            details=_distinct(gap.get("detail", "") for gap in pile if gap.get("detail") != words),
            units=sum(gap["count"] for gap in pile),
            needs=_distinct(gap["needs"] for gap in pile),
        )
        for (signal, words), pile in piles.items()
    )


def _source(view: ReportView, signal: str) -> str:
    if signal.startswith("record."):
        return "artefacts"
    spec = view.signals.get(signal.partition("{")[0])
    if spec is None or not spec.sources:
        return signal.partition(".")[0]
    best = spec.sources[0].rank
    return " or ".join(source.name for source in spec.sources if source.rank == best)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))


def _pile(source: str, cause: str, words: str, pile: list[tuple[str, Gap]]) -> Uncollected:
    units = {(gap["signal"], gap.get("detail", "")): gap["count"] for _, gap in pile}
    return Uncollected(
        source=source,
        title=source_title(source),
        cause=cause,
        words=words,
        signals=_distinct(gap["signal"] for _, gap in pile),
        rows=tuple(dict.fromkeys(name for name, _ in pile)),
        units=sum(units.values()),
        needs=_distinct(gap["needs"] for _, gap in pile),
        details=_distinct(gap.get("detail", "") for _, gap in pile if gap.get("detail") != words),
    )
