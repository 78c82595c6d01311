"""Assessing a bundle beside loading its observations alone, at three sizes a factor of ten apart."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path

from bench.bundles import write
from bench.rows import PEAK, Row, at_most, growth, python, timed
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.derive import derive

SIZES = (100, 1_000, 10_000)
_ALONE = f"""{PEAK}
import sys
from pathlib import Path
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.derive import derive
with Bundle(Path(sys.argv[1])) as bundle:
    derive(bundle)
print(peak())
"""


def assess_rows(folder: Path) -> Iterator[Row]:
    """Yield the ratio at 10,000 repositories, the growth exponent over the sizes, and what one more costs."""
    walls: list[float] = []
    ratio, detail = 0.0, ""
    for size in SIZES:
        path = write(folder, size)
        gc.collect()
        start = time.process_time()
        with Bundle(path) as bundle:
            observations = sum(1 for _ in bundle.observations())
        load = time.process_time() - start
        gc.collect()
        start = time.process_time()
        with Bundle(path) as bundle:
            derive(bundle)
        whole = time.process_time() - start
        walls.append(whole)
        ratio = whole / load
        detail = f"{size} repositories, {observations} observations: {whole:.1f} s of CPU with loading, {load:.1f} s alone"
    yield at_most("assess-vs-load", ratio, 2, detail)
    steps = "; ".join(f"{size} repositories {wall:.2f} s" for size, wall in zip(SIZES, walls, strict=True))
    yield at_most(
        "assess-growth", growth([*zip(SIZES, walls, strict=True)]), 1.1, f"exponent of CPU: {steps}"
    )
    peaks = [float(timed(python(_ALONE, str(write(folder, size)))).output) for size in SIZES]
    each = (peaks[-1] - peaks[-2]) * 1024 / (SIZES[-1] - SIZES[-2])
    steps = "; ".join(f"{size} repositories {peak:.0f} MiB" for size, peak in zip(SIZES, peaks, strict=True))
    yield at_most("assess-memory", each, 3, f"peak for each further repository: {steps}", "KiB")
