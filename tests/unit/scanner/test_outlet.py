"""Standard output and error that are closed, left or full: one line at most, and the status of the work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CNMM = Path(sys.executable).parent / "cnmm"
FULL = "cnmm: standard output cannot be written: No space left on device (what it holds is cut short)\n"


@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [
        (">&-", 0, ""),
        ("<&- >&-", 0, ""),
        (">&- 2>&-", 0, ""),
        (">/dev/null 2>&-", 0, ""),
        (">/dev/full", 2, FULL),
        (">/dev/full 2>/dev/full", 2, ""),
    ],
)
def test_outlets_that_take_nothing(redirection: str, status: int, said: str) -> None:
    command = ["sh", "-c", f'exec "$0" schema assessment {redirection}', str(CNMM)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", said)


def test_a_file_opened_after_a_closed_outlet_takes_none_of_its_text(tmp_path: Path) -> None:
    for place, redirection in (("plain", ">/dev/null"), ("closed", ">&- 2>&-")):
        folder = tmp_path / place / "shop"
        folder.mkdir(parents=True)
        subprocess.run(["sh", "-c", f'exec "$0" init {redirection}', str(CNMM)], check=True, cwd=folder)
    plain, closed = (tmp_path / place / "shop" / "cnmm.yaml" for place in ("plain", "closed"))
    assert closed.read_bytes() == plain.read_bytes()
