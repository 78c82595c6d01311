"""The journal keeps finished items through a kill, hides person facts, and goes away."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from cnmm_scanner.journal import WORK, Journal, JournalFault, Vault, clean, make_line, parse_line


def line(item: str, inputs: str = "i", **more: object) -> bytes:
    return make_line({"item": item, "inputs": inputs, **more})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_finished_items_are_found_again_with_the_same_inputs_only(tmp_path: Path) -> None:
    with Journal(tmp_path, resume=False) as journal:
        journal.add([line("a", value=1), line("b", "old"), line("a", value=2)])
    with Journal(tmp_path, resume=True) as journal:
        assert journal.holds("a", "i")
        assert journal.read("a")["value"] == 2
        assert not journal.holds("b", "new")
        assert not journal.holds("c", "i")
    with Journal(tmp_path, resume=False) as journal:
        assert not journal.holds("a", "i")


@pytest.mark.parametrize("cut", [1, 2, 5, 17, 30])
def test_a_torn_last_line_is_discarded_and_written_over(tmp_path: Path, cut: int) -> None:
    with Journal(tmp_path, resume=False) as journal:
        journal.add([line("a"), line("b", value="x" * 40)])
    path = tmp_path / WORK / "journal"
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(tmp_path, resume=True) as journal:
        assert journal.holds("a", "i")
        assert not journal.holds("b", "i")
        journal.add([line("c")])
    with Journal(tmp_path, resume=True) as journal:
        assert [journal.holds(name, "i") for name in "abc"] == [True, False, True]


def test_a_damaged_line_ends_what_is_trusted(tmp_path: Path) -> None:
    with Journal(tmp_path, resume=False) as journal:
        journal.add([line("a"), line("b"), line("c")])
    path = tmp_path / WORK / "journal"
    path.write_bytes(path.read_bytes().replace(b'"item":"b"', b'"item":"x"'))
    with Journal(tmp_path, resume=True) as journal:
        assert [journal.holds(name, "i") for name in "axc"] == [True, False, False]


@pytest.mark.parametrize("bad", [b"", b"\n", b"x", line("a")[:-1], line("a")[1:], b"\0" * 40 + b"\n"])
def test_what_is_no_line_is_none(bad: bytes) -> None:
    assert parse_line(bad) is None


def test_person_facts_are_readable_with_the_key_alone(tmp_path: Path) -> None:
    with Journal(tmp_path, resume=False) as journal:
        token = journal.vault.lock([["0", "team", "payments"]])
        journal.add([line("a", people=token)])
        first = journal.vault.run_key
    assert b"payments" not in (tmp_path / WORK / "journal").read_bytes()
    with Journal(tmp_path, resume=True) as journal:
        assert journal.vault.unlock(journal.read("a")["people"]) == [["0", "team", "payments"]]
        assert journal.vault.run_key == first
    with Journal(tmp_path, resume=False) as journal:
        assert journal.vault.run_key != first
    assert len(first) == 32
    assert first not in Vault.new_key()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Journal(tmp_path, resume=False):
            assert mode(tmp_path / WORK) == 0o700
            assert {mode(path) for path in (tmp_path / WORK).iterdir()} == {0o600}
    finally:
        os.umask(before)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with Journal(tmp_path, resume=False) as journal:
        journal.add([line("a")])
        for resume in (True, False):
            with pytest.raises(JournalFault, match="another scan"):
                Journal(tmp_path, resume=resume)
        with pytest.raises(JournalFault, match="another scan"):
            clean(tmp_path)
        assert journal.read("a")


def test_it_is_gone_at_the_end_and_by_clean(tmp_path: Path) -> None:
    with Journal(tmp_path, resume=False) as journal:
        journal.remove()
    assert not (tmp_path / WORK).exists()
    with Journal(tmp_path, resume=False):
        pass
    assert clean(tmp_path)
    assert not (tmp_path / WORK).exists()
    assert not clean(tmp_path)


def test_it_is_gone_at_the_next_start_once_it_is_a_day_old(tmp_path: Path) -> None:
    with Journal(tmp_path, resume=False) as journal:
        journal.add([line("a")])
        key = journal.vault.key
    old = time.time() - 25 * 3600
    for path in (tmp_path / WORK).iterdir():
        os.utime(path, (old, old))
    with Journal(tmp_path, resume=True) as journal:
        assert not journal.holds("a", "i")
        assert journal.vault.key != key


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / WORK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalFault, match="link"):
        Journal(tmp_path, resume=False)
    assert not clean(tmp_path)
