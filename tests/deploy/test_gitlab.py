"""The GitLab component: its job fits GitLab's schema with any input, and its script does what the inputs say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from action.conftest import AUTHOR

TEMPLATE = Path(__file__).parents[2] / "deploy/gitlab/template.yml"
HEADER, BODY = TEMPLATE.read_text(encoding="utf-8").split("\n---\n")
INPUTS: dict[str, dict[str, Any]] = yaml.safe_load(HEADER)["spec"]["inputs"]


def job(**given: Any) -> dict[str, Any]:
    """Return the job as GitLab makes it of the inputs; a use of one that is not declared fails."""
    values = {name: given.get(name, entry.get("default", "x")) for name, entry in INPUTS.items()}
    spelt = {name: str(value).lower() if value in (True, False) else value for name, value in values.items()}
    filled = re.sub(r"\$\[\[ inputs\.(\w+) ]]", lambda found: json.dumps(spelt[found[1]])[1:-1], BODY)
    found: dict[str, Any] = yaml.safe_load(filled)
    return found["cnmm"]


def test_job_fits_the_schema_and_every_input_is_used(tmp_path: Path) -> None:
    assert set(re.findall(r"inputs\.(\w+) ]]", BODY)) == set(INPUTS)
    (tmp_path / "ci.yml").write_text(yaml.safe_dump({"cnmm": job(image="registry.example.org/cnmm")}))
    checker = str(Path(sys.executable).parent / "check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.gitlab-ci", str(tmp_path / "ci.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "$[[" not in "".join(yaml.safe_load(re.sub(r"\$\[\[.*?]]", "x", BODY))["cnmm"]["script"])
    assert "$[[" not in BODY.partition("script:")[2].partition("artifacts:")[0]


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({}, 0, ""),
        ({"require": "codeowners.path_coverage_ratio>=1 ci.image_scan_ratio=1"}, 1, "ci.image_scan_ratio = 1"),
        ({"targets": "$(touch hacked) `touch hacked`"}, 2, "cnmm:"),
    ],
    ids=["usual", "gate", "hostile"],
)  # fmt: skip
def test_script_scans_the_checkout(tmp_path: Path, given: dict[str, str], status: int, says: str) -> None:
    (tmp_path / "CODEOWNERS").write_text("* @acme/core\n")
    (tmp_path / "Dockerfile").write_text("FROM debian:13\n")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
        subprocess.run(["git", *AUTHOR, *arguments], cwd=tmp_path, check=True)
    made = job(**given)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment |= {"CI_PROJECT_ROOT_NAMESPACE": "acme", **made["variables"]}
    done = subprocess.run(
        ["sh", "-c", "\n".join(made["script"])],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, says in done.stderr) == (status, True), done.stderr
    assert not (tmp_path / "hacked").exists()
    if status < 2:
        assert all((tmp_path / path).is_file() for path in made["artifacts"]["paths"])
