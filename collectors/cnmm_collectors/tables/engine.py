"""DuckDB as a closed box: one file may be read, nothing written, every cell as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from cnmm_collectors.tables.faults import Code, Reject

_FOOTER = r"^\s*(total|grand total|summe|gesamt|generated|report generated|erstellt|totaux)\b"
_STARTS = "'total', 'grand', 'summe', 'gesam', 'gener', 'repor', 'erste', 'totau'"
_ERRORS = {
    "MISSING COLUMNS": Code.RAGGED,
    "TOO MANY COLUMNS": Code.RAGGED,
    "UNQUOTED VALUE": Code.QUOTE,
    "LINE SIZE OVER MAXIMUM": Code.TOO_LONG,
    "INVALID ENCODING": Code.BROKEN_TEXT,
    "INVALID STATE": Code.QUOTE,
    "CAST": Code.SHAPE,
}
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": "2",
    "memory_limit": "1GB",
    "temp_directory": "",
}


class EngineRefusal(Exception):
    """The engine gave up on a whole file; it is read line by line instead. Carries no text of the file."""


@dataclass(slots=True)
class Box:
    """An engine that holds one table `t`: columns `f0`, `f1`, ... as text, and `footer`."""

    con: duckdb.DuckDBPyConnection
    size: int = 0
    rejects: list[Reject] = field(default_factory=list)
    numbered: bool = False
    skip: int = 0

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query over `t` and the tables made beside it."""
        return self.con.execute(sql, list(values)).fetchall()

    def rows(self, places: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return (rowid, cells) of the given columns, rows of totals left out."""
        listed = ", ".join(["rowid", *places])
        return self.ask(f"SELECT {listed} FROM t WHERE NOT footer")  # noqa: S608 - columns of ours

    def distinct(self, *places: str) -> list[tuple[Any, ...]]:
        """Return the different values of the given columns together."""
        return self.ask(f"SELECT DISTINCT {', '.join(places)} FROM t WHERE NOT footer")  # noqa: S608 - columns of ours

    def lines(self, rowids: Sequence[int]) -> list[int]:
        """Return the physical lines of rows of `t`, in ascending order."""
        if self.numbered:
            wanted = list(rowids)
            return [
                row[0]
                for row in self.ask(
                    "SELECT line FROM t WHERE rowid IN (SELECT unnest(?)) ORDER BY 1", [wanted]
                )
            ]
        broken = [reject.line for reject in sorted(self.rejects)]
        found, passed = [], 0
        for rowid in sorted(rowids):
            while passed < len(broken) and broken[passed] <= self.skip + rowid + 1 + passed:
                passed += 1
            found.append(self.skip + rowid + 1 + passed)
        return found

    def teach(self, table: str, known: Mapping[str, int]) -> None:
        """Make a table `table(text, code)` beside `t`."""
        self.con.execute(f"CREATE OR REPLACE TABLE {table} (text VARCHAR, code BIGINT)")
        if known:
            self.con.execute(
                f"INSERT INTO {table} SELECT unnest(?), unnest(?)",
                [list(known), list(known.values())],
            )

    def close(self) -> None:
        """Drop everything that was read."""
        self.con.close()


def load(place: Path, delimiter: str, width: int, skip: int, columns: Sequence[int], numbered: bool) -> Box:
    """Return a box with the given columns of a text table, and nothing else of it; raises EngineRefusal.

    `numbered` tables carry their physical line in front of `width` columns.
    """
    con = _closed(place)
    try:
        con.execute(_create(delimiter, width, columns, numbered), [str(place), skip])
        rows = con.execute("SELECT count(*) FROM t").fetchall()[0][0]
        rejects = _rejects(con)
    except duckdb.Error as error:
        con.close()
        raise EngineRefusal(type(error).__name__) from None
    return Box(con, rows, rejects, numbered, skip)


def parquet_columns(place: Path) -> list[str]:
    """Return the names of a Parquet file's columns; raises EngineRefusal."""
    con = _closed(place)
    try:
        found = con.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(place)]).description
    except duckdb.Error as error:
        raise EngineRefusal(type(error).__name__) from None
    finally:
        con.close()
    return [str(column[0]) for column in found or ()]


def load_parquet(place: Path, names: Sequence[str], columns: Sequence[int]) -> Box:
    """Return a box with the given columns of a Parquet file, as text; raises EngineRefusal."""
    kept = ", ".join(
        "coalesce(trim(CAST({} AS VARCHAR)), '') AS f{}".format('"' + names[c].replace('"', '""') + '"', n)
        for n, c in enumerate(columns)
    )
    con = _closed(place)
    try:
        sql = f"CREATE TABLE t AS SELECT {kept}, false AS footer FROM read_parquet(?)"  # noqa: S608 - quoted
        con.execute(sql, [str(place)])
        rows = con.execute("SELECT count(*) FROM t").fetchall()[0][0]
    except duckdb.Error as error:
        con.close()
        raise EngineRefusal(type(error).__name__) from None
    return Box(con, rows)


def _closed(place: Path) -> duckdb.DuckDBPyConnection:
    """Return an engine that may read this one file and change no setting any more."""
    con = duckdb.connect(config=_CONFIG)
    con.execute("SET enable_progress_bar = false")
    con.execute(f"SET allowed_paths = ['{str(place).replace(chr(39), chr(39) * 2)}']")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def _create(delimiter: str, width: int, columns: Sequence[int], numbered: bool) -> str:
    names = [*(["line"] if numbered else []), *(f"c{n}" for n in range(width))]
    declared = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    kept = ", ".join(f"coalesce(trim(c{column}), '') AS f{n}" for n, column in enumerate(columns))
    line = "CAST(line AS BIGINT) AS line, " if numbered else ""
    quoted = delimiter.replace("'", "''")
    return (
        f"CREATE TABLE t AS SELECT {line}{kept}, "  # noqa: S608 - numbers and one checked delimiter
        f"coalesce(lower(left(ltrim(c0), 5)) IN ({_STARTS}) AND "
        f"regexp_matches(lower(c0), '{_FOOTER}'), false) AS footer "
        f"FROM read_csv(?, auto_detect=false, header=false, skip=?, delim='{quoted}', quote='\"', "
        f"escape='\"', columns={{{declared}}}, strict_mode=true, null_padding=false, "
        f"store_rejects=true, rejects_limit=0, max_line_size=2097152)"
    )


def _rejects(con: duckdb.DuckDBPyConnection) -> list[Reject]:
    found: dict[int, Reject] = {}
    for line, error in con.execute("SELECT line, error_type FROM reject_errors").fetchall():
        found.setdefault(line, Reject(line, line, _ERRORS.get(str(error), Code.SHAPE)))
    return sorted(found.values())
