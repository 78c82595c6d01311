"""A scan of what has not moved costs no reading, says the same, and leaves nothing that others can read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors import registry
from cnmm_collectors.git.collector import GitCollector
from cnmm_collectors.plugin import Target, WorkItem, Yield
from cnmm_collectors.subjects import Subject
from cnmm_scanner.kept import FOLDER, Kept
from cnmm_scanner.preparation import Order, prepare
from cnmm_scanner.progress import make_progress
from cnmm_scanner.run import run_scan
from cnmm_scanner.work import Conditions, Finished, Worker
from unit.collectors.git.repos import JANE, OMAR, History, git

AS_OF = date(2026, 11, 22)


@dataclass
class Shop:
    """One repository, scanned with a `git` that writes down what it was asked."""

    folder: Path
    runs: int = 0

    def write(self, *contents: str) -> None:
        """Make the repository, a commit for each content."""
        history = History()
        for number, content in enumerate(contents):
            files = {"Dockerfile": f"FROM x\n#{content}\n", "a.py": content, "CODEOWNERS": "* @acme/shop\n"}
            history.commit(files, 30 - number, (JANE, OMAR)[number % 2])
        shutil.rmtree(self.folder / "shop", ignore_errors=True)
        history.write(self.folder / "shop")

    def scan(self, **order: Any) -> tuple[dict[str, Any], list[str]]:
        """Scan it; return the assessment and the git commands that were run."""
        self.runs += 1
        log = self.folder / "log"
        log.write_text("")
        output = self.folder / f"out{self.runs}"
        given = {"as_of": AS_OF, "output": output, "formats": ("json",), "quiet": True, "own_only": True}
        run_scan(prepare(Order((str(self.folder / "shop"),), **(given | order))), make_progress(True, "text"))
        return json.loads((output / "assessment.json").read_text()), log.read_text().splitlines()

    def read(self, as_of: date = AS_OF, inputs: str = "inputs", code: str = "") -> Finished:
        """Read the repository as a worker does."""
        kept = Kept.open(self.folder / "cache")
        assert kept is not None
        settings = {"git": GitCollector.Settings()}
        conditions = Conditions(
            settings, as_of, (as_of, as_of), "2026-11-22T00:00:00Z", self.folder / "cache", True,
            kept.key, kept.folder, code,
        )  # fmt: skip
        worker = Worker(conditions)
        repo = Subject.parse("repo:acme/shop")
        item = WorkItem("git", "shop", Target("git", str(self.folder / "shop"), "", repo), (repo,))
        return worker.perform(item, "git:shop", f"{inputs} {as_of}")

    def evidence(self, run: int) -> list[dict[str, str]]:
        """Return what a run's bundle cites."""
        with zipfile.ZipFile(self.folder / f"out{run}/bundle.cnmm") as archive:
            return [json.loads(row) for row in archive.read("evidence/git.ndjson").splitlines()]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/git"
    real = shutil.which("git")
    command.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/log\nexec {real} "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Shop(tmp_path)
    made.write("one", "two")
    return made


def reads(commands: list[str]) -> bool:
    """True where files or history were read."""
    return any(word in line.split() for line in commands for word in ("log", "cat-file", "ls-tree"))


def test_what_has_not_moved_is_not_read_and_says_the_same(shop: Shop) -> None:
    first, commands = shop.scan()
    assert reads(commands)
    before = shop.evidence(1)
    time.sleep(1.1)
    second, commands = shop.scan()
    assert not reads(commands)
    assert second["conclusions_digest"] == first["conclusions_digest"]
    for old, new in zip(before, shop.evidence(2), strict=True):
        assert (old["id"], old["captured_at"]) == (new["id"], new["captured_at"])
        assert old["confirmed_at"] < new["confirmed_at"]
    full, commands = shop.scan(fresh=True)
    assert reads(commands)
    assert full["conclusions_digest"] == first["conclusions_digest"]


def test_whatever_decides_a_reading_makes_it_another(shop: Shop, tmp_path: Path) -> None:
    assert not shop.read().unmoved
    assert shop.read().unmoved
    assert not shop.read(as_of=date(2026, 11, 21)).unmoved
    assert not shop.read(inputs="other settings").unmoved
    assert not shop.read(code="another version").unmoved
    shop.write("one", "two", "three")
    assert not shop.read().unmoved
    assert shop.read().unmoved


def test_nothing_is_kept_under_a_key_or_in_a_folder_that_others_can_open(tmp_path: Path) -> None:
    kept = Kept.open(tmp_path)
    assert kept is not None
    for path, wide, tight in ((kept.folder / "key", 0o640, 0o600), (kept.folder, 0o750, 0o700)):
        path.chmod(wide)
        assert Kept.open(tmp_path) is None
        path.chmod(tight)
    again = Kept.open(tmp_path)
    assert again is not None
    assert again.key == kept.key


def test_what_is_kept_is_private_and_names_nobody(shop: Shop, tmp_path: Path) -> None:
    shop.read()
    kept = tmp_path / "cache" / FOLDER
    places = [kept, *kept.rglob("*")]
    assert len(places) == 4
    assert {stat.S_IMODE(place.stat().st_mode) for place in places} == {0o700, 0o600}
    held = b"".join(place.read_bytes() for place in places if place.is_file()).lower()
    assert not any(name in held for name in (b"jane", b"omar", b"example.com"))
    kept.chmod(0o750)
    assert Kept.open(tmp_path / "cache") is None


