"""What to collect next: which source would move the headline, then which narrows most, and what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cnmm_collectors.signals import SignalSpec, split_key
from cnmm_rules.assessment import Finding, NextEvidence, Outcome, SectionState, headline_of
from cnmm_rules.criteria import Catalogue
from cnmm_rules.levels import rating_rows
from cnmm_rules.rollup import UNDECLARED

LISTED = 12
SCOPE = "scope"
"""The source that declares how many subjects there are: an owner's listing, or the settings."""
_OPEN = (Outcome.UNKNOWN, Outcome.CLAIMED)
_Ends = tuple[int, int, int, int]
"""(proven, possible) now, then the best case of proven and the worst of possible"""
_Gain = tuple[int, int, int, int]
"""levels the lowest sections narrow, their blocking rows, levels the headline narrows, levels all narrow"""


def rank_next(
    catalogue: Catalogue, findings: Mapping[str, Finding], sections: tuple[SectionState, ...]
) -> tuple[NextEvidence, ...]:
    """Return the sources to open next, each after those before it: what moves the headline first.

    That is what narrows the sections that hold its proven end down, then what the rows that block them wait
    for, then what narrows either end of the headline, and last what narrows all sections together.
    """
    missing = {name: _missing(finding, catalogue.signals) for name, finding in findings.items()}
    waiting = {name: needs for name, needs in missing.items() if needs}
    view = _Supposed(catalogue, findings, sections)
    opened: list[str] = []
    ranked: list[NextEvidence] = []
    while waiting and len(ranked) < LISTED:
        sources = sorted({source for needs in waiting.values() for _, source in needs})
        best = max(
            (_weigh(view, waiting, opened, source) for source in sources),
            key=lambda item: (item[0], item[1].rows, item[1].source),
        )[1]
        ranked.append(best)
        opened.append(best.source)
        left = {
            name: frozenset(need for need in needs if need[1] not in opened)
            for name, needs in waiting.items()
        }
        view.settle(name for name, needs in left.items() if not needs)
        waiting = {name: needs for name, needs in left.items() if needs}
    return tuple(ranked)


class _Supposed:
    """How sections could stand once some open rows are decided, each way worked out once.

    `settled` are the rows that the sources ranked so far decide.
    """

    def __init__(
        self, catalogue: Catalogue, findings: Mapping[str, Finding], sections: tuple[SectionState, ...]
    ) -> None:
        self.signals = catalogue.signals
        self.sections = tuple(state for state in sections if state.proven is not None)
        self.holding = headline_of(sections)["sections"]
        self.blocked = {
            name for state in self.sections if state.id in self.holding for name in state.blocking
        }
        self._findings = findings
        self._rows = {
            state.id: rating_rows(catalogue.section(state.id), catalogue.of_section(state.id), findings)
            for state in self.sections
        }
        self._names = {name: frozenset(row.id for row in own.rows) for name, own in self._rows.items()}
        self._settled: frozenset[str] = frozenset()
        self._known: dict[tuple[str, frozenset[str]], tuple[int, int]] = {}

    def settle(self, names: Iterable[str]) -> None:
        """Take rows as decided from here on."""
        self._settled |= frozenset(names)

    def ends(self, names: Iterable[str]) -> dict[str, _Ends]:
        """Return the ends of each section now, then best and worst with these and settled rows decided."""
        decided = self._settled | frozenset(names)
        return {
            state.id: (state.proven or 0, state.possible or 0, *self._decided(state.id, decided))
            for state in self.sections
        }

    def _decided(self, section: str, decided: frozenset[str]) -> tuple[int, int]:
        key = section, decided & self._names[section]
        if key not in self._known:
            rows, findings, supposed = self._rows[section], self._findings, key[1]
            best = rows.highest(lambda name: name in supposed or findings[name].proven)
            worst = rows.highest(lambda name: name not in supposed and findings[name].possible)
            self._known[key] = best, worst
        return self._known[key]


def _missing(finding: Finding, signals: Mapping[str, SignalSpec]) -> frozenset[tuple[str, str]]:
    """Return the (signal, source) pairs an open finding still waits for."""
    if finding.outcome not in _OPEN:
        return frozenset()
    return frozenset(
        (gap.signal, SCOPE if gap.detail == UNDECLARED else _source(gap.signal, signals))
        for gap in finding.gaps
    )


def _source(signal: str, signals: Mapping[str, SignalSpec]) -> str:
    if signal.startswith("record."):
        return "artefacts"
    spec = signals.get(split_key(signal)[0])
    if spec is None:
        return "unnamed"
    best = min(source.rank for source in spec.sources)
    return "/".join(sorted(source.name for source in spec.sources if source.rank == best))


def _weigh(
    view: _Supposed, waiting: Mapping[str, frozenset[tuple[str, str]]], opened: list[str], source: str
) -> tuple[_Gain, NextEvidence]:
    reach = {*opened, source}
    decidable = [name for name, needs in waiting.items() if {via for _, via in needs} <= reach]
    touched = [name for name, needs in waiting.items() if source in {via for _, via in needs}]
    before, after = view.ends(()), view.ends(decidable)
    signals = sorted({signal for name in touched for signal, via in waiting[name] if via == source})
    item = NextEvidence(
        source=source,
        signals=tuple(signals),
        needs=_need(source, signals, view.signals),
        rows=len(touched),
        after=tuple(opened),
        narrows={name: ends for name, ends in after.items() if ends != before[name]},
        blocking=tuple(sorted(view.blocked.intersection(touched))),
    )
    rated = [after[state.id] for state in view.sections if state.in_headline]
    held = [after[name] for name in view.holding if name in after]
    gain = sum(map(_narrowed, held)), len(item.blocking), _moved(rated), sum(map(_narrowed, after.values()))
    return gain, item


def _moved(rated: Sequence[_Ends]) -> int:
    """Return how far both ends of the headline, the lowest of its sections, could move towards each other."""
    if not rated:
        return 0
    lowest = [min(ends[end] for ends in rated) for end in range(4)]
    return _narrowed((lowest[0], lowest[1], lowest[2], lowest[3]))


def _narrowed(ends: _Ends) -> int:
    proven, possible, best, worst = ends
    return (best - proven) + (possible - worst)


def _need(source: str, signals: list[str], declared: Mapping[str, SignalSpec]) -> str:
    """Return what opening the source takes: its least permission, or the export that supplies it."""
    if source == SCOPE:
        return "a complete listing by the owner, or `scope:` in cnmm.yaml: repositories, teams, clusters"
    for signal in signals:
        if signal.startswith("record."):
            return "artefact files with digest, date, owner and a reviewer other than the signer"
        spec = declared.get(split_key(signal)[0])
        if spec is not None:
            best = min(source.rank for source in spec.sources)
            return "; ".join(source.permission for source in spec.sources if source.rank == best)
    return ""
