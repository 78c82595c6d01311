"""One organisation served as GitHub and as GitLab: the same readings, the same conclusions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

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


def conclusions(host: str, address: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the assessment that the command line writes of the organisation on a host."""
    folder.mkdir()
    settings = {
        "organisation": "acme", "as_of": "2026-11-20", "targets": [f"{host}:acme"],
        "collectors": {host: {**address, "clone": False, "per_minute": 0, "tracking": TRACKING}},
    }  # fmt: skip
    (folder / "cnmm.yaml").write_text(json.dumps(settings))
    homes = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "STATE", "DATA", "CONFIG")}
    token = {f"{host.upper()}_TOKEN": "planted-token"}
    done = subprocess.run(
        [sys.executable, "-m", "cnmm_scanner", "scan", "-c", "cnmm.yaml", "-o", "out"], cwd=folder, text=True,
        env={**os.environ, **homes, **token}, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "out" / "assessment.json").read_text())
    return found


def served(host: str, one: twins.Reality) -> AbstractContextManager[Any]:
    """Serve the organisation on a host."""
    return serve_github(twins.as_github(one)) if host == "github" else serve_gitlab(twins.as_gitlab(one))


def test_both_dialects_share_the_digest_of_the_conclusions(tmp_path: Path) -> None:
    one = twins.reality()
    found = {}
    for host, key in (("github", "api"), ("gitlab", "url")):
        with served(host, one) as double:
            found[host] = conclusions(host, {key: double.url}, tmp_path / host)
    github, gitlab = found["github"], found["gitlab"]
    for section in ("headline", "sections", "teams"):
        assert github[section] == gitlab[section]
    assert github["conclusions_digest"] == gitlab["conclusions_digest"]
    decided = [row for row in gitlab["findings"] if row["outcome"] in ("met", "unmet")]
    assert len(decided) >= 5
    assert all(row["evidence"] for row in decided)
