"""A simulated organisation: a host on loopback lists it, and a third party's collector invents what is found there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from bench.rows import PEAK, Timed, timed

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
from cnmm_collectors.reader.http import HttpLimits
from cnmm_collectors.subjects import Subject, SubjectKind

SPECS = tuple(spec for spec in registry.declared(FAMILIES) if not spec.parameters)


def host(reader):
    return reader.http.session(os.environ["SIMULATED_HOST"], (), HttpLimits(per_minute=1_000_000))


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
        repos = []
        with_pages = host(reader)
        while len(repos) < size:
            page = with_pages.get(f"/page?start={len(repos)}&size={min(PER_ITEM, size - len(repos))}")
            named = tuple(Subject(SubjectKind.REPO, name) for name in page.json()["names"])
            yield WorkItem("simulated", f"from {len(repos)}", target, named, personal=False)
            repos += named
        cited = reader.cite(locator="simulated:list", query="list", payload=b"list")
        within = Subject(SubjectKind.ORG, "bench")
        yield Population(within, SubjectKind.REPO, size, tuple(repos), "enumeration", (cited,))

    def collect(self, item, settings, reader):
        start = item.key.removeprefix("from ")
        page = host(reader).get(f"/page?start={start}&size={len(item.subjects)}").json()
        for repo in (Subject(SubjectKind.REPO, name) for name in page["names"]):
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
_RUN = f"""{PEAK}
import json, sys
from cnmm_scanner.cli import main
output = sys.argv[1]
sys.argv = ["cnmm", "scan", *sys.argv[2:], "-o", output, "--quiet", "--fresh", "--strict", "--format", "json"]
try:
    status = main()
except SystemExit as stop:
    status = stop.code
print(json.dumps(dict(status=status or 0, own=peak())))
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


class _Pages(BaseHTTPRequestHandler):
    """Answers with the names of one page, marked so that a second scan is told that nothing changed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = dict(part.split("=") for part in self.path.partition("?")[2].split("&"))
        start, size = int(asked["start"]), int(asked["size"])
        mark = f'"{start}-{size}"'
        known = self.headers.get("If-None-Match") == mark
        body = (
            b""
            if known
            else json.dumps({"names": [f"bench/r{n}" for n in range(start, start + size)]}).encode()
        )
        self.send_response(304 if known else 200)
        self.send_header("ETag", mark)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the table is the output."""


@contextmanager
def host() -> Iterator[str]:
    """Serve the pages on loopback for the length of a `with` block; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


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
