"""`cnmm diff`, `cnmm trend` and `cnmm history`: what changed, and what earlier scans said."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from cnmm_scanner.canonical import document
from cnmm_scanner.history.location import HistoryFault, Location, parse_location
from cnmm_scanner.speech import tell

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@_FORMAT
def diff(old: Path, new: Path, form: str) -> int:
    """Say what changed from OLD to NEW, bundles or assessment.json files, and why.

    Each change is put down to reality, to the rules, or to what could be read. With two bundles the
    causes are derived; two assessments alone only say which cause their ranges are consistent with.
    """
    from cnmm_scanner.diff.compare import compare_files

    found = compare_files(old, new)
    if form == "json":
        _write(document(found))
    else:
        from cnmm_reports.changes import diff_lines

        for line in diff_lines(found):
            click.echo(line)
    return 0


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


_STORE = click.option(
    "--history",
    "store",
    required=True,
    metavar="PATH|URL",
    help="The history's file, or postgresql://HOST/NAME.",
)
_ORGANISATION = click.option("--organisation", help="Which organisation; the only one kept by default.")


class Age(click.ParamType[int]):
    """A number of days, `90` or `90d`."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the days; fails with how to write them."""
        if isinstance(value, int):
            return value
        digits = value.removesuffix("d")
        if not digits.isdecimal() or len(digits) > 6:
            self.fail(f"{value!r} is not a number of days: write 365d", param, ctx)
        return int(digits)


@click.command()
@_STORE
@_ORGANISATION
@click.option("--team", help="A team's levels instead of the organisation's.")
@_FORMAT
def trend(store: str, organisation: str | None, team: str | None, form: str) -> int:
    """Say how levels moved from scan to scan."""
    from cnmm_reports.changes import trend_lines
    from cnmm_scanner.history.store import ORGANISATION, open_history
    from cnmm_scanner.history.trend import build_trend, organisation_of

    with open_history(_existing(parse_location(store))) as kept:
        subject = ORGANISATION if team is None else f"team:{team.removeprefix('team:')}"
        found = build_trend(kept, organisation_of(kept, organisation), subject)
    if form == "json":
        _write(document(found))
    else:
        for line in trend_lines(found):
            click.echo(line)
    return 0


@click.group()
def history() -> None:
    """List, add to or prune what is kept of earlier scans."""


@history.command("list")
@_STORE
@_ORGANISATION
@_FORMAT
def list_entries(store: str, organisation: str | None, form: str) -> int:
    """Print one line for each scan that is kept, the oldest first."""
    from cnmm_scanner.history.store import open_history

    with open_history(_existing(parse_location(store))) as kept:
        entries = kept.entries(organisation)
    if form == "json":
        rows = [{**asdict(one), "as_of": one.as_of.isoformat()} for one in entries]
        _write(document([{name: value for name, value in row.items() if name != "id"} for row in rows]))
        return 0
    for one in entries:
        state = "complete" if one.complete else "incomplete"
        click.echo(
            f"{one.as_of}  {one.organisation:<24} {one.proven}..{one.possible}  {state:<10} "
            f"{one.catalogue} {one.catalogue_version}  {one.conclusions_digest}"
        )
    return 0


@history.command("add")
@click.argument("bundles", type=_FILE, nargs=-1, required=True)
@_STORE
def add(bundles: tuple[Path, ...], store: str) -> int:
    """Keep the assessments of finished BUNDLES."""
    from cnmm_scanner.history.past import remember

    for bundle in bundles:
        fresh = remember(parse_location(store), bundle)
        tell(f"{bundle}: {'kept' if fresh else 'was kept already'}")
    return 0


@history.command("prune")
@_STORE
@_ORGANISATION
@click.option(
    "--older-than", type=Age(), required=True, metavar="DAYS", help="Days before today, such as 730d."
)
def prune(store: str, organisation: str | None, older_than: int) -> int:
    """Remove every scan with an audit date older than that, its documents and measures included."""
    from cnmm_scanner.history.past import today
    from cnmm_scanner.history.store import open_history

    with open_history(_existing(parse_location(store))) as kept:
        gone = kept.prune(today() - timedelta(days=older_than), organisation)
    tell(f"{gone} removed")
    return 0


def _existing(location: Location) -> Location:
    if location.path is not None and not location.path.is_file():
        raise HistoryFault(f"history {location}: there is no such file", "cnmm scan --history makes it")
    return location
