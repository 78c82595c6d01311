"""What can be wrong with an export: told by file, line, column name and code, never by cell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cnmm_collectors.signals import Gap

MAX_TOLD = 10


class Code(StrEnum):
    """Why a row is quarantined; the closed set that logs and the ledger use."""

    RAGGED = "other number of columns than the header"
    QUOTE = "stray quote"
    BROKEN_TEXT = "NUL, bare carriage return or bytes of another encoding"
    TOO_LONG = "field of more than 1 MiB"
    NO_KEY = "no person key"
    DATE = "not a date, or out of range"
    NUMBER = "not a number, or out of range"
    CONFLICT = "contradicts itself"
    FORMULA = "formula without a cached value"
    SHAPE = "not the expected record"
    TOTALS = "row of totals"
    BLANK = "blank line"


NO_ROWS = frozenset({Code.TOTALS, Code.BLANK})
"""What stands in a table and is no row of it: counted, never a fault."""


@dataclass(frozen=True, slots=True, order=True)
class Reject:
    """A quarantined row, or the range of lines that a stray quote swallowed; lines are physical, from 1."""

    line: int
    last: int
    code: Code
    column: str = ""

    @property
    def rows(self) -> int:
        """How many lines are lost."""
        return self.last - self.line + 1


class TableFault(Exception):
    """A file cannot be used as a whole; the message names it and what to do, and quotes no cell."""

    def __init__(self, message: str, gap: Gap = Gap.MALFORMED) -> None:
        super().__init__(message)
        self.gap = gap


def tell(rejects: list[Reject]) -> str:
    """Return where the first quarantined rows are and why, in one line."""
    told = []
    for reject in sorted(rejects)[:MAX_TOLD]:
        place = f"line {reject.line}" if reject.rows == 1 else f"lines {reject.line}-{reject.last}"
        column = f", column {reject.column}" if reject.column else ""
        told.append(f"{place}{column}: {reject.code.value}")
    more = len(rejects) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")
