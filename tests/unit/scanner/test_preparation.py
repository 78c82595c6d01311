"""What the operator declares reaches whoever reads a target."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cnmm_collectors.reader import SourceReader
from cnmm_scanner.preparation import Order, prepare


@pytest.mark.parametrize(("named", "told", "want"), [
    ("x", "", "x"), (None, "organisation: acme\n", "acme"), ("x", "organisation: acme\n", "x"),
    (None, "", "repos"),
])  # fmt: skip
def test_the_organisation_reaches_every_target(
    tmp_path: Path, named: str | None, told: str, want: str
) -> None:
    folder = tmp_path / "repos"
    subprocess.run(["git", "init", "-q", str(folder / "main")], check=True)
    settings = tmp_path / "cnmm.yaml"
    settings.write_text(told or "{}\n")
    scan = prepare(Order((str(folder),), config=settings, organisation=named, own_only=True), rendered=False)
    assert scan.organisation == want
    assert [target.fact("organisation") for target in scan.targets] == [want]
    (git,) = [one for name, one in scan.collectors.items() if name == "git"]
    reader = SourceReader(collector="git", version="1", as_of=scan.as_of, now="2026-11-23T00:00:00Z")
    (item,) = git.plan(scan.targets[0], scan.collector_settings["git"], reader)
    assert [str(subject) for subject in item.subjects] == [f"repo:{want}/main"]


@pytest.mark.parametrize("target", ["github:acme", "github:acme/checkout"])
def test_on_a_host_the_owner_is_the_organisation(target: str) -> None:
    scan = prepare(Order((target,), own_only=True), rendered=False)
    assert scan.organisation == "acme"
