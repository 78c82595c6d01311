"""What a scan could decide, before it reads: each source, its state, and the rows that hang on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from cnmm_collectors.plugin import LedgerRow, Probe, Probing, Sourced, Target, WorkItem
from cnmm_collectors.signals import Gap, split_key
from cnmm_rules.criteria import Catalogue, keys_of, tests_of
from cnmm_scanner.preparation import Scan
from cnmm_scanner.targets import public
from cnmm_scanner.work import Crash, Worker, attempt

LOCAL = "sources"
"""The locator of what `sources:` names."""
READABLE = "readable"
_STATES = {Gap.NOT_VISIBLE: "not visible", Gap.NOT_COLLECTED: "not readable"}
_ALIASES = {"attestations": "attest", "artefacts": "artefact", "oncall": "work", "openings": "hr"}
"""What the registry calls a kind of source where it has another name there."""
_HOSTS = ("github", "gitlab")


@dataclass(frozen=True, slots=True)
class Look:
    """What one group of signals looks like: readable, or in which state, why, and the least that would do."""

    group: str
    state: str
    signals: frozenset[str]
    detail: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A target as one collector sees it; `answered` are ids and keys of signals; `calls` are predicted."""

    target: str
    collector: str
    credential: str
    local: bool
    looks: tuple[Look, ...]
    answered: frozenset[str]
    items: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A source that no target and no setting names: how many rows it would open, and what it takes."""

    name: str
    rows: int
    needs: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that `cnmm doctor` says; `rows` holds the keys that each criterion asks, in catalogue order."""

    git: str
    seen: tuple[Seen, ...]
    unnamed: tuple[Unnamed, ...]
    answered: frozenset[str]
    sections: tuple[str, ...]
    rows: Mapping[str, frozenset[str]] = field(repr=False)
    section_of: Mapping[str, str] = field(repr=False)

    def fed_by(self, signals: Iterable[str]) -> list[str]:
        """Return the rows that ask for one of the signals."""
        given = frozenset(signals)
        return [row for row, keys in self.rows.items() if any(_covered(key, given) for key in keys)]

    def left_open(self, look: Look) -> list[str]:
        """Return the rows that hang on signals of a refused look, also where another source answers for
        other subjects: about these nothing is known.
        """
        return [] if look.state == READABLE else self.fed_by(look.signals)

    def decided(self, section: str) -> tuple[int, list[str], int]:
        """Return how many rows a section has, which can be decided whole, and how many more in part."""
        rows = [row for row in self.rows if self.section_of[row] == section]
        whole = [row for row in rows if self.rows[row] and all(self._has(key) for key in self.rows[row])]
        part = [row for row in rows if any(self._has(key) for key in self.rows[row])]
        return len(rows), whole, len(part) - len(whole)

    def _has(self, key: str) -> bool:
        return _covered(key, self.answered)


def diagnose(scan: Scan, worker: Worker, git: str) -> Diagnosis:
    """Return what the targets of a scan look like; asks once for each group and writes nothing."""
    seen = tuple(found for target in scan.targets for found in _look_at(scan, worker, target))
    answered = frozenset[str]().union(*(one.answered for one in seen))
    answered = (answered | _joined(scan, seen)) - _refused(scan, seen)
    rows = {row.id: _asked(row) for row in scan.catalogue.criteria}
    return Diagnosis(
        git,
        seen,
        tuple(_unnamed(scan, rows, answered)),
        answered,
        tuple(section.id for section in scan.catalogue.sections),
        rows,
        _sections(scan.catalogue),
    )


def _sections(catalogue: Catalogue) -> dict[str, str]:
    return {row.id: one.id for one in catalogue.sections for row in catalogue.of_section(one.id)}


def _look_at(scan: Scan, worker: Worker, target: Target) -> Iterator[Seen]:
    for name, collector in scan.collectors.items():
        if collector.accepts(target):
            yield _see(collector, target, scan.collector_settings[name], worker)


