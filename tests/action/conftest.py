"""One machine with the action checked out as a host would, and small repositories to scan."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from action.runner import Runner

ROOT = Path(__file__).parents[2]
AUTHOR = ("-c", "user.name=Writer", "-c", "user.email=writer@example.org")
FILES = {
    "README.md": "# Shop\n",
    "CODEOWNERS": "* @acme/core\n",
    "Dockerfile": "FROM debian:13\n",
    "deploy/app.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n"
        "  selector: {matchLabels: {app: shop}}\n  template:\n    metadata: {labels: {app: shop}}\n"
        "    spec: {containers: [{name: shop, image: 'example.org/shop:1'}]}\n"
    ),
    ".github/workflows/ci.yml": "on: push\njobs: {t: {runs-on: ubuntu-24.04, steps: [{run: make test}]}}\n",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return what it says."""
    command = ["git", "-C", str(folder), *AUTHOR, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Return a runner with the action checked out beside its workspace."""
    folder = tmp_path_factory.mktemp("machine")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            (folder / "action" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / "action" / name)
    return Runner(folder / "action", folder / "temp")


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a checkout of a repository as actions/checkout leaves it."""

    def make(name: str = "acme/shop", **more: str) -> Path:
        folder = tmp_path / name.replace("/", "-")
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch", "main")
        git(folder, "remote", "add", "origin", f"https://github.com/{name}")
        for path, text in {**FILES, **more}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "Begin")
        return folder

    return make
