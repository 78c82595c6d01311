"""Every registered renderer: the same bytes twice, safe names, nothing written, no text breaks it."""

from __future__ import annotations

import copy
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnmm_reports.view import ReportView
from cnmm_scanner.plugins import RENDERERS, discover
from contract.scans import digest
from golden import sample
from golden.hostile import LONG, TEXTS, hostile

NAMES = [plugin.name for plugin in discover(RENDERERS)]
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
EVENTS = ("open", "os.mkdir", "os.remove", "os.rename", "socket.connect", "subprocess.Popen", "os.system")

touched: list[str] | None = None


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what would reach outside while a renderer is at work."""
    if touched is None or event not in EVENTS:
        return
    reads = event == "open" and isinstance(arguments[2], int) and not arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if not reads:
        touched.append(f"{event} {arguments[0]!r}")


sys.addaudithook(watch)


@cache
def renderer(name: str) -> Any:
    return next(plugin for plugin in discover(RENDERERS) if plugin.name == name).load()()


def given(name: str, view: ReportView) -> ReportView:
    """Return the view as the run gives it: with digests of the other files where a renderer attests them."""
    if not getattr(renderer(name), "attests", False):
        return view
    return replace(view, artefacts={"assessment.json": "sha256:" + "0" * 64})


def rendered(name: str, view: ReportView) -> Mapping[str, bytes]:
    """Return what a renderer makes of a view; fails where it reaches outside while it does."""
    global touched
    renderer(name)
    touched = []
    try:
        files: Mapping[str, bytes] = renderer(name).render(given(name, view))
        seen = list(touched)
    finally:
        touched = None
    # Libraries load their own templates and modules: bytecode beside a module is no output of the renderer.
    assert not [what for what in seen if "__pycache__" not in what], seen
    return files


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, so that anything written beside the mapping is seen."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_the_same_view_gives_the_same_bytes(name: str, elsewhere: Path) -> None:
    view = sample.view()
    before = copy.deepcopy(dict(view.assessment))
    first = rendered(name, view)
    assert first
    # A second instance under another clock, folder, zone and environment.
    again = elsewhere / "again"
    again.mkdir()
    os.chdir(again)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Pacific/Kiritimati")
        patch.setenv("LC_ALL", "C")
        patch.setenv("COLUMNS", "33")
        patch.setenv("SOURCE_DATE_EPOCH", "1")
        renderer.cache_clear()
        second = rendered(name, view)
    assert dict(first) == dict(second)
    assert dict(view.assessment) == before, "a renderer changed the view"
    assert not list(again.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_names_are_safe_and_contents_are_bytes(name: str) -> None:
    for view in (sample.view(), hostile(TEXTS["everything"])):
        for file, content in rendered(name, view).items():
            assert SAFE.fullmatch(file), file
            assert ".." not in file
            assert isinstance(content, bytes)
            assert content


def test_no_two_renderers_write_the_same_file() -> None:
    owners: dict[str, str] = {}
    for name in NAMES:
        for file in rendered(name, sample.view()):
            assert owners.setdefault(file, name) == name, f"{file} is written by {owners[file]} and {name}"


@pytest.mark.parametrize("name", NAMES)
def test_one_line_of_a_million_characters_is_borne(name: str) -> None:
    view = sample.view()
    record = copy.deepcopy(dict(view.assessment))
    record["findings"][0]["why"] = record["evidence"][0]["excerpt"] = LONG
    words = {"statement": LONG, "reason": LONG}
    texts = {key: replace(row, **words) if n == 0 else row for n, (key, row) in enumerate(view.texts.items())}
    files = rendered(name, replace(view, assessment=record, texts=texts))
    assert all(len(content) < 20 * len(LONG) for content in files.values())


@pytest.mark.parametrize("text", sorted(set(TEXTS) - {"long"}))
@pytest.mark.parametrize("name", NAMES)
def test_no_text_breaks_a_renderer(name: str, text: str, elsewhere: Path) -> None:
    before = digest([elsewhere])
    files = rendered(name, hostile(TEXTS[text]))
    assert all(files.values())
    assert digest([elsewhere]) == before
    assert Path.cwd() == elsewhere
    for file, content in files.items():
        # An archive is compressed; everything else is text, and none of it drives the terminal that shows it.
        if not content.startswith(b"PK"):
            assert "\x1b]" not in content.decode("utf-8"), file
