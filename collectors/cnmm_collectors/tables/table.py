"""From a file to a recognised table: whatever the format, the same columns, counts and quarantine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from cnmm_collectors.shelter import Shelter
from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.cast import AmbiguousDates, Order, date_order
from cnmm_collectors.tables.columns import Columns, Hints, columns_of, ranking
from cnmm_collectors.tables.dialect import Dialect, sniff
from cnmm_collectors.tables.early import Look, look
from cnmm_collectors.tables.engine import (
    Box,
    EngineRefusal,
    filled,
    load,
    load_parquet,
    parquet_columns,
    settled,
)
from cnmm_collectors.tables.examine import Examined, Stamp, stamp_of
from cnmm_collectors.tables.faults import NO_ROWS, Code, Reject, TableFault
from cnmm_collectors.tables.headers import Layout, Recognised
from cnmm_collectors.tables.records import load_json, read_lines, records_of, tabulate
from cnmm_collectors.tables.rewrite import Rewritten, rewrite, transcode, write_rows
from cnmm_collectors.tables.shape import trace
from cnmm_collectors.tables.workbook import Workbook, as_text, read_workbook

Listing = Callable[[Path, Examined], tuple[list[str], list[tuple[int, list[str]]]] | None]


@dataclass(slots=True)
class Table:
    """A recognised table in a box; `f0`, `f1`, ... follow `fields`, and every input row is accounted for.

    rows read = rows of `t` + quarantined + `totals`; `t.footer` marks further rows of totals.
    """

    name: str
    digest: str
    recognised: Recognised
    header: tuple[str, ...]
    fields: tuple[str, ...]
    box: Box
    rejects: list[Reject]
    hints: Hints
    notes: tuple[str, ...]
    totals: int = 0
    unread_sheets: int = 0
    """How many more sheets of the workbook have a header of this kind."""
    shelter: Shelter | None = None
    """Where what was copied of the file lies, until the table is closed."""

    def close(self) -> None:
        """Drop everything that was read and copied."""
        self.box.close()
        if self.shelter is not None:
            self.shelter.close()

    @property
    def fault(self) -> TableFault | None:
        """What is wrong with the file beside its rows: sheets that were left unread, or nothing."""
        if not self.unread_sheets:
            return None
        more = "sheet has" if self.unread_sheets == 1 else "sheets have"
        told = f"{self.unread_sheets} more {more} such a header, not read; save each as a file of its own"
        return TableFault(f"{self.name}: {told}")

    @property
    def layout(self) -> str:
        """The name of the layout that was recognised."""
        return self.recognised.layout.name

    @property
    def places(self) -> list[str]:
        """The columns `f0`, `f1`, ... in the order of `fields`."""
        return [f"f{number}" for number in range(len(self.fields))]

    def place(self, name: str) -> str | None:
        """Return the column `fN` of a field, or None."""
        return f"f{self.fields.index(name)}" if name in self.fields else None

    @property
    def told(self) -> str:
        """The chosen mapping in one line: header names, never cells."""
        return self.recognised.told(self.header)


@contextmanager
def open_table(
    path: Path, kind: str, layouts: Sequence[Layout], hints: Hints, listing: Listing | None = None
) -> Iterator[Table]:
    """Yield the table of a file; whatever was copied is gone afterwards. Raises TableFault.

    `listing` gives header and rows of a file that is no table, or None.
    """
    table = opened(path, look(path, kind, layouts, hints), kind, layouts, hints, listing)
    try:
        yield table
    finally:
        table.close()


def opened(
    path: Path,
    seen: Look,
    kind: str,
    layouts: Sequence[Layout],
    hints: Hints,
    listing: Listing | None = None,
) -> Table:
    """Return the table of a file that was looked at, for the caller to close. Raises TableFault."""
    with closing(seen):
        table = _opened(path, seen, kind, layouts, hints, listing)
    if _state(path) != seen.facts.stamp:
        table.close()
        raise TableFault(f"{path.name}: was written to while it was read; scan again when it is whole")
    return table


def _state(path: Path) -> Stamp:
    try:
        return stamp_of(path.lstat())
    except OSError:
        return ()


def _opened(
    path: Path,
    seen: Look,
    kind: str,
    layouts: Sequence[Layout],
    hints: Hints,
    listing: Listing | None,
) -> Table:
    facts = seen.facts
    if facts.kind == "ole":
        raise TableFault(
            f"{path.name}: protected, or an old .xls; save it as .xlsx or CSV", Gap.NOT_PERMITTED
        )
    shelter = Shelter()
    folder = shelter.path
    try:
        listed = listing(path, facts) if listing else None
        if listed is not None:
            header, rows = listed
            table = _tabled(facts, kind, layouts, header, iter(rows), [], hints, list(facts.notes), folder)
        else:
            table = _open(path, seen, kind, layouts, hints, folder)
    except BaseException:
        shelter.close()
        raise
    table.shelter = shelter
    return table


def _open(path: Path, seen: Look, kind: str, layouts: Sequence[Layout], hints: Hints, folder: Path) -> Table:
    facts = seen.facts
    rank = ranking(kind, layouts, hints)
    if facts.kind == "text":
        dialect = sniff(path, facts, rank, hints.delimiter)
        return _text(path, seen, dialect, kind, layouts, hints, folder)
    if facts.kind == "parquet":
        return _parquet(path, facts, kind, layouts, hints)
    notes: list[str] = list(facts.notes)
    rejects: list[Reject] = []
    book: Workbook | None = None
    header: list[str]
    rows: Iterator[tuple[int, Sequence[Any]]]
    if facts.kind == "workbook":
        book = read_workbook(path, rank)
        header, rows, rejects = book.header, book.rows, book.rejects
        notes.append(f"header in row {book.at}")
        if path.suffix.lower() == ".xlsm":
            notes.append("holds macros: not run")
    elif facts.kind in ("json", "lines"):
        source = (
            read_lines(path, facts, rejects)
            if facts.kind == "lines"
            else iter(enumerate(records_of(load_json(path, facts)), 1))
        )
        header, found = tabulate(source, rejects)
        rows = iter(found)
    else:
        raise TableFault(f"{path.name}: a {facts.kind} file is not read here; export CSV", Gap.UNSUPPORTED)
    table = _tabled(facts, kind, layouts, header, rows, rejects, hints, notes, folder)
    table.unread_sheets = book.others if book else 0
    return table


def _tabled(  # noqa: PLR0913 - everything that is known of one file
    facts: Examined,
    kind: str,
    layouts: Sequence[Layout],
    header: Sequence[str],
    rows: Iterator[tuple[int, Sequence[Any]]],
    rejects: list[Reject],
    hints: Hints,
    notes: list[str],
    folder: Path,
) -> Table:
    columns = columns_of(facts.name, kind, layouts, header, hints)
    places, copy = columns.places, folder / "rows"
    write_rows(_kept(rows, places), copy, Rewritten())
    box = _load(copy, ",", len(places) + 1, 0, range(1, len(places) + 1), numbered=True, name=facts.name)
    return _table(facts, columns, header, box, rejects, hints, [*notes, *columns.notes])


def _parquet(path: Path, facts: Examined, kind: str, layouts: Sequence[Layout], hints: Hints) -> Table:
    try:
        header = parquet_columns(path.absolute())
        columns = columns_of(facts.name, kind, layouts, header, hints)
        box = load_parquet(path.absolute(), header, columns.places)
    except EngineRefusal as error:
        raise TableFault(f"{path.name}: cannot be read as Parquet ({error})") from None
    return _table(facts, columns, header, box, [], hints, [*facts.notes, *columns.notes])


def _kept(
    rows: Iterator[tuple[int, Sequence[Any]]], columns: Sequence[int]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the first cell and the wanted ones of each row that is not blank, as text."""
    places = (0, *columns)
    most = max(places)
    pick = itemgetter(*places)
    for number, row in rows:
        if len(row) <= most:
            row = [*row, *[""] * (most + 1 - len(row))]
        cells = [cell if type(cell) is str else as_text(cell) for cell in pick(row)]
        if any(cells) or any(as_text(cell).strip() for cell in row):
            yield number, cells


