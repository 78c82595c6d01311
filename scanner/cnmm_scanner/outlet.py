"""Standard output that may be closed by whoever reads it: the work goes on, and its status stays its own."""

from __future__ import annotations

import io
import sys
from typing import TextIO


class _Outlet(io.FileIO):
    """A file that takes what nobody reads any more, as `head` leaves it behind."""

    def write(self, data: object, /) -> int:
        """Write the bytes, or drop them where the reader is gone."""
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            return memoryview(data).nbytes  # type: ignore[arg-type]


def open_outlets() -> None:
    """Let standard output and standard error outlive their readers; what a test put there stays."""
    sys.stdout = _outlet(sys.stdout, sys.__stdout__)
    sys.stderr = _outlet(sys.stderr, sys.__stderr__)


def _outlet(now: TextIO, own: TextIO | None) -> TextIO:
    if now is not own or now is None:
        return now
    try:
        number = now.fileno()
    except (OSError, ValueError):
        return now
    now.flush()
    raw = _Outlet(number, "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), now.encoding, now.errors, line_buffering=raw.isatty() or number == 2
    )
