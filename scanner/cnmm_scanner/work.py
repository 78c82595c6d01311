"""The worker's side: one work item in, one journal line out, in a thread or in another process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeVar

from cnmm_collectors.plugin import (
    QUARANTINED,
    Collected,
    Collector,
    LedgerRow,
    Reader,
    Stated,
    Target,
    Wanting,
    WorkItem,
)
from cnmm_collectors.reader import SourceReader, initialise, keyed
from cnmm_collectors.reader.reader import Wants
from cnmm_collectors.signals import Gap, Signal, SignalError, SignalSpec, Unknown
from cnmm_scanner.contract import SOURCE, Contract, ContractBreach, gather
from cnmm_scanner.cycles import search_rarely
from cnmm_scanner.journal import Vault, make_line
from cnmm_scanner.kept import Kept
from cnmm_scanner.plugins import COLLECTORS, discover, load_collectors
from cnmm_scanner.records import confirm_again, encode, people_to_json, target_from_json, target_to_json

SEEN = "|"
"""Separates what an item is asked for from what its source looked like: a journal goes by both."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything a worker needs beside the item: picklable, without a credential.

    `now` is the start of the run, `YYYY-MM-DDTHH:MM:SSZ`; `settings` are validated, by collector. `kept` is
    where readings of unmoved sources lie, None where none may be used, and `code` the state of the readers.
    """

    settings: Mapping[str, Any]
    as_of: date
    period: tuple[date, date]
    now: str
    cache: Path
    own_only: bool
    vault_key: bytes = field(repr=False)
    kept: Path | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Crash:
    """An item that could not be finished: why, in the ledger's and the gaps' words."""

    gap: Gap
    detail: str


@dataclass(frozen=True, slots=True)
class Finished:
    """An item's journal line, its targets, why it failed where it did, and what gave nothing at all."""

    item: str
    line: bytes
    targets: tuple[Target, ...]
    signals: int
    failed: str = ""
    unmoved: bool = False
    lost: str = ""
    told: tuple[str, ...] = ()
    """What became of each file that the operator handed in, a line each."""


