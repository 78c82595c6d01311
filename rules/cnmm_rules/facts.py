"""What the engine sees of the world: the sealed facts of one bundle and nothing else."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Literal

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Observation
from cnmm_collectors.subjects import Subject, SubjectKind

NAMED_LOSSES = 20
"""Entries of the ledger that failed, named for each source and unit."""


class Sealed(Iterable[Observation]):
    """Observations that can be had signal by signal, so that no more of them need be in memory."""

    @abstractmethod
    def of(self, key: str) -> Iterable[Observation]:
        """Return the observations of one signal."""

    @abstractmethod
    def subjects(self, kind: SubjectKind) -> Iterable[Subject]:
        """Return every subject of a kind that any observation is about."""


@dataclass(frozen=True, slots=True)
class PopulationFact:
    """How many subjects of a kind exist within a subject, and who says so; see plugin.Population."""

    within: Subject
    kind: SubjectKind
    count: int | None
    members: tuple[Subject, ...]
    declared_by: Literal["enumeration", "scope"]
    drawn: tuple[Subject, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the canonical record, members sorted; `drawn` only where a sample was read."""
        record: dict[str, Any] = {
            "within": str(self.within),
            "kind": self.kind.value,
            "count": self.count,
            "members": sorted(str(member) for member in self.members),
            "declared_by": self.declared_by,
        }
        if self.drawn is not None:
            record["drawn"] = sorted(str(member) for member in self.drawn)
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> PopulationFact:
        """Return the fact a sealed record holds."""
        return cls(
            Subject.parse(record["within"]),
            SubjectKind(record["kind"]),
            None if record["count"] is None else int(record["count"]),
            tuple(Subject.parse(member) for member in record["members"]),
            record["declared_by"],
            tuple(Subject.parse(member) for member in record["drawn"]) if "drawn" in record else None,
        )


@dataclass(frozen=True, slots=True)
class BaselineFact:
    """What an earlier scan measured for a signal and subject, as a range."""

    as_of: date
    key: str
    subject: Subject
    low: Fraction
    high: Fraction | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement about a criterion that is not proof: it makes an unknown row claimed."""

    criterion: str
    subject: Subject
    role: str
    dated: date
    expires: date


@dataclass(frozen=True, slots=True)
class Waiver:
    """Accepted risk with an approver other than the owner; shown, and never a pass."""

    criterion: str
    subject: Subject
    reason: str
    owner: str
    approver: str
    expires: date


@dataclass(frozen=True, slots=True)
class Adjudication:
    """An auditor's decision on a contested or claimed row, or on a declared not-applicable."""

    criterion: str
    subject: Subject
    decision: Literal["accept", "reject"]
    reason: str
    dated: date


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """The sum of a source's ledger: requested = received + skipped + failed."""

    source: str
    unit: str
    requested: int
    received: int
    skipped: int
    failed: int


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """One entry of the ledger of which something failed: `about` names it, `cause` and `detail` say why."""

    source: str
    unit: str
    about: str
    cause: str
    detail: str
    requested: int
    failed: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one assessment is a function of, beside the catalogue.

    `observations` are read once for each signal where they are `Sealed`. `losses` are the entries of the
    ledger that failed, at least the first `NAMED_LOSSES` of each source and unit; `lost` counts them all.
    `oldest` is at or before the earliest time any evidence was confirmed, empty where nobody looked; it only
    spares reading all evidence to find that none is stale.
    """

    organisation: str
    as_of: date
    period: tuple[date, date]
    observations: Iterable[Observation]
    populations: tuple[PopulationFact, ...] = ()
    memberships: Iterable[tuple[Subject, Subject]] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    adjudications: tuple[Adjudication, ...] = ()
    baseline: tuple[BaselineFact, ...] = ()
    ledger: tuple[LedgerLine, ...] = ()
    losses: tuple[Loss, ...] = ()
    lost: int = 0
    complete: bool = True
    oldest: str = ""

    @property
    def org(self) -> Subject:
        """The organisation as a subject."""
        return Subject.safe(SubjectKind.ORG, self.organisation)
