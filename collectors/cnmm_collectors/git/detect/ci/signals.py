"""The signals of the `ci` family."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from cnmm_collectors.git.detect.ci.model import Include, Pipeline
from cnmm_collectors.git.detect.ci.practices import Practice, find_practice, is_known, practice, read_hooks
from cnmm_collectors.git.detect.ci.reading import is_pipeline
from cnmm_collectors.git.detect.containers import builds_image
from cnmm_collectors.git.detect.deployments import holds_manifests
from cnmm_collectors.git.detect.readings import (
    Hit,
    Judge,
    by_component,
    cite_hits,
    doubtful,
    flag,
    not_there,
    plain,
)
from cnmm_collectors.git.detect.survey import Doubt, Survey, remembered
from cnmm_collectors.git.model import Component
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, Unknown

PRACTICES = {
    "ci.image_scan_ratio": ("image_scan", "a vulnerability scan in the pipeline"),
    "ci.sbom_ratio": ("sbom", "a bill of materials made in the pipeline"),
    "ci.provenance_ratio": ("provenance", "signing or provenance in the pipeline"),
    "ci.secret_scan_ratio": ("secret_scan", "a blocking search for secrets in the pipeline"),
    "ci.policy_test_ratio": ("policy_test", "policy tests in the pipeline"),
}
KEYS = ("ci.pipeline_ratio", "ci.shared_workflow_ratio", *PRACTICES)
_OF_THE_HOST = ("actions", "github", "docker")
_WILD = re.compile(r"[*?\[{!+@]")


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield every `ci` signal for each component."""
    yield from by_component(survey, KEYS[0], lambda component: _pipeline(survey, component))
    yield from by_component(survey, KEYS[1], lambda component: _shared(survey, component))
    for key, (name, what) in PRACTICES.items():
        yield from by_component(survey, key, _practice_judge(survey, name, what))


def pipelines_of(survey: Survey, component: Component) -> list[Pipeline]:
    """Return the running pipelines that a change of the component starts."""
    return [p for p in survey.pipelines if p.runs and _applies(p, component.root)]


def _applies(pipeline: Pipeline, root: str) -> bool:
    if not pipeline.only or not root:
        return True
    stems = (
        _WILD.split(pattern, maxsplit=1)[0].rstrip("/") for pattern in pipeline.only if pattern[:1] != "!"
    )
    return any(
        not stem or stem == root or stem.startswith(root + "/") or root.startswith(stem + "/")
        for stem in stems
    )


def _pipeline(survey: Survey, component: Component) -> Reading:
    starting = [p for p in pipelines_of(survey, component) if not p.called]
    hits = [Hit(p.path, p.first, p.last, f"pipeline: {p.dialect}") for p in starting]
    what = "a pipeline that runs on changes"
    doubts = _doubts(survey)
    found = None if hits or doubts else _kept_elsewhere(survey, what)
    return found or flag(survey, hits, doubts, what)


@remembered
def _defines_pipelines(survey: Survey) -> bool:
    return any(is_pipeline(path) for path in survey.paths)


def _kept_elsewhere(survey: Survey, what: str) -> Unknown | None:
    """Return why a repository without any definition says nothing: one may be kept in another place."""
    if survey.pipelines_here or _defines_pipelines(survey):
        return None
    return Unknown(
        Gap.NOT_COLLECTED,
        f"{what}: no pipeline is defined in the repository, and one may be kept elsewhere "
        "(`pipelines: repository` in the settings says that none is)",
    )


def shared_references(survey: Survey, component: Component) -> list[Hit]:
    """Return the references to pipeline parts that another repository of the organisation keeps."""
    return [
        Hit(p.path, i.line, i.line, plain(f"{i.kind}: {i.target}"))
        for p in pipelines_of(survey, component)
        for i in p.includes
        if _is_shared(i, survey)
    ]


def _is_shared(include: Include, survey: Survey) -> bool:
    if include.kind in ("component", "project", "template"):
        return True
    if include.kind not in ("workflow", "action"):
        return False
    owner, _, rest = include.target.lower().partition("/")
    own = survey.view.repo.name.lower()
    if "/" not in own:
        known = survey.view.web.lower().split("/")[3:5]
        own = "/".join(known) if len(known) == 2 else own
    same = (
        owner == own.partition("/")[0]
        if "/" in own
        else include.kind == "workflow" and owner not in _OF_THE_HOST
    )
    return same and rest.partition("/")[0].partition("@")[0] != own.partition("/")[2]