def _text(
    path: Path,
    seen: Look,
    dialect: Dialect,
    kind: str,
    layouts: Sequence[Layout],
    hints: Hints,
    folder: Path,
) -> Table:
    facts, header = seen.facts, dialect.header
    columns = columns_of(facts.name, kind, layouts, header, hints)
    notes = [*facts.notes, *columns.notes]
    source = path.absolute() if facts.plain else transcode(path, facts, folder)
    box = source and _straight(source, seen, dialect, columns.places)
    if box:
        return _table(facts, columns, header, box, list(box.rejects), hints, notes)
    copy = folder / "rows"
    done = rewrite(path, facts, dialect, frozenset(columns.places), copy)
    box = _load(copy, ",", len(header), 0, columns.places, numbered=True, name=facts.name)
    if done.blank:
        notes.append(f"{done.blank} blank lines")
    return _table(facts, columns, header, box, done.rejects, hints, notes)


def _filled(source: Path, seen: Look, dialect: Dialect, columns: Sequence[int]) -> Box:
    """Return what was loaded early where it is what would be loaded now, else load it."""
    early = seen.early
    if early is not None and early.fits(seen.facts, dialect, columns):
        seen.early = None
        return early.loading.result()
    seen.close()
    return filled(source, dialect.delimiter, len(dialect.header), dialect.skip, columns, False)


