"""Counts the requests that reading a GitHub organisation takes, against the double on loopback."""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from github import Auth, Github, GithubException

from bench.rows import LATENCIES, Row, at_most, growth, wall
from doubles.github.files import give
from doubles.github.organisation import Organisation, change, issue, repository, review
from doubles.github.server import serve
from unit.collectors.git.repos import History
from unit.collectors.github.workshop import AS_OF, Scan

SMALL, BUSY = 20, 40
"""Repositories of the organisation whose changes are counted: more would measure the double."""
LATENCY = 0.1
WINDOWED = ("changes", "count", "stalled", "issues", "replies", "boards", "deployments")
OWNER_FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def github_rows() -> Iterator[Row]:
    """Yield calls for each repository and each hundred changes, those of a second scan, and wall time."""
    # Ten repositories cannot share what an organisation costs once.
    for size, target, name in ((10, 2.5, "-10"), (1_000, 0.2, ""), (20_000, 0.2, "-20000")):
        yield _inventory(size, target, f"github-calls-per-repo{name}")
    yield _analyses(1_000)
    yield _activity(SMALL, "-small")
    yield _activity(BUSY)
    yield _contents(10)
    yield _again(1_000)
    yield _growth()
    yield _wall(10)
    yield _naive(10)
    yield from _walls(3)


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
            if number % 2:
                org.issues.append(issue(name, number, "user-0", day, day, ("bug",)))
    return org


def _inventory(size: int, target: float, name: str) -> Row:
    with serve(organisation(size)) as double:
        Scan(double, activity=False, analyses=False, max_seconds=60)
        calls = len(double.asked)
    return at_most(name, calls / size, target, f"{calls} calls for {size} repositories", "calls")


def _growth() -> Row:
    points = []
    for size in (100, 1_000, 10_000):
        with serve(organisation(size)) as double:
            Scan(double, activity=False, analyses=False, max_seconds=60)
            points.append((size, len(double.asked)))
    said = "; ".join(f"{size} repositories {calls} calls" for size, calls in points)
    return at_most("github-growth", growth(points), 1.1, f"exponent of calls over repositories: {said}")


def _analyses(size: int) -> Row:
    with serve(organisation(size)) as double:
        Scan(double, activity=False, max_seconds=60)
        calls = sum(asked.endswith("/code-scanning/analyses") for asked in double.asked)
    return at_most(
        "github-calls-only-there", calls / size, 2, f"{calls} calls for {size} repositories", "calls"
    )


def _activity(size: int, name: str = "") -> Row:
    org = organisation(size, activity=True)
    with serve(org) as double:
        Scan(double, analyses=False, max_seconds=60)
        calls = sum(asked.split()[-1] in WINDOWED for asked in double.asked)
    items = len(org.changes) + len(org.issues)
    share = 100 * calls / items
    note = f"{calls} calls for {len(org.changes)} changes and {len(org.issues)} issues"
    return at_most(f"github-calls-per-100{name}", share, 1.2, note, "calls")


def _contents(size: int) -> Row:
    """Count what files take without a clone, first and again; each repository has a few dozen of them."""
    org = organisation(size)
    with tempfile.TemporaryDirectory() as place, serve(org) as double:
        files = {
            f"svc/{number}/{name}": f"{number}\n"
            for number in range(12)
            for name in ("Dockerfile", "main.py")
        }
        for one in org.repositories:
            history = History()
            history.commit({**files, "name": one["name"]}, days=9)
            give(org, one["name"], history.write(Path(place) / one["name"]))
        counts = []
        for _ in range(2):
            double.asked.clear()
            Scan(
                double,
                cache=Path(place) / "cache",
                activity=False,
                analyses=False,
                clone=False,
                max_seconds=60,
            )
            counts.append(
                [one for one in double.asked if one.split()[-1] in ("contents", "work") or "/trees/" in one]
            )
    rest = sum("/trees/" in one for one in counts[0])
    note = f"{rest} REST and {len(counts[0]) - rest} GraphQL calls for {size} repositories, then {len(counts[1])}"
    return at_most("github-contents-calls", len(counts[0]) / size, 3, note, "calls")