def _may_be_shared(include: Include, survey: Survey) -> bool:
    """True for a part of somebody who may be the owner of a clone without a remote."""
    if survey.view.web or include.kind not in ("workflow", "action") or is_known(include.target):
        return False
    return include.target.lower().partition("/")[0] not in _OF_THE_HOST


def _shared(survey: Survey, component: Component) -> Reading:
    what = "a shared pipeline used by reference"
    hits, doubts = shared_references(survey, component), _doubts(survey)
    if hits or doubts:
        return flag(survey, hits, doubts, what)
    pipelines = pipelines_of(survey, component)
    if any(_may_be_shared(i, survey) for p in pipelines for i in p.includes):
        return Unknown(Gap.NOT_COLLECTED, f"{what}: the clone has no remote that says whose it is")
    return _unreadable(survey, pipelines, what) or flag(survey, (), (), what)


def _unreadable(survey: Survey, pipelines: Sequence[Pipeline], what: str) -> Unknown | None:
    """Return why pipelines that start for a component cannot be read, or that there may be others."""
    if any(not p.understood for p in pipelines):
        return Unknown(Gap.UNSUPPORTED, f"{what}: a pipeline is written in a dialect that is not read")
    return _kept_elsewhere(survey, what)


def _practice_judge(survey: Survey, name: str, what: str) -> Judge:
    gate = _GATES.get(name)

    def judge(component: Component) -> Reading:
        stop = gate(survey, component) if gate else None
        return stop or judge_practice(survey, component, practice(name), what)

    return judge


def judge_practice(survey: Survey, component: Component, wanted: Practice, what: str) -> Reading:
    """Return whether the component's pipelines do a thing, unknown where a part of them is kept elsewhere."""
    hooks = _hooks(survey)
    pipelines = pipelines_of(survey, component)
    hits = [hit for p in pipelines for hit in _found(survey, p, wanted, hooks, what)]
    doubts = _doubts(survey)
    if hits:
        return Observed(True, cite_hits(survey, hits))
    if doubts:
        return doubtful(survey, doubts, what)
    unreadable = _unreadable(survey, pipelines, what)
    if unreadable is None and any(_may_hide(i, survey) for p in pipelines for i in p.includes):
        return Unknown(Gap.NOT_COLLECTED, f"{what}: a shared pipeline kept in another repository may do it")
    return unreadable or flag(survey, (), (), what)


def _found(
    survey: Survey, pipeline: Pipeline, wanted: Practice, hooks: frozenset[str], what: str
) -> tuple[Hit, ...]:
    key = ("practice", pipeline.path, what)
    if key not in survey.memory:
        survey.memory[key] = tuple(find_practice(pipeline, wanted, hooks))
    return cast(tuple[Hit, ...], survey.memory[key])


@remembered
def _doubts(survey: Survey) -> tuple[Doubt, ...]:
    return survey.doubts(is_pipeline)


def _may_hide(include: Include, survey: Survey) -> bool:
    if include.kind == "local":
        return include.target not in survey.view.contents and not is_pipeline(include.target)
    if include.kind == "workflow" and is_known(include.target):
        return False
    if include.kind in ("workflow", "project", "remote") or _may_be_shared(include, survey):
        return True
    return include.kind in ("action", "component") and _is_shared(include, survey)


@remembered
def _hooks(survey: Survey) -> frozenset[str]:
    name = ".pre-commit-config.yaml"
    return read_hooks(survey.text(name)) if name in survey.readable else frozenset()


def _image_gate(survey: Survey, component: Component) -> Reading | None:
    return _gate(survey, builds_image(survey, component), "components that build an image")


def _policy_gate(survey: Survey, component: Component) -> Reading | None:
    return _gate(survey, holds_manifests(survey, component), "components that hold manifests")


def _gate(survey: Survey, reading: Reading, what: str) -> Reading | None:
    if isinstance(reading, Unknown):
        return reading
    if not isinstance(reading, Observed) or reading.value is not True:
        return not_there(survey, f"{what}: this one is none")
    return None


_GATES: dict[str, Callable[[Survey, Component], Reading | None]] = {
    "image_scan": _image_gate,
    "sbom": _image_gate,
    "provenance": _image_gate,
    "policy_test": _policy_gate,
}
