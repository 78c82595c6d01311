"""Which enabled steps do a named thing: scan, list contents, sign, look for secrets, test policies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from cnmm_collectors.git.detect.ci.model import Pipeline, Step
from cnmm_collectors.git.detect.ci.shell import SOFTENED
from cnmm_collectors.git.detect.readings import Hit, plain
from cnmm_collectors.git.detect.tables import load_table


@dataclass(frozen=True, slots=True)
class Practice:
    """What counts as one practice, compiled from the table."""

    actions: tuple[str, ...]
    commands: tuple[re.Pattern[str], ...]
    inputs: tuple[tuple[str, str, re.Pattern[str]], ...]
    templates: tuple[tuple[str, str, bool], ...]
    components: tuple[str, ...]
    hooks: tuple[str, ...]
    blocking: bool


@cache
def practice(name: str) -> Practice:
    """Return a practice of the table by name."""
    entry: dict[str, Any] = load_table("ci/practices")[name]
    return Practice(
        actions=tuple(entry.get("actions", ())),
        commands=tuple(re.compile(text) for text in entry.get("commands", ())),
        inputs=tuple((i["action"], i["input"], re.compile(i["value"])) for i in entry.get("inputs", ())),
        templates=tuple((t["name"], t["job"], bool(t.get("soft"))) for t in entry.get("templates", ())),
        components=tuple(entry.get("components", ())),
        hooks=tuple(entry.get("hooks", ())),
        blocking=bool(entry.get("blocking")),
    )


def find_practice(pipeline: Pipeline, wanted: Practice, hooks_used: frozenset[str]) -> Iterator[Hit]:
    """Yield the places of a pipeline that do the practice, blocking where it has to be."""
    for step in pipeline.steps:
        if step.blocking or not wanted.blocking:
            yield from _in_step(pipeline.path, step, wanted, hooks_used)
    for include in pipeline.includes:
        if include.kind == "action":
            continue
        name = include.target.partition("@")[0]
        if _included(name, include.kind, pipeline, wanted):
            yield Hit(pipeline.path, include.line, include.line, plain(f"{include.kind}: {name}"))


def _in_step(path: str, step: Step, wanted: Practice, hooks_used: frozenset[str]) -> Iterator[Hit]:
    name = step.uses.partition("@")[0].lower()
    inputs = dict(step.inputs)
    named = name and any(name == a or name.startswith(a + "/") for a in wanted.actions)
    switched = any(
        name == action and pattern.fullmatch(inputs.get(key, "").strip().lower())
        for action, key, pattern in wanted.inputs
    )
    if (named and not _reverses(wanted, inputs)) or switched:
        yield Hit(path, step.line, step.line, plain(f"uses: {name}"))
    if name == "pre-commit/action" and hooks_used.intersection(wanted.hooks):
        yield Hit(path, step.line, step.line, "uses: pre-commit/action")
    for line, command in step.commands:
        if wanted.blocking and command.endswith(SOFTENED):
            continue
        if any(pattern.match(command) for pattern in wanted.commands):
            yield Hit(path, line, line, plain("runs: " + " ".join(command.split()[:2]), 60))
        elif command.startswith("pre-commit run") and hooks_used.intersection(wanted.hooks):
            yield Hit(path, line, line, "runs: pre-commit")


def _reverses(wanted: Practice, inputs: dict[str, str]) -> bool:
    # One action both scans and lists contents: what it is told to write decides which it did.
    if inputs.get("format", "").lower() in ("cyclonedx", "spdx", "spdx-json"):
        return "aquasecurity/trivy-action" in wanted.actions
    return False


def _included(name: str, kind: str, pipeline: Pipeline, wanted: Practice) -> bool:
    if kind == "template":
        stem = name.rpartition("/")[2].partition(".")[0]
        return any(
            stem == template and (not soft or job in pipeline.overrides)
            for template, job, soft in wanted.templates
        )
    if kind == "component":
        return name.rpartition("/")[2] in wanted.components
    lowered = name.lower()
    return kind == "workflow" and any(lowered == a or lowered.startswith(a + "/") for a in wanted.actions)


def is_known(target: str) -> bool:
    """True for an action or workflow of the table, whose doing is no secret."""
    name = target.partition("@")[0].lower()
    known = (action for entry in load_table("ci/practices").values() for action in entry.get("actions", ()))
    return any(name == action or name.startswith(action + "/") for action in known)


def read_hooks(text: str) -> frozenset[str]:
    """Return the hook ids of a pre-commit configuration, comments left out."""
    pattern = re.compile(r"^\s*-?\s*id:\s*[\"']?([\w.-]+)", re.MULTILINE)
    return frozenset(match[1] for match in pattern.finditer(text))
