"""The declared list of all records: what it leaves out there is not, by the word of a trusted role."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.plugin import LedgerRow, Reader
from cnmm_collectors.reader import FileFault
from cnmm_collectors.records.statements import StatementFault, load, plain
from cnmm_collectors.records.trust import Trust
from cnmm_collectors.signals import Gap
from cnmm_collectors.signatures import COMPLETE

LONGEST_DAYS = 366
Kind = Literal["artefacts", "attestations"]


class _List(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    complete: tuple[Annotated[str, StringConstraints(max_length=120)], ...] = Field(max_length=1000)
    kinds: tuple[Kind, ...] = ("artefacts", "attestations")
    role: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    dated: date = Field(alias="date")
    expires: date


@dataclass(slots=True)
class Listed:
    """What the lists say of one kind of record; each speaks for itself, so one less never denies more.

    `named` are the keys that some list names, `denied` those that some list leaves out, with its citation.
    """

    named: set[str] = field(default_factory=set)
    denied: dict[str, tuple[Evidence, ...]] = field(default_factory=dict)
    rows: list[LedgerRow] = field(default_factory=list)


def read_lists(
    places: Iterable[str], kind: str, keys: tuple[str, ...], trust: Trust, reader: Reader
) -> Listed:
    """Return what the lists of the folders say of a kind; one that does not hold is told and says nothing."""
    found = Listed()
    for path in sorted({one for place in places for one in _paths(Path(place))}):
        try:
            raw = reader.files.read(path)
            told = _List.model_validate(load(raw))
        except (FileFault, StatementFault) as fault:
            gap = fault.gap if isinstance(fault, FileFault) else Gap.MALFORMED
            found.rows.append(_row(kind, path, gap.value, str(fault)))
            continue
        except ValidationError as error:
            fields = sorted({str(one["loc"][0]) if one["loc"] else "entry" for one in error.errors()})
            found.rows.append(
                _row(kind, path, Gap.MALFORMED.value, f"missing or misspelled: {', '.join(fields)}")
            )
            continue
        if kind not in told.kinds:
            continue
        why = _doubt(told, path, raw, keys, trust, reader)
        found.rows.append(_row(kind, path, "not usable" if why else "", why))
        if not why:
            _take(found, told, path, raw, kind, keys, reader)
    return found


def _take(
    found: Listed, told: _List, path: Path, raw: bytes, kind: str, keys: tuple[str, ...], reader: Reader
) -> None:
    digest = hashlib.sha256(raw).hexdigest()
    cite = reader.cite(
        locator=f"file:{path.name}", query=f"{kind}: the list of all records, signed as complete",
        payload=raw, path=path.name, native_id=f"sha256:{digest}",
    )  # fmt: skip
    found.named.update(told.complete)
    for key in keys:
        if key not in told.complete:
            found.denied[key] = (*found.denied.get(key, ()), cite)


def _doubt(told: _List, path: Path, raw: bytes, keys: tuple[str, ...], trust: Trust, reader: Reader) -> str:
    """Return why a list says nothing, empty where it holds."""
    if told.dated > reader.as_of:
        return "dated after the audit date"
    if told.expires < reader.as_of:
        return "expired"
    if (told.expires - told.dated).days > LONGEST_DAYS:
        return "its expiry is more than a year away"
    if plain(told.role) not in trust.signers(path, raw, reader):
        return "not signed by a role whose key is trusted"
    return "" if set(told.complete) <= set(keys) else "names a record that no row asks for"


def _paths(place: Path) -> Iterator[Path]:
    path = place / COMPLETE if place.is_dir() else place
    if path.name == COMPLETE and path.is_file():
        yield path


def _row(kind: str, path: Path, cause: str, detail: str) -> LedgerRow:
    failed = int(bool(cause) and cause != "not usable")
    skipped = int(cause == "not usable")
    received = 1 - failed - skipped
    return LedgerRow("records", f"{kind} list", path.name, 1, received, skipped, failed, cause, detail)