def _see(collector: Any, target: Target, settings: Any, worker: Worker) -> Seen:
    reader, local = worker.reader(collector, target), target.locator == LOCAL
    every = frozenset(spec.id for spec in collector.signals)
    looks: list[Look] = []
    if isinstance(collector, Probing):
        probed = attempt(lambda: list(collector.probe(target, settings, reader)))
        looks = (
            [_crashed(probed, every)] if isinstance(probed, Crash) else [_look(one, local) for one in probed]
        )
    blank = Seen(_name(target), collector.name, target.credential, local, tuple(looks), frozenset())
    if looks and not any(look.state == READABLE for look in looks):
        return blank
    planned = attempt(lambda: list(collector.plan(target, settings, reader)))
    if isinstance(planned, Crash):
        return replace(blank, looks=(*looks, _crashed(planned, every)))
    items = [one for one in planned if isinstance(one, WorkItem)]
    if not isinstance(collector, Probing):
        looks = [*_failed(planned, every), *([Look("", READABLE, every)] if items else [])]
    shown = frozenset[str]().union(*(look.signals for look in looks if look.state == READABLE))
    lost = frozenset[str]().union(*(look.signals for look in looks if look.state != READABLE))
    # One export that cannot be read takes nothing from another; one refused group of a host does.
    answered = shown if local or not isinstance(collector, Probing) else every - lost
    calls = sum(item.calls + item.later for item in items)
    return replace(blank, looks=tuple(looks), answered=answered, items=len(items), calls=calls)


def _look(probe: Probe, local: bool) -> Look:
    state = READABLE if probe.readable else _state(probe.gap, local)
    return Look(probe.group, state, frozenset(probe.signals), probe.detail, probe.needs)


def _crashed(crash: Crash, every: frozenset[str]) -> Look:
    return Look("", _state(crash.gap), every, crash.detail)


def _failed(planned: Sequence[Any], every: frozenset[str]) -> Iterator[Look]:
    """Yield what a plan says of targets it could not open."""
    for one in planned:
        if isinstance(one, LedgerRow) and one.failed:
            gap = Gap(one.cause) if one.cause in set(Gap) else None
            yield Look("", _state(gap), every, one.detail)


def _state(gap: Gap | None, local: bool = False) -> str:
    if local and gap is Gap.NOT_VISIBLE:
        return "not there"
    return "not readable" if gap is None else _STATES.get(gap, gap.value.replace("_", " "))


def _name(target: Target) -> str:
    """Return what to call a target: by its kind, where it has no address of its own."""
    return public(target) if "://" in target.locator else f"{target.kind}:{public(target)}"


def _refused(scan: Scan, seen: Sequence[Seen]) -> frozenset[str]:
    """Return the signals that some credential or export is refused: no row is decided whole without them."""
    probed = [one for one in seen if isinstance(scan.collectors[one.collector], Probing)]
    refused = (look for one in probed for look in one.looks if look.state != READABLE)
    return frozenset[str]().union(*(look.signals for look in refused))


def _joined(scan: Scan, seen: Sequence[Seen]) -> frozenset[str]:
    """Return the signals of the joins all of whose sources are readable."""
    there: set[str] = set()
    for one in seen:
        if one.local:
            there.update(look.group.partition(":")[0] for look in one.looks if look.state == READABLE)
        elif one.answered:
            there.add("host" if one.collector in _HOSTS else one.collector)
    able = (join for join in scan.joins if there.issuperset(join.needs.sources))
    return frozenset(spec.id for join in able for spec in join.signals)


def _unnamed(scan: Scan, rows: Mapping[str, frozenset[str]], answered: frozenset[str]) -> Iterator[Unnamed]:
    """Yield the sources that nothing names, the one that would open most rows first."""
    named = {kind for target in scan.targets for kind, _ in target.facts if target.locator == LOCAL}
    read = {name for name, one in scan.collectors.items() if any(map(one.accepts, scan.targets))}
    found: list[Unnamed] = []
    for name, one in scan.collectors.items():
        if isinstance(one, Sourced):
            offers = {kind: ids for kind, ids in one.answers.items() if kind not in named}
        else:
            offers = {} if name in read else {name: tuple(spec.id for spec in one.signals)}
        found += (
            map(partial(_offer, rows, answered, one), *zip(*offers.items(), strict=True)) if offers else []
        )
    yield from sorted((one for one in found if one.rows), key=lambda one: (-one.rows, one.name))


def _offer(
    rows: Mapping[str, frozenset[str]], answered: frozenset[str], one: Any, name: str, ids: Sequence[str]
) -> Unnamed:
    new = frozenset(ids) - answered
    opened = [keys for keys in rows.values() if any(_covered(key, new) for key in keys)]
    names = (name, _ALIASES.get(name, name))
    specs = (spec for spec in one.signals if spec.id in new)
    sources = (source for spec in specs for source in spec.sources)
    wanted = [source.permission for source in sources if source.name in names]
    return Unnamed(name, len(opened), "; ".join(dict.fromkeys(wanted)) if isinstance(one, Sourced) else "")


def _covered(key: str, signals: frozenset[str]) -> bool:
    return key in signals or split_key(key)[0] in signals


def _asked(row: Any) -> frozenset[str]:
    return frozenset(key for test in tests_of(row) for key in keys_of(test))
