"""Temporary folders: what a killed process left goes, what another one uses stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnmm_collectors.shelter import PREFIX, Shelter, sweep

HOLD = """
import sys
from cnmm_collectors.shelter import Shelter
with Shelter() as shelter:
    (shelter.path / "rows").write_text("what nobody else may see")
    print(shelter.path, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sweep.cache_clear()
    return tmp_path


def hold(place: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that holds a shelter for over a minute already."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(place)},
    )  # fmt: skip
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    os.utime(folder, (0, 0))
    return process, folder


def test_what_a_killed_process_left_goes_and_what_is_used_stays(place: Path) -> None:
    killed, left = hold(place)
    living, used = hold(place)
    assert left.parent == used.parent == place
    killed.kill()
    killed.communicate()
    with Shelter() as own:
        assert not left.exists()
        assert (used / "rows").exists()
        assert own.path.stat().st_mode & 0o777 == 0o700
    assert not own.path.exists()
    living.communicate("")
    assert not used.exists()


def test_nothing_is_removed_that_is_young_a_link_or_somebody_elses(place: Path) -> None:
    young = place / f"{PREFIX}young"
    young.mkdir()
    (place / "kept").mkdir()
    link = place / f"{PREFIX}link"
    link.symlink_to(place / "kept")
    file = place / f"{PREFIX}file"
    file.write_text("x")
    os.utime(file, (0, 0))
    Shelter().close()
    assert {young, link, file, place / "kept"} <= set(place.iterdir())
