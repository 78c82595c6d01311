"""What decides a reading of records decides its state: files, keys, signatures, and the remote of a checkout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cnmm_collectors.plugin import Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.records import RecordsCollector
from cnmm_collectors.subjects import Subject
from unit.collectors.git.repos import git

STATEMENT = "key: {key}\ndate: 2026-10-01\nevidence: {{file: minutes.md, digest: sha256:{digest}}}\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    (folder / "attestations").mkdir(parents=True)
    (folder / "attestations/one.yaml").write_text(STATEMENT.format(key="exec-sponsor", digest="a" * 64))
    (folder / "attestations/minutes.md").write_text("agreed")
    (tmp_path / "key.pub").write_text("a key")
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", "https://github.com/acme/records")
    return folder


def state(place: Path, name: str = "attestations") -> str:
    collector = RecordsCollector()
    reader = SourceReader(
        collector="records", version="1", as_of=date(2026, 11, 1), now="2026-11-01T00:00:00Z"
    )
    facts = (("attestations", str(place / name)), ("host github T", "acme"))
    target = Target("records", "sources", subject=Subject.parse("org:acme"), facts=facts)
    settings = collector.Settings(trust={"Head of audit": place.parent / "key.pub"})
    (item,) = (one for one in collector.plan(target, settings, reader) if isinstance(one, WorkItem))
    return collector.state(item, settings, reader)


CHANGES: dict[str, Callable[[Path], object]] = {
    "statement": lambda place: (place / "attestations/one.yaml").write_text(
        STATEMENT.format(key="other", digest="a" * 64)
    ),
    "document": lambda place: (place / "attestations/minutes.md").write_text("denied"),
    "no document": lambda place: (place / "attestations/minutes.md").unlink(),
    "signature": lambda place: (place / "attestations/one.yaml.sig").write_text("signed"),
    "key": lambda place: (place.parent / "key.pub").write_text("another key"),
    "no key": lambda place: (place.parent / "key.pub").unlink(),
    "remote": lambda place: git(place, "remote", "set-url", "origin", "https://github.com/acme/other"),
}


@pytest.mark.parametrize("name", ["attestations", "attestations/one.yaml"])
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_decides_a_reading_is_in_its_state(place: Path, change: str, name: str) -> None:
    before = state(place, name)
    assert before
    assert state(place, name) == before
    CHANGES[change](place)
    assert state(place, name) != before


def test_what_git_writes_beside_the_records_is_not(place: Path) -> None:
    before = state(place, ".")
    git(place, "add", ".")
    assert state(place, ".") == before


def test_a_link_among_the_records_leaves_nothing_to_go_by(place: Path) -> None:
    (place / "attestations/two.yaml").symlink_to(place / "attestations/one.yaml")
    assert state(place) == ""
