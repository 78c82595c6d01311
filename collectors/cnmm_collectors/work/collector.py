"""The work collector: all exports of tickets, deployments, pages and reviews in one item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from cnmm_collectors import registry
from cnmm_collectors.plugin import LedgerRow, Probe, Reader, Target, WorkItem, Yield
from cnmm_collectors.signals import Gap, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_collectors.tables.cells import Cells
from cnmm_collectors.tables.counts import Counts
from cnmm_collectors.tables.draft import draft
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.mapping import hints_of
from cnmm_collectors.tables.places import expand, held, state_of
from cnmm_collectors.tables.probing import probe_exports, recognised
from cnmm_collectors.tables.table import open_table
from cnmm_collectors.work import settings as options
from cnmm_collectors.work.answers import SIGNALS as TICKETS
from cnmm_collectors.work.answers import Answers
from cnmm_collectors.work.citing import Citer
from cnmm_collectors.work.layouts import LAYOUTS
from cnmm_collectors.work.others import UNCOUNTED, Others
from cnmm_collectors.work.records import SIGNALS as OTHERS
from cnmm_collectors.work.records import Records
from cnmm_collectors.work.tickets import Tickets


def _answerable() -> tuple[SignalSpec, ...]:
    found = registry.declared(("host", "iam", "catalog"))
    return tuple(spec for spec in found if any(source.name == "work" for source in spec.sources))


_BY_LAYOUT = {"tickets": TICKETS, **OTHERS}


@dataclass(slots=True)
class _Read:
    """What all files together said, and what became of each."""

    tickets: Tickets = field(default_factory=Tickets)
    others: Others = field(default_factory=Others)
    intakes: list[Intake] = field(default_factory=list)
    failures: dict[str, Unknown] = field(default_factory=dict)
    accounts: list[LedgerRow] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def take(self, kind: str, path: Path, settings: options.Settings, as_of: date) -> None:
        """Read one file; one that cannot be used is remembered by its kind."""
        try:
            hints = hints_of(settings.mappings, path)
            with open_table(path, kind, LAYOUTS[kind], hints) as table:
                intake = Intake.of(table, kind, "work")
                if table.layout == "tickets":
                    self.tickets.take(table, intake, settings, as_of)
                else:
                    self.others.take(table, intake, settings, as_of)
                self.intakes.append(intake)
                self.counts.add(table.layout, intake)
                if table.fault is not None:
                    raise table.fault
        except TableFault as fault:
            self.failures.setdefault(kind, Unknown(fault.gap, str(fault)))
            row = LedgerRow("work", f"{kind} file", path.name, 1, 0, 0, 1, fault.gap.value, str(fault))
            self.accounts.append(row)

    def count(self) -> Unknown | None:
        """Count what is missing as unread; return why any number of tickets may be."""
        missing = {layout: self.counts.missing(layout) for layout in self.others.files}
        self.others.uncounted = frozenset(one for one, lost in missing.items() if lost is None)
        for layout, number in missing.items():
            self.others.unread[layout] += number or 0
        lost = self.counts.missing("tickets")
        self.tickets.unread += lost or 0
        uncounted = Unknown(Gap.NOT_COLLECTED, f"{UNCOUNTED}: {{tickets: NUMBER}}")
        return self.failures.get("work") or (uncounted if lost is None else None)


class WorkCollector:
    """Reads exports of trackers, paging, deployment and review systems; implements `plugin.Collector`."""

    name: ClassVar[str] = "work"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = _answerable()
    Settings: ClassVar[type[BaseModel]] = options.Settings
    answers: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "work": tuple(one for name, found in _BY_LAYOUT.items() if name != "pages" for one in found),
        "oncall": OTHERS["pages"],
    }

    @staticmethod
    def draft(kind: str, path: Path) -> str:
        """Return a mapping file for an export, empty for another kind; raises TableFault."""
        return draft(path, kind, LAYOUTS[kind]) if kind in LAYOUTS else ""

    def accepts(self, target: Target) -> bool:
        """True for the exports of work under `sources:`."""
        return target.kind == "work"

    def plan(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield one item for all files together; a source without a file becomes a ledger row."""
        org = target.subject or Subject(SubjectKind.ORG, "given-targets")
        files: list[tuple[str, str]] = []
        seen: list[tuple[str | int, ...]] = []
        missing: list[str] = []
        for kind, locator in target.facts:
            if kind not in LAYOUTS:
                continue
            found = expand(Path(locator))
            if not found:
                missing.append(kind)
                about = f"{kind}: {Path(locator).name}"
                yield LedgerRow("work", "file", about, 1, 0, 0, 1, "not_visible", "no such file")
            files += [(kind, str(path)) for path in found]
            seen += [state_of(path) for path in found]
        payload = (("files", tuple(files)), ("k", int(target.fact("k", "5"))), ("missing", tuple(missing)))
        yield WorkItem(
            self.name, f"work of {org.name}", target, (org,), "local", payload=payload, seen=tuple(seen)
        )

    def probe(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[Probe]:
        """Yield how each export is recognised, from its header alone."""

        def look(kind: str, path: Path) -> tuple[str, str]:
            return recognised(path, kind, LAYOUTS[kind], hints_of(settings.mappings, path))

        yield from probe_exports(target.facts, self.answers, _BY_LAYOUT, look)

    def state(self, item: WorkItem, settings: options.Settings, reader: Reader) -> str:
        """Return a digest of all files, which decide the whole reading; empty where nothing is to be kept."""
        if not settings.keep:
            return ""
        return held(Path(locator) for _, locator in dict(item.payload)["files"])

    def collect(self, item: WorkItem, settings: options.Settings, reader: Reader) -> Iterable[Yield]:
        """Yield what all exports say together, and the account of every row."""
        given = dict(item.payload)
        cells = Cells(int(given["k"]))
        declared: dict[str, int] = dict(settings.rows.items())
        read = _Read(counts=Counts(declared, cells.k, "work"))
        for kind in given["missing"]:
            read.failures[kind] = Unknown(Gap.NOT_VISIBLE, f"a {kind} export that was named is not there")
        for kind, locator in given["files"]:
            read.take(kind, Path(locator), settings, reader.as_of)
        citer, lost = Citer(reader, item.subjects[0]), read.count()
        if read.tickets.files:
            answers = Answers(read.tickets, settings, citer, reader.as_of, cells, lost)
            yield from answers.signals()
            yield from answers.taken_up()
        yield from Records(read.others, settings, citer, reader.as_of, read.failures).signals()
        yield from (intake.ledger(cells) for intake in read.intakes)
        yield from read.accounts
        yield from read.counts.ledger(read.counts.listed, 0)
