"""The command line over an organisation on loopback: what is sealed, what doctor says, and what leaks nowhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from cnmm_collectors.github.client import Client
from cnmm_collectors.github.probes import probe_all
from cnmm_collectors.github.spelling import spelled
from doubles.github.files import give
from doubles.github.organisation import acme
from doubles.github.server import Double, serve
from unit.collectors.git.repos import History
from unit.collectors.github.workshop import TOKEN, reader, settings

PLANTED = (TOKEN, "ann-a", "ben-b", "cat-c", "dan-d", "dora-direct", "olga-owner")


def run(
    double: Double, folder: Path, *arguments: str, typed: str = "acme"
) -> subprocess.CompletedProcess[str]:
    (folder / "cnmm.yaml").write_text(
        f"organisation: {typed}\nas_of: 2026-11-20\ntargets: ['github:{typed}']\n"
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
    org, history = acme(), History()
    history.commit(
        {"app.py": "1\n", "Dockerfile": "FROM python:3.12\n", "CODEOWNERS": "* @acme/web\n"}, days=9
    )
    give(org, "portal", history.write(folder / "portal"))
    with serve(org) as double:
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


def test_files_are_read_without_a_clone(scanned: tuple[Path, str]) -> None:
    folder, _ = scanned
    with zipfile.ZipFile(folder / "out" / "bundle.cnmm") as bundle:
        lines = [
            line for name in bundle.namelist() if name.startswith("observations/signals")
            for line in bundle.read(name).decode().splitlines()
        ]  # fmt: skip
    rows = [json.loads(line) for line in lines]
    image = {row["subject"]: row for row in rows if row["signal"] == "git.containerised_repo_ratio"}
    assert (image["component:acme/portal"]["state"], image["component:acme/portal"]["value"]) == (
        "observed",
        True,
    )


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


def test_doctor_says_what_the_credential_may_read_and_which_rows_a_missing_permission_leaves_open(
    tmp_path: Path,
) -> None:
    with serve(acme()) as double:
        double.faults.set("dependabot", "integration")
        done = run(double, tmp_path, "doctor", "--json")
    assert TOKEN not in done.stdout + done.stderr
    said = json.loads(done.stdout)
    (source,) = said["sources"]
    assert (source["source"], source["credential"]) == ("github:acme", "GITHUB_TOKEN")
    groups = {one["group"]: one for one in source["groups"]}
    assert groups["security settings"]["state"] == "readable"
    alerts = groups["dependency alerts"]
    assert (alerts["state"], alerts["detail"], alerts["needs"]) == (
        "not permitted", "the credential lacks the permission",
        "members: read or administration: read and metadata: read",
    )  # fmt: skip
    assert "security.L2.vulnerability-scanning" in alerts["leaves_open"]
    assert said["sections"]["teams"]["whole"]
    assert "security.L3.scan-and-fix" not in said["sections"]["security"]["whole"]


def test_what_a_repository_hides_is_told_with_its_permission() -> None:
    org = acme()
    for one in org.repositories:
        one.update(openDebt=None, openChanges=None, collaborators=None, environments=None)
    with serve(org) as double:
        double.faults.set("boards", "all forbidden")
        double.faults.set("deployments", "all forbidden")
        found = {one.group: one for one in probe_all(Client(reader(), settings(double)), "acme")}
    refused = {name: one.needs for name, one in found.items() if not one.readable}
    assert refused == {
        "direct grants": "administration: read", "environments": "actions: read",
        "changes and reviews": "pull requests: read", "issues": "issues: read",
        "boards": "organization projects: read", "deployments": "deployments: read, contents: read",
        "assistant seats": "copilot: read, as owner",
    }  # fmt: skip


def test_calls_are_said_before_anything_is_read_and_a_wait_is_bounded(tmp_path: Path) -> None:
    started = time.monotonic()
    with serve(acme()) as double:
        double.faults.set("inventory", "too many")
        done = run(double, tmp_path, "scan", "--max-wait", "0", "--no-clone", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 60
    assert re.fullmatch(r"github: about \d+ calls are expected", done.stderr.splitlines()[0])
    ledger = (tmp_path / "out" / "assessment.json").read_text(encoding="utf-8")
    assert "rate_limited" in ledger


def test_a_weak_credential_is_told_the_least_that_would_do() -> None:
    org = acme()
    org.viewer_administers, org.second_factor = False, None
    with serve(org) as double:
        found = {one.group: one for one in probe_all(Client(reader(), settings(double)), "acme")}
    assert not found["organisation"].readable
    assert "owner" in found["organisation"].needs
    assert not found["security settings"].readable
    assert found["dependency alerts"].readable
    assert found["issues"].readable
    assert found["deployments"].readable
    assert not [asked for asked in double.asked if asked.startswith(("PUT", "PATCH", "DELETE"))]


def test_one_organisation_typed_in_two_ways_has_one_name_and_one_digest(tmp_path: Path) -> None:
    found = []
    with serve(acme()) as double:
        for typed in ("acme", "ACME"):
            folder = tmp_path / typed
            folder.mkdir()
            done = run(double, folder, "scan", "--no-clone", "-o", "out", typed=typed)
            assert done.returncode == 0, done.stderr
            told = json.loads((folder / "out" / "assessment.json").read_text())
            with zipfile.ZipFile(folder / "out" / "bundle.cnmm") as bundle:
                held = b"".join(bundle.read(name) for name in bundle.namelist())
            assert b"ACME" not in held
            found.append((told["organisation"], told["conclusions_digest"]))
    assert found[0] == found[1]
    assert found[0][0] == "acme"


def test_a_repository_is_spelled_as_the_host_does_and_a_renamed_one_stays_as_it_was_given() -> None:
    with serve(acme()) as double:
        client = Client(reader(), settings(double))
        assert spelled(client, "ACME/Checkout") == "acme/checkout"
        assert spelled(client, "acme/gone") == "acme/gone"
        double.faults.set("/orgs/", "502")
        assert spelled(client, "ACME") == "ACME"
