"""What became of a file's rows: accepted, quarantined or excluded, and nothing unaccounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from cnmm_collectors.plugin import QUARANTINED, LedgerRow
from cnmm_collectors.tables.cells import Cells
from cnmm_collectors.tables.faults import Code, Reject, tell
from cnmm_collectors.tables.table import Table

MAX_KEPT = 10_000
STRANGE = "not in the roster"
"""Why a row is left out that is about nobody known."""
REPEATED = "a row that was there before"
TOTALS = "rows of totals"


@dataclass(slots=True)
class Intake:
    """The account of one file; `rows` = accepted + quarantined + excluded holds at any time.

    `told` is said in the ledger: the mapping, the notes, header names that were left alone.
    """

    name: str
    kind: str
    rows: int = 0
    rejects: list[Reject] = field(default_factory=list)
    uncounted: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    source: str = "people"
    linked: bool = False
    """Whether its rows are about people of the roster, so that the ledger says how many were found there."""
    _seen: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, table: Table, kind: str, source: str = "people") -> Intake:
        """Begin the account of a table that was opened."""
        intake = cls(table.name, kind, table.box.size + table.totals, source=source)
        for reject in table.rejects:
            intake.rows += reject.rows
            intake.rejects.append(reject)
        intake.told.append(f"read as {table.layout}: {table.told}")
        intake.told.extend(table.notes)
        if table.recognised.ignored:
            intake.told.append(f"columns left alone: {len(table.recognised.ignored)}")
        footers = table.totals + int(table.box.ask("SELECT count(*) FROM t WHERE footer")[0][0])
        if footers:
            intake.excluded[TOTALS] += footers
        return intake

    @property
    def quarantined(self) -> int:
        """How many rows are set aside as broken."""
        return sum(reject.rows for reject in self.rejects) + self.uncounted

    @property
    def accepted(self) -> int:
        """How many rows count."""
        return self.rows - self.quarantined - self.excluded.total()

    def reject(self, table: Table, rowids: Iterable[int], code: Code, column: str = "") -> None:
        """Set rows of a table aside."""
        found = list(rowids)
        kept = found[: max(0, MAX_KEPT - len(self.rejects))]
        self.rejects += [Reject(line, line, code, column) for line in table.box.lines(kept)] if kept else []
        self.uncounted += len(found) - len(kept)

    def reject_record(self, number: int, code: Code, column: str = "") -> None:
        """Set the record of that number aside, of a document that has no lines of its own."""
        self.rejects.append(Reject(number, number, code, column))

    def repeats(self, row: Iterable[object]) -> bool:
        """True for a row that this file has had before, which is counted as left out."""
        mark = hash(tuple(row))
        if mark in self._seen:
            self.excluded[REPEATED] += 1
            return True
        self._seen.add(mark)
        return False

    def matched(self, cells: Cells) -> str:
        """Return what share of the rows about somebody was linked, for a ledger row.

        It follows from what the ledger tells anyhow, the steps of rows that count and of rows about strangers
        and the faults one by one, so that it adds nothing to that.
        """
        apart = sum(reject.rows for reject in self.rejects if reject.code is Code.CONFLICT)
        found, strange = cells.step(self.accepted), cells.step(self.excluded[STRANGE])
        most = found + cells.k - 1
        if not found and not strange and not apart:
            return "linked with the roster: too few rows to be told"
        low = Fraction(found, found + strange + cells.k - 1 + apart)
        high = Fraction(most, most + strange + apart)
        told = f"linked with the roster: {int(low * 100)} % to {-int(-high * 100 // 1)} % of the rows"
        contrary = f", {apart} contradictory and left unlinked" if apart else ""
        weak = "; under four fifths: less is told" if high < Fraction(4, 5) else ""
        return told + contrary + weak

    def ledger(self, cells: Cells) -> LedgerRow:
        """Return the account as the bundle holds it: people and reasons in steps of k, faults one by one."""
        failed, skipped = self.quarantined, 0
        reasons = []
        for reason, number in sorted(self.excluded.items()):
            step = cells.step(number)
            skipped += step
            # A reason with fewer than k rows is not named: naming it would tell that there is one.
            if step:
                reasons.append(f"{reason}: {step} or more")
        received = cells.step(self.accepted)
        said = [*self.told, *(["left out: " + ", ".join(reasons)] if reasons else [])]
        if self.linked:
            said.append(self.matched(cells))
        if self.rejects:
            said.append(f"quarantined: {tell(self.rejects)}")
        return LedgerRow(
            self.source,
            f"{self.kind} row",
            self.name,
            received + skipped + failed,
            received,
            skipped,
            failed,
            QUARANTINED if failed else "",
            f"in steps of {cells.k}; " + "; ".join(said),
        )
