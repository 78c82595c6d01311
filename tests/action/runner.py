"""A stand-in for the runner of a composite action: its files, its commands on standard output, its limits."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_SUMMARY = 1024 * 1024
PER_STEP = 10
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*}}")
_COMMAND = re.compile(r"::([0-9a-zA-Z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)", re.DOTALL)
_HEREDOC = re.compile(r"([^\n=]+?)<<([^\n]+)\n(.*?)\n?^\2$\n?|([^\n=]+)=([^\n]*)\n", re.DOTALL | re.MULTILINE)


@dataclass
class Job:
    """What a job left behind: what the run's page shows, what was uploaded, and where it failed."""

    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    log: str = ""
    annotations: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    """Every other command the runner took from standard output."""
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    """The actions that were used, with their inputs."""
    artefacts: dict[str, list[str]] = field(default_factory=dict)
    failed: str = ""
    environment: str = ""
    """What was written for later steps of the job: variables and paths."""

    @property
    def shown(self) -> str:
        """Everything a reader of the run's page can see."""
        return "\n".join([self.summary, self.log, *(text for _, _, text in self.annotations)])


class Runner:
    """One machine: it runs the action of a folder in a workspace, as often as asked."""

    def __init__(self, action: Path, temp: Path) -> None:
        self.action = action
        self.temp = temp
        self.document: dict[str, Any] = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
        temp.mkdir(parents=True, exist_ok=True)

    def run(
        self, workspace: Path, inputs: Mapping[str, str] | None = None, *, event: str = "push",
        payload: Mapping[str, Any] | None = None, repository: str = "acme/shop", token: str = "",
        **more: str,
    ) -> Job:  # fmt: skip
        """Run every step for one event; inputs that are not given take their defaults."""
        files = self.temp / "_runner"
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir()
        (files / "event.json").write_text(json.dumps(payload or {}))
        context = _Context(self, workspace, files, event, repository, token, more)
        context.inputs = self._inputs(inputs or {}, context)
        job = Job()
        for position, step in enumerate(self.document["runs"]["steps"]):
            if _holds(step.get("if", ""), context):
                context.step(str(step.get("id", position)), step, job)
            if job.failed:
                break
        declared = self.document["outputs"].items()
        job.outputs = {name: _fill(entry["value"], context) for name, entry in declared}
        job.environment = (files / "env").read_text() + (files / "path").read_text()
        return job

    def _inputs(self, given: Mapping[str, str], context: _Context) -> dict[str, str]:
        known = self.document["inputs"]
        assert set(given) <= set(known), "the action has no such input"
        return {
            name: given.get(name, _fill(str(entry.get("default", "")), context))
            for name, entry in known.items()
        }


