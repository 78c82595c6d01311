"""Counts the requests that reading a GitLab group takes, against the double on loopback."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.rows import Row, at_most
from doubles.gitlab.organisation import MAINTAINER, PREMIUM, Organisation, change, project
from doubles.gitlab.server import serve
from unit.collectors.gitlab.workshop import AS_OF, Scan

BUSY = 40
"""Projects of the group whose changes are counted: more would measure the double."""
TEAM = 25
"""Projects that each team answers for."""


def gitlab_rows() -> Iterator[Row]:
    """Yield calls for each project, for each hundred changes, without Ultimate, and of a second scan."""
    # Ten projects cannot share what a group costs once.
    for size, target, name in ((10, 2.5, "-10"), (1_000, 0.2, ""), (20_000, 0.2, "-20000")):
        yield _inventory(organisation(size), target, f"gitlab-calls-per-project{name}")
    without = organisation(1_000)
    without.tier = PREMIUM
    # A push rule is shown by its project alone.
    yield _inventory(without, 1.2, "gitlab-calls-premium")
    yield _activity(BUSY)
    yield _again(1_000)


def organisation(size: int) -> Organisation:
    """Return a group of a size: one team of people for each twenty-five projects, which are shared with it."""
    org = Organisation()
    for number in range(size):
        team = f"t{number // TEAM}"
        org.projects.append(project(f"r{number:05}", id=number + 1, shares={f"acme/{team}": MAINTAINER}))
    for number in range(-(-size // TEAM)):
        org.group(f"t{number}", {f"user-{number}": MAINTAINER})
    return org


def _inventory(org: Organisation, target: float, name: str) -> Row:
    size = len(org.projects)
    with serve(org) as double:
        Scan(double, activity=False, max_seconds=60)
        calls = len(double.asked)
    return at_most(name, calls / size, target, f"{calls} calls for {size} projects", "calls")


def _activity(size: int) -> Row:
    chance, org = random.Random(7), organisation(size)
    for one in org.projects:
        for number in range(round(chance.lognormvariate(math.log(40), math.log(50) / 2.326))):
            day = str(AS_OF - timedelta(days=chance.randrange(90)))
            org.changes.append(change(one["name"], number, "user-0", day, {"user-1": f"{day}T10:00:00Z"}))
    with serve(org) as double:
        Scan(double, work=False, max_seconds=60)
        calls = sum(asked.split()[-1] in ("changes", "count", "stalled") for asked in double.asked)
    share = 100 * calls / len(org.changes)
    note = f"{calls} calls for {len(org.changes)} changes"
    return at_most("gitlab-calls-per-100", share, 1.2, note, "calls")


def _again(size: int) -> Row:
    with serve(organisation(size)) as double, tempfile.TemporaryDirectory() as cache:
        for _ in range(2):
            double.asked.clear()
            scan = Scan(double, cache=Path(cache), activity=False, max_seconds=60)
        calls = len(double.asked)
    details = [row.detail for row in scan.found.ledger if row.unit == "request"]
    free = sum(int(detail.split(", ")[1].split()[0]) for detail in details)
    note = f"{calls} calls for {size} projects, {free} of them unchanged"
    return at_most("gitlab-second-scan-calls", (calls - free) / size, 0.2, note, "calls")
