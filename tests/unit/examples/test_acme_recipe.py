"""The recipe of the sample organisation holds what its written answer takes for granted: asked of git."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

ACME = Path(__file__).resolve().parents[3] / "examples" / "acme"
AUDIT = date(2026, 11, 1)


@pytest.fixture(scope="module")
def repos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("acme") / "sample"
    subprocess.run([sys.executable, str(ACME / "build.py"), str(out)], check=True, timeout=120)
    return out / "repos"


def git(repo: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *arguments], cwd=repo, env=environment, capture_output=True, check=True)
    return done.stdout.decode()


def authors(repo: Path, days: int, *paths: str) -> list[int]:
    """Return how many commits each person made, most first; the mailmap applies."""
    found: Counter[str] = Counter()
    for line in git(repo, "log", "--format=%cs %aN", "--", *paths).splitlines():
        day, _, name = line.partition(" ")
        if date.fromisoformat(day) > AUDIT - timedelta(days=days) and "[bot]" not in name:
            found[name] += 1
    return sorted(found.values(), reverse=True)


def newest(repo: Path, *paths: str) -> date:
    return date.fromisoformat(git(repo, "log", "-1", "--format=%cs", "--", *paths).strip())


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("payments-api", [8, 8, 8]),
        ("ledger", [22, 1]),
        ("platform-infra", [13, 7, 6]),
        ("tenant-operator", [10, 10]),
        ("checkout-web", [6, 4]),
        ("checkout-cart", [12]),
        ("ml-forecast", [8]),
    ],
)
def test_commits_of_a_year(repos: Path, name: str, counts: list[int]) -> None:
    assert authors(repos / name, 365) == counts


def test_nobody_commits_near_the_edge_of_a_window(repos: Path) -> None:
    edges = [AUDIT - timedelta(days=days) for days in (90, 180, 365)]
    for repo in repos.iterdir():
        if repo.name == "sandbox-notes":
            continue
        days = {date.fromisoformat(day) for day in git(repo, "log", "--format=%cs").split()}
        assert all(abs((day - edge).days) > 2 for day in days for edge in edges), repo.name
        assert max(days) < AUDIT


def test_documents_behind_code(repos: Path) -> None:
    operator, search = repos / "tenant-operator", repos / "shop"
    assert (newest(operator, "controllers") - newest(operator, "README.md")).days == 119
    folder = "services/search"
    assert (newest(search, f"{folder}/search.py") - newest(search, f"{folder}/README.md")).days == 225
    ledger = repos / "ledger"
    days = git(ledger, "log", "--format=%cs", "--", "README.md", "docs").split()
    assert days[0] == "2026-09-30"
    assert (newest(ledger, "src") - date.fromisoformat(days[1])).days == 370


def test_reformatting_touches_many_files_and_adds_none(repos: Path) -> None:
    found = git(repos / "ledger", "log", "--grep=Reformat", "--name-status", "--format=").split()
    assert found[::2] == ["M"] * 11


def test_whom_nobody_has_touched_for_long(repos: Path) -> None:
    assert authors(repos / "status-page", 90) == []
    assert authors(repos / "shop", 90, "packages/widget") == []
    assert authors(repos / "legacy-billing.git", 180) == []
    assert git(repos / "sandbox-notes", "for-each-ref") == ""


def test_no_remote_leads_out_of_the_example(repos: Path) -> None:
    urls = {git(repo, "config", "remote.origin.url").strip() for repo in repos.iterdir()}
    assert all(url.startswith("https://git.acme.example/acme/") for url in urls)
    assert len(urls) == 14


def test_two_pipelines_are_the_same_file(repos: Path) -> None:
    path = "HEAD:.github/workflows/ci.yml"
    assert git(repos / "checkout-web", "show", path) == git(repos / "checkout-cart", "show", path)


def test_build_leaves_an_earlier_one_alone(repos: Path) -> None:
    command = [sys.executable, str(ACME / "build.py"), str(repos.parent)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.decode().splitlines()) == 1