class _Context:
    def __init__(
        self, runner: Runner, workspace: Path, files: Path, event: str, repository: str, token: str,
        more: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.runner, self.workspace, self.files = runner, workspace, files
        self.inputs: dict[str, str] = {}
        self.steps: dict[str, dict[str, str]] = {}
        self.github = {"action_path": str(runner.action), "token": token, "repository": repository}
        self.machine = {"temp": str(runner.temp), "os": "Linux", "arch": "X64"}
        for name in ("env", "path"):
            (files / name).touch()
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))},
            "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "RUNNER_TEMP": str(runner.temp),
            "GITHUB_EVENT_PATH": str(files / "event.json"), "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_REPOSITORY": repository, "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": "https://api.invalid", "RUNNER_OS": "Linux",
            "GITHUB_ENV": str(files / "env"), "GITHUB_PATH": str(files / "path"), **more,
        }  # fmt: skip

    def value(self, name: str) -> str:
        """Return what a dotted name stands for, empty where it is not set, as the runner has it."""
        first, *rest = name.split(".")
        if first == "steps":
            return self.steps.get(rest[0], {}).get(rest[2], "")
        tables = {"inputs": self.inputs, "github": self.github, "runner": self.machine}
        return tables[first][rest[0]]

    def step(self, name: str, step: Mapping[str, Any], job: Job) -> None:
        """Run one step, and take what it wrote."""
        outputs = self._use(step, job) if "uses" in step else self._script(name, step, job)
        self.steps[name] = outputs

    def _use(self, step: Mapping[str, Any], job: Job) -> dict[str, str]:
        name, _, commit = step["uses"].partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", commit), "an action that is not pinned"
        given = {key: _fill(str(value), self) for key, value in step.get("with", {}).items()}
        job.used[name] = given
        if name == "actions/setup-python":
            return {"python-path": sys.executable, "python-version": given["python-version"]}
        if name == "actions/cache":
            _restore(Path(given["path"]))
        if name == "actions/upload-artifact":
            paths = given["path"].split("\n")
            assert all(Path(path).is_file() for path in paths if path), "nothing to upload"
            job.artefacts[given["name"]] = [path for path in paths if path]
        return {}

    def _script(self, name: str, step: Mapping[str, Any], job: Job) -> dict[str, str]:
        assert "${{" not in step["run"], "an expression inside a script"
        assert step["shell"] == "bash"
        files = {key: self.files / f"{name}-{key}" for key in ("output", "step_summary")}
        for path in files.values():
            path.touch()
        script = self.files / f"{name}.sh"
        script.write_text(step["run"])
        own = {key: _fill(str(value), self) for key, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=280,
            env={**self.environment, **{f"GITHUB_{key.upper()}": str(path) for key, path in files.items()}, **own},
        )  # fmt: skip
        outputs = _read_outputs(files["output"].read_text(encoding="utf-8"))
        text = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
        job.log += f"--- {name} ({done.returncode})\n{text}"
        _obey(text, job, outputs)
        summary = files["step_summary"].read_text(encoding="utf-8")
        if len(summary.encode()) <= MAX_SUMMARY:
            job.summary += summary
        if done.returncode:
            job.failed = name
        return outputs


def _fill(text: str, context: _Context) -> str:
    return _EXPRESSION.sub(lambda found: context.value(found[1]), text)


def _holds(condition: str, context: _Context) -> bool:
    def holds(part: str) -> bool:
        left, sign, right = (
            part.strip().rpartition(" == ") if " == " in part else part.strip().rpartition(" != ")
        )
        return (context.value(left) == right.strip("'")) is (sign == " == ")

    return not condition or all(holds(part) for part in condition.split("&&"))


def _read_outputs(text: str) -> dict[str, str]:
    """Return outputs from either form the file may hold; fails where it holds anything else."""
    found, end = {}, 0
    for match in _HEREDOC.finditer(text):
        assert match.start() == end, "the output file cannot be parsed"
        end = match.end()
        found[match[1] or match[4]] = match[3] if match[1] else match[5]
    assert end == len(text), "the output file cannot be parsed"
    return found


def _obey(text: str, job: Job, outputs: dict[str, str]) -> None:
    """Take commands from standard output as the runner does, the retired ones that still work included."""
    stopped = ""
    counts: dict[str, int] = {}
    for line in text.splitlines():
        found = _COMMAND.fullmatch(line.lstrip())
        if not found:
            continue
        name, given, data = found[1], _properties(found[2] or ""), _decode(found[3])
        if stopped:
            stopped = "" if name == stopped else stopped
        elif name == "stop-commands":
            stopped = data
        elif name in ("error", "warning", "notice"):
            counts[name] = counts.get(name, 0) + 1
            if counts[name] <= PER_STEP:
                job.annotations.append((name, given, data))
        else:
            job.commands.append(line)
            if name == "set-output":
                outputs[given["name"]] = data


def _properties(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(",") if part)
    return {key.strip(): _decode(value).replace("%3A", ":").replace("%2C", ",") for key, _, value in pairs}


def _decode(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _restore(path: Path) -> None:
    """Restore the downloads as an earlier run would have saved them: from this machine's own."""
    path.mkdir(exist_ok=True)
    for tool, command in (
        ("uv", ["uv", "cache", "dir"]),
        ("pip", [sys.executable, "-m", "pip", "cache", "dir"]),
    ):
        if shutil.which(command[0]) and not (path / tool).exists():
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0 and Path(done.stdout.strip()).is_dir():
                (path / tool).symlink_to(done.stdout.strip())
