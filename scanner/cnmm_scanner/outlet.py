"""Standard output and error, which may be closed or full: the work goes on, and its status stays its own."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from cnmm_scanner.faults import Fault


class OutletFault(Fault):
    """Standard output takes no more, though somebody waits for it."""


class _Outlet(io.FileIO):
    """A file that takes what nobody reads any more, as `head` leaves it behind.

    Standard output that is full raises OutletFault, once; of standard error nobody could be told.
    """

    _lost = False

    def write(self, data: object, /) -> int:
        """Write the bytes, or drop them where the reader is gone or nothing more goes in."""
        try:
            if not self._lost:
                return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            self._lost = True
        except OSError as error:
            self._lost = True
            if self.fileno() != 2:
                reason = f"standard output cannot be written: {error.strerror}"
                raise OutletFault(reason, "what it holds is cut short") from error
        return memoryview(data).nbytes  # type: ignore[arg-type]


def open_outlets() -> None:
    """Let standard output and standard error outlive their readers; what a test put there stays."""
    _fill()
    sys.stdout = _outlet(sys.stdout, sys.__stdout__, 1)
    sys.stderr = _outlet(sys.stderr, sys.__stderr__, 2)


def _fill() -> None:
    """Put the null device where one of the three was closed, before a file of ours comes to lie there."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)


def _outlet(now: TextIO | None, own: TextIO | None, number: int) -> TextIO:
    if now is None:
        return io.TextIOWrapper(io.BufferedWriter(_Outlet(number, "wb", closefd=False)), "utf-8")
    if now is not own:
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