def _straight(source: Path, seen: Look, dialect: Dialect, columns: Sequence[int]) -> Box | None:
    """Return the table as the engine reads it, None where a stray quote may have swallowed rows."""
    facts = seen.facts
    marks = facts.marks if facts.plain else ()
    try:
        box = settled(_filled(source, seen, dialect, columns), source, dialect.skip, marks)
    except EngineRefusal:
        return None
    if box.shape.records + dialect.skip == facts.lines:
        return box
    # Blank lines, or texts over several lines: the quotes themselves must give as many records, and no
    # column that is read may hold a line break.
    shape = trace(source, dialect.skip)
    if shape.records == box.shape.records and not box.spans([f"f{n}" for n in range(len(columns))]):
        box.shape = shape
        return box
    box.close()
    return None


def _load(
    place: Path, delimiter: str, width: int, skip: int, columns: Sequence[int], *, numbered: bool, name: str
) -> Box:
    try:
        return load(place, delimiter, width, skip, columns, numbered)
    except EngineRefusal as error:
        raise TableFault(f"{name}: cannot be read as a table ({error})") from None


def _table(
    facts: Examined,
    columns: Columns,
    header: Sequence[str],
    box: Box,
    rejects: list[Reject],
    hints: Hints,
    notes: Sequence[str],
) -> Table:
    faults = [one for one in rejects if one.code not in NO_ROWS]
    totals = sum(one.code is Code.TOTALS for one in rejects)
    known, fields = columns.recognised, columns.fields
    return Table(
        facts.name, facts.digest, known, tuple(header), fields, box, faults, hints, tuple(notes), totals
    )


def order_of(table: Table, name: str, texts: Iterable[str] | None = None) -> Order:
    """Return how a column of dates is to be read; raises TableFault where it can be read two ways.

    `texts` are its different values where they were asked for before.
    """
    place = table.place(name)
    if place is None:
        return Order.DAY_FIRST
    if table.hints.date_order:
        return Order(table.hints.date_order)
    try:
        return date_order(texts or (text for (text,) in table.box.distinct(place)))
    except AmbiguousDates as error:
        raise TableFault(f"{table.name}: column {name} {error}") from None
