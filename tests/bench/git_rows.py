"""Git analysis beside git itself, PyDriller and Perceval, on the same history in the same run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from bench.history import generate, generate_tree
from bench.rows import PEAK, Row, Timed, at_least, at_most, best, growth, python, timed

_OURS = f"""{PEAK}
import json, sys
from datetime import datetime, timezone
from pathlib import Path
from cnmm_collectors.git import GitCollector
from cnmm_collectors.plugin import Target
from cnmm_collectors.reader import SourceReader
now = datetime.fromtimestamp(int(sys.argv[2]), timezone.utc)
collector = GitCollector()
reader = SourceReader(collector="git", version="1", as_of=now.date(), now=now.strftime("%Y-%m-%dT%H:%M:%SZ"))
settings = collector.Settings()
target = Target("git", sys.argv[1], facts=(("organisation", "bench"),))
items = [item for item in collector.plan(target, settings, reader) if hasattr(item, "key")]
count = sum(1 for item in items for _ in collector.collect(item, settings, reader))
print(json.dumps(dict(yields=count, peak=peak())))
"""
_BARE = ("log", "-z", "-c", "--name-only", "--no-renames", "--use-mailmap", "HEAD")
_DRILL = """
import sys
from pydriller import Repository
count = 0
for commit in Repository(sys.argv[1], from_commit=sys.argv[2], to_commit=sys.argv[3]).traverse_commits():
    count += sum(1 for file in commit.modified_files if file.filename)
print(count)
"""
_PERCEVAL = """
import sys
from perceval.backends.core.git import Git
print(sum(1 for _ in Git(sys.argv[1], sys.argv[1]).fetch(branches=["main"], no_update=True)))
"""
SIZES = (1_200, 12_000, 120_000)
TREES = (1_000, 10_000, 100_000)
SLICE = 300
"""Commits that PyDriller gets: all of them would take minutes; both sides are scaled to a commit."""


def git_rows(folder: Path, peers: Path | None) -> Iterator[Row]:
    """Yield the rows of Git analysis, on the generated history and on BENCH_REPO where given."""
    yield from _repository(generate(folder), "", peers)
    if os.environ.get("BENCH_REPO"):
        yield from _repository(Path(os.environ["BENCH_REPO"]), "-own", peers)
    walls: list[tuple[float, float]] = []
    for size in SIZES:
        commits, ours, empty = _ours(generate(folder, size), 2)
        walls.append((commits, ours.cpu - empty.cpu))
    steps = "; ".join(f"{commits:.0f} commits {cpu:.2f} s" for commits, cpu in walls)
    said = f"exponent of processor time over commits, git's own included: {steps}"
    yield at_most("git-growth", growth(walls), 1.1, said)
    yield from _trees(folder)


def _trees(folder: Path) -> Iterator[Row]:
    """Yield what the analysis of large trees takes, with hardly any history."""
    points: list[tuple[float, float]] = []
    for files in TREES:
        _, ours, empty = _ours(generate_tree(folder, files), 2)
        points.append((files, ours.cpu - empty.cpu))
    steps = "; ".join(f"{files:.0f} files {cpu:.2f} s" for files, cpu in points)
    yield at_most("git-tree-growth", growth(points), 1.1, f"exponent of processor time over files: {steps}")
    told = f"{TREES[-1]} files in {TREES[-1] // 100} components"
    yield at_most("git-tree-peak", json.loads(ours.output)["peak"], 256, told, "MiB")


def _ours(repository: Path, times: int) -> tuple[int, Timed, Timed]:
    """Return a repository's number of commits, what its analysis took, and what starting alone takes."""
    git = ["git", "-C", str(repository)]
    commits = int(timed([*git, "rev-list", "--count", "HEAD"]).output)
    newest = timed([*git, "log", "-1", "--format=%ct"]).output.decode().strip()
    ours = best(python(_OURS, str(repository), newest), times)
    return commits, ours, best(python("import cnmm_collectors.git.collector"), times)


def _repository(repository: Path, suffix: str, peers: Path | None) -> Iterator[Row]:
    git = ["git", "-C", str(repository)]
    bare = best([*git, *_BARE], 3)
    commits, ours, empty = _ours(repository, 3)
    own = json.loads(ours.output)
    wall = ours.wall - empty.wall
    said = f"{commits} commits: {wall:.2f} s after {empty.wall:.2f} s of start-up, git log {bare.wall:.2f} s"
    yield at_most(f"git-vs-git-log{suffix}", wall / bare.wall, 1.5, said)
    yield at_most(f"git-peak{suffix}", own["peak"], 200, f"beside git's own {bare.peak:.0f} MiB", "MiB")
    if peers is None or suffix:
        return
    span = timed([*git, "rev-list", f"--max-count={SLICE}", "HEAD"]).output.decode().split()
    drill = timed([peers, "-c", _DRILL, str(repository), span[-1], span[0]])
    ratio = (drill.wall / SLICE) / (wall / commits)
    said = f"PyDriller {drill.wall:.1f} s for {SLICE} commits"
    yield at_least("git-vs-pydriller", ratio, 100, said)
    perceval = timed([peers, "-c", _PERCEVAL, str(repository)])
    yield at_least("git-vs-perceval", perceval.wall / wall, 1, f"Perceval {perceval.wall:.1f} s")
