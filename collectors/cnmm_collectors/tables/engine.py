"""DuckDB as a closed box: one file may be read, nothing written, every cell as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from cnmm_collectors.tables.dialect import FOOTER
from cnmm_collectors.tables.faults import Code, Reject
from cnmm_collectors.tables.shape import Shape, lines_at

# The first letters of those words and blanks: a look at one byte spares the pattern for nearly every row.
_STARTS = ", ".join(str(ord(letter)) for letter in " \ttTgGsSrReE")
# A text no export holds, so that an empty cell is an empty text and never NULL.
_NO_NULL = "\x01no null\x01"
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


_STRAIGHT = Shape(0, 0)


@dataclass(slots=True)
class Box:
    """An engine that holds one table `t`: columns `f0`, `f1`, ... as text, and `footer`.

    Rows of `t` stand in the order of the file; `shape` says on which lines records begin.
    """

    con: duckdb.DuckDBPyConnection
    size: int = 0
    rejects: list[Reject] = field(default_factory=list)
    numbered: bool = False
    shape: Shape = _STRAIGHT

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query over `t` and the tables made beside it."""
        return self.con.execute(sql, list(values)).fetchall()

    def rows(self, places: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return (rowid, trimmed cells) of the given columns, rows of totals left out."""
        listed = ", ".join(["rowid", *(f"trim({place})" for place in places)])
        return self.ask(f"SELECT {listed} FROM t WHERE NOT footer")  # noqa: S608 - columns of ours

    def distinct(self, *places: str) -> list[tuple[Any, ...]]:
        """Return the different values of the given columns together, as they stand: not trimmed."""
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
        broken = sorted(self.shape.record(reject.line) for reject in self.rejects)
        found, passed = [], 0
        for rowid in sorted(rowids):
            while passed < len(broken) and broken[passed] <= rowid + 1 + passed:
                passed += 1
            found.append(self.shape.line(rowid + 1 + passed))
        return found

    def spans(self, places: Sequence[str]) -> bool:
        """True where a text of these columns runs over several lines."""
        test = " OR ".join(f"contains({place}, chr(10))" for place in places)
        return bool(self.ask(f"SELECT EXISTS (SELECT 1 FROM t WHERE {test})")[0][0])  # noqa: S608 - columns of ours

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


def load(
    place: Path,
    delimiter: str,
    width: int,
    skip: int,
    columns: Sequence[int],
    numbered: bool,
    marks: Sequence[int] = (),
) -> Box:
    """Return a box with the given columns of a text table, and nothing else of it; raises EngineRefusal.

    `numbered` tables carry their physical line in front of `width` columns. `marks` are the line ends before
    each block of the file.
    """
    return settled(filled(place, delimiter, width, skip, columns, numbered), place, skip, marks)


def filled(place: Path, delimiter: str, width: int, skip: int, columns: Sequence[int], numbered: bool) -> Box:
    """Return a box as `load` does, of which is not known yet what was refused and where; EngineRefusal."""
    con = _closed(place)
    try:
        con.execute(_create(delimiter, width, columns, numbered), [str(place), skip])
        rows = con.execute("SELECT count(*) FROM t").fetchall()[0][0]
    except duckdb.Error as error:
        con.close()
        raise EngineRefusal(type(error).__name__) from None
    return Box(con, rows, numbered=numbered)


def settled(box: Box, place: Path, skip: int, marks: Sequence[int] = ()) -> Box:
    """Return a filled box with what was refused by line; closes it and raises EngineRefusal."""
    try:
        box.rejects = _rejects(box.con, place, marks)
    except (duckdb.Error, OSError, EngineRefusal) as error:
        box.close()
        raise EngineRefusal(type(error).__name__) from None
    box.shape = Shape(skip, box.size + len(box.rejects))
    return box


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
        "coalesce(CAST({} AS VARCHAR), '') AS f{}".format('"' + names[c].replace('"', '""') + '"', n)
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
    kept = ", ".join(f"c{column} AS f{n}" for n, column in enumerate(columns))
    line = "CAST(line AS BIGINT) AS line, " if numbered else ""
    quoted = delimiter.replace("'", "''")
    # A row of totals leaves cells empty; a course may well be called "Total Productive Maintenance".
    lean = " OR ".join(f"c{column} = ''" for column in columns if column) or "true"
    return (
        f"CREATE TABLE t AS SELECT {line}{kept}, "  # noqa: S608 - numbers and one checked delimiter
        f"ascii(c0) IN ({_STARTS}) AND regexp_matches(c0, '{FOOTER}') AND ({lean}) AS footer "
        f"FROM read_csv(?, auto_detect=false, header=false, skip=?, delim='{quoted}', quote='\"', "
        f"escape='\"', columns={{{declared}}}, nullstr='{_NO_NULL}', strict_mode=true, null_padding=false, "
        f"store_rejects=true, rejects_limit=0, max_line_size=2097152)"
    )


def _rejects(con: duckdb.DuckDBPyConnection, place: Path, marks: Sequence[int]) -> list[Reject]:
    """Return what the engine refused by physical line; raises EngineRefusal where a quote swallowed lines."""
    told = con.execute(
        f"SELECT line_byte_position, min(error_type), bool_or(regexp_matches(csv_line, '{FOOTER}')), "  # noqa: S608
        "bool_or(trim(csv_line) = ''), bool_or(contains(rtrim(csv_line, chr(10) || chr(13)), chr(10))) "
        "FROM reject_errors GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if any(several for *_, several in told):
        raise EngineRefusal("a record over several lines is broken")
    lines = lines_at(place, [position for position, *_ in told], marks)
    return [
        Reject(line, line, Code.BLANK if blank else Code.TOTALS if totals else _ERRORS.get(error, Code.SHAPE))
        for line, (_, error, totals, blank, _) in zip(lines, told, strict=True)
    ]
