"""The runner's own language: inputs, output files, summary and workflow commands, none of it injectable."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Refused(Exception):
    """The step cannot do what the workflow asks for; one line that says what to change."""


def text_input(name: str) -> str:
    """Return an input as it was given, stripped; empty where it was not."""
    return os.environ.get(f"CNMM_{name}", "").strip()


def flag_input(name: str) -> bool:
    """Return a `true`/`false` input; raises Refused for anything else."""
    value = text_input(name)
    if value not in ("", "true", "false"):
        raise Refused(f"input {name.lower().replace('_', '-')}: write true or false")
    return value == "true"


def words_input(name: str) -> list[str]:
    """Return the words of an input, separated by white space or line ends."""
    return text_input(name).split()


def lines_input(name: str) -> list[str]:
    """Return the lines of an input that are not empty."""
    return [line.strip() for line in text_input(name).splitlines() if line.strip()]


def write_output(**values: str) -> None:
    """Append outputs under a delimiter nobody can know before."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        for name, value in values.items():
            delimiter = f"cnmm-{secrets.token_hex(16)}"
            file.write(f"{name.replace('_', '-')}<<{delimiter}\n{value}\n{delimiter}\n")


def write_summary(text: str) -> None:
    """Append to the job summary of this step."""
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
        file.write(text)


def annotate(kind: str, title: str, message: str, file: str = "", line: int = 0) -> None:
    """Write one annotation; text from outside cannot end it or begin another command."""
    places = [f"file={_property(file)}"] if file else []
    if file and line:
        places.append(f"line={line}")
    places.append(f"title={_property(title)}")
    sys.stdout.write(f"::{kind} {','.join(places)}::{_data(message)}\n")


def say_error(title: str, message: str) -> None:
    """Write an error that the run's page shows."""
    annotate("error", title, message)
    sys.stdout.flush()


@contextmanager
def commands_stopped() -> Iterator[None]:
    """Have the runner take every line as text until the end, whatever a scanned repository is called."""
    token = secrets.token_hex(16)
    sys.stdout.write(f"::stop-commands::{token}\n")
    sys.stdout.flush()
    try:
        yield
    finally:
        sys.stdout.write(f"\n::{token}::\n")
        sys.stdout.flush()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
