"""One organisation served as GitHub and as GitLab: the same readings, the same conclusions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.hosts.memory import Memory
from cnmm_collectors.hosts.work import SIGNALS as WORK
from cnmm_collectors.signals import Absent, Observed, Signal
from doubles import twins
from doubles.github.server import serve as serve_github
from doubles.gitlab.server import serve as serve_gitlab
from unit.collectors.github.workshop import Scan as GitHubScan
from unit.collectors.gitlab.workshop import Scan as GitLabScan

TRACKING = {"teams": ["*"], "platform": ["payments"], "requests": ["ledger"]}


def told(signals: Iterable[Signal]) -> dict[tuple[str, str], str]:
    """Return what is said by key and subject, without citations; everything unknown alike."""
    found = {}
    for one in signals:
        reading = one.reading
        said = repr(reading.value) if isinstance(reading, Observed) else "unknown"
        found[one.key, str(one.subject)] = "absent" if isinstance(reading, Absent) else said
    return found


def test_both_dialects_give_the_same_readings_populations_and_clones() -> None:
    one = twins.reality()
    with serve_github(twins.as_github(one)) as double:
        first = GitHubScan(double, tracking=TRACKING).found
    with serve_gitlab(twins.as_gitlab(one)) as other:
        second = GitLabScan(other, tracking=TRACKING).found
    left, right = told(first.signals), told(second.signals)
    shared = set(left) | set(right)
    differ = {key: (left.get(key, "unsaid"), right.get(key, "unsaid")) for key in shared}
    same = ("unknown", "unsaid")
    assert not {
        key: pair for key, pair in differ.items() if pair[0] != pair[1] and not set(pair) <= set(same)
    }
    decided = [one for (key, _), one in right.items() if one != "unknown" and key in WORK]
    assert len(decided) > 20, "the reality is too small to compare what is said of work"
    declared = [
        {(one.within, one.kind): (one.count, sorted(one.members)) for one in found.populations}
        for found in (first, second)
    ]
    assert declared[0] == declared[1]
    links = [{(one.child, one.parent) for one in found.memberships} for found in (first, second)]
    assert links[0] == links[1]
    clones = [{one.subject for one in found.targets if one.kind == "git"} for found in (first, second)]
    assert clones[0] == clones[1]


def order(host: str, url: str, folder: Path) -> dict[str, Any]:
    """Return how the command line is run in a folder over the organisation on a host."""
    folder.mkdir(exist_ok=True)
    address = {"github": "api", "gitlab": "url"}[host]
    settings = {
        "organisation": "acme", "as_of": "2026-11-20", "targets": [f"{host}:acme"],
        "collectors": {host: {address: url, "clone": False, "per_minute": 0, "tracking": TRACKING}},
    }  # fmt: skip
    (folder / "cnmm.yaml").write_text(json.dumps(settings))
    homes = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "STATE", "DATA", "CONFIG")}
    token = {f"{host.upper()}_TOKEN": "planted-token"}
    return {"cwd": folder, "text": True, "env": {**os.environ, **homes, **token}}


SCAN = [sys.executable, "-m", "cnmm_scanner", "scan", "-c", "cnmm.yaml", "-o", "out", "--format", "json"]


def conclusions(host: str, url: str, folder: Path, *more: str) -> dict[str, Any]:
    """Return the assessment that the command line writes of the organisation on a host."""
    done = subprocess.run(
        [*SCAN, *more], capture_output=True, check=False, timeout=120, **order(host, url, folder)
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "out" / "assessment.json").read_text())
    return found


def served(host: str, one: twins.Reality) -> AbstractContextManager[Any]:
    """Serve the organisation on a host."""
    return serve_github(twins.as_github(one)) if host == "github" else serve_gitlab(twins.as_gitlab(one))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, Any], int]]:
    """Return, by host, what a scan concludes and how many calls it took."""
    found = {}
    for host in ("github", "gitlab"):
        with served(host, twins.reality()) as double:
            told = conclusions(host, double.url, tmp_path_factory.mktemp(host))
            found[host] = told, len(double.asked)
    return found


def test_both_dialects_share_the_digest_of_the_conclusions(
    whole: dict[str, tuple[dict[str, Any], int]],
) -> None:
    (github, _), (gitlab, _) = whole["github"], whole["gitlab"]
    for section in ("headline", "sections", "teams"):
        assert github[section] == gitlab[section]
    assert github["conclusions_digest"] == gitlab["conclusions_digest"]
    decided = [row for row in gitlab["findings"] if row["outcome"] in ("met", "unmet")]
    assert len(decided) >= 5
    assert all(row["evidence"] for row in decided)


def test_a_scan_that_was_killed_goes_on_to_the_conclusions_of_one_that_was_not(
    whole: dict[str, tuple[dict[str, Any], int]], tmp_path: Path
) -> None:
    host, (told, calls) = "gitlab", whole["gitlab"]
    with served(host, twins.reality()) as double:
        double.faults.set("stalled", "silent")
        killed = tmp_path / "killed"
        with subprocess.Popen([*SCAN, "--quiet"], **order(host, double.url, killed)) as process:
            deadline = time.monotonic() + 60
            while not any("stalled" in asked for asked in double.asked) and time.monotonic() < deadline:
                time.sleep(0.05)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert not (killed / "out" / "bundle.cnmm").exists()
        begun, double.faults = len(double.asked), type(double.faults)()
        resumed = conclusions(host, double.url, killed, "--resume")
        assert resumed["complete"] is True
        assert resumed["conclusions_digest"] == told["conclusions_digest"]
        assert begun < calls
        # The inventory was finished; only what was under way is read again, and what that rests on.
        assert len(double.asked) - begun <= calls


def test_what_several_pieces_of_work_need_is_read_once() -> None:
    memory, reads, gate = Memory(), [], threading.Barrier(4)

    def read() -> Any:
        reads.append(1)
        time.sleep(0.05)
        return object()

    def need(_: int) -> Any:
        gate.wait()
        return memory.recall("acme", read)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(need, range(4)))
    assert len(reads) == 1
    assert len({id(one) for one in found}) == 1
    assert memory.learn("acme", read) is not found[0]
    assert memory.peek("other") is None
