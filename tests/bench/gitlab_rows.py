"""Counts the requests that reading a GitLab group takes, against the double on loopback."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import gitlab

from bench.rows import LATENCIES, Row, at_most, growth, wall
from doubles.gitlab.organisation import MAINTAINER, PREMIUM, Organisation, change, project
from doubles.gitlab.server import serve
from unit.collectors.gitlab.workshop import AS_OF, Scan

BUSY = 40
"""Projects of the group whose changes are counted: more would measure the double."""
OWNER_FILES = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
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
    yield _growth()
    yield _activity(BUSY)
    yield _again(1_000)
    yield from _rival(3)


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


def _growth() -> Row:
    points = []
    for size in (100, 1_000, 10_000):
        with serve(organisation(size)) as double:
            Scan(double, activity=False, max_seconds=60)
            points.append((size, len(double.asked)))
    said = "; ".join(f"{size} projects {calls} calls" for size, calls in points)
    return at_most("gitlab-growth", growth(points), 1.1, f"exponent of calls over projects: {said}")


def busy(size: int) -> Organisation:
    """Return a group of a size whose changes in the window have a median of 40 and a p99 of 2,000."""
    chance, org = random.Random(7), organisation(size)
    for one in org.projects:
        for number in range(round(chance.lognormvariate(math.log(40), math.log(50) / 2.326))):
            day = str(AS_OF - timedelta(days=chance.randrange(90)))
            org.changes.append(change(one["name"], number, "user-0", day, {"user-1": f"{day}T10:00:00Z"}))
    return org


def _activity(size: int) -> Row:
    org = busy(size)
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


def _rival(size: int) -> Iterator[Row]:
    """Yield our calls over python-gitlab's for the same facts, and wall over wall at each latency."""
    org = busy(size)
    with serve(org) as double:
        Scan(double, max_seconds=60)  # the double builds its schema once
    for latency in LATENCIES:
        with serve(org) as double:
            double.latency = latency / 1000
            ours = wall(lambda double=double: Scan(double, max_seconds=60))  # type: ignore[misc]
            mine = len(double.asked)
            double.asked.clear()
            double.rest = _Plain(org).answer
            theirs = wall(lambda double=double: _ask_naively(double.url))  # type: ignore[misc]
            calls = len(double.asked)
        said = f"{size} projects, {len(org.changes)} changes"
        if not latency:
            told = f"{mine} calls, python-gitlab by its objects {calls}, for {said}"
            yield at_most("gitlab-calls-vs-python-gitlab", mine / calls, 0.5, told)
        yield at_most(
            f"gitlab-wall-vs-python-gitlab-{latency}ms", ours / theirs, 1,
            f"{said}: {ours:.2f} s, python-gitlab {theirs:.2f} s",
        )  # fmt: skip


class _Plain:
    """The REST answers that python-gitlab's objects need: as few fields as it takes, every list one page."""

    def __init__(self, org: Organisation) -> None:
        self._projects = [
            {"id": one["id"], "path": one["name"], "default_branch": "main"} for one in org.projects
        ]
        names = {one["name"]: one["id"] for one in org.projects}
        self._changes: dict[int, list[int]] = {}
        for number, one in enumerate(org.changes):
            self._changes.setdefault(names[one["project"]], []).append(number)

    def answer(self, path: str) -> tuple[int, Any]:
        """Return status and body of a path."""
        parts = path.removeprefix("/api/v4/").split("/")
        if parts[0] == "groups":
            return 200, self._projects if parts[2:] == ["projects"] else {"id": 1, "full_path": "acme"}
        if len(parts) == 2:
            return 200, {"id": int(parts[1])}
        if parts[2:] == ["merge_requests"]:
            return 200, [
                {"iid": n, "project_id": int(parts[1])} for n in self._changes.get(int(parts[1]), [])
            ]
        if parts[2] == "repository":
            return 404, {"message": "404 File Not Found"}
        return 200, {} if parts[-1] in ("approvals", "push_rule") else []


def _ask_naively(base: str) -> None:
    client = gitlab.Gitlab(base, private_token="x" * 20, retry_transient_errors=False)
    for listed in client.groups.get("acme").projects.list(get_all=True, include_subgroups=True):
        project = client.projects.get(listed.id)
        for every in (
            project.members_all, project.protectedbranches, project.approvalrules, project.deployments,
            project.issues, project.pipelines,
        ):  # fmt: skip
            every.list(get_all=True)
        project.pushrules.get()
        for place in OWNER_FILES:
            with suppress(gitlab.GitlabError):
                project.files.get(place, ref="main")
        for request in project.mergerequests.list(state="merged", get_all=True):
            request.approvals.get()