def _again(size: int) -> Row:
    """Scan an organisation of whose repositories few are busy twice; count what the second scan costs."""
    org = organisation(size)
    busy = organisation(BUSY, activity=True)
    org.changes, org.issues = busy.changes, busy.issues
    first = 0
    with serve(org) as double, tempfile.TemporaryDirectory() as cache:
        for _ in range(2):
            first = first or len(double.asked)
            double.asked.clear()
            scan = Scan(double, cache=Path(cache), analyses=False, max_seconds=60)
        calls = len(double.asked)
    details = [row.detail for row in scan.found.ledger if row.unit == "request"]
    free = sum(int(detail.split(", ")[1].split()[0]) for detail in details)
    note = f"{calls} calls for {size} repositories and {len(org.changes)} changes, {free} of them free"
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


def _naive(size: int) -> Row:
    """Ask for the same facts through PyGithub's objects, one repository after the other; give the ratio."""
    org = organisation(size, activity=True)
    with serve(org) as double:
        Scan(double, max_seconds=60)
        ours = len(double.asked)
        double.asked.clear()
        double.rest = _Plain(org, double.url).answer
        _ask_naively(double.url)
        calls = len(double.asked)
    note = (
        f"{ours} calls, PyGithub by its objects {calls}, for {size} repositories, {len(org.changes)} changes"
    )
    return at_most("github-calls-vs-pygithub", ours / calls, 0.1, note)


def _walls(size: int) -> Iterator[Row]:
    """Yield our wall over PyGithub's for the same facts, at each latency; without any the double itself counts."""
    org = organisation(size, activity=True)
    for latency in LATENCIES:
        with serve(org) as double:
            double.latency = latency / 1000
            ours = wall(lambda double=double: Scan(double, max_seconds=60))  # type: ignore[misc]
            double.rest = _Plain(org, double.url).answer
            theirs = wall(lambda double=double: _ask_naively(double.url))  # type: ignore[misc]
        said = f"{size} repositories, {len(org.changes)} changes: {ours:.2f} s, PyGithub {theirs:.2f} s"
        yield at_most(f"github-wall-vs-pygithub-{latency}ms", ours / theirs, 1, said)


class _Plain:
    """The REST answers that PyGithub's objects need: as few fields as it takes, every list one page."""

    def __init__(self, org: Organisation, base: str) -> None:
        self._org, self._base = org, base
        self._changes: dict[str, list[int]] = {}
        for number, one in enumerate(org.changes):
            self._changes.setdefault(one["repository"]["name"], []).append(number)

    def answer(self, path: str) -> tuple[int, Any]:
        """Return status and body of a path."""
        parts = path.strip("/").split("/")
        if parts[0] == "orgs":
            return 200, {"login": "acme", "url": f"{self._base}/orgs/acme"} if len(
                parts
            ) == 2 else self._listed()
        tail = "/".join(parts[3:])
        if tail == "pulls":
            own = self._changes.get(parts[2], [])
            return 200, [{"number": n, "url": f"{self._base}{path}/{n}", "merged_at": None} for n in own]
        if tail.startswith("branches/") and not tail.endswith("protection"):
            return 200, {"name": "main", "url": f"{self._base}{path}", "protected": True}
        return (200, []) if not tail.startswith("contents") else (404, {"message": "Not Found"})

    def _listed(self) -> list[Any]:
        return [
            {"name": one["name"], "full_name": f"acme/{one['name']}", "default_branch": "main",
             "url": f"{self._base}/repos/acme/{one['name']}"}
            for one in self._org.repositories
        ]  # fmt: skip


def _ask_naively(base: str) -> None:
    client = Github(auth=Auth.Token("x" * 40), base_url=base, retry=None, seconds_between_requests=None,
                    seconds_between_writes=None)  # fmt: skip
    for repo in client.get_organization("acme").get_repos():
        list(repo.get_teams())
        list(repo.get_collaborators(affiliation="direct"))
        for asked in (
            partial(_protection, repo), repo.get_vulnerability_alert,
            *(partial(repo.get_contents, place) for place in OWNER_FILES),
        ):  # fmt: skip
            with suppress(GithubException, AttributeError, TypeError):
                asked()
        list(repo.get_deployments())
        list(repo.get_issues(state="all"))
        for pull in repo.get_pulls(state="closed"):
            list(pull.get_reviews())


def _protection(repo: Any) -> None:
    repo.get_branch(repo.default_branch).get_protection()
