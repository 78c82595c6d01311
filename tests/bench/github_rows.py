"""Counts the requests that reading a GitHub organisation takes, against the double on loopback."""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.rows import Row, at_most
from doubles.github.organisation import Organisation, change, repository, review
from doubles.github.server import serve
from unit.collectors.github.workshop import AS_OF, Scan

BUSY = 40
"""Repositories of the organisation whose changes are counted: more would measure the double."""
LATENCY = 0.1


def github_rows() -> Iterator[Row]:
    """Yield calls for each repository and each hundred changes, those of a second scan, and wall time."""
    # Ten repositories cannot share what an organisation costs once.
    for size, target, name in ((10, 2.5, "-10"), (1_000, 0.2, ""), (20_000, 0.2, "-20000")):
        yield _inventory(size, target, f"github-calls-per-repo{name}")
    yield _analyses(1_000)
    yield _activity(BUSY)
    yield _again(1_000)
    yield _wall(10)


def organisation(size: int, activity: bool = False) -> Organisation:
    """Return an organisation of a size; changes in the window have a median of 40 and a p99 of 2,000."""
    chance = random.Random(7)
    org = Organisation(repositories=[repository(f"r{number:05}") for number in range(size)])
    names = [one["name"] for one in org.repositories]
    for start in range(0, size, 25):
        org.team(f"t{start}", dict.fromkeys(names[start : start + 25], "ADMIN"), [f"user-{start}"])
    for name in names if activity else ():
        for number in range(round(chance.lognormvariate(math.log(40), math.log(50) / 2.326))):
            day = str(AS_OF - timedelta(days=chance.randrange(90)))
            reviews = [review("user-25", f"{day}T10:00:00Z")]
            org.changes.append(change(name, number, "user-0", day, reviews))
    return org


def _inventory(size: int, target: float, name: str) -> Row:
    with serve(organisation(size)) as double:
        Scan(double, activity=False, analyses=False, max_seconds=60)
        calls = len(double.asked)
    return at_most(name, calls / size, target, f"{calls} calls for {size} repositories", "calls")


def _analyses(size: int) -> Row:
    with serve(organisation(size)) as double:
        Scan(double, activity=False, max_seconds=60)
        calls = sum(asked.endswith("/code-scanning/analyses") for asked in double.asked)
    return at_most(
        "github-calls-only-there", calls / size, 2, f"{calls} calls for {size} repositories", "calls"
    )


def _activity(size: int) -> Row:
    org = organisation(size, activity=True)
    with serve(org) as double:
        Scan(double, analyses=False, max_seconds=60)
        calls = sum(asked.split()[-1] in ("changes", "count", "stalled") for asked in double.asked)
    share = 100 * calls / len(org.changes)
    return at_most(
        "github-calls-per-100", share, 1.2, f"{calls} calls for {len(org.changes)} changes", "calls"
    )


def _again(size: int) -> Row:
    with serve(organisation(size)) as double, tempfile.TemporaryDirectory() as cache:
        for _ in range(2):
            double.asked.clear()
            scan = Scan(double, cache=Path(cache), activity=False, analyses=False, max_seconds=60)
        calls = len(double.asked)
    details = [row.detail for row in scan.found.ledger if row.unit == "request"]
    free = sum(int(detail.split(", ")[1].split()[0]) for detail in details)
    note = f"{calls} calls for {size} repositories, {free} of them unchanged and free"
    return at_most("github-second-scan-calls", (calls - free) / size, 0.05, note, "calls")


def _wall(size: int) -> Row:
    with serve(organisation(size, activity=True)) as double:
        double.latency = LATENCY
        start = time.perf_counter()
        Scan(double, max_seconds=60)
        took = time.perf_counter() - start
        calls = len(double.asked)
    return at_most(
        "github-wall", took / (LATENCY * calls), 2, f"{took:.1f} s, {calls} calls of 100 ms one by one"
    )
