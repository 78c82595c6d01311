"""A host whose files come through its API, beside clones that were given: one repository is read once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from doubles.github.files import give
from doubles.github.organisation import Organisation, repository
from doubles.github.server import serve
from unit.collectors.git.repos import History

FILES = {"app.py": "1\n", "Dockerfile": "FROM python:3.12\n", "CODEOWNERS": "* @acme/web\n"}


def made(folder: Path, *more: str) -> Path:
    """Make a repository of that name, with a further commit for each of `more`."""
    history = History()
    parent = history.commit(FILES, days=9)
    for text in more:
        parent = history.commit({"app.py": text}, days=5, parent=parent)
    return history.write(folder / "checkout")


def scan(folder: Path, hosted: Path, given: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the ledger of a scan of both, and what the host was asked."""
    org = Organisation(repositories=[repository("checkout")])
    give(org, "checkout", hosted)
    folder.mkdir()
    with serve(org) as double:
        settings = {
            "organisation": "acme", "as_of": "2026-11-20", "targets": ["github:acme", str(given)],
            "collectors": {"github": {
                "api": double.url, "clone": False, "activity": False, "analyses": False, "per_minute": 0,
            }},
        }  # fmt: skip
        (folder / "cnmm.yaml").write_text(json.dumps(settings))
        homes = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "STATE", "DATA", "CONFIG")}
        done = subprocess.run(
            [sys.executable, "-m", "cnmm_scanner", "scan", "-c", "cnmm.yaml", "-o", "out", "--format", "json"],
            cwd=folder, env={**os.environ, **homes, "GITHUB_TOKEN": "planted-token"}, text=True,
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        asked = list(double.asked)
    with zipfile.ZipFile(folder / "out" / "bundle.cnmm") as bundle:
        ledger = b"".join(bundle.read(name) for name in bundle.namelist() if name.startswith("ledger"))
    rows = [json.loads(row) for row in ledger.splitlines()]
    sums = [
        (row["requested"], sum(row.get(key, 0) for key in ("received", "skipped", "failed"))) for row in rows
    ]
    assert all(asked == told for asked, told in sums)
    return rows, asked


def of_files(asked: list[str]) -> list[str]:
    """Return the requests for files."""
    return [one for one in asked if "/git/trees/" in one or one.split()[-1] in ("contents", "work")]


def test_a_clone_at_the_hosts_commit_stands_for_what_the_api_gives(tmp_path: Path) -> None:
    rows, asked = scan(tmp_path / "run", made(tmp_path / "host"), made(tmp_path / "own"))
    (held,) = [row for row in rows if row.get("cause") == "a repository that was given holds it"]
    assert (held["about"], held["skipped"]) == ("repo:acme/checkout", 1)
    assert not of_files(asked), "the host is not asked for what is at hand"
    assert not [row for row in rows if row.get("cause") == "another target holds one of this name"]


def test_a_clone_at_another_commit_is_read_beside_the_hosts_and_the_ledger_says_so(tmp_path: Path) -> None:
    rows, asked = scan(tmp_path / "run", made(tmp_path / "host", "2\n"), made(tmp_path / "own"))
    (told,) = [row for row in rows if row.get("cause") == "a repository that was given stands elsewhere"]
    assert (told["received"], told["skipped"]) == (1, 0)
    assert "bring yours up to date" in told["detail"]
    assert of_files(asked)
