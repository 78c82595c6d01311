"""How a statement came to where it lies: merged into a protected branch after another account approved it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cnmm_collectors import registry
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.facts import Unread
from cnmm_collectors.plugin import LedgerRow, Target, Yield
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

SPECS: tuple[SignalSpec, ...] = tuple(
    spec for spec in registry.declared(("attest",)) if spec.id == "attest.record"
)
KIND = "statements"
"""What the kind of such a target ends with, after the host's own name."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A statement in a checkout: its record, date, the Git id of its bytes, and path in the repository."""

    key: str
    day: date
    blob: str
    path: str

    def fact(self) -> tuple[str, str]:
        """Return the statement as a fact of a target."""
        return f"{self.key} {self.day.isoformat()} {self.blob}", self.path

    @classmethod
    def of(cls, target: Target) -> list[Filed]:
        """Return the statements that a target is about; what is no statement is left out."""
        found = []
        for name, path in target.facts:
            parts = name.split(" ")
            if len(parts) == 3:
                found.append(cls(parts[0], date.fromisoformat(parts[1]), parts[2], path))
        return found


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that stands: whose (in memory only), and whether it was of these very bytes."""

    account: str = field(repr=False)
    human: bool
    same: bool


@dataclass(frozen=True, slots=True)
class Merge:
    """A change merged into the default branch; `writers` are the accounts of its author and its commits.

    `writers` is None where an author's account is not known or the commits were not listed whole; `same` says
    that the merge left these very bytes.
    """

    url: str
    same: bool
    writers: frozenset[str] | None = field(repr=False)
    approvals: tuple[Approval, ...]

    def told(self) -> dict[str, Any]:
        """Return the merge as it is cited: without an account."""
        others = [one for one in self.approvals if one.human and one.account not in (self.writers or ())]
        return {"url": self.url, "same bytes": self.same, "approvals by others": len(others),
                "of these bytes": sum(one.same for one in others)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """What the host holds at a path of the default branch, whether it is protected, and what brought it."""

    blob: str
    protected: bool | None
    merges: tuple[Merge, ...]
    evidence: tuple[Evidence, ...]


def judge(filed: Filed, held: Held | Unread) -> Reading:
    """Return `proven` with the statement's date, else why its way here proves nothing; law 6."""
    if isinstance(held, Unread):
        return Unknown(held.gap, f"how the statement was merged is not known: {held.detail}")
    if held.blob != filed.blob:
        return Unknown(Gap.NOT_VISIBLE, "the host's default branch holds no such statement, or another one")
    if held.protected is not True:
        gap = Gap.NOT_PERMITTED if held.protected is None else Gap.NOT_ENABLED
        return Unknown(gap, "the branch that holds the statement is not known to be protected")
    doubts = [doubt for merge in held.merges if (doubt := _doubt(merge))]
    if len(doubts) == len(held.merges):
        return Unknown(Gap.NOT_COLLECTED, doubts[0] if doubts else "no merged change brought the statement")
    return Observed(f"proven {filed.day.isoformat()}", held.evidence)


def _doubt(merge: Merge) -> str:
    """Return why a merge is not somebody else's review of the statement; empty where it is."""
    if not merge.same:
        return "the merged change left other bytes than these"
    if merge.writers is None:
        return "who wrote the merged change is not wholly known"
    if any(one.human and one.same and one.account not in merge.writers for one in merge.approvals):
        return ""
    return "nobody but its authors approved the statement as it is"


def statement_signals(
    source: str, target: Target, seen: Iterable[tuple[Filed, Held | Unread]]
) -> Iterator[Yield]:
    """Yield for each record the newest proof of its statements, else why there is none; and the account."""
    readings: dict[str, list[tuple[date, Reading]]] = {}
    for filed, held in seen:
        readings.setdefault(filed.key, []).append((filed.day, judge(filed, held)))
    organisation = target.subject or Subject(SubjectKind.ORG, "given-targets")
    spec = SPECS[0]
    for key, found in sorted(readings.items()):
        best = max(found, key=lambda one: (isinstance(one[1], Observed), one[0]))[1]
        yield Signal(spec.key(key=key), organisation, source, best)
    yield _account(source, target, [reading for found in readings.values() for _, reading in found])


def unread_signals(source: str, target: Target, why: Unknown) -> Iterator[Yield]:
    """Yield for each record of a target that its way was not seen."""
    seen = [(filed, Unread(why.gap, why.detail)) for filed in Filed.of(target)]
    yield from statement_signals(source, target, seen)


def _account(source: str, target: Target, readings: Sequence[Reading]) -> LedgerRow:
    open_ = [one for one in readings if isinstance(one, Unknown)]
    told = "; ".join(dict.fromkeys(one.detail for one in open_))
    cause = open_[0].gap.value if open_ else ""
    return LedgerRow(
        source, "statement", target.locator, len(readings), len(readings) - len(open_), len(open_), 0,
        cause, told,
    )  # fmt: skip
