"""Spreadsheets: looked over as an archive before anything opens them, then read as text, macros never run."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

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
_UNCACHED = re.compile(
    rb'<c r="([A-Z]+)(\d+)"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)


def check_archive(path: Path) -> None:
    """Raise TableFault for an archive that would unpack too large, by its own count and by ours."""
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
            _count(name, archive, entries)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise TableFault(f"{name}: not a readable spreadsheet; save it as CSV") from error


def _count(name: str, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    packed = max(1, sum(entry.compress_size for entry in entries))
    told = sum(entry.file_size for entry in entries)
    _bound(name, told, packed)
    total = 0
    for entry in entries:
        with archive.open(entry) as stream:
            size = 0
            tail = b""
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in tail + chunk[:_CHUNK]:
                    raise TableFault(f"{name}: defines entities of its own; save it as CSV", Gap.UNSUPPORTED)
                tail = chunk[-16:]
                _bound(name, total + size, packed)
                if size > MAX_SHEET:
                    raise TableFault(
                        f"{name}: a part unpacks to more than {MAX_SHEET // 1024**2} MiB; save it as CSV",
                        Gap.UNSUPPORTED,
                    )
            total += size


def _bound(name: str, unpacked: int, packed: int) -> None:
    if unpacked > MAX_UNPACKED or (unpacked > _FREE and unpacked > MAX_RATIO * packed):
        raise TableFault(f"{name}: unpacks to far more than its size; save it as CSV", Gap.UNSUPPORTED)


def read_workbook(
    path: Path, score: Score
) -> tuple[list[str], int, Iterator[tuple[int, list[Any]]], list[Reject], str]:
    """Return header, its line, numbered rows of raw cells, quarantined rows, and the best sheet's name.

    Cells become text with `as_text`, once it is known which are read. Raises TableFault.
    """
    check_archive(path)
    try:
        book = python_calamine.load_workbook(str(path))
        best: tuple[float, str, int, python_calamine.CalamineSheet] | None = None
        for name in book.sheet_names:
            # A sheet is unpacked whole when it is taken: each is taken once, and the best one kept.
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False, nrows=HEAD_ROWS)
            for number, row in enumerate(rows):
                found = score([as_text(cell) for cell in row])
                if found > 0 and (best is None or found > best[0]):
                    best = found, name, number, sheet
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise TableFault(f"{path.name}: not a readable spreadsheet; save it as CSV") from error
    if best is None:
        raise TableFault(f"{path.name}: no sheet has a header that is known; see cnmm mapping {path.name}")
    _, name, at, sheet = best
    first, lead = sheet.start or (0, 0)
    rejects = _uncached(path, book.sheet_names.index(name), at + 1)
    bad = {reject.line for reject in rejects}
    head = sheet.to_python(skip_empty_area=False, nrows=at + 1)[at]
    header = [as_text(cell).strip() for cell in head]

    def numbered() -> Iterator[tuple[int, list[Any]]]:
        pad = [""] * lead
        for number, row in enumerate(sheet.iter_rows(), first + 1):
            if number > at + 1 and number not in bad:
                yield number, pad + row if lead else row

    return header, at + 1, numbered(), rejects, name


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


def _uncached(path: Path, index: int, header: int) -> list[Reject]:
    """Return the rows whose formula holds no cached value, which would read as nothing or as 0."""
    with zipfile.ZipFile(path) as archive:
        sheets = sorted(
            (name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
            key=lambda name: int(re.sub(r"\D", "", name)),
        )
        if index >= len(sheets):
            return []
        found: set[int] = set()
        with archive.open(sheets[index]) as stream:
            tail = b""
            while chunk := stream.read(_CHUNK):
                if b"<f" in chunk or b"<f" in tail:
                    found.update(int(match[2]) for match in _UNCACHED.finditer(tail + chunk))
                tail = chunk[-4096:]
    return [Reject(line, line, Code.FORMULA) for line in sorted(found) if line > header]
