"""Every command line that the documentation shows runs as it stands, and ends with status 0."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cnmm_scanner.cli import run
from demo import demo as shared
from unit.docs.pages import PAGES, ROOT, commands, written

AUTHOR = {
    "GIT_AUTHOR_NAME": "Builder",
    "GIT_AUTHOR_EMAIL": "builder@example.org",
    "GIT_COMMITTER_NAME": "Builder",
    "GIT_COMMITTER_EMAIL": "builder@example.org",
}
Start = Callable[[str, Path], None]
SHOWN = [page for page in PAGES if any(not demo for _, demo in commands(page.read_text("utf-8")))]
TOURS = [page for page in PAGES if any(demo for _, demo in commands(page.read_text("utf-8")))]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Start:
    """Run a command line of cnmm in a folder, in this process; fails with what it said."""

    def go(command: str, folder: Path) -> None:
        program, *arguments = shlex.split(command)
        assert program == "cnmm", f"{command}: only cnmm is shown in console blocks"
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            status = run(arguments)
        said = capfd.readouterr()
        assert status == 0, f"{command}\n{said.out}\n{said.err}"

    return go


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small repository, as a reader would have one."""
    folder = tmp_path / "shop"
    (folder / "docs").mkdir(parents=True)
    (folder / "CODEOWNERS").write_text("* @acme/payments\n")
    (folder / "Dockerfile").write_text("FROM alpine\n")
    (folder / "docs" / "runbook.md").write_text("How to deploy, and how to go back.\n")
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "First version"]):
        subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **AUTHOR}, check=True)
    return folder


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_commands_of_a_page_run_in_order(page: Path, checkout: Path, start: Start) -> None:
    for name, content in written(page.read_text("utf-8")):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(content)
    for command, demo in commands(page.read_text("utf-8")):
        if not demo:
            start(command, checkout)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `make demo` left what it makes."""
    return shared(tmp_path_factory)


@pytest.mark.parametrize("page", TOURS, ids=lambda page: page.name)
def test_commands_about_the_sample_organisation_run(page: Path, demo: Path, start: Start) -> None:
    for command, about_it in commands(page.read_text("utf-8")):
        if about_it:
            start(command, demo)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_of_the_demo_is_what_it_prints(page: Path, request: pytest.FixtureRequest) -> None:
    shown = re.findall(r"^```text demo\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    if shown:
        screen = (request.getfixturevalue("demo") / "screen").read_text("utf-8").splitlines()
        assert not [line for line in "".join(shown).splitlines() if line not in screen]


def test_the_first_page_shows_a_first_scan() -> None:
    shown = [command for command, _ in commands((ROOT / "README.md").read_text("utf-8"))]
    assert any(command.startswith("cnmm scan ") for command in shown)
    assert "make demo" in (ROOT / "README.md").read_text("utf-8")[:200]
