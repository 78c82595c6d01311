"""Tools in use by capability, seen from objects, chart dependencies and releases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from cnmm_collectors.git.detect.decisions import decisions
from cnmm_collectors.git.detect.manifests import Manifest, could_be_manifest
from cnmm_collectors.git.detect.nodes import YamlFault, read_yaml
from cnmm_collectors.git.detect.readings import (
    Hit,
    cite_hits,
    doubtful,
    of_repository,
    outside_repository,
    plain,
)
from cnmm_collectors.git.detect.survey import Survey, remembered
from cnmm_collectors.git.detect.tables import load_table
from cnmm_collectors.signals import Gap, Masses, Observed, Reading, Signal, Unknown

KEYS = ("git.tool_duplication_count", "git.standing_duplication_count")
STANDING_DAYS = 365
_MOVING = re.compile(r"\b(migrat\w+|replac\w+|phas\w+ out|retir\w+|supersed\w+|exception)\b", re.IGNORECASE)
WHAT = "tools in use by capability"
_CHART_LINE = re.compile(r"^\s*chart\s*[:=]\s*[\"']?(?:[\w.:/-]+/)?([\w.-]+)[\"']?\s*$")
_RELEASES = frozenset({"HelmRelease", "HelmChart", "Application", "ApplicationSet", "Release"})
_COMMENT = re.compile(r"^\s*(#|//)")


@dataclass(slots=True)
class _Index:
    groups: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    charts: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    suffixes: dict[str, str] = field(default_factory=dict)


@cache
def _index() -> _Index:
    index = _Index()
    table: dict[str, dict[str, dict[str, Any]]] = load_table("tools")
    for category, tools in table.items():
        for tool, ways in tools.items():
            for way, words in ways.items():
                getattr(index, way).update(dict.fromkeys(words, f"{category}/{tool}"))
    return index


@remembered
def tools_in_use(survey: Survey) -> dict[str, list[Hit]]:
    """Return the labels `category/tool` that the files of a repository show, each with its places."""
    found: dict[str, list[Hit]] = {}
    for label, hit in _labels(survey):
        found.setdefault(label, []).append(hit)
    return found


@cache
def _named() -> re.Pattern[str]:
    tools = sorted({label_of(label) for label in _every_label()}, key=len, reverse=True)
    return re.compile("|".join(rf"\b{tool.replace('-', '[- ]?')}\b" for tool in tools), re.IGNORECASE)


def _every_label() -> Iterator[str]:
    for category, tools in load_table("tools").items():
        yield from (f"{category}/{tool}" for tool in tools)


def tools_named(survey: Survey, path: str) -> set[str]:
    """Return the tools that a text names and that files can show, as they are written there."""
    return set(_named().findall(survey.text(path)))


def shows_all_tools(survey: Survey) -> bool:
    """True where no file that could show a tool was left unread."""
    return not survey.doubts(could_be_manifest, _needle())


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield the labels `category/tool` that the files use, all and long-standing ones."""
    found = tools_in_use(survey)
    outside = outside_repository(survey)
    yield of_repository(survey, KEYS[0], outside or _tools(survey, found))
    yield of_repository(survey, KEYS[1], outside or _standing(survey, found))


def _standing(survey: Survey, found: dict[str, list[Hit]]) -> Reading:
    """Return the tools whose oldest file is older than 365 days and that no decision record ends."""
    start = survey.view.as_of - timedelta(days=STANDING_DAYS)
    days = {label: [survey.first_change(hit.path) for hit in hits] for label, hits in found.items()}
    if any(day is None for known in days.values() for day in known):
        return Unknown(Gap.NOT_COLLECTED, f"{WHAT}: since when is not known, history is not readable")
    old = {label for label, known in days.items() if any(day is not None and day < start for day in known)}
    kept = {label: found[label] for label in old if not _ending(survey, label_of(label))}
    return _tools(survey, kept)


def _ending(survey: Survey, tool: str) -> bool:
    name = re.compile(rf"\b{tool.replace('-', '[- ]?')}\b", re.IGNORECASE)
    texts = (survey.text(record.path) for record in decisions(survey) if not record.draft)
    return any(name.search(text) and _MOVING.search(text) for text in texts)


def _tools(survey: Survey, found: dict[str, list[Hit]]) -> Reading:
    doubts = survey.doubts(could_be_manifest, _needle())
    if doubts:
        return doubtful(survey, doubts, WHAT)
    items = tuple((label, len(found[label])) for label in sorted(found))
    hits = [min(hits) for hits in found.values()]
    evidence = cite_hits(survey, hits) or (survey.view.cite.tree(WHAT),)
    return Observed(Masses(items), evidence)


@cache
def _needle() -> re.Pattern[bytes]:
    index = _index()
    words = sorted({*index.groups, *(kind.partition("/")[0] for kind in index.kinds)})
    return re.compile("|".join(re.escape(word) for word in words).encode())


def _labels(survey: Survey) -> Iterator[tuple[str, Hit]]:
    index = _index()
    for manifest in survey.manifests:
        hit = Hit(manifest.path, manifest.first, manifest.last, plain(f"{manifest.group} {manifest.kind}"))
        for label in _of_manifest(manifest, index):
            yield label, hit
    for path in survey.paths:
        name = path.rpartition("/")[2].lower()
        for suffix, label in index.suffixes.items():
            if name.endswith(suffix):
                yield label, Hit(path, says=plain(label))
        if name in index.names:
            yield index.names[name], Hit(path, says=plain(label_of(index.names[name])))
        yield from _of_charts(survey, path, name, index)


def label_of(label: str) -> str:
    """Return the tool's name of a label `category/tool`."""
    return label.partition("/")[2]


def _of_manifest(manifest: Manifest, index: _Index) -> Iterator[str]:
    if manifest.kind == "CustomResourceDefinition":
        return
    label = index.kinds.get(f"{manifest.group}/{manifest.kind}") or of_group(manifest.group, index.groups)
    if label:
        yield label
    node = manifest.node
    if node is None:
        return
    if manifest.kind == "Ingress":
        wanted = node.text("spec", "ingressClassName")
        wanted = wanted or node.text("metadata", "annotations", "kubernetes.io/ingress.class")
        if wanted in index.classes:
            yield index.classes[wanted]
    if manifest.kind in _RELEASES:
        charts = (child.value for key, child in node.walk() if key == "chart")
        yield from (
            index.charts[chart] for chart in charts if isinstance(chart, str) and chart in index.charts
        )


def of_group(group: str, known: dict[str, str]) -> str:
    """Return what a table says of an API group or its nearest parent domain, else empty."""
    parts = group.split(".")
    for start in range(len(parts) - 1):
        label = known.get(".".join(parts[start:]))
        if label:
            return label
    return ""


def _of_charts(survey: Survey, path: str, name: str, index: _Index) -> Iterator[tuple[str, Hit]]:
    if name == "chart.yaml" or name == "kustomization.yaml":
        field_name = "dependencies" if name == "chart.yaml" else "helmCharts"
        try:
            documents = read_yaml(survey.text(path))
        except YamlFault:
            return
        for item in (item for document in documents for item in document.items(field_name)):
            label = index.charts.get(item.text("name"))
            if label:
                yield label, Hit(path, item.line, item.end, plain(f"chart: {item.text('name')}"))
    elif name.endswith(".tf") or name.startswith("helmfile"):
        for number, line in enumerate(survey.lines(path), 1):
            match = None if _COMMENT.match(line) else _CHART_LINE.match(line)
            if match and match[1] in index.charts:
                yield index.charts[match[1]], Hit(path, number, number, plain(f"chart: {match[1]}"))
