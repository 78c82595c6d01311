"""All exports read and merged: the roster first, then what refers to its people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from cnmm_collectors.people.certificates import Certificates
from cnmm_collectors.people.credentials import Badges, holds_badges, take_badges, take_table
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
from cnmm_collectors.tables.ahead import Ahead
from cnmm_collectors.tables.cells import SMALLEST
from cnmm_collectors.tables.counts import HEADS, Counts
from cnmm_collectors.tables.early import look
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.records import load_json
from cnmm_collectors.tables.table import Table, opened

_TELLING = ("roster", "training", "certifications", "survey")
"""Exports in which no row is no answer: such a file is taken for one that was cut off, not for nobody."""


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
    counts: Counts = field(default_factory=Counts)
    intakes: list[Intake] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    k: int = SMALLEST
    missing: frozenset[str] = frozenset()
    """Kinds of which a file that was named is not there."""
    _groups: Groups | None = None

    def read(self, files: Mapping[str, Sequence[Path]]) -> None:
        """Read the files by kind; one that cannot be used is a failure, and the next is read."""
        declared: dict[str, int] = dict(self.settings.rows.items())
        if self.settings.headcount:
            declared[HEADS] = self.settings.headcount
        self.counts = Counts(declared, self.k)
        past = [path for path in files.get("roster", ()) if self._state_of(path) is not None]
        now = [path for path in files.get("roster", ()) if path not in past]
        takers: list[tuple[str, Sequence[Path], Callable[[Table, Intake], None]]] = [
            ("roster", now, lambda t, i: self.roster.take(t, i, self.as_of)),
            ("roster", past, self._earlier),
            ("training", files.get("training", ()), self._training),
            ("certifications", files.get("certifications", ()), self._certificates),
            ("survey", files.get("survey", ()), self._survey),
            ("openings", files.get("openings", ()), self.extras.take_openings),
            *((kind, files.get(kind, ()), partial(self._take_register, kind)) for kind in REGISTERS),
        ]
        every = [(kind, path) for kind, paths, _ in takers for path in paths]
        with Ahead(every, self._open) as ahead:
            for kind, paths, take in takers:
                for path in paths:
                    self._take(ahead, kind, path, take)
                if paths is now:
                    self.roster.finish(self.settings.headcount, self.k)
        for kind, read in (("training", self.learning), ("certifications", self.certificates)):
            lost = self.counts.missing(kind)
            read.partial |= self.failed(kind) is not None or lost is None
            read.unread += lost or 0
        for kind in REGISTERS:
            if files.get(kind) and (self.failed(kind) is not None or self.counts.missing(kind) != 0):
                self.registers.lost(kind)

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

    def _open(self, kind: str, path: Path) -> Table | Badges:
        """Return an export as it was recognised; touches nothing else, for it runs on a thread."""
        hints = self.settings.hints(path)
        seen = look(path, kind, LAYOUTS[kind], hints)
        if kind == "certifications" and seen.facts.kind == "json":
            document = load_json(path, seen.facts)
            if holds_badges(document):
                return Badges(path.name, seen.facts.digest, document)
        return opened(path, seen, kind, LAYOUTS[kind], hints, listed if kind == "roster" else None)

    def _take(
        self, ahead: Ahead[Table | Badges], kind: str, path: Path, take: Callable[[Table, Intake], None]
    ) -> None:
        try:
            with closing(ahead.take()) as found:
                if isinstance(found, Badges):
                    intake = Intake(path.name, kind, linked=self.rostered)
                    self._badges(found, intake)
                else:
                    if kind in _TELLING and not found.box.size and not found.rejects:
                        raise TableFault(f"{path.name}: no row below its header", Gap.NOT_COLLECTED)
                    intake = Intake.of(found, kind)
                    about_people = kind == "certifications" or found.layout in ("completions", "skills")
                    intake.linked = self.rostered and about_people
                    take(found, intake)
                self.intakes.append(intake)
                self.counts.add(kind, intake)
                if isinstance(found, Table) and found.fault is not None:
                    raise found.fault
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

    def _take_register(self, kind: str, table: Table, intake: Intake) -> None:
        self.registers.take(kind, table, intake, self.as_of)

    def _certificates(self, table: Table, intake: Intake) -> None:
        take_table(table, intake, self.certificates, self.roster.directory, self.as_of, self.rostered)

    def _survey(self, table: Table, intake: Intake) -> None:
        declared = self.settings.survey(table.name)
        self.waves.append(read_wave(table, intake, declared, self.as_of))

    def _badges(self, found: Badges, intake: Intake) -> None:
        take_badges(
            found.document, intake, self.certificates, self.roster.directory, self.as_of, self.rostered
        )
        self.certificates.files.append((found.name, found.digest, "badge name, issuer, dates, recipient"))
