"""The command line over an organisation on loopback: what is sealed, what doctor says, and what leaks nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cnmm_collectors.github.client import Client
from cnmm_collectors.github.probes import probe_all
from doubles.github.organisation import acme
from doubles.github.server import Double, serve
from unit.collectors.github.workshop import TOKEN, reader, settings

PLANTED = (TOKEN, "ann-a", "ben-b", "cat-c", "dan-d", "dora-direct", "olga-owner")


def run(double: Double, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "cnmm.yaml").write_text(
        "organisation: acme\nas_of: 2026-11-20\ntargets: ['github:acme']\n"
        f"collectors: {{github: {{api: '{double.url}', clone: false, per_minute: 0}}}}\n"
    )
    homes = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "STATE", "DATA", "CONFIG")}
    return subprocess.run(
        [sys.executable, "-m", "cnmm_scanner", *arguments, "-c", "cnmm.yaml"], cwd=folder, text=True,
        env={**os.environ, **homes, "GITHUB_TOKEN": TOKEN}, capture_output=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("scan")
    with serve(acme()) as double:
        done = run(double, folder, "scan", "-o", "out")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout + done.stderr


def test_the_population_is_sealed(scanned: tuple[Path, str]) -> None:
    folder, _ = scanned
    with zipfile.ZipFile(folder / "out" / "bundle.cnmm") as bundle:
        rows = bundle.read("observations/populations.ndjson").decode().splitlines()
    first = json.loads(rows[0])
    assert (first["within"], first["kind"], first["count"]) == ("org:acme", "repo", 7)


def test_criteria_are_decided_from_the_host_alone(scanned: tuple[Path, str]) -> None:
    folder, _ = scanned
    assessment = json.loads((folder / "out" / "assessment.json").read_text())
    assert assessment["scope"]["declared_by"] == "enumeration"
    decided = [one for one in assessment["findings"] if one["outcome"] in ("met", "unmet")]
    assert decided
    assert all(one["evidence"] for one in decided)


def test_nothing_that_is_written_names_a_token_or_an_account(scanned: tuple[Path, str]) -> None:
    folder, shown = scanned
    for planted in PLANTED:
        assert planted not in shown
    for place in filter(Path.is_file, folder.rglob("*")):
        held = [place.read_bytes()]
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                held += [archive.read(name) for name in archive.namelist()]
        for planted in PLANTED:
            assert not any(planted.encode() in raw for raw in held), (place, planted)


def test_doctor_says_what_the_credential_may_read(tmp_path: Path) -> None:
    with serve(acme()) as double:
        double.faults.set("dependabot", "integration")
        done = run(double, tmp_path, "doctor")
    assert "security settings: readable" in done.stdout
    assert (
        "dependency alerts: not readable: the credential lacks the permission; "
        "needs members: read or administration: read and metadata: read" in done.stdout
    )
    assert TOKEN not in done.stdout + done.stderr


def test_a_weak_credential_is_told_the_least_that_would_do() -> None:
    org = acme()
    org.viewer_administers, org.second_factor = False, None
    with serve(org) as double:
        found = {one.group: one for one in probe_all(Client(reader(), settings(double)), "acme")}
    assert not found["organisation"].readable
    assert "owner" in found["organisation"].needs
    assert not found["security settings"].readable
    assert found["dependency alerts"].readable
    assert not [asked for asked in double.asked if asked.startswith(("PUT", "PATCH", "DELETE"))]
