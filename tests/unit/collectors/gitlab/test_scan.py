"""The command line over a group on loopback: what is sealed, what doctor says by tier, and what leaks nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.probes import probe_all
from cnmm_collectors.plugin import Probe
from cnmm_collectors.signals import Gap
from cnmm_scanner.commands.doctor import doctor
from doubles.gitlab.organisation import DEVELOPER, FREE, PREMIUM, ULTIMATE, acme
from doubles.gitlab.server import Double, serve
from unit.collectors.gitlab.workshop import TOKEN, reader, settings

OWN_HOST = "sign-in to a host of your own"
PLANTED = (TOKEN, "ann-a", "ben-b", "cat-c", "dan-d", "dora-direct", "olga-owner")


def run(double: Double, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "cnmm.yaml").write_text(
        "organisation: acme\nas_of: 2026-11-20\ntargets: ['gitlab:acme']\n"
        f"collectors: {{gitlab: {{url: '{double.url}', clone: false, per_minute: 0}}}}\n"
    )
    homes = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "STATE", "DATA", "CONFIG")}
    return subprocess.run(
        [sys.executable, "-m", "cnmm_scanner", *arguments, "-c", "cnmm.yaml"], cwd=folder, text=True,
        env={**os.environ, **homes, "GITLAB_TOKEN": TOKEN}, capture_output=True, check=False, timeout=120,
    )  # fmt: skip


def doctor_says(double: Double, folder: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what doctor says about the group by the name of its groups, in this process."""
    (folder / "cnmm.yaml").write_text(
        "organisation: acme\nas_of: 2026-11-20\ntargets: ['gitlab:acme']\n"
        f"collectors: {{gitlab: {{url: '{double.url}', clone: false, per_minute: 0}}}}\n"
    )
    for kind in ("CACHE", "STATE", "DATA", "CONFIG"):
        patch.setenv(f"XDG_{kind}_HOME", str(folder / kind))
    patch.setenv("GITLAB_TOKEN", TOKEN)
    done = CliRunner().invoke(doctor, ["-c", str(folder / "cnmm.yaml"), "--json"], standalone_mode=False)
    assert done.exception is None, done.exception
    assert TOKEN not in done.output
    found = json.loads(done.output)
    (source,) = found["sources"]
    return {**found, **source, "groups": {one["group"]: one for one in source["groups"]}}


def test_a_scan_seals_the_population_and_names_nobody(tmp_path: Path) -> None:
    with serve(acme()) as double:
        done = run(double, tmp_path, "scan", "-o", "out")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "out" / "bundle.cnmm") as bundle:
        rows = bundle.read("observations/populations.ndjson").decode().splitlines()
    assert next(json.loads(row)["count"] for row in rows if json.loads(row)["kind"] == "repo") == 7
    assert (
        json.loads((tmp_path / "out" / "assessment.json").read_text())["scope"]["declared_by"]
        == "enumeration"
    )
    for place in filter(Path.is_file, tmp_path.rglob("*")):
        held = [place.read_bytes()]
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                held += [archive.read(name) for name in archive.namelist()]
        for planted in PLANTED:
            assert not any(planted.encode() in raw for raw in held), (place, planted)
    assert not [planted for planted in PLANTED if planted in done.stdout + done.stderr]


def probes(tier: str, role: int = 50, enterprise: bool = True) -> dict[str, Probe]:
    org = acme()
    org.tier, org.role, org.enterprise = tier, role, enterprise
    with serve(org) as double:
        found = list(probe_all(Client(reader(), settings(double)), "acme"))
        assert not [asked for asked in double.asked if not asked.startswith("GET")]
    return {one.group: one for one in found}


@pytest.mark.parametrize(
    ("tier", "refused"),
    [
        (ULTIMATE, set()),
        (PREMIUM, {"list of vulnerabilities", "secret push protection", "figures of delivery, cited beside"}),
        (FREE, {"list of vulnerabilities", "secret push protection", "push rules", "rules of approval",
                "figures of delivery, cited beside", "value streams",
                "owners that must approve", "protected environments", "linked identities",
                "usage of the assistant"}),
    ],
)  # fmt: skip
def test_an_owner_is_told_what_the_subscription_lacks(tier: str, refused: set[str]) -> None:
    found = probes(tier)
    lost = {name: one for name, one in found.items() if not one.readable}
    assert lost.pop(OWN_HOST).gap is Gap.NOT_PERMITTED
    usage = lost.pop("usage of components")
    assert usage.gap is (Gap.NOT_LICENSED if tier == FREE else Gap.NOT_PERMITTED)
    assert set(lost) == refused
    assert {found[name].gap for name in refused} <= {Gap.NOT_LICENSED}
    assert f"subscription: {tier.title()} (the subscription is {tier})" in found


def test_a_developer_is_told_which_role_it_takes() -> None:
    found = probes(ULTIMATE, DEVELOPER)
    assert found["protected branches"].needs == "Maintainer"
    assert found["protected branches"].gap is Gap.NOT_PERMITTED
    assert found["protected branches"].detail == "hidden from this role"
    # The plan is shown to owners alone; a project's own row shows that it is Premium at least.
    assert found["list of vulnerabilities"].gap is Gap.NOT_VISIBLE
    assert "subscription: Premium or more (the subscription is hidden)" in found


def test_the_community_edition_needs_no_role_to_be_known() -> None:
    assert probes(ULTIMATE, DEVELOPER, enterprise=False)["push rules"].gap is Gap.NOT_LICENSED


@pytest.mark.parametrize("tier", [FREE, PREMIUM, ULTIMATE])
def test_doctor_says_what_it_cannot_see_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str
) -> None:
    org = acme()
    org.tier = tier
    with serve(org) as double:
        said = doctor_says(double, tmp_path, monkeypatch)
    groups = said["groups"]
    assert groups[f"subscription: {tier.title()} (the subscription is {tier})"]["state"] == "readable"
    rules = groups["push rules"]
    if tier == FREE:
        assert (rules["state"], rules["needs"]) == ("not licensed", "Maintainer with Premium")
        assert rules["detail"] == "in Premium alone; the subscription is free"
        assert rules["leaves_open"]
    else:
        assert (rules["state"], rules["leaves_open"]) == ("readable", [])
    assert (said["source"], said["credential"], said["items"]) == ("gitlab:acme", "GITLAB_TOKEN", 1)
    assert said["calls"] > 0


def test_a_group_that_is_not_there_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(acme()) as double:
        double.faults.set("groups/acme", "hidden")
        said = doctor_says(double, tmp_path, monkeypatch)
    (group,) = said["groups"].values()
    told = group["group"], group["state"], group["detail"], group["needs"]
    assert told == ("group", "not visible", "not there, or hidden from this credential", "read_api")
    assert group["leaves_open"]
    assert not any(section["whole"] for section in said["sections"].values())
