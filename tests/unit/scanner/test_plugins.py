"""What a plug-in is given, and that a reader of the report is told that it took part."""

from __future__ import annotations

import gc
from datetime import date
from pathlib import Path

import pytest

from cnmm_collectors.plugin import Target
from cnmm_scanner.bundle import Bundle, write_bundle
from cnmm_scanner.cli import run
from cnmm_scanner.journal import Vault
from cnmm_scanner.work import Conditions, Worker
from unit.scanner.small import ABOUT, make

OWN, OTHER = "own-" + "a1B2" * 8, "other-" + "c3D4" * 8
PLUGINS = [
    {"group": "cnmm.collectors", "name": "drills", "distribution": "cnmm-drills", "version": "1.0.0"},
    {"group": "cnmm.collectors", "name": "git", "distribution": "cnmm", "version": "0.1.0"},
]


def held(root: object) -> set[str]:
    """Return every text that can be reached from an object, modules and classes aside."""
    found: set[str] = set()
    seen: set[int] = set()
    left = [root]
    while left:
        one = left.pop()
        if (
            id(one) in seen
            or isinstance(one, type)
            or type(one).__name__ in ("module", "function", "dict_keys")
        ):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes):
            found.add(one if isinstance(one, str) else one.decode("utf-8", "replace"))
        left.extend(gc.get_referents(one))
    return found


def test_a_plugin_gets_its_own_sources_credential_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRILLS_TOKEN", OWN)
    monkeypatch.setenv("GITHUB_TOKEN", OTHER)
    day = date(2026, 11, 22)
    conditions = Conditions({}, day, (day, day), "2026-11-22T00:00:00Z", tmp_path, True, Vault.new_key())
    worker = Worker(conditions)
    collector = next(iter(worker.collectors.values()))
    reader = worker.reader(collector, Target("drills", "x", "DRILLS_TOKEN"))
    texts = held(vars(reader))
    assert OWN in texts and OTHER not in texts
    assert OWN not in held(vars(worker.reader(collector, Target("drills", "x"))))


def test_the_manifest_names_plugins_and_every_first_page_those_of_others(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    make(tmp_path / "plain.cnmm")
    with Bundle(tmp_path / "plain.cnmm") as bundle:
        write_bundle(tmp_path / "with.cnmm", bundle.members(), {**ABOUT, "plugins": PLUGINS})
    for name, shown in (("with", True), ("plain", False)):
        out = tmp_path / f"out-{name}"
        assert run(["report", str(tmp_path / f"{name}.cnmm"), "-o", str(out)]) == 0
        texts = [(out / file).read_text("utf-8") for file in ("report.html", "summary.md")]
        texts.append(capsysbinary.readouterr().out.decode())
        assert all(("drills (cnmm-drills 1.0.0)" in text) is shown for text in texts)
        assert all("0.1.0)" not in text for text in texts)
