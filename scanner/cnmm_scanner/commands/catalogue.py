"""`cnmm explain`, `cnmm rules` and `cnmm schema`: the catalogue, and what a bundle says of a row."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from cnmm_collectors import registry
from cnmm_rules import siblings
from cnmm_rules.catalogue.loader import load
from cnmm_rules.criteria import Catalogue
from cnmm_rules.lint import lint as find_faults
from cnmm_rules.lint import prompts as count_prompts
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.canonical import document
from cnmm_scanner.faults import Fault
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.outputs import make_folder, write_file
from cnmm_scanner.plugins import CATALOGUES, find

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
PUBLISHED = "cnmm-people"


class LookupFault(Fault):
    """There is no such criterion, signal or schema."""


class LintFault(Fault):
    """A catalogue has faults; each is a line."""


def published_files() -> dict[str, bytes]:
    """Return the files of the published catalogue; raises PluginFault."""
    files: dict[str, bytes] = find(CATALOGUES, PUBLISHED).load().files()
    return files


@click.command()
@click.argument("name", metavar="CRITERION|SIGNAL")
@click.argument("bundle", type=_FILE, required=False)
def explain(name: str, bundle: Path | None) -> int:
    """Say what a criterion or signal asks and why that threshold; with BUNDLE also what was seen."""
    from cnmm_reports import explain as words

    catalogue, assessment = _sealed(bundle) if bundle else (load(published_files(), registry.load()), None)
    try:
        click.echo(words.explain(catalogue, name, assessment), nl=False)
    except words.UnknownName as error:
        raise LookupFault(str(error), "cnmm rules list") from None
    return 0


def _sealed(path: Path) -> tuple[Catalogue, Mapping[str, Any] | None]:
    with Bundle(path) as bundle:
        judged = ASSESSMENT in bundle.manifest.members
        return bundle.catalogue(), bundle.assessed() if judged else None


@click.group()
def rules() -> None:
    """List, check or document the catalogue."""


@rules.command("list")
@click.option("--section", help="One section only.")
@click.option("--level", type=click.IntRange(0, 5), help="One level only; 0 for rows without one.")
def list_rules(section: str | None, level: int | None) -> int:
    """Print one line for each criterion: id, role, weight, statement."""
    catalogue = load(published_files(), registry.load())
    known = [one.id for one in catalogue.sections]
    if section is not None and section not in known:
        raise LookupFault(f"there is no section {section[:40]!r}", f"known are {', '.join(known)}")
    for row in catalogue.criteria:
        if section in (None, row.section) and level in (None, row.level):
            click.echo(f"{row.id:<44} {row.role:<8} {float(row.weight):>4g}  {row.statement}")
    return 0


@rules.command("lint")
@click.argument("folder", type=_FOLDER, required=False)
def lint(folder: Path | None) -> int:
    """Check a catalogue FOLDER, or the published one: its files, its logic, and every sibling case."""
    files = published_files()
    if folder is not None:
        files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.yaml"))}
    catalogue = load(files, registry.load())
    results = list(siblings.run(files, catalogue))
    wrong = [
        f"{one.where}: {one.criterion}: {one.name}: want {one.want.value}, got {one.got.value}"
        for one in results
        if one.want is not one.got
    ]
    faults = [*find_faults(catalogue), *wrong]
    if faults:
        raise LintFault("\n".join(faults))
    head = f"{catalogue.id} {catalogue.version}"
    asked = f"{count_prompts(catalogue)} prompts without effect"
    click.echo(f"{head}: {len(catalogue.criteria)} criteria and {len(results)} cases, {asked}, no fault")
    return 0


@rules.command("docs")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True)
def docs(output: Path) -> int:
    """Write the whole catalogue for readers: one HTML page and Markdown files."""
    from cnmm_reports.catalogue_page import render

    files = published_files()
    catalogue = load(files, registry.load())
    cases: dict[str, list[siblings.CaseResult]] = defaultdict(list)
    for result in siblings.run(files, catalogue):
        cases[result.criterion].append(result)
    for name, data in sorted(render(catalogue, cases).items()):
        click.echo(write_file(make_folder(output), name, data), err=True)
    return 0


def _settings_schema() -> dict[str, Any]:
    from cnmm_scanner.settings import Settings

    return Settings.model_json_schema(by_alias=True)


def _manifest_schema() -> dict[str, Any]:
    from cnmm_scanner.manifest import Manifest

    return Manifest.model_json_schema(by_alias=True)


def _statements_schema(kind: str) -> Callable[[], dict[str, Any]]:
    from cnmm_scanner.statements import FILES

    return FILES[kind].model_json_schema


def _assessment_schema() -> dict[str, Any]:
    from cnmm_reports.schema import schema

    return schema()


def _overlay_schema() -> dict[str, Any]:
    from cnmm_rules.catalogue.overlay import OverlayFile

    return OverlayFile.model_json_schema(by_alias=True)


def _catalogue_schema() -> dict[str, Any]:
    from cnmm_rules.catalogue.models import SectionFile

    return SectionFile.model_json_schema(by_alias=True)


def _marks_schema() -> dict[str, Any]:
    from cnmm_scanner.marks import MarksFile

    return MarksFile.model_json_schema()


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "adjudications": _statements_schema("adjudications"),
    "assessment": _assessment_schema,
    "attestations": _statements_schema("attestations"),
    "catalogue": _catalogue_schema,
    "manifest": _manifest_schema,
    "marks": _marks_schema,
    "overlay": _overlay_schema,
    "settings": _settings_schema,
    "waivers": _statements_schema("waivers"),
}


@click.command()
@click.argument("name")
def schema(name: str) -> int:
    """Print the JSON Schema called NAME."""
    if name not in SCHEMAS:
        raise LookupFault(f"no schema is called {name[:40]!r}", f"known are {', '.join(SCHEMAS)}")
    sys.stdout.buffer.write(document(SCHEMAS[name]()))
    sys.stdout.flush()
    return 0
