"""Cold start beside an interpreter that does nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row, at_most, best, python


def start_rows() -> Iterator[Row]:
    """Yield the ratio of `cnmm --help` to `python -c pass`."""
    command = Path(sys.executable).with_name("cnmm")
    nothing = best(python("pass"), 15)
    ours = best([command, "--help"], 15)
    detail = f"{ours.wall * 1000:.0f} ms beside {nothing.wall * 1000:.0f} ms"
    yield at_most("cold-start-vs-python", ours.wall / nothing.wall, 8, detail)
