"""What goes to a terminal fits it: as wide as the terminal is, in colours where it has them."""

from __future__ import annotations

import os
import re
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.cells import cell_len

from cnmm_reports.terminal import TerminalRenderer
from cnmm_scanner.outputs import fitted
from golden.sample import view

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Standard output is a real terminal of so many columns."""
    above, below = os.openpty()
    termios.tcsetwinsize(below, (24, columns))
    with os.fdopen(below, "w") as screen, monkeypatch.context() as patch:
        patch.setattr("sys.stdout", screen)
        yield
    os.close(above)


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_report_is_as_wide_as_its_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with terminal(columns, monkeypatch):
        own = fitted({"terminal": TerminalRenderer()})["terminal"]
    text = own.render(view())["terminal.txt"].decode()
    assert _STYLE.search(text)
    plain = _STYLE.sub("", text)
    assert max(map(cell_len, plain.splitlines())) <= min(columns, 120)
    assert not [one for one in plain if not one.isprintable() and one != "\n"]


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_colours_is_given_none(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    with terminal(80, monkeypatch):
        own = fitted({"terminal": TerminalRenderer()})["terminal"]
    assert own == TerminalRenderer(width=80)


def test_a_file_gets_the_usual_width() -> None:
    assert fitted({"terminal": TerminalRenderer()})["terminal"] == TerminalRenderer()
