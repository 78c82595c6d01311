"""The `sources:` of the settings: exports, records and catalogue files, as targets for their collectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject


class SourceKind(StrEnum):
    """What a file, folder or glob under `sources:` is."""

    ROSTER = "roster"
    TRAINING = "training"
    CERTIFICATIONS = "certifications"
    SURVEY = "survey"
    OPENINGS = "openings"
    ONCALL = "oncall"
    WORK = "work"
    VENDORS = "vendors"
    SERVICES = "services"
    DIRECTORY = "directory"
    ATTESTATIONS = "attestations"
    ARTEFACTS = "artefacts"
    CATALOG = "catalog"
    METRICS = "metrics"


HOSTS = ("github", "gitlab")
"""The kinds of targets that are organisations of a host."""
CLUSTER = "kube"
"""The kind of a target that is a cluster."""
_TARGETS = {
    SourceKind.ONCALL: "work",
    SourceKind.WORK: "work",
    SourceKind.ATTESTATIONS: "records",
    SourceKind.ARTEFACTS: "records",
    SourceKind.CATALOG: "catalog",
    SourceKind.METRICS: "metrics",
}


def with_metrics(target: Target, sources: Mapping[SourceKind, Sequence[Path]]) -> Target:
    """Return a cluster knowing where the exports of its monitoring lie, any other target as it is."""
    places = sources.get(SourceKind.METRICS, ()) if target.kind == CLUSTER else ()
    more = ((SourceKind.METRICS.value, str(place.absolute())) for place in places)
    return replace(target, facts=(*target.facts, *more))


def source_targets(
    sources: Mapping[SourceKind, Sequence[Path]],
    organisation: Subject,
    k: int,
    others: Sequence[Target] = (),
) -> tuple[Target, ...]:
    """Return a target each for people exports, exports of work, records and catalogue files, and for exports
    of metrics that no cluster of the `others` could read.

    People exports are one target, because what is told of one must be weighed against the others. Records
    learn which hosts of the `others` may know how they were merged.
    """
    facts: dict[str, list[tuple[str, str]]] = {}
    for kind, places in sources.items():
        if kind is SourceKind.METRICS and any(one.kind == CLUSTER for one in others):
            continue
        held = facts.setdefault(_TARGETS.get(kind, "people"), [])
        held += [(kind.value, str(place.absolute())) for place in places]
    if "records" in facts:
        hosts = ((f"host {one.kind} {one.credential}", one.locator) for one in others if one.kind in HOSTS)
        facts["records"] += hosts
    return tuple(
        Target(name, "sources", subject=organisation, facts=(*found, ("k", str(k))))
        for name, found in sorted(facts.items())
    )
