"""Spreadsheets: looked over as an archive before anything opens them, then read as text, macros never run."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError, fromstring

import python_calamine

from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.dialect import HEAD_ROWS, Score
from cnmm_collectors.tables.faults import Code, Reject, TableFault

MAX_ENTRIES = 10_000
MAX_UNPACKED = 1024**3
MAX_SHEET = 192 * 1024**2
MAX_RATIO = 200
_FREE = 10 * 1024**2
_CHUNK = 1 << 20
_OVERLAP = 4096
_ENTITIES = b"<!DOCTYPE"
_BOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_MAIN = "http://schemas.openxmlformats.org"
_TAB = f"{{{_MAIN}/spreadsheetml/2006/main}}sheet"
_ID = f"{{{_MAIN}/officeDocument/2006/relationships}}id"
_LINK = f"{{{_MAIN}/package/2006/relationships}}Relationship"
_UNCACHED = re.compile(
    rb'<c r="([A-Z]+)(\d+)"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)


def check_archive(path: Path) -> Mapping[str, frozenset[int]]:
    """Return by name of sheet the rows with a formula that holds no value; unpacks each part once.

    Raises TableFault for an archive that would unpack too large, by its own count and by ours.
    """
    name = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise TableFault(f"{name}: more than {MAX_ENTRIES} parts; save it as CSV", Gap.UNSUPPORTED)
            if any(".." in Path(entry.filename).parts for entry in entries):
                raise TableFault(f"{name}: a part lies outside the archive")
            if any(entry.flag_bits & 1 for entry in entries):
                raise TableFault(f"{name}: protected by a password; save it without", Gap.NOT_PERMITTED)
            uncached = _unpack(name, archive, entries)
            return {sheet: uncached.get(part, frozenset()) for sheet, part in _sheets(archive).items()}
    except (zipfile.BadZipFile, zlib.error, ParseError, NotImplementedError, EOFError, OSError) as error:
        raise TableFault(f"{name}: not a readable spreadsheet; save it as CSV") from error


def _unpack(
    name: str, archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]
) -> dict[str, frozenset[int]]:
    packed = max(1, sum(entry.compress_size for entry in entries))
    _bound(name, sum(entry.file_size for entry in entries), packed)
    total = 0
    uncached: dict[str, frozenset[int]] = {}
    for entry in entries:
        part = _Part(name, entry.filename)
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                part.take(chunk)
                _bound(name, total + part.size, packed)
        total += part.size
        uncached[entry.filename] = frozenset(part.uncached)
    return uncached


class _Part:
    """One part of an archive as it is unpacked: its size, and what in it is refused or has no value."""

    def __init__(self, book: str, name: str) -> None:
        self._book = book
        self._marked = name.endswith((".xml", ".rels"))
        self._sheet = name.startswith("xl/worksheets/")
        self._tail = b""
        self.size = 0
        self.uncached: set[int] = set()

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > MAX_SHEET:
            most = MAX_SHEET // 1024**2
            told = f"{self._book}: a part unpacks to more than {most} MiB; save it as CSV"
            raise TableFault(told, Gap.UNSUPPORTED)
        if not self._marked:
            return
        if not self._tail and b"\0" in chunk[:4]:
            raise TableFault(f"{self._book}: a part is not in UTF-8; save it as CSV", Gap.UNSUPPORTED)
        # What begins in one chunk and ends in the next is seen in the seam between them.
        seam = self._tail + chunk[:_OVERLAP]
        if _ENTITIES in chunk or _ENTITIES in seam:
            raise TableFault(f"{self._book}: defines entities of its own; save it as CSV", Gap.UNSUPPORTED)
        if self._sheet and (b"<f" in chunk or b"<f" in seam):
            found = _UNCACHED.finditer(self._tail + chunk)
            self.uncached.update(int(match[2]) for match in found)
        self._tail = chunk[-_OVERLAP:]


def _bound(name: str, unpacked: int, packed: int) -> None:
    if unpacked > MAX_UNPACKED or (unpacked > _FREE and unpacked > MAX_RATIO * packed):
        raise TableFault(f"{name}: unpacks to far more than its size; save it as CSV", Gap.UNSUPPORTED)


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheet whose header fits best: `at` is the header's line, `rows` are raw cells with their lines.

    Cells become text with `as_text`, once it is known which are read. `others` sheets have such a header as
    well and are not read.
    """

    header: list[str]
    at: int
    rows: Iterator[tuple[int, list[Any]]]
    rejects: list[Reject]
    others: int


def read_workbook(path: Path, score: Score) -> Workbook:
    """Return the best sheet of a workbook; raises TableFault."""
    uncached = check_archive(path)
    try:
        book = python_calamine.load_workbook(str(path))
        best: tuple[float, str, int, python_calamine.CalamineSheet] | None = None
        known: set[str] = set()
        for name in book.sheet_names:
            # A sheet is unpacked whole when it is taken: each is taken once, and the best one kept.
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False, nrows=HEAD_ROWS)
            for number, row in enumerate(rows):
                found = score([as_text(cell) for cell in row])
                if found > 0 and sheet.end is not None and sheet.end[0] > number:
                    known.add(name)
                if found > 0 and (best is None or found > best[0]):
                    best = found, name, number, sheet
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise TableFault(f"{path.name}: not a readable spreadsheet; save it as CSV") from error
    if best is None:
        raise TableFault(f"{path.name}: no sheet has a header that is known; see cnmm mapping {path.name}")
    _, name, at, sheet = best
    first, lead = sheet.start or (0, 0)
    # A formula without a cached value would read as nothing, or as 0.
    bad = frozenset(line for line in uncached.get(name, ()) if line > at + 1)
    rejects = [Reject(line, line, Code.FORMULA) for line in sorted(bad)]
    head = sheet.to_python(skip_empty_area=False, nrows=at + 1)[at]
    header = [as_text(cell).strip() for cell in head]

    def numbered() -> Iterator[tuple[int, list[Any]]]:
        pad = [""] * lead
        for number, row in enumerate(sheet.iter_rows(), first + 1):
            if number > at + 1 and number not in bad:
                yield number, pad + row if lead else row

    return Workbook(header, at + 1, numbered(), rejects, len(known - {name}))


def as_text(cell: Any) -> str:
    """Return a cell as people would type it: dates as ISO, whole numbers without a point."""
    if type(cell) is str:
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of each sheet by its name: the order of tabs says nothing about the parts' numbers.

    Parts that define entities were refused before.
    """
    if not {_BOOK, _LINKS} <= set(archive.namelist()):
        return {}
    book, listed = (fromstring(archive.read(part)) for part in (_BOOK, _LINKS))  # noqa: S314 - see above
    links = {link.get("Id", ""): link.get("Target", "") for link in listed.iter(_LINK)}
    found = {}
    for sheet in book.iter(_TAB):
        target = links.get(sheet.get(_ID, ""), "")
        found[sheet.get("name", "")] = target.removeprefix("/") if target[:1] == "/" else f"xl/{target}"
    return found
