"""GitHub Actions workflows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from cnmm_collectors.git.detect.ci.model import Include, Pipeline, Step
from cnmm_collectors.git.detect.ci.shell import read_commands
from cnmm_collectors.git.detect.nodes import Node

ACTION = re.compile(r"action\.ya?ml")
PATH = re.compile(r"\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml")
STARTS = frozenset(
    {"push", "pull_request", "pull_request_target", "merge_group", "schedule", "release", "workflow_run"}
)
_NEVER = re.compile(r"(\$\{\{\s*)?(false|0)(\s*\}\})?")
_REUSABLE = re.compile(r"[\w.-]+/[\w.-]+/\.github/workflows/[\w.-]+\.ya?ml@.+")
_ACTION = re.compile(r"[\w.-]+/[\w.-]+(/[\w./-]+)?@.+")


def read_github(path: str, root: Node) -> Pipeline:
    """Return the workflow of a file; disabled jobs and steps are left out."""
    jobs = [(name, job) for name, job in root.entries("jobs") if enabled(job)]
    steps = tuple(step for _, job in jobs for step in _steps(job))
    includes = (*(i for _, job in jobs for i in _calls(job)), *_actions(steps))
    local = any(job.text("uses").startswith("./") for _, job in jobs)
    starts = STARTS.intersection(_events(root))
    return Pipeline(
        path=path,
        dialect="github",
        runs=bool(starts) and bool(steps or includes or local),
        steps=steps,
        includes=includes,
        only=_only(root, starts),
        first=root.line,
        last=root.end,
    )


def read_composite(path: str, root: Node) -> Pipeline:
    """Return the steps of a composite action kept in the repository; it runs where a workflow calls it."""
    runs = root.get("runs") or root
    steps = tuple(_steps(runs))
    return Pipeline(path, "github", False, steps, tuple(_actions(steps)), (), root.line, root.end)


def enabled(node: Node) -> bool:
    """False where an `if` can never be true."""
    condition = node.text("if")
    return not (condition and _NEVER.fullmatch(condition.strip()))


def _events(root: Node) -> list[str]:
    return root.texts("on") or [name for name, _ in root.entries("on")]


def _only(root: Node, starts: frozenset[str] | set[str]) -> tuple[str, ...]:
    limits = [root.texts("on", event, "paths") for event in sorted(starts)]
    # One event without a filter is enough for the workflow to run for every change.
    return tuple(p for limit in limits for p in limit) if limits and all(limits) else ()


def _steps(job: Node) -> Iterator[Step]:
    softened = _truthy(job.text("continue-on-error"))
    for node in job.items("steps"):
        run = node.get("run")
        uses = node.get("uses")
        if not enabled(node) or not (uses or run):
            continue
        yield Step(
            uses=node.text("uses"),
            commands=read_commands(run) if run else (),
            inputs=tuple((k.lower(), v.value) for k, v in node.entries("with") if isinstance(v.value, str)),
            blocking=not softened and not _truthy(node.text("continue-on-error")),
            line=(uses or node).line,
        )


def _calls(job: Node) -> Iterator[Include]:
    uses = job.get("uses")
    if uses is None or not isinstance(uses.value, str):
        return
    if uses.value.startswith("./"):
        yield Include("local", uses.value[2:], uses.line)
    elif _REUSABLE.fullmatch(uses.value):
        yield Include("workflow", uses.value, uses.line)


def _actions(steps: tuple[Step, ...]) -> Iterator[Include]:
    for step in steps:
        if step.uses.startswith("./"):
            yield Include("local", normpath(step.uses[2:] + "/action.yml").lstrip("/"), step.line)
        elif _ACTION.fullmatch(step.uses):
            yield Include("action", step.uses, step.line)


def _truthy(text: str) -> bool:
    return text.lower() in ("true", "yes") or text.startswith("${{")
