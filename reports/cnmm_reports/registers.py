"""Evidence registers for spreadsheets: findings with their citations, evidence, ledger and gaps."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from xlsxwriter import Workbook

from cnmm_reports.firstpage import headline, notes, scope_line
from cnmm_reports.inert import inert, line
from cnmm_reports.selection import by_id, citations
from cnmm_reports.view import ReportView
from cnmm_reports.wording import cause_words

MAX_CSV_ROWS, MAX_SHEET_ROWS = 250_000, 20_000
"""Rows of one table; a last row says how many more there are."""
MAX_CSV_BYTES = 50_000_000
"""Bytes of one CSV file, before that last row."""
_AT_ONCE = 500
CELL = 2_000
"""Characters of one cell before it says how many more there are; a spreadsheet takes 32,767."""

_FORMULA = tuple("=+-@\t\r＝＋－＠")
"""What a spreadsheet may take for the start of a formula, in full width too."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""A workbook states when it was made; the same view must give the same bytes."""
_WIDTHS = {"statement": 50, "why": 40, "locator": 60, "excerpt": 60, "needs": 40, "detail": 40, "says": 80}

Cell = str | int
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A register: its name, its columns and its rows, made as they are asked for."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Row]

    def within(self, limit: int) -> Iterator[Row]:
        """Yield at most `limit` rows, then one row that says how many more there are."""
        rows = iter(self.rows)
        yield from islice(rows, limit)
        if left := sum(1 for _ in rows):
            yield self.rest(left)

    def rest(self, left: int) -> Row:
        """Return the row that says how many more there are."""
        return (f"{left} more rows are left out", *("" for _ in self.columns[1:]))


class CsvRenderer:
    """Writes `findings.csv`, `evidence.csv`, `ledger.csv` and `gaps.csv`; no cell starts a formula."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the four files: UTF-8, comma, one physical line for each row."""
        return {f"{table.name}.csv": _write(table) for table in tables(view)}


class XlsxRenderer:
    """Writes `register.xlsx`, a sheet for each register; every text is stored as text."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file."""
        whole = io.BytesIO()
        settings = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        book = Workbook(whole, settings)
        book.set_properties({"title": "Evidence registers", "created": _EPOCH})
        bold = book.add_format({"bold": True, "bottom": 1})
        for table in (_about(view), *tables(view)):
            _sheet(book, table, bold)
        book.close()
        return {"register.xlsx": whole.getvalue()}


def safe(cell: Cell) -> Cell:
    """Return a cell on one line that is no formula: an apostrophe leads where one could start."""
    if isinstance(cell, int):
        return cell
    shown = line(cell, CELL)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def tables(view: ReportView) -> tuple[Table, ...]:
    """Return the four registers of a view."""
    return (_findings(view), _evidence(view), _ledger(view), _gaps(view))


def _write(table: Table) -> bytes:
    """Return a table within both limits; whole rows are left out and counted, never cut."""
    data, rows, kept, left = bytearray(_lines([table.columns])), iter(table.rows), 0, 0
    while some := list(islice(rows, min(_AT_ONCE, MAX_CSV_ROWS - kept))):
        more = _lines(tuple(map(safe, row)) for row in some)
        if len(data) + len(more) > MAX_CSV_BYTES:
            left = len(some)
            break
        data += more
        kept += len(some)
    if left := left + sum(1 for _ in rows):
        data += _lines([table.rest(left)])
    return bytes(data)


def _lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _sheet(book: Any, table: Table, bold: Any) -> None:
    sheet = book.add_worksheet(table.name.capitalize())
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, _WIDTHS.get(name, 18))
    last = 0
    for last, row in enumerate(table.within(MAX_SHEET_ROWS), 1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(last, column, cell)
            elif cell:
                sheet.write_string(last, column, inert(cell, CELL))
    sheet.autofilter(0, 0, last, len(table.columns) - 1)


def _about(view: ReportView) -> Table:
    document = view.assessment
    catalogue = document["catalogue"]
    rows = [
        ("organisation", document["organisation"]),
        ("as of", document["as_of"]),
        ("period", f"{document['period']['from']} to {document['period']['to']}"),
        ("headline", headline(view)),
        ("scope", scope_line(view)),
        ("catalogue", f"{catalogue['id']} {catalogue['version']}"),
        ("conclusions", document["conclusions_digest"]),
        *(("note", words) for words in notes(view)),
    ]
    return Table("about", ("what", "says"), rows)


_FINDING = ("criterion", "section", "level", "role", "subject", "outcome", "why", "statement")
_CITED = ("source", "locator", "path", "lines", "commit", "captured_at", "digest")


def _findings(view: ReportView) -> Table:
    columns = (*_FINDING, "waived_until", "citations", "stance", "citation", *_CITED)
    return Table("findings", columns, _finding_rows(view))


def _finding_rows(view: ReportView) -> Iterator[Row]:
    """Yield one row for each citation of each finding, and one for a finding that cites nothing."""
    evidence = by_id(view.assessment["evidence"])
    for finding in view.assessment["findings"]:
        until = finding["waiver"]["expires"] if "waiver" in finding else ""
        lead = (*_finding(view, finding), until, finding["evidence_total"])
        for stance, key in tuple(citations(finding)) or (("", ""),):
            item = evidence.get(key, {})
            yield (*lead, stance, key, *(item.get(name, "") for name in _CITED))


def _finding(view: ReportView, finding: Mapping[str, Any]) -> Row:
    text = view.texts.get(finding["criterion"])
    of_row: Row = (text.section, text.level, text.role) if text else ("", "", "")
    said = (finding["subject"], finding["outcome"], finding["why"], text.statement if text else "")
    return (finding["criterion"], *of_row, *said)


_EVIDENCE = (
    "id", "source", "locator", "path", "lines", "commit", "native_id", "query", "digest",
    "captured_at", "confirmed_at", "collector", "excerpt",
)  # fmt: skip


def _evidence(view: ReportView) -> Table:
    rows = (tuple(item.get(name, "") for name in _EVIDENCE) for item in view.assessment["evidence"])
    return Table("evidence", _EVIDENCE, rows)


_LEDGER = ("source", "unit", "requested", "received", "skipped", "failed")


def _ledger(view: ReportView) -> Table:
    ledger = view.assessment["ledger"]
    rows = [tuple(row[name] for name in _LEDGER) for row in ledger["by_source"]]
    return Table("ledger", _LEDGER, [*rows, ("all", "", *(ledger[name] for name in _LEDGER[2:]))])


def _gaps(view: ReportView) -> Table:
    columns = ("criterion", "subject", "outcome", "signal", "cause", "words", "units", "needs", "detail")
    return Table("gaps", columns, _gap_rows(view))


def _gap_rows(view: ReportView) -> Iterator[Row]:
    for finding in view.assessment["findings"]:
        for gap in finding["gaps"]:
            cause = gap["cause"]
            yield (
                finding["criterion"], finding["subject"], finding["outcome"], gap["signal"],
                cause, cause_words(cause), gap["count"], gap["needs"], gap.get("detail", ""),
            )  # fmt: skip
