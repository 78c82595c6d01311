"""What is said to the operator beside results: names from outside are spelled out, no terminal obeys them."""

from __future__ import annotations

import click

from cnmm_reports.inert import inert


def say(message: object) -> None:
    """Write each line to standard error, with the program's name before it."""
    for line in str(message).splitlines():
        click.echo(f"cnmm: {inert(line)}", err=True)


def tell(text: object) -> None:
    """Write one line to standard error, such as the path of a file that was written."""
    click.echo(inert(text).replace("\n", " "), err=True)
