"""`cnmm doctor`: what a scan of the targets could decide, and what it would take."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from cnmm_collectors.plugin import Probing, Reader, Target, WorkItem
from cnmm_collectors.signals import split_key
from cnmm_rules.criteria import Catalogue, keys_of, tests_of
from cnmm_scanner.journal import Vault
from cnmm_scanner.preparation import Order, Scan, prepare
from cnmm_scanner.work import Crash, Worker, attempt


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("-c", "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--no-plugins", is_flag=True, help="Use nothing but what cnmm itself brings.")
def doctor(targets: tuple[str, ...], config: Path | None, no_plugins: bool) -> int:
    """Say what is found behind each TARGET, and which criteria a scan of them could decide."""
    found = _git_version()
    click.echo(f"git: {found or 'not found: install git to read repositories'}")
    scan = prepare(Order(targets=targets, config=config, own_only=no_plugins), rendered=False)
    worker = Worker(scan.conditions(Vault(Vault.new_key())))
    refused: set[str] = set()
    for target in scan.targets:
        for line in _describe(scan, worker, target, refused):
            click.echo(line)
    for line in _decides(scan.catalogue, _answered(scan) - refused):
        click.echo(line)
    return 0 if found else 2


def _git_version() -> str:
    """Return git's version, empty where there is no git."""
    place = shutil.which("git")
    if place is None:
        return ""
    done = subprocess.run([place, "--version"], capture_output=True, text=True, timeout=20, check=False)
    return done.stdout.strip().removeprefix("git version ")


def _describe(scan: Scan, worker: Worker, target: Target, refused: set[str]) -> Iterator[str]:
    """Yield what a collector finds behind a target; add to `refused` what this credential may not read."""
    for name, collector in scan.collectors.items():
        if not collector.accepts(target):
            continue
        settings, reader = scan.collector_settings[name], worker.reader(collector, target)
        planned = attempt(partial(_plan, collector, target, settings, reader))
        if isinstance(planned, Crash):
            yield f"{target.kind}:{Path(target.locator).name}: {name} cannot plan it: {planned.detail}"
            continue
        yield from _probe(scan.catalogue, collector, target, settings, reader, refused)
        items = [one for one in planned if isinstance(one, WorkItem)]
        calls = sum(item.calls + item.later for item in items)
        yield f"{target.kind}:{Path(target.locator).name}: {name}: {len(items)} to read, about {calls} calls"


def _plan(collector: Any, target: Target, settings: Any, reader: Reader) -> list[Any]:
    return list(collector.plan(target, settings, reader))


def _probe(
    catalogue: Catalogue, collector: Any, target: Target, settings: Any, reader: Reader, refused: set[str]
) -> Iterator[str]:
    """Yield what the credential may read, where the collector can tell, and what hangs on the rest."""
    if not isinstance(collector, Probing):
        return
    found = attempt(lambda: list(collector.probe(target, settings, reader)))
    if isinstance(found, Crash):
        yield f"  cannot be probed: {found.detail}"
        return
    name = target.credential
    if name:
        yield f"  as {name}:"
    for one in found:
        needs = f"; needs {one.needs}" if one.needs else ""
        yield f"  {one.group}: {'readable' if one.readable else f'not readable: {one.detail}{needs}'}"
        if not one.readable:
            refused.update(one.signals)
            rows = [row.id for row in catalogue.criteria if _asked(row) & set(one.signals)]
            if rows:
                yield f"    leaves open: {', '.join(rows)}"


def _answered(scan: Scan) -> set[str]:
    """Return the signals that the collectors which read these targets declare."""
    reading = [one for one in scan.collectors.values() if any(one.accepts(target) for target in scan.targets)]
    return {spec.id for one in reading for spec in one.signals}


def _decides(catalogue: Catalogue, answered: set[str]) -> Iterator[str]:
    for section in catalogue.sections:
        rows = catalogue.of_section(section.id)
        whole = [row for row in rows if (asked := _asked(row)) and asked <= answered]
        part = [row for row in rows if _asked(row) & answered]
        yield (
            f"{section.id}: {len(whole)} of {len(rows)} criteria can be decided by these sources alone, "
            f"{len(part) - len(whole)} more in part"
        )
        if whole:
            yield f"  whole: {', '.join(row.id for row in whole)}"


def _asked(row: Any) -> set[str]:
    keys: Iterable[str] = (key for test in tests_of(row) for key in keys_of(test))
    return {split_key(key)[0] for key in keys}
