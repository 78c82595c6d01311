"""`cnmm init` and `cnmm mapping`: what to begin with, from what is in sight."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from cnmm_collectors.tables.faults import TableFault
from cnmm_scanner.faults import Fault
from cnmm_scanner.plugins import COLLECTORS, discover
from cnmm_scanner.proposal import SCHEMA, propose
from cnmm_scanner.settings import Settings
from cnmm_scanner.sources import SourceKind
from cnmm_scanner.surroundings import look_around

FILE = "cnmm.yaml"


class SetupFault(Fault):
    """The settings cannot be written, or are there already."""


@click.command("init")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--print", "printed", is_flag=True, help="Show the proposal, write nothing.")
def init(folder: Path, printed: bool) -> int:
    """Propose settings for FOLDER from its remotes, the environment, the kubeconfig and exports in sight.

    Writes cnmm.yaml and the schema editors complete it from; what is there already is never overwritten.
    """
    collectors = {plugin.name for plugin in discover(COLLECTORS, True)}
    text = propose(look_around(folder, os.environ), folder.resolve().name, collectors)
    if printed:
        click.echo(text, nl=False)
        return 0
    if not _write_new(folder / FILE, text):
        raise SetupFault(f"{folder / FILE} is there already", "see what would be proposed with --print")
    click.echo(f"wrote {folder / FILE}: read it, then run cnmm doctor -c {folder / FILE}")
    if _write_new(folder / SCHEMA, json.dumps(Settings.model_json_schema(by_alias=True), indent=2) + "\n"):
        click.echo(f"wrote {folder / SCHEMA}")
    else:
        click.echo(f"{folder / SCHEMA} is there already and was left as it is")
    return 0


@click.command("mapping")
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--as",
    "kind",
    required=True,
    type=click.Choice([kind.value for kind in SourceKind]),
    help="What the file is.",
)
def mapping(export: Path, kind: str) -> int:
    """Print how the columns of EXPORT are read: names of columns alone, never a cell.

    Where a column is in doubt the scan stops for that file; fill this in and keep it beside the export.
    """
    for plugin in discover(COLLECTORS, True):
        drawing = getattr(plugin.load(), "draft", None)
        try:
            text = drawing(kind, export) if drawing else ""
        except TableFault as fault:
            raise SetupFault(str(fault), "see docs/how-to/people.md") from fault
        if text:
            click.echo(text, nl=False)
            return 0
    raise SetupFault(f"{kind}: has no columns to map")


def _write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; False where anything is, a dangling link included."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise SetupFault(f"{path}: cannot be written: {error.strerror}") from error
    return True
