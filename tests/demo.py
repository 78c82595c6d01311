"""The sample organisation as `make demo` leaves it: built and scanned once for all tests of a run."""

from __future__ import annotations

import fcntl
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_VARIABLES = {"$(PY)": sys.executable, ".venv/bin/cnmm": str(Path(sys.executable).parent / "cnmm")}


def recipe() -> list[list[str]]:
    """Return the commands of `make demo`, with this environment's programs."""
    text = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    block = re.search(r"^demo:.*\n((?:\t.*\n)+)", text, re.M)
    assert block is not None
    lines = [line for line in block[1].splitlines() if line.startswith(("\t$(PY)", "\t.venv/bin/cnmm"))]
    return [
        [
            _VARIABLES.get(word, word).replace("examples/acme/", f"{ROOT}/examples/acme/")
            for word in shlex.split(line)
        ]
        for line in lines
    ]


def demo(temporary: pytest.TempPathFactory) -> Path:
    """Return a folder in which `make demo` left what it makes, and what it printed in `screen`.

    Workers of one run share it: the first makes it while the others wait.
    """
    base = temporary.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "demo-of-all"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "screen").exists():
            _make(folder)
    return folder


def _make(folder: Path) -> None:
    said = b""
    for command in recipe():
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=280, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
        said += done.stdout + done.stderr
    (folder / "screen").write_bytes(said)