class Worker:
    """Runs items under the run's conditions."""

    def __init__(self, conditions: Conditions) -> None:
        plugins = discover(COLLECTORS, conditions.own_only)
        self.conditions = conditions
        self.vault = Vault(conditions.vault_key)
        self.collectors: dict[str, Collector] = load_collectors(plugins)
        self.kept = Kept(conditions.kept, conditions.vault_key) if conditions.kept else None
        self._contracts = {name: Contract(one.signals) for name, one in self.collectors.items()}
        self._wants = self._asker()
        initialise(self.vault.run_key)

    def reader(self, collector: Collector, target: Target) -> Reader:
        """Return the only door out for one collector and target; it sees that target's credential alone."""
        name = target.credential
        reader = SourceReader(
            collector=collector.name,
            version=collector.version,
            as_of=self.conditions.as_of,
            now=self.conditions.now,
            cache=self.conditions.cache,
            credential=name,
            environment={name: os.environ[name]} if name in os.environ else {},
        )
        reader.asker = self._wants
        return reader

    def _asker(self) -> Wants | None:
        """Return how to ask the reader of repositories what it wants, None where none is installed."""
        settings, as_of = self.conditions.settings, self.conditions.as_of
        for name, one in sorted(self.collectors.items()):
            if isinstance(one, Wanting) and one.accepts(Target("git", "/")):
                return lambda names, known: one.wants(names, known, settings[name], as_of)
        return None

    def contract(self, collector: str) -> Contract:
        """Return what the collector is held to."""
        return self._contracts[collector]

    def perform(self, item: WorkItem, name: str, inputs: str) -> Finished:
        """Collect an item, or what is kept of it; whatever happens, the answer is a journal line."""
        with keyed(self.vault.run_key):
            place = self._place(item, inputs)
            known = self.kept.read(place) if self.kept and place else None
            if known is not None:
                return self._again(item, name, inputs, known)
            finished, whole = self._collect(item, name, inputs)
            # A source that moved while it was read was seen in neither state.
            if self.kept and place and whole and self._place(item, inputs) == place:
                self.kept.write(place, finished.line)
            return finished

    def _collect(self, item: WorkItem, name: str, inputs: str) -> tuple[Finished, bool]:
        """Return what an item yielded, and whether all that was asked for was received."""
        collector = self.collectors[item.collector]

        def collect() -> Collected:
            settings = self.conditions.settings[item.collector]
            yields = collector.collect(item, settings, self.reader(collector, item.target))
            found = gather(yields, self._contracts[item.collector])
            if found.people and not item.personal:
                raise ContractBreach("yields person facts from an item that it calls impersonal")
            return found

        outcome = attempt(collect)
        failed = outcome.detail if isinstance(outcome, Crash) else ""
        found = outcome if isinstance(outcome, Collected) else unread(collector, item, outcome)
        # Rows set aside are what the source holds; anything else that failed may be there the next time.
        whole = not failed and not any(row.failed and row.cause != QUARANTINED for row in found.ledger)
        finished = self.finish(name, inputs, found, failed)
        return replace(finished, told=tuple(_files(item, found.ledger))), whole

    def _place(self, item: WorkItem, inputs: str) -> str:
        """Return under which name a reading of the source as it is now is kept; empty where it cannot be."""
        state = self.state_of(item) if self.kept is not None else ""
        return (
            self.kept.name(f"{self.conditions.code} {inputs.partition(SEEN)[0]}", state)
            if self.kept and state
            else ""
        )

    def state_of(self, item: WorkItem) -> str:
        """Return the state its source is in, such as a commit; empty where it cannot say."""
        collector = self.collectors[item.collector]
        if not isinstance(collector, Stated):
            return ""
        settings, reader = self.conditions.settings[item.collector], self.reader(collector, item.target)
        state = attempt(lambda: collector.state(item, settings, reader))
        return state if isinstance(state, str) else ""

    def _again(self, item: WorkItem, name: str, inputs: str, known: dict[str, Any]) -> Finished:
        """Return a kept reading as this run's own: captured when it was read, confirmed now."""
        known["item"], known["inputs"] = name, inputs
        confirm_again(known, self.conditions.now)
        targets = tuple(target_from_json(target) for target in known["targets"])
        signals = sum(lines.count("\n") for lines in known["signals"].values())
        told = tuple(_files(item, [LedgerRow(**row) for row in known["ledger"]]))
        return Finished(name, make_line(known), targets, signals, unmoved=True, told=told)

    def finish(self, name: str, inputs: str, found: Collected, failed: str = "") -> Finished:
        """Return the journal line of what an item yielded, person facts encrypted."""
        body = encode(found)
        body["item"], body["inputs"], body["failed"] = name, inputs, failed
        body["targets"] = [target_to_json(target) for target in found.targets]
        body["people"] = self.vault.lock(people_to_json(found.people)) if found.people else ""
        signals, lost = len(found.signals), nothing_read(found.ledger)
        return Finished(name, make_line(body), tuple(found.targets), signals, failed, lost=lost)


def nothing_read(ledger: Sequence[LedgerRow]) -> str:
    """Return what was asked for and why, where a piece of work received nothing of it; else nothing."""
    failed = [row for row in ledger if row.failed]
    if not failed or any(row.received or row.skipped for row in ledger):
        return ""
    about = failed[0].about
    return f"{about}: {failed[0].detail.removeprefix(f'{about}: ') or failed[0].cause}"


_OF_FILES = (" file", " row", " series")
"""How the unit of what is counted in a file ends."""


def _files(item: WorkItem, rows: Sequence[LedgerRow]) -> Iterator[str]:
    """Yield a line for each file an item read, what is wrong first: how it was read, what was set aside.

    Of an item that asks a server, files are all that is told here: its refusals are in the ledger.
    """
    for row in sorted(rows, key=lambda one: (not one.failed, one.about)):
        if item.lane == "local" or (item.lane == "api" and row.unit.endswith(_OF_FILES)):
            yield from _said(row)


