"""Where the records of a text table begin: looked at only where a line is not simply a record."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnmm_collectors.tables.examine import BLOCK

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Shape:
    """How records lie on physical lines: `records` in all, and from which record on lines run ahead.

    `turns` are (record, lines ahead of it), both ascending; a table without blank lines and without
    texts over several lines has none.
    """

    skip: int
    records: int
    turns: Sequence[tuple[int, int]] = ()

    def line(self, record: int) -> int:
        """Return the physical line on which a record, counted from 1, begins."""
        at = bisect_right(self.turns, record, key=lambda turn: turn[0])
        return self.skip + record + (self.turns[at - 1][1] if at else 0)

    def record(self, line: int) -> int:
        """Return the record that begins on a physical line."""
        at = bisect_right(self.turns, line, key=lambda turn: self.skip + turn[0] + turn[1])
        return line - self.skip - (self.turns[at - 1][1] if at else 0)


def trace(path: Path, skip: int) -> Shape:
    """Return the shape of a UTF-8 table, by its quotes alone; a stray quote gives one that does not fit."""
    records = ahead = 0
    turns: list[tuple[int, int]] = []
    inside = False
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if number <= skip:
                continue
            odd = line.count(b'"') & 1
            if inside or line in (b"\n", b"\r\n"):
                inside ^= bool(odd)
                continue
            records += 1
            inside = bool(odd)
            if number - skip - records != ahead:
                ahead = number - skip - records
                turns.append((records, ahead))
    return Shape(skip, records, turns)


def lines_at(path: Path, positions: Sequence[int], marks: Sequence[int] = ()) -> list[int]:
    """Return the physical line, from 1, of each ascending byte position, counted from 1.

    `marks` are the line ends before each block of the file; without them everything is read.
    """
    found: list[int] = []
    passed, line = 0, 1
    with path.open("rb") as stream:
        for position in positions:
            block = min((position - 1) // BLOCK, len(marks) - 1)
            if block * BLOCK > passed:
                passed, line = block * BLOCK, marks[block] + 1
                stream.seek(passed)
            while passed < position - 1:
                chunk = stream.read(min(_CHUNK, position - 1 - passed))
                if not chunk:
                    break
                passed += len(chunk)
                line += chunk.count(b"\n")
            found.append(line)
    return found
