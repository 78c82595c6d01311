"""How a text table is written: its delimiter, and which of its first rows is the header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.examine import Examined
from cnmm_collectors.tables.faults import TableFault

DELIMITERS = (",", ";", "\t", "|")
HEAD_BYTES = 256 * 1024
HEAD_ROWS = 20
MAX_FIELD = 1 << 20
MOST_COLUMNS = 16_384
FOOTER = r"^\s*(?i:total|grand total|summe|gesamt|generated|report generated|erstellt|totaux)\b"
"""How a row of totals begins; read alike by Python and by the engine."""

_SEP = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_SAMPLE = 200

Score = Callable[[Sequence[str]], float]


@dataclass(frozen=True, slots=True)
class Dialect:
    """`skip` physical lines stand before the first record; `header` are the columns' names as written."""

    delimiter: str
    header: tuple[str, ...]
    skip: int


def sniff(path: Path, facts: Examined, score: Score, delimiter: str = "") -> Dialect:
    """Return the dialect of a text table; raises TableFault where no row looks like a header."""
    with path.open("rb") as stream:
        raw = stream.read(HEAD_BYTES)
    text = raw[facts.bom :].decode(facts.encoding, "replace").replace("\0", "")
    text = text.replace("\r", "\n") if facts.old_mac else text
    if len(raw) == HEAD_BYTES:
        text = text[: text.rfind("\n") + 1]
        if not text:
            told = f"{facts.name}: its first line is longer than {HEAD_BYTES // 1024} KiB, which no header is"
            raise TableFault(told, Gap.UNSUPPORTED)
    before = 0
    named = _SEP.match(text)
    if named:
        delimiter, before, text = named[1], 1, text[named.end() :]
    delimiter = delimiter or _delimiter(text)
    return _header(facts.name, text, delimiter, before, score)


def _delimiter(text: str) -> str:
    """Return the delimiter that gives the most constant number of fields, more of them on a tie."""

    def constancy(delimiter: str) -> tuple[float, int]:
        counts = Counter(len(row) for row in _rows(text, delimiter, _SAMPLE))
        width, times = max(counts.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        return (times / max(1, counts.total()) if width > 1 else 0.0, width)

    return max(DELIMITERS, key=constancy)


def _rows(text: str, delimiter: str, limit: int) -> list[list[str]]:
    csv.field_size_limit(MAX_FIELD)
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) >= limit:
                break
    except csv.Error:
        return rows
    return rows


def _header(name: str, text: str, delimiter: str, before: int, score: Score) -> Dialect:
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    best: tuple[float, Dialect] | None = None
    try:
        for number, row in enumerate(reader):
            if number >= HEAD_ROWS:
                break
            if len(row) > MOST_COLUMNS:
                told = f"{name}: {len(row)} columns; {MOST_COLUMNS} are the most, as in a spreadsheet"
                raise TableFault(told, Gap.UNSUPPORTED)
            found = score(row)
            if found > 0 and (best is None or found > best[0]):
                header = tuple(cell.strip().lstrip("\ufeff") for cell in row)
                best = found, Dialect(delimiter, header, before + reader.line_num)
    except csv.Error:
        pass
    if best is None:
        raise TableFault(
            f"{name}: no row of the first {HEAD_ROWS} is a header that is known; see cnmm mapping {name}"
        )
    return best[1]