def test_after_a_day_key_and_readings_are_gone(shop: Shop, tmp_path: Path) -> None:
    shop.read()
    cache = tmp_path / "cache"
    key = (cache / FOLDER / "key").read_bytes()
    os.utime(cache / FOLDER / "key", (time.time() - 90_000,) * 2)
    opened = Kept.open(cache)
    assert opened is not None
    assert opened.key != key
    assert [place.name for place in opened.folder.rglob("*")] == ["key"]


def test_damage_and_failure_are_never_kept(shop: Shop, tmp_path: Path) -> None:
    shop.read()
    (held,) = (place for place in (tmp_path / "cache" / FOLDER).glob("*/*") if place.is_file())
    raw = bytearray(held.read_bytes())
    raw[len(raw) // 2] ^= 1
    held.write_bytes(raw)
    assert not shop.read().unmoved
    assert shop.read().unmoved
    shop.write("one", "four")
    oid = git(tmp_path / "shop", "rev-parse", "HEAD:Dockerfile").decode().strip()
    (loose,) = (tmp_path / "shop").rglob(oid[2:])
    loose.chmod(0o600)
    loose.write_bytes(b"no object")
    for _ in range(2):
        assert not shop.read().unmoved, "a reading that failed was kept"


def test_a_source_that_moves_while_it_is_read_is_not_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect = GitCollector.collect

    def moving(*given: Any) -> Iterator[Yield]:
        yield from collect(*given)
        shop.write("one", "two", "three")

    monkeypatch.setattr(GitCollector, "collect", moving)
    shop.read()
    shop.write("one", "two")
    monkeypatch.undo()
    assert not shop.read().unmoved


def test_exports_that_hold_the_same_are_not_read_again_and_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    roster = tmp_path / "roster.csv"
    lines = [f"E{number},Platform Engineer,team-{number % 3}" for number in range(30)]
    roster.write_text("\n".join(["Employee ID,Job Title,Team", *lines, "broken"]) + "\n")
    config = tmp_path / "cnmm.yaml"
    plain = f"organisation: acme\nsources:\n  roster: {roster}\n"
    config.write_text(plain + "collectors: {people: {keep: true}}\n")

    def scan(number: int) -> tuple[dict[str, Any], str]:
        output = tmp_path / f"out{number}"
        order = Order((), config=config, as_of=AS_OF, output=output, formats=("json",), own_only=True)
        run_scan(prepare(order), make_progress(False, "text"))
        return json.loads((output / "assessment.json").read_text()), capsys.readouterr().err

    first, said = scan(1)
    assert "roster.csv: 1 of 31 rows set aside" in said
    assert "read as people: employee_id='Employee ID'" in said
    assert "line 32" in said
    second, said = scan(2)
    assert "had not changed" in said
    assert "roster.csv: 1 of 31 rows set aside" in said
    assert second["conclusions_digest"] == first["conclusions_digest"]
    held, stamp = roster.read_text(), roster.stat()
    roster.write_text(held.replace("team-2", "team-0"))
    os.utime(roster, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    third, said = scan(3)
    assert "had not changed" not in said
    assert third["conclusions_digest"] != first["conclusions_digest"]
    config.write_text(plain)
    scan(4)
    shutil.rmtree(tmp_path / "cache")
    assert "had not changed" not in scan(5)[1]
    assert not [place for place in (tmp_path / "cache" / FOLDER).glob("*/*") if place.is_file()]


def test_records_and_catalogues_that_hold_the_same_are_not_read_again_whatever_their_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fresh checkout has new times and the same files: each CI run is one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    key = registry.load()["artefact.record"].parameters[0].values[0]
    charter, entity = tmp_path / "artefacts/charter.md", tmp_path / "catalog-info.yaml"
    charter.parent.mkdir()
    charter.write_text("# Charter\n")
    sealed = hashlib.sha256(charter.read_bytes()).hexdigest()
    charter.with_name("charter.md.yaml").write_text(
        f"key: {key}\ndate: 2026-10-01\nowner_role: CTO\nreviewer_role: Head of Audit\ndigest: sha256:{sealed}\n"
    )
    entity.write_text("kind: Group\nmetadata: {name: pay}\nspec: {type: team}\n")
    config = tmp_path / "cnmm.yaml"
    config.write_text(
        f"organisation: acme\nsources: {{artefacts: {charter.parent}, catalog: {entity}}}\n", "utf-8"
    )

    def scan(**given: Any) -> tuple[str, str]:
        output = tmp_path / f"out{len(list(tmp_path.glob('out*')))}"
        order = Order(
            (), config=config, as_of=AS_OF, output=output, formats=("json",), own_only=True, **given
        )
        run_scan(prepare(order), make_progress(False, "text"))
        told = json.loads((output / "assessment.json").read_text())
        return told["conclusions_digest"], capsys.readouterr().err

    first, said = scan()
    assert "had not changed" not in said
    for path in (charter, entity, charter.with_name("charter.md.yaml")):
        os.utime(path, (1, 1))
    again, said = scan()
    assert "2 of 4 pieces of work had not changed" in said  # two of them are plans
    assert again == first == scan(fresh=True)[0]
    charter.write_text("# Another\n")
    other, said = scan()
    assert "1 of 4 pieces of work had not changed" in said
    assert other != first
