"""Machine learning, model use and agents: what shows them, and how they are run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from cnmm_collectors.git.detect.ci.practices import Practice
from cnmm_collectors.git.detect.dependencies import Dependency, is_build_file
from cnmm_collectors.git.detect.manifests import Manifest, could_be_manifest
from cnmm_collectors.git.detect.readings import Hit, near, plain, within
from cnmm_collectors.git.detect.survey import Doubt, Survey, remembered
from cnmm_collectors.git.detect.tables import load_table
from cnmm_collectors.git.model import Component

_IR = re.compile(r"^(pipelineInfo|deploymentSpec):", re.MULTILINE)
_CODE_PIPELINE = re.compile(
    r"^\s*@(kfp\.)?dsl\.pipeline\b|^\s*@(flytekit\.)?workflow\b|^\s*@(metaflow\.)?kubernetes\b"
    r"|^\s*@(kfp\.)?(dsl\.)?container_component\b"
)
_CODE_IMPORT = re.compile(rb"^[ \t]*(from|import)[ \t]+(kfp|flytekit|metaflow)\b", re.MULTILINE)
_NEEDLE = re.compile(rb"kubeflow\.org|ray\.io|kserve\.io|seldon\.io|flyte|pipelineInfo|kagent\.dev")


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = load_table("ml")
    return table


def needs(survey: Survey, *kinds: str) -> list[Hit]:
    """Return dependencies of the given kinds: libraries, sdks, models, agents."""
    return [
        Hit(d.path, d.line, d.line, plain(f"depends on {d.name.lstrip('@')}"))
        for d in survey.dependencies
        if any(_named(d, _table()[kind][d.ecosystem]) for kind in kinds)
    ]


def _named(dependency: Dependency, names: Iterable[str]) -> bool:
    if dependency.ecosystem == "go":
        return any(dependency.name == name or dependency.name.startswith(name + "/") for name in names)
    return dependency.name in names


def notebooks(survey: Survey) -> list[Hit]:
    """Return notebooks, by name."""
    return [Hit(path, says="notebook") for path in survey.paths if path.endswith(".ipynb")]


def objects(survey: Survey, table: str) -> list[Hit]:
    """Return the manifests whose `group/Kind` the table names."""
    names = frozenset(_table()[table])
    return [_at(m) for m in survey.manifests if f"{m.group}/{m.kind}" in names]


def _at(manifest: Manifest) -> Hit:
    return Hit(manifest.path, manifest.first, manifest.last, plain(f"{manifest.group} {manifest.kind}"))


def agent_objects(survey: Survey) -> list[Hit]:
    """Return manifests that declare agents or tool servers."""
    groups = frozenset(_table()["agent_groups"])
    return [_at(m) for m in survey.manifests if m.group in groups and m.kind != "CustomResourceDefinition"]


@remembered
def pipelines(survey: Survey) -> list[Hit]:
    """Return definitions of pipelines that run models' work in a cluster, one hit each."""
    found = objects(survey, "pipelines")
    for path in survey.readable:
        raw = survey.view.contents[path]
        if path.endswith((".yaml", ".yml")):
            if b"pipelineInfo:" in raw and len(set(_IR.findall(survey.text(path)))) == 2:
                found.append(Hit(path, says="compiled pipeline"))
        elif path.endswith(".py") and _CODE_IMPORT.search(raw):
            found.extend(_in_code(path, survey.lines(path)))
    general = objects(survey, "general_pipelines")
    known = [c for c in survey.view.components if within(survey, c, _shown(survey))]
    return found + [hit for hit in general if any(c in survey.holders(hit.path) for c in known)]


def _in_code(path: str, lines: list[str]) -> Iterator[Hit]:
    for number, line in enumerate(lines, 1):
        if _CODE_PIPELINE.match(line):
            yield Hit(path, number, number, "pipeline in code")
            return


@remembered
def _shown(survey: Survey) -> list[Hit]:
    return needs(survey, "libraries", "sdks") + notebooks(survey) + objects(survey, "serving")


@remembered
def ml_hits(survey: Survey) -> list[Hit]:
    """Return all that shows a component trains, serves or explores models."""
    return _shown(survey) + pipelines(survey)


@remembered
def ml_doubts(survey: Survey) -> tuple[Doubt, ...]:
    """Return the files in doubt that could show it."""
    manifests = survey.doubts(could_be_manifest, _NEEDLE)
    return (*manifests, *survey.doubts(lambda p: is_build_file(p) or p.endswith(".py")))


def is_ml(survey: Survey, component: Component) -> bool | None:
    """True for a component with models of its own, None where a file in doubt could show it."""
    if within(survey, component, ml_hits(survey)):
        return True
    return None if near(survey, component, ml_doubts(survey)) else False


@cache
def evaluation() -> Practice:
    """Return what counts as a gate that judges a model."""
    entry = _table()["evaluation"]
    commands = tuple(re.compile(text) for text in entry["commands"])
    return Practice(tuple(entry["actions"]), commands, (), (), (), (), blocking=True)
