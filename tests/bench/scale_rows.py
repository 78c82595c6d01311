"""A simulated organisation end to end at three sizes, and the same on three Dask workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row, at_most, growth
from bench.simulation import host, install, scan
from e2e.clusters import dask_cluster

SIZES = tuple(int(size) for size in os.environ.get("BENCH_SIZES", "500,5000,50000").split(","))
PEAK_MIB = 24 * 1024


def scale_rows(folder: Path) -> Iterator[Row]:
    """Yield peak memory and processor time of whole scans, how they grow, and whether a cluster agrees."""
    with host() as address:
        yield from _rows(folder, {**install(folder / "site"), "SIMULATED_HOST": address})


def _rows(folder: Path, environment: dict[str, str]) -> Iterator[Row]:
    costs: list[tuple[int, float]] = []
    peaks: list[tuple[int, float]] = []
    own: list[float] = []
    steps: list[str] = []
    digest = ""
    for size in SIZES:
        took, told, digest = scan(folder, size, environment, "--executor", "2")
        costs.append((size, told["cpu"]))
        peaks.append((size, told["workers"]))
        own.append(told["own"])
        steps.append(
            f"{size}: {took.wall:.0f} s, {told['cpu']:.0f} s of CPU, {told['own']:.0f} MiB, worker {told['workers']:.0f} MiB"
        )
    said = "; ".join(steps)
    yield at_most("scale-peak", told["own"] + 2 * told["workers"], PEAK_MIB, said, "MiB")
    yield at_most(
        "scale-growth", growth(costs[-2:]), 1.1, f"exponent of processor time over the larger sizes; {said}"
    )
    each = (own[-1] - own[-2]) * 1024 / (SIZES[-1] - SIZES[-2])
    yield at_most("scale-memory", each, 3, "peak of the run's own process for each further repository", "KiB")
    yield at_most(
        "scale-worker-growth", growth(peaks), 0.1, "exponent of a worker's peak memory over repositories"
    )
    yield from _spread(folder, environment, digest, costs[-1][1])


def _spread(folder: Path, environment: dict[str, str], digest: str, alone: float) -> Iterator[Row]:
    """Yield whether three workers of a cluster say the same, and what that costs beside one machine."""
    cluster = dask_cluster(folder / f"dask-{os.getpid()}", environment, workers=3, tls=True)
    with cluster as dask:
        before = dask.processor_seconds()
        took, told, spread = scan(
            folder, SIZES[-1], {**environment, **dask.environment}, "--executor", f"dask:{dask.address}"
        )
        cpu = took.cpu + dask.processor_seconds() - before
    said = (
        f"{SIZES[-1]} repositories on three workers: {took.wall:.0f} s, {cpu:.0f} s of CPU in all, "
        f"{told['own']:.0f} MiB, worker {told['workers']:.0f} MiB"
    )
    yield at_most("dask-same-conclusions", int(spread != digest), 0, said, "differences")
    yield at_most(
        "dask-vs-one-machine", cpu / alone, 1.5, f"processor time, scheduler included; {alone:.0f} s"
    )
