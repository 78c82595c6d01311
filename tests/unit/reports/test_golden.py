"""Each renderer writes exactly what is expected of it, again and again, on any hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from golden.update import EXPECTED, rendered

TESTS = Path(__file__).parents[2]
DIGESTS = """
import hashlib
from golden.update import rendered
for name, content in sorted(rendered().items()):
    print(name, hashlib.sha256(content).hexdigest())
"""


NAMES = sorted(path.name for path in EXPECTED.iterdir() if path.suffix != ".xlsx")
"""Another zlib packs a workbook into other bytes: test_registers.py compares its parts."""


def test_every_file_is_expected() -> None:
    assert sorted(rendered()) == sorted([*NAMES, "register.xlsx"])


@pytest.mark.parametrize("name", NAMES)
def test_renderer_writes_what_is_expected(name: str) -> None:
    expected = (EXPECTED / name).read_bytes()
    same = rendered()[name] == expected
    assert same, f"{name} differs: run tests/golden/update.py and look at the difference"


def test_same_view_gives_same_bytes() -> None:
    assert rendered() == rendered()


def test_hash_seed_and_environment_change_nothing() -> None:
    seen = set()
    for seed, width in (("0", "40"), ("4711", "200")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "COLUMNS": width, "FORCE_COLOR": seed}
        environment["PYTHONPATH"] = str(TESTS)
        run = [sys.executable, "-c", DIGESTS]
        seen.add(subprocess.run(run, env=environment, check=True, capture_output=True).stdout)
    assert len(seen) == 1
