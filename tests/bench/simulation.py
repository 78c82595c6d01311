"""A simulated organisation: a third party's collector whose repositories are generated observations, many to an item."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from bench.rows import Timed, timed

TESTS = Path(__file__).resolve().parents[1]
PER_ITEM = 50
"""Repositories of one item: an item of a real host's page holds as many."""
MODULE = """
import os
import random
import resource
from pathlib import Path

from pydantic import BaseModel

from bench.bundles import FAMILIES, invent
from cnmm_collectors import registry
from cnmm_collectors.plugin import Population, WorkItem
from cnmm_collectors.subjects import Subject, SubjectKind

SPECS = tuple(spec for spec in registry.declared(FAMILIES) if not spec.parameters)


class Settings(BaseModel):
    pass


class SimulatedCollector:
    name = "simulated"
    version = "1"
    signals = SPECS
    Settings = Settings

    def accepts(self, target):
        return target.kind == "simulated"

    def plan(self, target, settings, reader):
        size = int(target.locator)
        repos = tuple(Subject(SubjectKind.REPO, f"bench/r{number}") for number in range(size))
        cited = reader.cite(locator="simulated:list", query="list", payload=b"list")
        within = Subject(SubjectKind.ORG, "bench")
        yield Population(within, SubjectKind.REPO, size, repos, "enumeration", (cited,))
        for start in range(0, size, PER_ITEM):
            some = repos[start : start + PER_ITEM]
            yield WorkItem("simulated", f"from {start}", target, some, personal=False)

    def collect(self, item, settings, reader):
        for repo in item.subjects:
            found = invent(repo, SPECS, random.Random(repo.name))
            yield from found.memberships
            yield from found.signals
            yield from found.ledger
        used = resource.getrusage(resource.RUSAGE_SELF)
        with Path(os.environ["SIMULATED_LOG"]).open("a") as log:
            log.write(f"{os.getpid()} {used.ru_maxrss} {used.ru_utime + used.ru_stime}\\n")
"""
ENTRY = "[cnmm.collectors]\nsimulated = cnmm_simulated:SimulatedCollector\n"
METADATA = "Metadata-Version: 2.1\nName: cnmm-simulated\nVersion: 1.0\n"
_RUN = """
import json, resource, sys
from cnmm_scanner.cli import main
output = sys.argv[1]
sys.argv = ["cnmm", "scan", *sys.argv[2:], "-o", output, "--quiet", "--fresh", "--strict", "--format", "json"]
try:
    status = main()
except SystemExit as stop:
    status = stop.code
print(json.dumps({"status": status or 0, "own": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def install(folder: Path) -> dict[str, str]:
    """Install the collector below a folder; return the environment in which it is there."""
    info = folder / "cnmm_simulated-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (folder / "cnmm_simulated.py").write_text(f"PER_ITEM = {PER_ITEM}\n{MODULE}")
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(folder), str(TESTS))),
        "SIMULATED_LOG": str(folder / "log"),
    }


def scan(
    folder: Path, size: int, environment: dict[str, str], *arguments: str
) -> tuple[Timed, dict[str, float], str]:
    """Scan so many repositories end to end; return what it took, its peaks in MiB, and the conclusions."""
    output = folder / f"simulated-{size}"
    command = [
        sys.executable,
        "-c",
        _RUN,
        str(output),
        f"simulated:{size}",
        "--organisation",
        "bench",
        "--as-of",
        "2026-11-01",
    ]
    log = Path(environment["SIMULATED_LOG"])
    log.write_text("")
    took = timed([*command, *arguments], environment=environment)
    told = json.loads(took.output.splitlines()[-1])
    if told["status"]:
        raise RuntimeError(f"the scan of {size} repositories ended with {told['status']}")
    # A process writes more of each with every item: its last line counts.
    last = {row[0]: row for row in map(str.split, log.read_text().splitlines())}
    told["workers"] = max(float(row[1]) / 1024 for row in last.values())
    told["cpu"] = took.cpu + sum(float(row[2]) for row in last.values())
    digest = json.loads((output / "assessment.json").read_bytes())["conclusions_digest"]
    return took, told, str(digest)
