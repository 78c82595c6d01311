"""`cnmm assess`, `cnmm report` and `cnmm verify`: what can be done with a bundle alone."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cnmm_scanner.bundle import Bundle, BundleFault, write_bundle
from cnmm_scanner.canonical import digest, document
from cnmm_scanner.container import held
from cnmm_scanner.derive import derive
from cnmm_scanner.gates import check_sections, failed_gates, parse_gates
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.marks import beside as marks_beside
from cnmm_scanner.marks import read_marks
from cnmm_scanner.outputs import BUNDLE, load_renderers, make_folder, render
from cnmm_scanner.plugins import foreign
from cnmm_scanner.requirements import check_requirements, parse_requirements, unmet_requirements
from cnmm_scanner.signature import load_signer
from cnmm_scanner.speech import say, tell
from cnmm_scanner.statements import read_statements
from cnmm_scanner.verify import as_table
from cnmm_scanner.verify import verify as verify_bundle

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_DECISIONS = "inputs/adjudications.json"


@click.command()
@click.argument("bundle", type=_FILE)
@click.option("-o", "--output", type=_FOLDER, default="cnmm-report", show_default=True)
@click.option("--adjudications", type=_FILE, help="An auditor's decisions, in YAML.")
@click.option("--sign-key", type=_FILE, help="Private key that signs the new bundle.")
@click.option("--fail-under", multiple=True, metavar="SECTION=LEVEL")
@click.option("--require-coverage", multiple=True, metavar="SECTION=SHARE")
@click.option("--require", multiple=True, metavar="ROW|SIGNAL>=N")
@click.option("--no-plugins", is_flag=True)
def assess(
    bundle: Path,
    output: Path,
    adjudications: Path | None,
    sign_key: Path | None,
    fail_under: tuple[str, ...],
    require_coverage: tuple[str, ...],
    require: tuple[str, ...],
    no_plugins: bool,
) -> int:
    """Judge BUNDLE's facts and write a new bundle that names it as its parent."""
    gates, wanted = parse_gates(fail_under, require_coverage), parse_requirements(require)
    signer = None if sign_key is None else load_signer(sign_key)
    decisions = read_statements("adjudications", adjudications)
    target = make_folder(output) / BUNDLE
    with Bundle(bundle) as old:
        check_sections(gates, [section.id for section in old.catalogue().sections])
        check_requirements(wanted, old.catalogue(), old.signals())
        members = old.members()
        members.pop(ASSESSMENT, None)
        if adjudications is not None:
            members[_DECISIONS] = held(document(decisions))
        write_bundle(target.with_suffix(".facts"), members, old.about())
    facts = target.with_suffix(".facts")
    try:
        with Bundle(facts) as new:
            assessment = derive(new)
            about = {**new.about(), "parent": new.manifest.parent}
            write_bundle(target, {**new.members(), ASSESSMENT: held(assessment)}, about, signer)
            render(assessment, new.catalogue(), {}, output)
            told = json.loads(assessment)
            missed = tuple(unmet_requirements(wanted, told, new.facts(), new.signals()))
    finally:
        facts.unlink()
    failed = [*failed_gates(told, gates), *missed]
    for line in failed:
        say(line)
    tell(target)
    return 1 if failed else 0


@click.command()
@click.argument("bundle", type=_FILE)
@click.option("-o", "--output", type=_FOLDER, default="cnmm-report", show_default=True)
@click.option(
    "--format",
    "formats",
    multiple=True,
    help="Report formats, separated by commas, or `all`; the usual four by default.",
)
@click.option("--no-plugins", is_flag=True, help="Use nothing but what cnmm itself brings.")
@click.option("--marks", type=_FILE, help="Reviewers' marks; BUNDLE.marks.yaml where it is there.")
@click.option(
    "--against", type=_FILE, help="An earlier bundle or assessment.json: shows what changed, and why."
)
@click.option(
    "--history", "store", metavar="PATH|URL", help="Earlier scans: shows the trend, and what changed since."
)
def report(
    bundle: Path,
    output: Path,
    formats: tuple[str, ...],
    no_plugins: bool,
    marks: Path | None,
    against: Path | None,
    store: str | None,
) -> int:
    """Write the reports of BUNDLE again, from its sealed assessment."""
    renderers = load_renderers(formats or None, no_plugins)
    with Bundle(bundle) as opened:
        if ASSESSMENT not in opened.manifest.members:
            raise BundleFault(f"{bundle}: holds facts and no assessment", "cnmm assess makes one")
        assessment = opened.assessment()
        told = json.loads(assessment)
        beside = {**_past(opened, told, store), **_beside(opened, told, marks, against)}
        files, screen = render(assessment, opened.catalogue(), renderers, make_folder(output), bundle, beside)
    sys.stdout.buffer.write(screen)
    sys.stdout.flush()
    for path in files:
        tell(path)
    return 0


def _beside(
    bundle: Bundle, assessment: dict[str, Any], marks: Path | None, against: Path | None
) -> dict[str, Any]:
    """Return what a report shows beside the assessment: plug-ins, reviewers' marks, and what changed."""
    shown: dict[str, Any] = {"plugins": foreign(bundle.manifest.plugins)}
    if (file := marks or marks_beside(bundle.path)) is not None:
        shown["marks"] = read_marks(file, digest(bundle.manifest_bytes), assessment)
    if against is not None:
        from cnmm_scanner.diff.compare import compare_files

        shown["diff"] = compare_files(against, bundle.path)
    return shown


def _past(bundle: Bundle, assessment: dict[str, Any], store: str | None) -> dict[str, Any]:
    """Return the trend and the comparison that a history gives, nothing without one."""
    if store is None:
        return {}
    from cnmm_scanner.history.location import parse_location
    from cnmm_scanner.history.past import look_back

    past = look_back(parse_location(store), assessment, digest(bundle.manifest_bytes))
    return {"diff": past.diff, "trend": past.trend}


@click.command()
@click.argument("bundle", type=_FILE)
@click.option("--key", type=_FILE, help="Public key: the bundle must be signed by it, or is rejected.")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def verify(bundle: Path, key: Path | None, as_json: bool) -> int:
    """Check BUNDLE: every byte, the signature, and that the same assessment follows again.

    Exit status 1 where it is altered, not signed by the given key, or another assessment follows;
    2 where it is newer, or was judged by another version of the engine.
    """
    verdict = verify_bundle(bundle, key)
    if as_json:
        sys.stdout.buffer.write(document(asdict(verdict)))
        sys.stdout.flush()
    else:
        click.echo(as_table(verdict))
    if verdict.status:
        say(f"{bundle}: {verdict.summary}")
    return verdict.status
