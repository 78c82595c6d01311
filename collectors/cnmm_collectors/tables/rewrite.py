"""The careful way through a text table: line by line, what is broken set aside with its line numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnmm_collectors.tables.dialect import FOOTER, MAX_FIELD, Dialect
from cnmm_collectors.tables.examine import Examined
from cnmm_collectors.tables.faults import Code, Reject

MAX_SPAN = 200
_CHUNK = 1 << 20
_SWALLOWED = MAX_FIELD


@dataclass(slots=True)
class Rewritten:
    """A clean copy's rows: how many, what was quarantined, how many blank lines were left out."""

    rows: int = 0
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0


def rewrite(path: Path, facts: Examined, dialect: Dialect, short: frozenset[int], target: Path) -> Rewritten:
    """Write good records to `target`, each with its line number first; `short` columns hold no line break."""
    done = Rewritten()
    lines = _lines(path, facts)
    records = _records(lines, dialect, short, done)
    write_rows(records, target, done)
    return done


def transcode(path: Path, facts: Examined, folder: Path) -> Path | None:
    """Return a copy in UTF-8 with the same lines, None where a byte of the file is not of its encoding."""
    if facts.nul or facts.bare_cr:
        return None
    target = folder / "text"
    try:
        with path.open(encoding=facts.encoding, newline="") as source:
            source.seek(facts.bom)
            with target.open("w", encoding="utf-8", newline="") as copy:
                while chunk := source.read(_CHUNK):
                    copy.write(chunk)
    except UnicodeError:
        return None
    return target


def write_rows(records: Iterable[tuple[int, Sequence[str]]], target: Path, done: Rewritten) -> None:
    """Write numbered records as the engine reads them, every cell quoted and on one line."""
    with target.open("w", encoding="utf-8", newline="") as stream:
        for line, row in records:
            done.rows += 1
            text = '","'.join(row)
            # Nearly every row is plain: one look at the whole of it is far quicker than one at each cell.
            rough = "\n" in text or "\r" in text or "\0" in text
            if rough or text.count('"') > 2 * len(row) - 2:
                text = '","'.join([_plain(cell) for cell in row])
            stream.write(f'{line},"{text}"\n')


def _plain(cell: str) -> str:
    cell = cell.replace("\0", "").replace('"', '""')
    return " ".join(cell.split()) if "\n" in cell or "\r" in cell else cell


def _lines(path: Path, facts: Examined) -> Iterator[tuple[int, str]]:
    """Yield (number, text) of physical lines; undecodable bytes stay visible as U+FFFD."""
    newline = "\r" if facts.old_mac else "\n"
    with path.open(encoding=facts.encoding, errors="replace", newline=newline) as stream:
        if facts.bom:
            stream.seek(facts.bom)
        number = 0
        while line := stream.readline(MAX_FIELD + 2):
            number += 1
            while not line.endswith(newline) and len(line) > MAX_FIELD:
                more = stream.readline(MAX_FIELD)
                if not more:
                    break
                line = line[: MAX_FIELD + 2] + ("\n" if more.endswith(newline) else "")
            yield number, line


def _records(
    lines: Iterator[tuple[int, str]], dialect: Dialect, short: frozenset[int], done: Rewritten
) -> Iterator[tuple[int, list[str]]]:
    pending: list[tuple[int, str]] = []
    source = iter(lines)
    for number, line in source:
        if number <= dialect.skip:
            continue
        pending.append((number, line))
        while pending:
            taken = _take(pending, source)
            if not "".join(text for _, text in taken).strip():
                done.blank += len(taken)
                continue
            row, code = _judge([text for _, text in taken], dialect, short)
            if code is None:
                yield taken[0][0], row
            else:
                done.rejects.append(Reject(taken[0][0], taken[-1][0], code))


def _take(pending: list[tuple[int, str]], source: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the lines of the next record: one, or all to the line that closes its quote."""
    taken = [pending.pop(0)]
    if taken[0][1].count('"') % 2 == 0:
        return taken
    held = len(taken[0][1])
    while len(taken) < MAX_SPAN and held <= _SWALLOWED:
        following = pending.pop(0) if pending else next(source, None)
        if following is None:
            break
        taken.append(following)
        held += len(following[1])
        if following[1].count('"') % 2:
            return taken
    # Never closed: only the line with the quote is broken, those after it stand for themselves.
    pending[:0] = taken[1:]
    return taken[:1]


def _judge(lines: list[str], dialect: Dialect, short: frozenset[int]) -> tuple[list[str], Code | None]:
    text = "".join(lines)
    if "\0" in text or "\ufffd" in text or "\r" in text.replace("\r\n", "").rstrip("\r\n"):
        return [], Code.BROKEN_TEXT
    try:
        rows = list(csv.reader(lines, delimiter=dialect.delimiter, strict=True))
    except csv.Error:
        return [], Code.TOO_LONG if max(map(len, lines)) > MAX_FIELD else Code.QUOTE
    if len(rows) != 1:
        return [], Code.QUOTE
    if len(rows[0]) != len(dialect.header):
        if len(rows[0]) < len(dialect.header) and re.match(FOOTER, text):
            return [], Code.TOTALS
        return [], Code.RAGGED if len(lines) == 1 else Code.QUOTE
    if len(lines) > 1 and any("\n" in rows[0][column] for column in short):
        return [], Code.QUOTE
    return rows[0], None
