"""The door to plain files, the stamp on citations, and pseudonyms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.reader import FileFault, SourceFiles, initialise, pseudonym
from cnmm_collectors.signals import Gap
from unit.collectors.git.repos import make_reader


def test_files_are_listed_without_links(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "b.csv").write_text("b")
    (tmp_path / "in" / "a.csv").write_text("a")
    (tmp_path / "in" / "a.txt").write_text("a")
    (tmp_path / "out.csv").write_text("secret")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "out.csv")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    listed = SourceFiles().list(tmp_path / "in", "*.csv")
    assert [path.relative_to(tmp_path).as_posix() for path in listed] == ["in/a.csv", "in/deep/b.csv"]


def test_links_pipes_large_and_missing_files_are_faults(tmp_path: Path) -> None:
    files = SourceFiles()
    (tmp_path / "a").write_bytes(b"12345")
    assert files.read(tmp_path / "a", limit=5) == b"12345"
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    for name, gap in (("link", Gap.NOT_VISIBLE), ("none", Gap.NOT_VISIBLE), ("pipe", Gap.UNSUPPORTED)):
        with pytest.raises(FileFault) as caught:
            files.read(tmp_path / name)
        assert caught.value.gap is gap
        assert str(tmp_path) not in str(caught.value)
    with pytest.raises(FileFault, match="larger"):
        files.read(tmp_path / "a", limit=4)
    with pytest.raises(FileFault):
        files.list(tmp_path / "a", "*")


def test_citations_are_stamped_and_redacted() -> None:
    def cite(payload: bytes) -> Evidence:
        return make_reader().cite(
            locator="https://me:hunter2@host/o",
            query="GET x",
            payload=payload,
            excerpt="mail me@x.example\n" * 99,
        )

    made = cite(b"password: one")
    assert (made.source, made.collector, made.captured_at) == ("git", "git 1", "2026-11-23T00:00:00Z")
    assert made.locator == "https://host/o"
    assert len(made.excerpt) <= 600
    assert "me@" not in made.excerpt
    # The digest is over the redacted payload: it cannot be used to try out secrets.
    assert made.digest == cite(b"password: two").digest
    assert made.digest != cite(b"replicas: two").digest
    assert Evidence.from_json(made.to_json()) == made


def test_pseudonyms_follow_the_run_key() -> None:
    initialise(b"k" * 32)
    one = pseudonym("Jane@Example.com ")
    assert one == pseudonym("jane@example.com")
    initialise(b"j" * 32)
    assert one != pseudonym("jane@example.com")
