"""What the operator sees while a scan runs: bars on a terminal, lines in CI, JSON lines, or nothing."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from cnmm_reports.inert import inert

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

_EVERY_SECONDS = 5.0


class Progress(Protocol):
    """Is told what happens; never gets a value, a person or a secret."""

    def total(self, items: int) -> None:
        """Take the number of work items known so far."""
        ...

    def done(self, item: str, failed: str) -> None:
        """Take one finished item, and why it failed where it did."""
        ...

    def note(self, text: str) -> None:
        """Take one line worth reading."""
        ...

    def close(self) -> None:
        """Leave the screen tidy."""
        ...


class Quiet:
    """Says nothing."""

    def total(self, items: int) -> None:
        """Take the number of work items known so far."""

    def done(self, item: str, failed: str) -> None:
        """Take one finished item."""

    def note(self, text: str) -> None:
        """Take one line."""

    def close(self) -> None:
        """Do nothing."""


class Lines:
    """Plain lines, at most one in five seconds beside failures and notes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = self._done = 0
        self._last = time.monotonic()

    def total(self, items: int) -> None:
        """Take the number of work items known so far."""
        self._total = items

    def done(self, item: str, failed: str) -> None:
        """Write a failure at once, the count now and then."""
        self._done += 1
        if failed:
            self.note(f"{item}: could not be finished: {failed}")
        if time.monotonic() - self._last > _EVERY_SECONDS:
            self._last = time.monotonic()
            self.note(f"{self._done} of {self._total} items read")

    def note(self, text: str) -> None:
        """Write the line."""
        print(inert(text), file=self._stream, flush=True)

    def close(self) -> None:
        """Do nothing: every line is written."""


class JsonLines:
    """One JSON object a line, for machines: `event` and what belongs to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def _write(self, event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}), file=self._stream, flush=True)

    def total(self, items: int) -> None:
        """Write the number of work items known so far."""
        self._write("planned", items=items)

    def done(self, item: str, failed: str) -> None:
        """Write one finished item."""
        self._write("item", item=item, failed=failed)

    def note(self, text: str) -> None:
        """Write the line."""
        self._write("note", text=text)

    def close(self) -> None:
        """Do nothing: every line is written."""


class Terminal:
    """A bar, with failures and notes above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars: Bars = Progress(
            TextColumn("reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True, highlight=False, markup=False),
            transient=True,
        )
        self._task = self._bars.add_task("reading", total=None)
        self._bars.start()

    def total(self, items: int) -> None:
        """Set the length of the bar."""
        self._bars.update(self._task, total=items)

    def done(self, item: str, failed: str) -> None:
        """Move the bar on."""
        self._bars.advance(self._task)
        if failed:
            self.note(f"{item}: could not be finished: {failed}")

    def note(self, text: str) -> None:
        """Write a line above the bar."""
        self._bars.console.print(inert(text))

    def close(self) -> None:
        """Take the bar away."""
        self._bars.stop()


def make_progress(quiet: bool, log_format: str) -> Progress:
    """Return what fits: nothing, JSON lines, a bar on a terminal, else plain lines; all on stderr."""
    if log_format == "json":
        return JsonLines(sys.stderr)
    if quiet:
        return Quiet()
    return Terminal() if sys.stderr.isatty() else Lines(sys.stderr)
