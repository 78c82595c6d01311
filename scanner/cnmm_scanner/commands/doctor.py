"""`cnmm doctor`: what a scan of the targets could decide, and what it would take."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click

from cnmm_scanner.diagnosis import Diagnosis, diagnose
from cnmm_scanner.journal import Vault
from cnmm_scanner.preparation import NO_TARGET, Order, prepare
from cnmm_scanner.work import Worker


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("-c", "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--no-plugins", is_flag=True, help="Use nothing but what cnmm itself brings.")
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON, with every row by name.")
def doctor(targets: tuple[str, ...], config: Path | None, no_plugins: bool, as_json: bool) -> int:
    """Say of each source whether it can be read, what it decides, and what is missing; write nothing.

    Sources that neither TARGET nor settings name come last, with the rows that each would help to decide.
    """
    scan = prepare(Order(targets=targets, config=config, own_only=no_plugins), rendered=False, aimless=True)
    found = diagnose(scan, Worker(scan.conditions(Vault(Vault.new_key()))), _git_version())
    if as_json:
        from cnmm_scanner.diagnosis_table import to_json

        click.echo(json.dumps(to_json(found), indent=2))
    else:
        _print(found)
    if not found.seen:
        click.echo(f"cnmm: {NO_TARGET}", err=True)
    return 0 if found.git and found.seen else 2


def _print(found: Diagnosis) -> None:
    from rich.console import Console

    from cnmm_scanner.diagnosis_table import WIDTH, show

    click.echo(f"git: {found.git or 'not found: install git to read repositories'}\n")
    console = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    show(found, console)


def _git_version() -> str:
    """Return git's version, empty where there is no git."""
    place = shutil.which("git")
    if place is None:
        return ""
    done = subprocess.run([place, "--version"], capture_output=True, text=True, timeout=20, check=False)
    return done.stdout.strip().removeprefix("git version ")
