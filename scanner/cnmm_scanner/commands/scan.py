"""`cnmm scan` and `cnmm collect`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

import click

from cnmm_scanner.gates import parse_gates
from cnmm_scanner.lanes import parse_executor
from cnmm_scanner.preparation import Order, prepare
from cnmm_scanner.progress import make_progress
from cnmm_scanner.requirements import parse_requirements
from cnmm_scanner.run import Done, run_scan
from cnmm_scanner.speech import say, tell

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Day(click.ParamType[date]):
    """A date, `YYYY-MM-DD`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day; fails with how to write one."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date: write YYYY-MM-DD", param, ctx)


class Span(click.ParamType[tuple[date, date]]):
    """Two dates, `FROM..TO`."""

    name = "from..to"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[date, date]:
        """Return both days; fails with how to write them."""
        if isinstance(value, tuple):
            return value
        start, _, end = value.partition("..")
        try:
            return date.fromisoformat(start), date.fromisoformat(end)
        except ValueError:
            self.fail(f"{value!r} is not a period: write YYYY-MM-DD..YYYY-MM-DD", param, ctx)


_COLLECTING: list[Callable[[Any], Any]] = [
    click.argument("targets", nargs=-1, metavar="[TARGET]..."),
    click.option("-c", "--config", type=_FILE, help="Settings, cnmm.yaml."),
    click.option(
        "-o",
        "--output",
        type=click.Path(file_okay=False, path_type=Path),
        default="cnmm-report",
        show_default=True,
        help="Folder for the results.",
    ),
    click.option("--organisation", help="What the organisation is called in the report."),
    click.option("--as-of", type=Day(), help="Audit date; today where it is not given."),
    click.option("--period", type=Span(), help="What the scan looks back on; a year by default."),
    click.option("--resume", is_flag=True, help="Go on with a scan that was stopped or killed."),
    click.option(
        "--executor",
        default="processes",
        show_default=True,
        help="threads, processes, a number of processes, or dask:ADDRESS of a scheduler.",
    ),
    click.option("--fresh", is_flag=True, help="Read also what has not changed since the last scan."),
    click.option("--max-calls", type=click.IntRange(0), help="Stop planning API calls above this number."),
    click.option(
        "--max-wait",
        type=click.FloatRange(0),
        help="Most seconds that a piece of work waits for a host's rate limits.",
    ),
    click.option(
        "--no-clone",
        "clone",
        flag_value=False,
        default=True,
        type=bool,
        help="Clone no repository that a host lists; GitHub's files come through its API instead.",
    ),
    click.option(
        "--sample",
        type=click.IntRange(1),
        help="Read files and deployments of so many repositories of a host.",
    ),
    click.option("--seed", type=click.IntRange(0), help="What decides which; 0 where it is not given."),
    click.option("--strict", is_flag=True, help="Exit 3 where collection is incomplete."),
    click.option("--quiet", is_flag=True, help="Say nothing but faults."),
    click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True),
    click.option("--history", metavar="PATH|URL", help="Where earlier scans are kept, and this one will be."),
    click.option("--sign-key", type=_FILE, help="Private key that signs the bundle."),
    click.option("--no-plugins", is_flag=True, help="Use nothing but what cnmm itself brings."),
]

_JUDGING: list[Callable[[Any], Any]] = [
    click.option(
        "--format",
        "formats",
        multiple=True,
        help="Report formats, separated by commas, or `all`; the usual four by default.",
    ),
    click.option("--fail-under", multiple=True, metavar="SECTION=LEVEL", help="Exit 1 below a proven level."),
    click.option(
        "--require-coverage", multiple=True, metavar="SECTION=SHARE", help="Exit 1 below a coverage."
    ),
    click.option(
        "--require",
        multiple=True,
        metavar="ROW|SIGNAL>=N",
        help="Exit 1 unless the row is met, or every reading of the signal passes (>=, <=, >, <, =).",
    ),
    click.option(
        "--fail-on-regression",
        is_flag=True,
        help="Exit 1 where a proven level fell since the latest complete scan, unless less was read alone.",
    ),
]


def _with(options: list[Callable[[Any], Any]]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        def wrapped(**given: Any) -> int:
            return command(**given)

        for option in reversed(options):
            option(wrapped)
        return wrapped

    return decorate


@click.command("scan")
@_with(_COLLECTING + _JUDGING)
def scan(**given: Any) -> int:
    """Read every TARGET, judge what was found, and write the reports and the sealed bundle.

    TARGET is a directory (a checkout, a bare clone, or a folder of them), git:URL, or whatever an
    installed collector accepts.
    """
    gates = parse_gates(given.pop("fail_under"), given.pop("require_coverage"))
    requirements = parse_requirements(given.pop("require"))
    return _run(_order(given, gates=gates, requirements=requirements), assessed=True)


@click.command("collect")
@_with(_COLLECTING)
def collect(**given: Any) -> int:
    """Read every TARGET into a sealed bundle of facts, to be judged later with `cnmm assess`."""
    return _run(_order({**given, "formats": ()}), assessed=False)


def _order(given: dict[str, Any], **more: Any) -> Order:
    given = {**given, "executor": parse_executor(given["executor"])}
    own_only, formats = given.pop("no_plugins"), given.pop("formats")
    return Order(**given, **more, own_only=own_only, formats=formats or None)


def _run(order: Order, *, assessed: bool) -> int:
    scan = prepare(order, rendered=assessed)
    signal.signal(signal.SIGTERM, _interrupt)
    progress = make_progress(order.quiet, order.log_format)
    try:
        done = run_scan(scan, progress, assessed=assessed)
    finally:
        progress.close()
    if order.log_format == "json":
        # Whoever reads JSON lines can read nothing else beside them.
        return _show(done, progress.note, progress.note, quiet=order.quiet)
    return _show(done, tell, say, quiet=order.quiet)


def _interrupt(_: int, __: FrameType | None) -> None:
    """Treat a request to end as Ctrl-C: what was finished is sealed."""
    raise KeyboardInterrupt


def _show(done: Done, name: Callable[[str], None], explain: Callable[[str], None], *, quiet: bool) -> int:
    if not quiet:
        sys.stdout.buffer.write(done.screen)
        sys.stdout.flush()
        for path in (*done.files, done.bundle):
            name(str(path))
    for line in done.said:
        explain(line)
    return done.status
