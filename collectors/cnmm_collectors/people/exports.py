"""All exports read and merged: the roster first, then what refers to its people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from cnmm_collectors.people.certificates import Certificates
from cnmm_collectors.people.credentials import take_badges, take_table
from cnmm_collectors.people.extras import Extras
from cnmm_collectors.people.groups import Groups, make_groups
from cnmm_collectors.people.history import Past
from cnmm_collectors.people.layouts import LAYOUTS
from cnmm_collectors.people.learning import Learning
from cnmm_collectors.people.lists import listed
from cnmm_collectors.people.registers import REGISTERS, Registers
from cnmm_collectors.people.roster import Roster
from cnmm_collectors.people.settings import Settings
from cnmm_collectors.people.survey import Wave, read_wave
from cnmm_collectors.plugin import LedgerRow
from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.examine import examine
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.records import load_json
from cnmm_collectors.tables.table import Table, open_table


@dataclass(slots=True)
class Failure:
    """A file that could not be used, and why."""

    kind: str
    name: str
    gap: Gap
    detail: str

    def ledger(self) -> LedgerRow:
        """Return what the ledger says of it."""
        return LedgerRow("people", f"{self.kind} file", self.name, 1, 0, 0, 1, self.gap.value, self.detail)


@dataclass(slots=True)
class Exports:
    """Everything the exports said, without a name or an id."""

    settings: Settings
    as_of: date
    roster: Roster = field(default_factory=Roster)
    learning: Learning = field(default_factory=Learning)
    certificates: Certificates = field(default_factory=Certificates)
    waves: list[Wave] = field(default_factory=list)
    past: dict[date, Past] = field(default_factory=dict)
    extras: Extras = field(default_factory=Extras)
    registers: Registers = field(default_factory=Registers)
    intakes: list[Intake] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    missing: frozenset[str] = frozenset()
    """Kinds of which a file that was named is not there."""
    _groups: Groups | None = None

    def read(self, files: Mapping[str, Sequence[Path]]) -> None:
        """Read the files by kind; one that cannot be used is a failure, and the next is read."""
        past = [path for path in files.get("roster", ()) if self._state_of(path) is not None]
        for path in files.get("roster", ()):
            if path not in past:
                self._table("roster", path, lambda t, i: self.roster.take(t, i, self.as_of))
        self.roster.finish()
        for path in past:
            self._table("roster", path, self._earlier)
        for path in files.get("training", ()):
            self._table("training", path, self._training)
        for path in files.get("certifications", ()):
            if not self._badges(path):
                self._table("certifications", path, self._certificates)
        self.learning.partial = self.failed("training") is not None
        self.certificates.partial |= self.failed("certifications") is not None
        for path in files.get("survey", ()):
            self._table("survey", path, self._survey)
        for path in files.get("openings", ()):
            self._table("openings", path, lambda t, i: self.extras.take_openings(t, i))
        self._registers(files)

    @property
    def rostered(self) -> bool:
        """True where somebody is known to belong, and no list of who belongs could not be read."""
        return bool(self.roster.people) and self.failed("roster") is None

    @property
    def groups(self) -> Groups:
        """Return the populations of the roster, made once after everything was read."""
        if self._groups is None:
            self._groups = make_groups(self.roster)
        return self._groups

    def failed(self, kind: str) -> Failure | None:
        """Return the first file of a kind that could not be used."""
        return next((one for one in self.failures if one.kind == kind), None)

    def _table(self, kind: str, path: Path, take: Callable[[Table, Intake], None]) -> None:
        try:
            hints = self.settings.hints(path)
            listing = listed if kind == "roster" else None
            with open_table(path, kind, LAYOUTS[kind], hints, listing) as table:
                intake = Intake.of(table, kind)
                take(table, intake)
                self.intakes.append(intake)
        except TableFault as fault:
            self.failures.append(Failure(kind, path.name, fault.gap, str(fault)))

    def _state_of(self, path: Path) -> date | None:
        try:
            return self.settings.hints(path).state_of
        except TableFault:
            return None

    def _earlier(self, table: Table, intake: Intake) -> None:
        day = table.hints.state_of or self.as_of
        self.past.setdefault(day, Past(day)).take(table, intake, self.roster)

    def _training(self, table: Table, intake: Intake) -> None:
        if table.layout == "skills":
            self.extras.take_skills(table, intake, self.roster.directory, self.as_of)
        elif table.layout == "sessions":
            self.extras.take_sessions(table, intake, self.as_of)
        else:
            self.learning.take(table, intake, self.roster.directory, self.as_of)

    def _registers(self, files: Mapping[str, Sequence[Path]]) -> None:
        for kind in REGISTERS:
            for path in files.get(kind, ()):
                self._table(kind, path, partial(self._take_register, kind))
            if self.failed(kind) is not None:
                self.registers.lost(kind)

    def _take_register(self, kind: str, table: Table, intake: Intake) -> None:
        self.registers.take(kind, table, intake, self.as_of)

    def _certificates(self, table: Table, intake: Intake) -> None:
        take_table(table, intake, self.certificates, self.roster.directory, self.as_of, self.rostered)

    def _survey(self, table: Table, intake: Intake) -> None:
        declared = self.settings.survey(table.name)
        self.waves.append(read_wave(table, intake, declared, self.as_of))

    def _badges(self, path: Path) -> bool:
        """Take a saved badge file; False where it is none."""
        try:
            facts = examine(path)
            document = load_json(path, facts) if facts.kind == "json" else None
        except TableFault:
            return False
        intake = Intake(path.name, "certifications")
        taken = document is not None and take_badges(
            document, intake, self.certificates, self.roster.directory, self.as_of, self.rostered
        )
        if taken:
            self.certificates.files.append((path.name, facts.digest, "badge name, issuer, dates, recipient"))
            self.intakes.append(intake)
        return taken
