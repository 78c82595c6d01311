"""The action and the example workflows pass the linters, and every action they use is pinned."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / "examples/workflows").glob("*.yml"))
OWN = ROOT / ".github/workflows/release.yml"
ALL = [ROOT / "action.yml", *WORKFLOWS, OWN]


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_zizmor_finds_nothing() -> None:
    done = tool("zizmor", "--offline", "--persona", "pedantic", *map(str, ALL))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_schema(path: Path) -> None:
    schema = "actions" if path.name == "action.yml" else "workflows"
    done = tool("check-jsonschema", "--builtin-schema", f"vendor.github-{schema}", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_use_is_pinned_and_no_script_holds_an_expression(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for used in re.findall(r"uses: (\S+)", text):
        assert re.search(r"@[0-9a-f]{40}$", used), used
    document = yaml.safe_load(text)
    jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
    assert not [step for job in jobs for step in job["steps"] if "${{" in step.get("run", "")]


@pytest.mark.parametrize("path", [*WORKFLOWS, OWN], ids=lambda path: path.name)
def test_permissions_are_given_job_by_job(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["permissions"] == {}
    assert all("permissions" in job for job in document["jobs"].values())
    assert not {"pull_request_target", "workflow_run"} & set(document[True])


def test_what_may_write_runs_nothing_of_the_repository() -> None:
    for path in [*WORKFLOWS, OWN]:
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            if "write" in job["permissions"].values():
                assert not [step for step in job["steps"] if "checkout" in step.get("uses", "")], path.name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_give_the_action_inputs_it_has(path: Path) -> None:
    known = set(yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"])
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = [step for job in document["jobs"].values() for step in job["steps"]]
    own = [step for step in steps if "cnmm" in step.get("uses", "")]
    assert own and all(set(step.get("with", {})) <= known for step in own)
