"""Declared counts beside what the exports hold: without one nobody can tell that rows are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from cnmm_collectors.plugin import LedgerRow
from cnmm_collectors.tables.cells import SMALLEST, Cells
from cnmm_collectors.tables.intake import TOTALS, Intake

HEADS = "roster"
"""Its people are counted, not its rows."""


@dataclass(slots=True)
class Counts:
    """How many rows of each kind of export are declared, and how many were listed."""

    declared: Mapping[str, int] = field(default_factory=dict)
    k: int = SMALLEST
    source: str = "people"
    listed: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, intake: Intake) -> None:
        """Count the rows of a file, whatever became of them; rows of totals are none."""
        self.listed[kind] = self.listed.get(kind, 0) + intake.rows - intake.excluded[TOTALS]

    def missing(self, kind: str) -> int | None:
        """Return how many declared rows are missing, in whole steps of k; None where nobody declares any."""
        if kind not in self.declared:
            return None
        return Cells(self.k).steps(max(0, self.declared[kind] - self.listed.get(kind, 0)))

    def ledger(self, given: Collection[str], unseen: int) -> Iterator[LedgerRow]:
        """Yield what the count of each kind that was given says; `unseen` people may be missing."""
        for kind in sorted(given):
            word = "headcount" if kind == HEADS else f"rows: {{{kind}: NUMBER}}"
            open_ = f"nobody declares how many there are: any may be missing; set {word}"
            open_ = f"{open_} of collectors.{self.source}"
            lost = unseen if kind == HEADS else self.missing(kind)
            if kind not in self.declared:
                yield LedgerRow(self.source, "count", kind, 0, 0, detail=open_)
            elif lost:
                told = f"fewer than declared: {max(1, lost - self.k + 1)} to {lost} are missing"
                yield LedgerRow(self.source, "count", kind, 1, 0, 0, 1, "not_visible", told)
