"""Runs one collector over a world the way a scan does: plan, collect, follow its own targets."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from cnmm_collectors.plugin import Collected, Collector, LedgerRow, Target, WorkItem, Yield
from cnmm_collectors.reader import SourceReader, initialise
from cnmm_collectors.signals import Reading, Signal
from cnmm_scanner.contract import Contract, keep
from cnmm_scanner.work import Crash, attempt
from contract.worlds import CREDENTIAL, SECRET, World, nobody

AS_OF = date(2026, 11, 22)
NOW = "2026-11-22T06:00:00Z"
MOST_TARGETS = 50
SMALL = 64 * 1024**2


@dataclass
class Part:
    """One plan, or one work item: what it yielded, and how it crashed if it did."""

    item: WorkItem | None
    yields: list[Yield] = field(default_factory=list)
    crash: str = ""

    @property
    def ledger(self) -> list[LedgerRow]:
        return [one for one in self.yields if isinstance(one, LedgerRow)]


@dataclass
class Scan:
    """Everything a collector did with a world."""

    parts: list[Part] = field(default_factory=list)

    @property
    def yields(self) -> list[Yield]:
        return [one for part in self.parts for one in part.yields]

    @property
    def signals(self) -> list[Signal]:
        return [one for one in self.yields if isinstance(one, Signal)]

    @property
    def ledger(self) -> list[LedgerRow]:
        return [one for one in self.yields if isinstance(one, LedgerRow)]

    @property
    def items(self) -> list[WorkItem]:
        return [part.item for part in self.parts if part.item is not None]

    @property
    def crashes(self) -> list[str]:
        return [part.crash for part in self.parts if part.crash]

    def readings(self) -> dict[tuple[str, str, str], Reading]:
        """Return every reading by key, subject and source."""
        return {(one.key, str(one.subject), one.source): one.reading for one in self.signals}


def run(collector: Collector, world: World, cache: Path) -> Scan:
    """Return what a fresh instance of the collector makes of a world; a crash is recorded, not raised."""
    initialise(b"k" * 32)
    cache.mkdir(parents=True, exist_ok=True)
    settings = pickle.loads(pickle.dumps(collector.Settings.model_validate(dict(world.settings))))
    scan = Scan()
    waiting, seen = list(world.targets), set[tuple[str, str]]()
    with nobody(world.as_nobody):
        while waiting:
            target = waiting.pop(0)
            if (target.kind, target.locator) in seen or not collector.accepts(target):
                continue
            seen.add((target.kind, target.locator))
            assert len(seen) <= MOST_TARGETS, "targets lead to targets without end"
            waiting += _follow(collector, target, settings, world, cache, scan)
    return scan


def _follow(
    collector: Collector, target: Target, settings: Any, world: World, cache: Path, scan: Scan
) -> list[Target]:
    planned = _part(
        None, collector, collector.plan(target, settings, reader_of(collector, target, world, cache))
    )
    items = [one for one in planned.yields if isinstance(one, WorkItem)]
    planned.yields = [one for one in planned.yields if not isinstance(one, WorkItem)]
    parts = [planned]
    for item in items:
        # An item travels to another process: what it becomes there is what is collected.
        moved: WorkItem = pickle.loads(pickle.dumps(item))
        assert moved == item
        reader = reader_of(collector, moved.target, world, cache)
        parts.append(_part(moved, collector, collector.collect(moved, settings, reader)))
    scan.parts += parts
    return [one for part in parts for one in part.yields if isinstance(one, Target)]


def _part(item: WorkItem | None, collector: Collector, yields: Iterable[Any]) -> Part:
    part, contract = Part(item), Contract(collector.signals)

    def take() -> None:
        for one in yields:
            if item is not None or not isinstance(one, WorkItem):
                keep(Collected(), one, contract)
            part.yields.append(one)

    crash = attempt(take)
    if isinstance(crash, Crash):
        part.crash = f"{'plan' if item is None else item.key}: {crash.detail}"
    return part


def reader_of(collector: Collector, target: Target, world: World, cache: Path) -> SourceReader:
    """Return the only door out that a collector gets in a world."""
    environment = {CREDENTIAL: SECRET} if target.credential == CREDENTIAL else {}
    reader = SourceReader(
        collector=collector.name,
        version=collector.version,
        as_of=AS_OF,
        now=NOW,
        cache=cache,
        credential=target.credential,
        environment=environment,
    )
    world.tune(reader)
    return reader


def digest(trees: Iterable[Path]) -> str:
    """Return a digest of every path below the trees: kind, mode, time of change, and content unless huge."""
    total = hashlib.sha256()
    for tree in trees:
        for path in (tree, *sorted(tree.rglob("*"))):
            state = path.lstat()
            small = path.is_file() and not path.is_symlink() and state.st_size < SMALL
            content = path.read_bytes() if small else b""
            total.update(f"{path} {state.st_mode} {state.st_mtime_ns} {state.st_size}\0".encode() + content)
    return total.hexdigest()
