"""All pipelines of a repository, whichever dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from cnmm_collectors.git.detect.ci.github import ACTION, PATH, read_composite, read_github
from cnmm_collectors.git.detect.ci.gitlab import MAIN, read_gitlab
from cnmm_collectors.git.detect.ci.model import Include, Pipeline
from cnmm_collectors.git.detect.nodes import YamlFault, read_yaml

OTHER = re.compile(
    r"(Jenkinsfile([.-][\w.-]+)?|(\.?azure-pipelines(/[^/]+)?|\.vsts-ci)\.ya?ml|\.circleci/config\.ya?ml"
    r"|bitbucket-pipelines\.yml|\.drone\.ya?ml|\.travis\.yml|\.buildkite/[^/]+\.ya?ml|\.tekton/[^/]+\.ya?ml"
    r"|cloudbuild\.ya?ml|\.woodpecker(/[^/]+)?\.ya?ml|\.prow(/.+)?\.ya?ml|\.ci-operator\.ya?ml"
    r"|\.?zuul(\.d/[^/]+)?\.ya?ml|\.?appveyor\.ya?ml|\.cirrus\.ya?ml|\.semaphore/[^/]+\.ya?ml|codefresh\.ya?ml"
    r"|buildspec\.ya?ml|\.evergreen\.ya?ml|screwdriver\.ya?ml|\.teamcity/settings\.kts|bitrise\.ya?ml"
    r"|codemagic\.ya?ml|\.harness/.+\.ya?ml|wercker\.ya?ml)"
)
"""Definitions of a kind that is not read: that they are there is all that they say."""


def is_pipeline(path: str) -> bool:
    """True where a path starts continuous integration by its place alone."""
    return path == MAIN or bool(PATH.fullmatch(path) or OTHER.fullmatch(path))


def read_pipelines(texts: Mapping[str, str]) -> tuple[tuple[Pipeline, ...], frozenset[str]]:
    """Return the pipelines among the files, and the paths that are malformed; never raises."""
    found: list[Pipeline] = []
    faulty: set[str] = set()
    todo = sorted(path for path in texts if is_pipeline(path))
    seen = set(todo)
    while todo:
        path = todo.pop(0)
        try:
            pipeline = _read(path, texts[path])
        except YamlFault:
            faulty.add(path)
            continue
        if pipeline is None:
            continue
        pipeline = replace(pipeline, includes=tuple(_spelled(one, texts) for one in pipeline.includes))
        found.append(pipeline)
        local = {item.target for item in pipeline.includes if item.kind == "local"}
        fresh = sorted(target for target in local if target in texts and target not in seen)
        seen.update(fresh)
        todo.extend(fresh)
    return _started(found), frozenset(faulty)


def _spelled(include: Include, texts: Mapping[str, str]) -> Include:
    """Return an include by the ending its file has: an action may be `action.yml` or `action.yaml`."""
    other = include.target.removesuffix(".yml") + ".yaml"
    if include.kind == "local" and include.target not in texts and other in texts:
        return replace(include, target=other)
    return include


def _started(found: list[Pipeline]) -> tuple[Pipeline, ...]:
    """Return the pipelines, those called by a running one set running as well."""
    by_path = {pipeline.path: pipeline for pipeline in found}
    todo = [pipeline for pipeline in found if pipeline.runs]
    while todo:
        caller = todo.pop()
        for item in caller.includes:
            called = by_path.get(item.target) if item.kind == "local" else None
            if called is not None and not called.runs and called.steps:
                by_path[called.path] = replace(called, runs=True, called=True, only=caller.only)
                todo.append(by_path[called.path])
    return tuple(by_path.values())


def _read(path: str, text: str) -> Pipeline | None:
    if OTHER.fullmatch(path):
        body = [
            line for line in text.split("\n") if line.strip() and not line.lstrip().startswith(("#", "//"))
        ]
        if not body:
            return None
        return Pipeline(path, "other", True, (), (), (), 1, text.count("\n") + 1, understood=False)
    documents = read_yaml(text)
    if not documents:
        return None
    if PATH.fullmatch(path):
        return read_github(path, documents[0])
    if ACTION.fullmatch(path.rpartition("/")[2]):
        return read_composite(path, documents[0])
    return read_gitlab(path, documents)