def _said(row: LedgerRow) -> Iterator[str]:
    counted = row.unit.endswith(" row")
    if row.detail and (row.failed or counted or row.unit.endswith(" series")):
        lost = f"{row.failed} of {row.requested} rows set aside; " if counted and row.failed else ""
        yield f"{row.about}: {lost}{row.detail.removeprefix(f'{row.about}: ')}"


Made = TypeVar("Made")


def attempt(work: Callable[[], Made]) -> Made | Crash:
    """Return what the work yields, or how it crashed; one item's failure never stops another."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - a plug-in may raise anything; it becomes Unknown and a ledger row
        return Crash(_gap_of(error), _place_of(error))


def _gap_of(error: Exception) -> Gap:
    """Return the gap that is honest about a crash: not collected, unless its kind says more."""
    told = getattr(error, "gap", None)
    if isinstance(told, Gap):
        return told
    if isinstance(error, TimeoutError | ConnectionError):
        return Gap.UNREACHABLE
    if isinstance(error, PermissionError):
        return Gap.NOT_PERMITTED
    return Gap.MALFORMED if isinstance(error, UnicodeError | SignalError) else Gap.NOT_COLLECTED


def _place_of(error: Exception) -> str:
    """Return the kind of a crash and the line it came from; its message may hold what must not be shown."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    if isinstance(error, ContractBreach):
        return f"broke its contract: {error}"
    where = f" at {Path(last.filename).name}:{last.lineno}" if last else ""
    return f"{type(error).__name__}{where}"


def unread(collector: Collector, item: WorkItem, crash: Crash, *, skipped: bool = False) -> Collected:
    """Return Unknown for every declared signal of the item's subjects, and the ledger row that says why.

    What the item yielded before it crashed is dropped: half a list of components would pass for a whole one.
    """
    detail = f"{collector.name} did not finish: {crash.detail}"
    source = collector.name if SOURCE.fullmatch(collector.name) else "collector"
    row = LedgerRow(
        source, "item", item.key, 1, 0, int(skipped), int(not skipped), crash.gap.value, crash.detail
    )
    signals = [
        Signal(key, subject, _source_of(spec, collector.name), Unknown(crash.gap, detail))
        for subject in item.subjects
        for spec in collector.signals
        if spec.subject is subject.kind
        for key in keys_of(spec)
    ]
    return Collected(signals=signals, ledger=[row])


def keys_of(spec: SignalSpec) -> Iterable[str]:
    """Return the keys of a signal: one for each value where it has one closed facet, else the plain one."""
    if len(spec.parameters) == 1 and spec.parameters[0].values:
        parameter = spec.parameters[0]
        return [spec.key(**{parameter.name: value}) for value in parameter.values]
    return [] if spec.parameters else [spec.id]


def _source_of(spec: SignalSpec, collector: str) -> str:
    names = [source.name for source in sorted(spec.sources, key=lambda one: -one.rank)]
    return collector if collector in names else names[0]


_worker: Worker | None = None


def begin(conditions: Conditions, stop: Connection) -> None:
    """Make this process a worker: it ignores Ctrl-C and ends with the run, however the run ends."""
    global _worker  # a pool's initialiser has no other place to leave what it makes
    search_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_run, args=(stop,), daemon=True).start()
    _worker = Worker(conditions)


def _end_with_run(stop: Connection) -> None:
    """End this process once the run closes its end of the pipe, or is gone itself."""
    parent = multiprocessing.parent_process()
    wait([stop] if parent is None else [stop, parent.sentinel])
    os._exit(1)


def perform(item: WorkItem, name: str, inputs: str) -> Finished:
    """Collect an item in a worker process that `begin` has prepared."""
    if _worker is None:
        raise RuntimeError("begin was not called in this process")
    return _worker.perform(item, name, inputs)


def item_name(item: WorkItem) -> str:
    """Return the item's identity within a run."""
    return f"{item.collector}:{item.key}"
