"""Citing: a reading of an export names the files, the columns and what was counted, never a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.plugin import Reader
from cnmm_collectors.signals import Absent, Interval, Observed, Value
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_collectors.work.tickets import File


@dataclass(frozen=True, slots=True)
class Citer:
    """Makes readings that cite `files`, for one organisation."""

    reader: Reader
    org: Subject
    files: Sequence[File] = ()

    def of(self, files: Sequence[File]) -> Citer:
        """Return the same for other files."""
        return replace(self, files=tuple(files))

    def team(self, name: str) -> Subject:
        """Return a team as a subject: `team:ORG/name`."""
        prefix = f"{self.org.name}/"
        return Subject.safe(SubjectKind.TEAM, *(prefix + name.removeprefix(prefix)).split("/"))

    def component(self, name: str) -> Subject:
        """Return a component as a subject: `component:ORG/name`, or as it is spelled with an owner."""
        full = name if "/" in name else f"{self.org.name}/{name}"
        return Subject.safe(SubjectKind.COMPONENT, *full.split("/"))

    def observed(self, value: Value, what: str) -> Observed:
        """Return a value with its citations."""
        return Observed(value, tuple(self._cite(file, what, _spell(value)) for file in self.files))

    def absent(self, what: str) -> Absent:
        """Return a proven absence with its citations."""
        return Absent(tuple(self._cite(file, what, "none") for file in self.files))

    def _cite(self, file: File, what: str, told: str) -> Evidence:
        name, digest, columns = file
        return self.reader.cite(
            locator=f"file:{name}",
            query=f"columns {columns}; {what}; {told}",
            payload=f"{digest}\n{columns}\n{what}\n{told}".encode(),
            native_id=digest,
        )


def _spell(value: Value) -> str:
    if isinstance(value, Interval):
        return f"{float(value.low):.3f} to {'more' if value.high is None else f'{float(value.high):.3f}'}"
    return f"{float(value):.3f}" if isinstance(value, Fraction) else str(value).lower()
