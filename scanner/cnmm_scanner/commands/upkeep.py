"""`cnmm keys` and `cnmm clean`."""

from __future__ import annotations

from pathlib import Path

import click
import platformdirs

from cnmm_scanner import journal, kept, signature


@click.group()
def keys() -> None:
    """Make keys for signing bundles."""


@keys.command("new")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new(file: Path) -> int:
    """Write a new Ed25519 private key to FILE (mode 0600) and its public half to FILE.pub.

    Keep the public half where a bundle cannot reach it: it is what `cnmm verify --key` trusts.
    """
    public, keyid = signature.make_keys(file)
    click.echo(f"{file}: private key, keep it\n{public}: public key {keyid}")
    return 0


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(file_okay=False, path_type=Path), metavar="[FOLDER]...")
def clean(folders: tuple[Path, ...]) -> int:
    """Remove the journal, its key and everything else an unfinished scan left in each output FOLDER.

    What scans keep of unmoved sources goes too; it would by itself within a day.
    """
    kept.empty(platformdirs.user_cache_path("cnmm"))
    for folder in folders or (Path("cnmm-report"),):
        removed = journal.clean(folder)
        click.echo(f"{folder}: {'cleaned' if removed else 'nothing to clean'}")
    return 0
