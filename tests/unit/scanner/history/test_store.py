"""A history gives back what was kept, on SQLite and on PostgreSQL, and really forgets what is pruned."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from cnmm_scanner.bundle import Bundle
from cnmm_scanner.cli import run
from cnmm_scanner.history.entry import Entry, Measure, read_entry
from cnmm_scanner.history.location import HistoryFault, parse_location
from cnmm_scanner.history.store import open_history
from cnmm_scanner.history.tables import METADATA
from unit.scanner.diff.worlds import Flags, build

ALL: Flags = {"a": True, "b": True, "c": True}
SOME: Flags = {"a": True, "b": None, "c": False}


def entry(folder: Path, flags: Flags = ALL, as_of: str = "2026-11-22") -> Entry:
    with Bundle(build(folder / f"{as_of}.cnmm", flags, as_of=as_of)) as bundle:
        return read_entry(bundle)


def test_what_is_kept_comes_back(store: str, tmp_path: Path) -> None:
    kept = entry(tmp_path, SOME)
    unbounded = Measure("x.count", "org:acme", Fraction(7, 3), None)
    kept = replace(kept, measures=(unbounded, *kept.measures))
    with open_history(parse_location(store)) as history:
        assert history.record(kept) is True
        assert history.record(kept) is False
    with open_history(parse_location(store)) as history:
        (one,) = history.entries("acme")
        assert (one.as_of, one.proven, one.possible, one.complete) == (date(2026, 11, 22), 0, 1, True)
        assert history.assessment(one) == json.loads(kept.sealed)
        assert history.measures(one) == [
            unbounded,
            Measure("x.flag", "org:acme", Fraction(1, 3), Fraction(2, 3)),
        ]
        (section,) = history.sections([one])[one.id]
        assert (section.section, section.proven, section.possible) == ("org", 0, 1)
        assert history.entries("another") == []


def test_the_latest_is_complete_and_not_of_the_future(store: str, tmp_path: Path) -> None:
    broken = entry(tmp_path, ALL, "2026-03-01")
    broken = replace(broken, assessment={**broken.assessment, "complete": False})
    with open_history(parse_location(store)) as history:
        for one in (entry(tmp_path, ALL, "2026-02-01"), entry(tmp_path, ALL, "2026-01-01"), broken):
            history.record(one)
        latest = history.latest("acme", date(2026, 12, 1))
        assert latest is not None
        assert latest.as_of == date(2026, 2, 1)
        assert history.latest("acme", date(2025, 12, 1)) is None


def test_pruning_forgets_documents_and_measures(store: str, tmp_path: Path) -> None:
    with open_history(parse_location(store)) as history:
        for day in ("2025-01-01", "2026-01-01"):
            history.record(entry(tmp_path, ALL, day))
        assert history.prune(date(2025, 6, 1), "another") == 0
        assert history.prune(date(2025, 6, 1)) == 1
        assert [one.as_of.year for one in history.entries()] == [2026]
    location = parse_location(store)
    url = location.url or f"sqlite:///{location.path}"
    engine = create_engine(url)
    with engine.connect() as connection:
        for table in METADATA.tables:
            column = "id" if table == "scan" else "scan"
            assert connection.execute(text(f"SELECT count(DISTINCT {column}) FROM {table}")).scalar() == 1
    engine.dispose()


def test_pruned_bytes_leave_the_file(tmp_path: Path) -> None:
    store = tmp_path / "history.db"
    kept = replace(entry(tmp_path), measures=(Measure("canary.f3a9", "org:acme", Fraction(1), None),))
    with open_history(parse_location(str(store))) as history:
        history.record(kept)
        assert b"canary.f3a9" in store.read_bytes()
        history.prune(date(2027, 1, 1))
    assert b"canary.f3a9" not in store.read_bytes()


def test_the_migrated_tables_are_the_declared_ones(store: str) -> None:
    with open_history(parse_location(store)):
        pass
    location = parse_location(store)
    engine = create_engine(location.url or f"sqlite:///{location.path}")
    seen = inspect(engine)
    assert set(seen.get_table_names()) == {*METADATA.tables, "cnmm_history_version"}
    for name, table in METADATA.tables.items():
        columns = {
            one["name"]: (str(one["type"].compile(engine.dialect)), one["nullable"])
            for one in seen.get_columns(name)
        }
        want = {one.name: (str(one.type.compile(engine.dialect)), one.nullable) for one in table.columns}
        assert {key: null for key, (_, null) in columns.items()} == {
            key: null for key, (_, null) in want.items()
        }
        assert seen.get_pk_constraint(name)["constrained_columns"] == [one.name for one in table.primary_key]
        assert {key["referred_table"] for key in seen.get_foreign_keys(name)} == {
            key.column.table.name for key in table.foreign_keys
        }
    engine.dispose()


def test_two_writers_at_once_lose_nothing(store: str, tmp_path: Path) -> None:
    entries = [entry(tmp_path, ALL, f"2026-01-{day:02}") for day in range(1, 7)]

    def keep(one: Entry) -> bool:
        with open_history(parse_location(store)) as history:
            return history.record(one)

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(keep, entries))
    with open_history(parse_location(store)) as history:
        assert len(history.entries()) == 6


def test_a_history_of_a_newer_version_is_refused(store: str) -> None:
    location = parse_location(store)
    with open_history(location):
        pass
    engine = create_engine(location.url or f"sqlite:///{location.path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE cnmm_history_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(HistoryFault, match="newer version"), open_history(location):
        pass


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with open_history(parse_location(str(tmp_path / "h.db"))):
        pass
    assert stat.S_IMODE((tmp_path / "h.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text_", "said"),
    [
        ("postgresql://me:hunter2@db/x", "holds a password"),
        ("postgresql://db/x?password=hunter2", "holds a password"),
        ("mysql://db/x", "not supported"),
        ("sqlite:///x", "path of the file"),
        ("postgresql://[::1/x", "cannot be read"),
    ],
)
def test_a_location_that_cannot_be_used_is_refused(text_: str, said: str) -> None:
    with pytest.raises(HistoryFault, match=said) as caught:
        parse_location(text_)
    assert "hunter2" not in str(caught.value)


def test_what_is_no_history_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.db").write_text("this is no database " * 500)
    for store in (tmp_path / "text.db", tmp_path / "missing.db", tmp_path):
        assert run(["history", "list", "--history", str(store)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "missing.db").exists()
    assert run(["history", "list", "--history", "postgresql://127.0.0.1:1/none"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_bundles_of_facts_alone_are_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = build(tmp_path / "facts.cnmm", ALL, judged=False)
    assert run(["history", "add", str(facts), "--history", str(tmp_path / "h.db")]) == 2
    assert "no assessment" in capsys.readouterr().err


def test_the_commands_add_list_show_and_prune(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = build(tmp_path / "old.cnmm", ALL, as_of="2020-01-01")
    new = build(tmp_path / "new.cnmm", SOME, as_of="2026-01-01")
    assert run(["history", "add", str(new), str(old), "--history", store]) == 0
    capsys.readouterr()
    assert run(["history", "list", "--history", store]) == 0
    assert [line[:10] for line in capsys.readouterr().out.splitlines()] == ["2020-01-01", "2026-01-01"]
    assert run(["history", "list", "--history", store, "--format", "json"]) == 0
    assert [one["proven"] for one in json.loads(capsys.readouterr().out)] == [1, 0]
    assert run(["trend", "--history", store]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[1:]] == ["1", "none"]
    assert run(["trend", "--history", store, "--format", "json"]) == 0
    trend = json.loads(capsys.readouterr().out)
    assert [point["headline"] for point in trend["points"]] == [[1, 1], [0, 1]]
    assert run(["trend", "--history", store, "--team", "nobody"]) == 2
    assert run(["history", "prune", "--history", store, "--older-than", "365d"]) == 0
    assert "1 removed" in capsys.readouterr().err
    assert run(["history", "prune", "--history", store, "--older-than", "soon"]) == 2


def test_a_database_is_loaded_only_where_a_history_is_used() -> None:
    code = (
        "import sys, cnmm_scanner.commands.scan, cnmm_scanner.commands.bundles, cnmm_scanner.preparation, "
        "cnmm_scanner.run, cnmm_scanner.commands.history; "
        "print({'sqlalchemy', 'alembic', 'sqlite3'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "sqlalchemy" not in done.stdout
    assert "alembic" not in done.stdout
