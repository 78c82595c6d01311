"""Statements of the attestation folders as claims about rows: what is in date counts, the rest is listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cnmm_collectors.plugin import LedgerRow
from cnmm_collectors.subjects import Subject, SubjectError
from cnmm_scanner.located import YamlFault, read_yaml

PATTERNS = ("*.yaml", "*.yml")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    criterion: str = Field(min_length=1, max_length=120)
    subject: str = ""
    role: str = Field(min_length=1, max_length=500)
    dated: date
    expires: date

    @model_validator(mode="before")
    @classmethod
    def _either_spelling(cls, given: Any) -> Any:
        return {"dated": given.get("date"), **given} if isinstance(given, Mapping) else given


@dataclass(slots=True)
class Claims:
    """Claims fit to be sealed, and a ledger row for each file that holds statements about rows."""

    sealed: list[dict[str, Any]] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)


def read_claims(places: Sequence[Path], known: frozenset[str], organisation: Subject, as_of: date) -> Claims:
    """Return what the folders and files state about rows of the catalogue; what cannot be read is not ours.

    The collector of records accounts for each file; here a statement is listed that is about no row of the
    catalogue, has run out, or is dated after the audit.
    """
    claims = Claims()
    for path in (file for place in places for file in _files(place)):
        causes: list[str] = []
        entries = list(_entries(path))
        for entry in entries:
            why = _why_not(entry, known, as_of)
            subject = entry.subject or str(organisation)
            if why:
                causes.append(f"{entry.criterion[:60]}: {why}")
            else:
                told = entry.model_dump(mode="json", exclude={"subject"})
                claims.sealed.append({**told, "subject": subject})
        if entries:
            lost = len(causes)
            claims.rows.append(
                LedgerRow(
                    "records",
                    "claim",
                    path.name,
                    len(entries),
                    len(entries) - lost,
                    lost,
                    0,
                    "not usable" if lost else "",
                    "; ".join(causes),
                )
            )
    return claims


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif place.is_dir():
        yield from sorted(path for pattern in PATTERNS for path in place.rglob(pattern) if path.is_file())


def _entries(path: Path) -> Iterator[_Entry]:
    try:
        data = read_yaml(path).data
    except YamlFault:
        return
    found = data.get("attestations", [data]) if isinstance(data, Mapping) else data
    for entry in found if isinstance(found, list) else []:
        try:
            one = _Entry.model_validate(entry)
            Subject.parse(one.subject or "org:any")
        except (ValidationError, SubjectError):
            continue
        yield one


def _why_not(entry: _Entry, known: frozenset[str], as_of: date) -> str:
    if entry.criterion not in known:
        return "orphaned: the catalogue has no such row"
    if entry.expires < as_of:
        return f"expired on {entry.expires}"
    return "dated after the audit date" if entry.dated > as_of else ""
