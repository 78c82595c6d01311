"""A release is made of its commit alone: two builds are the same bytes, and every file is accounted for."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `tools/release.sh` makes of the last commit; it stops where its two builds differ."""
    folder = tmp_path_factory.mktemp("release")
    done = subprocess.run(
        ["tools/release.sh", str(folder)],
        cwd=ROOT, env={**os.environ, "CNMM_RELEASE_DIRTY": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_every_file_is_in_the_sums(release: Path) -> None:
    sums = dict(line.split("  ")[::-1] for line in (release / "SHA256SUMS").read_text().splitlines())
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in release.iterdir()}
    files.pop("SHA256SUMS")
    assert files == sums
    assert sorted(Path(name).suffix for name in files) == [".gz", ".json", ".whl"]


def test_the_commit_is_the_only_clock(release: Path) -> None:
    said = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=True
    )
    made = datetime.fromtimestamp(int(said.stdout) // 2 * 2, UTC)
    (wheel,) = release.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {one.date_time for one in archive.infolist()} == {made.timetuple()[:6]}
        rooms = {one.filename.partition("/")[0] for one in archive.infolist()}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {
        "cnmm_collectors", "cnmm_reports", "cnmm_rules", "cnmm_scanner",
    }  # fmt: skip


def test_the_bill_lists_what_a_user_installs_with_its_hashes(release: Path) -> None:
    (path,) = release.glob("*.cdx.json")
    bill = json.loads(path.read_bytes())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "cnmm")
    listed = {(one["name"], one["version"]) for one in bill["components"]}
    pins = set(
        re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*])?==([^ ;]+)", (ROOT / "requirements.lock").read_text(), re.M)
    )
    assert pins and listed == pins
    hashes = [
        one["hashes"] for part in bill["components"] for one in part["externalReferences"] if "hashes" in one
    ]
    assert len(hashes) == len(pins)
