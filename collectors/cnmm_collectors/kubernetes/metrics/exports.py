"""Which exports are about a cluster, read whole or not at all; what came of each is in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from cnmm_collectors.kubernetes.metrics.answer import Answer, MetricsFault, Series, read_answer
from cnmm_collectors.kubernetes.metrics.use import DAYS, Week, week_of
from cnmm_collectors.kubernetes.settings import Cluster, Settings
from cnmm_collectors.plugin import FileDoor, LedgerRow, Probe, Reader
from cnmm_collectors.reader.files import FileFault
from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.places import expand

KIND = "metrics"
"""What `sources:` calls the exports."""
MEASURED = ("k8s.cpu_request_use_p50",)
NO_CLUSTER = "no cluster is scanned that they could be about"
LARGEST = 32 * 1024**2
"""Bytes of one export: about a million samples, many times as much in memory while they are read."""


@dataclass(frozen=True, slots=True)
class Export:
    """One file that said something about the cluster: its name, digest, and how many series."""

    name: str
    digest: str
    series: int


@dataclass(slots=True)
class Kept:
    """What the exports of one cluster say together, the week they cover, or why they cannot be used."""

    exports: list[Export] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    week: Week | None = None
    fault: MetricsFault | None = None
    ledger: list[LedgerRow] = field(default_factory=list)


def files_of(facts: Sequence[tuple[str, str]]) -> list[Path]:
    """Return the files that `sources: metrics` stands for, each once and sorted."""
    return sorted({path for kind, place in facts if kind == KIND for path in expand(Path(place))})


def missing(facts: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the names of places that hold no file."""
    yield from (Path(place).name for kind, place in facts if kind == KIND and not expand(Path(place)))


def read_exports(
    files: Sequence[Path],
    lost: Sequence[str],
    cluster: Cluster,
    settings: Settings,
    door: FileDoor,
    as_of: date,
) -> Kept:
    """Return what the exports say of a cluster; one that cannot be read leaves all of it open.

    Nobody knows what stands in such a file, or in one that `lost` names and that is not there.
    """
    kept, accounts = Kept(), list[tuple[str, Answer, int]]()
    for name in lost:
        kept.fault = MetricsFault(f"{name}: no such file", Gap.NOT_VISIBLE)
        kept.ledger.append(_lost(cluster, name, kept.fault))
    for path in files:
        if _claimed(path.name, settings) and cluster not in _claimed(path.name, settings):
            kept.ledger.append(_skipped(f"{cluster.subject.name} {path.name}", "named as another cluster's"))
            continue
        try:
            raw = door.read(path, LARGEST)
            answer = read_answer(raw)
            own = list(_about(answer, path.name, cluster, settings))
        except (FileFault, MetricsFault) as fault:
            said = str(fault).removeprefix(f"{path.name}: ")
            kept.fault = kept.fault or MetricsFault(f"{path.name}: {said}", fault.gap)
            kept.ledger.append(_lost(cluster, path.name, MetricsFault(said, fault.gap)))
            continue
        kept.series += own
        accounts.append((path.name, answer, len(own)))
        if own:
            kept.exports.append(Export(path.name, f"sha256:{hashlib.sha256(raw).hexdigest()}", len(own)))
    try:
        _decide(kept, as_of)
    except MetricsFault as fault:
        kept.fault = fault
    kept.ledger += [_account(cluster, kept, *one) for one in accounts]
    return kept


def _decide(kept: Kept, as_of: date) -> None:
    if kept.fault is not None:
        return
    if not kept.series:
        hint = (
            "no series of the metrics exports is about this cluster: `clusters: metrics` says which file is"
        )
        raise MetricsFault(hint, Gap.NOT_COLLECTED)
    kept.week = week_of(kept.series, as_of)


def _about(answer: Answer, name: str, cluster: Cluster, settings: Settings) -> Iterator[Series]:
    """Yield the series of a file that are about a cluster.

    A label `cluster` that names one of ours decides. Any other may be what the monitoring calls it, so that
    the file's own cluster counts: the one whose pattern its name matches, or the only one there is.
    """
    ours = {label for one in settings.clusters for label in _called(one)} | set(_called(cluster))
    alone = len(settings.clusters) <= 1 or _claimed(name, settings) == [cluster]
    for one in answer.series:
        if one.cluster in _called(cluster) if one.cluster in ours else alone:
            yield one


def _claimed(name: str, settings: Settings) -> list[Cluster]:
    """Return the clusters whose pattern a file's name matches."""
    return [one for one in settings.clusters if one.metrics and fnmatchcase(name, one.metrics)]


def _called(cluster: Cluster) -> tuple[str, ...]:
    return tuple(filter(None, (cluster.name, cluster.context)))


def _account(cluster: Cluster, kept: Kept, name: str, answer: Answer, own: int) -> LedgerRow:
    other, whole = len(answer.series) - own, len(answer.series) + answer.unnamed
    told = f"read as CPU use and requests, {kept.week.said}" if kept.week else f"not used: {kept.fault}"
    parts = [
        told if own else "",
        f"{answer.unnamed} series are not named as CPU use or requests" if answer.unnamed else "",
        f"{other} series are about another cluster, or nobody says about which" if other else "",
    ]
    return LedgerRow(
        "kubernetes", "metrics series", f"{cluster.subject.name} {name}", whole, own, whole - own, 0,
        Gap.NOT_COLLECTED.value if whole - own else "", "; ".join(filter(None, parts)),
    )  # fmt: skip


def _lost(cluster: Cluster, name: str, fault: MetricsFault) -> LedgerRow:
    about = f"{cluster.subject.name} {name}"
    return LedgerRow("kubernetes", "metrics file", about, 1, 0, 0, 1, fault.gap.value, str(fault))


def _skipped(about: str, why: str) -> LedgerRow:
    return LedgerRow("kubernetes", "metrics file", about, 1, 0, 1, 0, Gap.NOT_COLLECTED.value, why)


def left(files: Sequence[Path], cluster: str, gap: Gap) -> Iterator[LedgerRow]:
    """Yield an account of exports that were not read, because the cluster they may be about was not."""
    for path in files:
        about, why = f"{cluster} {path.name}", "the cluster it may be about was not read"
        yield LedgerRow("kubernetes", "metrics file", about, 1, 0, 0, 1, gap.value, why)


def idle(facts: Sequence[tuple[str, str]]) -> Iterator[LedgerRow]:
    """Yield an account of exports that lie beside no cluster at all."""
    for name in (*(path.name for path in files_of(facts)), *missing(facts)):
        yield _skipped(name, NO_CLUSTER)


def probe_exports(
    facts: Sequence[tuple[str, str]], cluster: Cluster, settings: Settings, reader: Reader
) -> Iterator[Probe]:
    """Yield whether the exports of metrics answer for a cluster; they are read whole, as a scan would."""
    files, lost = files_of(facts), tuple(missing(facts))
    if not files and not lost:
        needs = f"sources: {KIND}, answers of Prometheus to range queries over {DAYS} days"
        yield Probe(
            KIND, MEASURED, False, "no export of CPU use and requests is named", needs, Gap.NOT_COLLECTED
        )
        return
    kept = read_exports(files, lost, cluster, settings, reader.files, reader.as_of)
    if kept.fault is not None:
        yield Probe(KIND, MEASURED, False, str(kept.fault), gap=kept.fault.gap)
    elif kept.week is not None:
        yield Probe(KIND, MEASURED, True, f"{len(kept.series)} series, {kept.week.said}")
