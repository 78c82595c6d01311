"""Telling: a published cell becomes a signal whose evidence names file, columns and group, never a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.plugin import Reader
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Signal, Unknown, Value
from cnmm_collectors.subjects import Subject
from cnmm_collectors.tables.cells import Cells

Files = Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Unread:
    """What was not understood: rows that may be hits, rows that may be members, whole files.

    `anybody` says that nobody counts the members: there may be any number more.
    """

    rows: int = 0
    strangers: int = 0
    files: bool = False
    anybody: bool = False


WHOLE = Unread()
DECLARE = "declare headcount and rows of collectors.people"
"""What lets a row that is missing be missed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Makes the signals of one run; `files` are (name, digest, fields read)."""

    reader: Reader
    org: Subject
    cells: Cells

    def cite(self, files: Files, group: str, cell: str) -> tuple[Evidence, ...]:
        """Return one citation for each file: its digest, the fields read, the group and what is published."""
        return tuple(
            self.reader.cite(
                locator=f"file:{name}",
                query=f"columns {columns}; group {group}; cell {cell}",
                payload=f"{digest}\n{columns}\n{group}\n{cell}".encode(),
                native_id=digest,
            )
            for name, digest, columns in files
        )

    def told(
        self, key: str, source: str, value: Value, files: Files, group: str, subject: Subject | None = None
    ) -> Signal:
        """Return a published value."""
        reading: Reading = Observed(value, self.cite(files, group, spell(value)))
        return Signal(key, subject or self.org, source, reading)

    def absent(
        self, key: str, source: str, files: Files, group: str, subject: Subject | None = None
    ) -> Signal:
        """Return a proven absence."""
        return Signal(key, subject or self.org, source, Absent(self.cite(files, group, "none")))

    def untold(
        self, key: str, source: str, detail: str, gap: Gap = Gap.NOT_COLLECTED, subject: Subject | None = None
    ) -> Signal:
        """Return that a value is not known, and why."""
        return Signal(key, subject or self.org, source, Unknown(gap, detail))

    def share(
        self,
        key: str,
        source: str,
        hits: int,
        group: int,
        files: Files,
        what: str,
        unread: Unread = WHOLE,
    ) -> Signal:
        """Return a share of a group, or that the group is too small to be told, or counted by nobody."""
        if unread.anybody:
            return self.untold(key, source, f"nobody says how many {what} there are: {DECLARE}")
        cell = self.cells.share(hits, group, unread=unread.rows, strangers=unread.strangers)
        if cell is None:
            why = f"the group is smaller than {self.cells.k}: not told"
            return self.untold(key, source, why, Gap.NOT_VISIBLE)
        if unread.files:
            cell = Interval(cell.low, Fraction(1))
        return self.told(key, source, cell, files, what)


def spell(value: Value) -> str:
    """Return a published value as text."""
    if isinstance(value, Interval):
        return f"{_number(value.low)} to {'more' if value.high is None else _number(value.high)}"
    return _number(value) if isinstance(value, Fraction) else str(value).lower()


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.3f}"
