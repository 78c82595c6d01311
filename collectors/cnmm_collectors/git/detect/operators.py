"""Operators and resource definitions of the organisation's own API groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cnmm_collectors.git.detect.dependencies import is_build_file
from cnmm_collectors.git.detect.manifests import could_be_manifest
from cnmm_collectors.git.detect.readings import (
    Hit,
    component_flags,
    of_repository,
    outside_repository,
    plain,
    tally_count,
)
from cnmm_collectors.git.detect.survey import Doubt, Survey
from cnmm_collectors.git.detect.tables import load_table
from cnmm_collectors.signals import Signal

KEYS = ("git.operator_repo_count", "git.owned_crd_count")
_DEFINITIONS = frozenset({"CustomResourceDefinition", "CompositeResourceDefinition"})
_NEEDLE = re.compile(rb"kind:\s*[\"']?(CustomResourceDefinition|CompositeResourceDefinition)")
_HOOKED = re.compile(rb"metacontroller\.k8s\.io")
_FRAMEWORKS = {
    "go": (
        "sigs.k8s.io/controller-runtime",
        "github.com/operator-framework/operator-sdk",
        "github.com/crossplane/crossplane-runtime",
        "github.com/rancher/wrangler",
    ),
    "python": ("kopf",),
    "java": ("operator-framework", "operator-framework-core", "operator-framework-spring-boot-starter",
             "quarkus-operator-sdk"),
    "rust": ("kube-runtime", "kubert"),
    "javascript": ("@dot-i/k8s-operator",),
    "dotnet": ("kubeops", "kubeops.operator", "kubeops.operator.web"),
}  # fmt: skip
_SCAFFOLD = re.compile(r"^(layout|projectName|domain|plugins):", re.MULTILINE)
_EXAMPLE = re.compile(r"(^|\.)(example\.(com|org|net|io)|my\.domain)$")


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield whether components are operators, and how many own resource definitions there are."""
    hits = operator_hits(survey)
    yield from component_flags(survey, KEYS[0], hits, _operator_doubts(survey), "an operator or controller")
    owned = owned_definitions(survey)
    doubts = survey.doubts(could_be_manifest, _NEEDLE)
    reading = tally_count(
        survey, len(owned), list(owned.values()), doubts, "resource definitions of own API groups"
    )
    yield of_repository(survey, KEYS[1], outside_repository(survey) or reading)


def operator_hits(survey: Survey) -> list[Hit]:
    """Return project files, framework dependencies and metacontroller objects."""
    found = [
        Hit(path, says="operator project file")
        for path in survey.readable
        if path.rpartition("/")[2] == "PROJECT" and _SCAFFOLD.search(survey.text(path))
    ]
    found += [
        Hit(d.path, d.line, d.line, plain(f"depends on {d.name}"))
        for d in survey.dependencies
        if d.name in _FRAMEWORKS.get(d.ecosystem, ())
    ]
    found += [
        Hit(m.path, m.first, m.last, plain(f"{m.group} {m.kind}"))
        for m in survey.manifests
        if m.group == "metacontroller.k8s.io" and m.kind.endswith("Controller")
    ]
    return found


def _operator_doubts(survey: Survey) -> tuple[Doubt, ...]:
    files = survey.doubts(lambda path: is_build_file(path) or path.rpartition("/")[2] == "PROJECT")
    return (*files, *survey.doubts(could_be_manifest, _HOOKED))


def owned_definitions(survey: Survey) -> dict[str, Hit]:
    """Return each own resource definition once, by `plural.group` or place."""
    found: dict[str, Hit] = {}
    for manifest in survey.manifests:
        if manifest.kind not in _DEFINITIONS or manifest.node is None:
            continue
        group = manifest.node.text("spec", "group").lower()
        if not group or "__templated__" in group or _EXAMPLE.search(group) or is_known(group):
            continue
        name = f"{manifest.node.text('spec', 'names', 'plural')}.{group}"
        hit = Hit(manifest.path, manifest.first, manifest.last, plain(f"{manifest.kind} {name}"))
        found.setdefault(name, hit)
    return found


@cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    table: dict[str, Any] = load_table("groups")
    return frozenset(table["groups"]), frozenset(table["suffixes"])


def is_known(group: str) -> bool:
    """True where an API group belongs to a public project or a vendor."""
    exact, suffixes = _known()
    parts = group.split(".")
    return group in exact or any(".".join(parts[start:]) in suffixes for start in range(len(parts)))
