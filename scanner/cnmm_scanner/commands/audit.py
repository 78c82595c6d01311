"""`cnmm sample`, `cnmm recheck` and `cnmm export`: what an auditor does with a sealed bundle."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cnmm_scanner.bundle import Bundle, BundleFault
from cnmm_scanner.canonical import digest, document
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.speech import tell

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_SEED = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="What the draw depends on."
)


@click.command()
@click.argument("bundle", type=_FILE)
@_SEED
@click.option(
    "--size", type=click.IntRange(1, 10_000), default=25, show_default=True, help="Findings to draw."
)
@click.option("-o", "--output", type=_FOLDER, default="cnmm-sample", show_default=True)
def sample(bundle: Path, seed: int, size: int, output: Path) -> int:
    """Draw a stratified sample of BUNDLE's findings, with a workpaper for each and an empty marks file."""
    from cnmm_reports.view import build_view
    from cnmm_scanner.outputs import make_folder, write_file
    from cnmm_scanner.sampling import draw, sample_files

    with Bundle(bundle) as opened:
        view = build_view(require_assessment(opened), opened.catalogue())
        drawn = draw(view.assessment["findings"], seed, size)
        files = sample_files(view, drawn, seed, size, digest(opened.manifest_bytes))
    folder = make_folder(output)
    if (folder / "marks.yaml").exists():
        # Whatever a reviewer wrote there is not ours to replace.
        del files["marks.yaml"]
    for name, data in sorted(files.items()):
        write_file(folder, name, data)
    click.echo(f"{len(drawn.findings)} of {drawn.population} findings, population {drawn.population_digest}")
    tell(folder / "sample.json")
    return 0


def require_assessment(bundle: Bundle) -> dict[str, Any]:
    """Return the assessment that a bundle seals; raises BundleFault where it seals none."""
    if ASSESSMENT not in bundle.manifest.members:
        raise BundleFault(f"{bundle.path}: holds facts and no assessment", "cnmm assess makes one")
    return bundle.assessed()


@click.command()
@click.argument("bundle", type=_FILE)
@click.option(
    "--sample", "size", type=click.IntRange(1, 10_000), default=25, show_default=True, help="Citations."
)
@_SEED
@click.option(
    "--repo",
    "repositories",
    multiple=True,
    metavar="NAME=PATH",
    help="Where a cited repository is, also by URL.",
)
@click.option("--credential", default="", metavar="VARIABLE", help="Variable with a token for --repo URLs.")
@click.option(
    "--against",
    type=_FILE,
    help="A bundle that you collected yourself, for APIs, clusters and exports.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def recheck(
    bundle: Path, size: int, seed: int, repositories: tuple[str, ...], credential: str,
    against: Path | None, form: str,
) -> int:  # fmt: skip
    """Fetch citations of BUNDLE again with your own access: same, changed, gone or not permitted.

    Repositories are read from --repo, or cloned from a public address that a citation names. What only an
    API, a cluster or an export can show is compared with --against, a bundle that you collected with your own
    access. Exit status 1 where a citation is no longer what it was.
    """
    import platformdirs

    from cnmm_scanner.collected_again import read_again
    from cnmm_scanner.recheck import CHANGED, Recheck, as_table, build_document, choose, parse_repositories

    places = parse_repositories(repositories)
    with Bundle(bundle) as opened:
        told = require_assessment(opened)
        manifest = digest(opened.manifest_bytes)
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    chosen = choose(told["evidence"], seed, size)
    again = None
    if against is not None:
        with Bundle(against) as second:
            again = read_again(second, chosen)
    checker = Recheck(places, stamp, platformdirs.user_cache_path("cnmm"), credential, again)
    try:
        rows = [checker.check(item) for item in chosen]
    finally:
        checker.close()
    about = {"organisation": told["organisation"], "as_of": told["as_of"], "bundle": manifest, "at": stamp}
    found = build_document(rows, {**about, "seed": seed, "population": len(told["evidence"])})
    if form == "json":
        sys.stdout.buffer.write(document(found))
        sys.stdout.flush()
    else:
        click.echo(as_table(found))
    return 1 if found["counts"][CHANGED] else 0


@click.command()
@click.argument("bundle", type=_FILE)
@click.option("--profile", type=click.Choice(["external"]), required=True, help="Who the export is for.")
@click.option("-o", "--output", type=_FOLDER, default="cnmm-export", show_default=True)
@click.option(
    "--names",
    type=click.Path(dir_okay=False, path_type=Path),
    default="cnmm-export-names.json",
    show_default=True,
    help="Private file of replacements; the same file gives the same replacements again.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    help="Report formats, separated by commas, or `all`; the usual four by default.",
)
@click.option("--no-plugins", is_flag=True, help="Use nothing but what cnmm itself brings.")
def export(
    bundle: Path, profile: str, output: Path, names: Path, formats: tuple[str, ...], no_plugins: bool
) -> int:
    """Write BUNDLE's assessment for outsiders: no team, no repository, no locator, no text of people."""
    from cnmm_reports.schema import schema
    from cnmm_scanner.export import ExportFault, describe, read_names, require_silence, write_names
    from cnmm_scanner.export import export as make_external
    from cnmm_scanner.outputs import load_renderers, make_folder, render_files, write_file

    if names.resolve().is_relative_to(output.resolve()):
        raise ExportFault(f"--names {names} lies in the folder that is handed out", "give another place")
    replacements = read_names(names)
    with Bundle(bundle) as opened:
        sealed = require_assessment(opened)
        told = make_external(sealed, replacements)
        about = describe(sealed, told, digest(opened.manifest_bytes))
        published = opened.catalogue(tailored=False)
        vocabulary = b"".join(opened.container.read(name) for name in opened.below("catalogue"))
        vocabulary += document(schema())
    files, _ = render_files(document(told), published, load_renderers(formats or None, no_plugins))
    files["export.json"] = document(about)
    require_silence(files, replacements, vocabulary)
    write_names(names, replacements)
    folder = make_folder(output)
    for name, data in sorted(files.items()):
        tell(write_file(folder, name, data))
    click.echo(f"conclusions {about['conclusions_digest']}, the same as the bundle's")
    return 0
