"""`cnmm serve`: reports and history in a browser."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import FrameType

import click

from cnmm_scanner.history.location import parse_location


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--history", "store", metavar="PATH|URL", help="Where earlier scans are kept.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Any other than loopback needs a token.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8100, show_default=True, help="0 takes a free one."
)
@click.option(
    "--token-variable", metavar="NAME", help="Environment variable that holds the token readers give."
)
def serve(folder: Path, store: str | None, host: str, port: int, token_variable: str | None) -> int:
    """Show the bundles below FOLDER as web pages: a list, each report, levels over time. Nothing is written.

    /metrics holds the gauges of each organisation's newest bundle, for Prometheus.

    A reader gives the token as password (any user name) or as bearer token. Beyond this machine, put a
    proxy with TLS in front: the token would otherwise be read on the way.
    """
    from cnmm_scanner.serve.application import Application
    from cnmm_scanner.serve.server import ServeFault, Server

    token = os.environ.get(token_variable, "") if token_variable else ""
    if token_variable and not token:
        raise ServeFault(f"the variable {token_variable[:40]} is not set or empty")
    location = None if store is None else parse_location(store)
    if location is not None and location.path is not None and not location.path.is_file():
        raise ServeFault(f"history {location}: there is no such file")
    with Server(Application(folder.resolve(), location, token), host, port) as server:
        signal.signal(signal.SIGTERM, _stop)
        click.echo(f"{server.address} (Ctrl-C ends it)", err=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _stop(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
