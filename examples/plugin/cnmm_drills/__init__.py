"""Reads a list of recovery drills: a table of `repository,held_on`, one line for every repository."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from cnmm_collectors.plugin import LedgerRow, Population, Reader, Target, WorkItem, Yield
from cnmm_collectors.reader import FileFault
from cnmm_collectors.signals import (
    Absence,
    Absent,
    Basis,
    Disclosure,
    Gap,
    Observed,
    Rollup,
    Signal,
    SignalSpec,
    Source,
    Unit,
    Unknown,
)
from cnmm_collectors.subjects import Subject, SubjectKind

RECENT = SignalSpec(
    id="drills.recent_ratio",
    title="Recovery practised lately",
    definition="The repository's recovery was practised within the days that the settings say.",
    unit=Unit.BOOL,
    subject=SubjectKind.REPO,
    rollup=Rollup.SHARE,
    absent=Absence.ZERO,
    disclosure=Disclosure.STRUCTURAL,
    sources=(Source("drills", 1, Basis.EFFECTIVE, "the list of drills, a CSV file"),),
    unknown_when="the list cannot be read, or the day in a line is no date",
)


class Settings(BaseModel):
    """The `collectors: drills:` part of cnmm.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recent_days: int = Field(default=180, ge=1, description="How many days ago a drill still counts")


class DrillsCollector:
    """Reads `drills:FILE`."""

    name: ClassVar[str] = "drills"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = (RECENT,)
    Settings: ClassVar[type[BaseModel]] = Settings

    def accepts(self, target: Target) -> bool:
        """True for `drills:FILE`."""
        return target.kind == "drills"

    def plan(self, target: Target, settings: Settings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield the one item of a list; its size and time let a resumed scan read a changed list again."""
        path = Path(target.locator)
        state = path.stat() if path.is_file() else None
        seen = (state.st_size, state.st_mtime_ns) if state else ()
        yield WorkItem(self.name, path.name, target, (), payload=(("state", seen),))

    def collect(self, item: WorkItem, settings: Settings, reader: Reader) -> Iterator[Yield]:
        """Yield a reading for every repository of the list, and how many lines it has and lost."""
        path = Path(item.target.locator)
        try:
            raw = reader.files.read(path)
            lines = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), strict=True))
            days = {one["repository"].strip(): (one["held_on"] or "").strip() for one in lines}
        except FileFault as fault:
            yield LedgerRow(
                self.name, "list", path.name, 1, 0, failed=1, cause=fault.gap.value, detail=str(fault)
            )
            return
        except (UnicodeError, csv.Error, KeyError, AttributeError):
            yield LedgerRow(
                self.name,
                "list",
                path.name,
                1,
                0,
                failed=1,
                cause="malformed",
                detail="not a UTF-8 table with the columns repository and held_on",
            )
            return
        organisation = item.target.fact("organisation", "given-targets")
        subjects = {name: Subject.safe(SubjectKind.REPO, organisation, name) for name in sorted(days) if name}
        whole = reader.cite(locator=f"file:{path.name}", query="all lines", payload=raw)
        yield Population(
            Subject.safe(SubjectKind.ORG, organisation),
            SubjectKind.REPO,
            len(subjects),
            tuple(subjects.values()),
            "enumeration",
            (whole,),
        )
        unknown = 0
        for name, subject in subjects.items():
            line = f"{name},{days[name]}".encode()
            cited = reader.cite(locator=f"file:{path.name}", query=f"line of {name}", payload=line)
            reading = judge(days[name], reader.as_of, settings.recent_days)
            if isinstance(reading, Unknown):
                unknown += 1
            elif reading is None:
                reading = Absent((cited,))
            else:
                reading = Observed(reading, (cited,))
            yield Signal(RECENT.id, subject, self.name, reading)
        lost = len(lines) - len(subjects)
        yield LedgerRow(
            self.name,
            "line",
            path.name,
            len(lines),
            len(subjects) - unknown,
            lost,
            unknown,
            "malformed" if unknown else "",
            "twice or without a name" if lost else "",
        )


def judge(day: str, as_of: date, recent_days: int) -> bool | Unknown | None:
    """Return whether the drill of a day is recent, None where none was ever held, Unknown for no date."""
    if not day:
        return None
    try:
        return 0 <= (as_of - date.fromisoformat(day)).days <= recent_days
    except ValueError:
        return Unknown(Gap.MALFORMED, "the day of the drill is no date")
