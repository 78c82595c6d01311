"""Declarative deployment files: Kubernetes, Helm, Kustomize, Score, OAM, claims and application specs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnmm_collectors.git.detect.manifests import NEEDLE, could_be_manifest
from cnmm_collectors.git.detect.readings import Hit, component_flags, flag, near, plain, within
from cnmm_collectors.git.detect.survey import Doubt, Survey, remembered
from cnmm_collectors.git.model import Component
from cnmm_collectors.signals import Reading, Signal

KEYS = ("git.manifest_repo_ratio",)
WHAT = "declarative deployment files"
_BY_NAME = re.compile(
    r"(chart\.yaml|kustomization(\.ya?ml)?|helmfile(\.[\w-]+)?\.ya?ml(\.gotmpl)?)", re.IGNORECASE
)
_SPEC = re.compile(r"(app|application)\.ya?ml", re.IGNORECASE)
_SPEC_KEYS = re.compile(r"^(workload|services|containers|image|replicas|component):", re.MULTILINE)
_NOT_DEPLOYED = frozenset({"CustomResourceDefinition", "ClusterTask"})


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield whether each component holds declarative deployment files."""
    yield from component_flags(survey, KEYS[0], manifest_hits(survey), _doubts(survey), WHAT)


def holds_manifests(survey: Survey, component: Component) -> Reading:
    """Return whether a component holds such files, whatever its activity."""
    hits = within(survey, component, manifest_hits(survey))
    return flag(survey, hits, near(survey, component, _doubts(survey)), WHAT)


@remembered
def manifest_hits(survey: Survey) -> list[Hit]:
    """Return the documents that deploy something."""
    found = [
        Hit(m.path, m.first, m.last, plain(f"{m.group or 'core'} {m.kind}"))
        for m in survey.manifests
        if m.kind not in _NOT_DEPLOYED
    ]
    for path in survey.paths:
        name = path.rpartition("/")[2]
        if _BY_NAME.fullmatch(name):
            found.append(Hit(path, says=plain(name)))
        elif _SPEC.fullmatch(name) and _SPEC_KEYS.search(survey.text(path)):
            found.append(Hit(path, says="application spec"))
    return found


@remembered
def _doubts(survey: Survey) -> tuple[Doubt, ...]:
    return survey.doubts(could_be_manifest, NEEDLE)
