"""What people write down for an audit: statements, sidecars of documents, waivers, decisions; as YAML."""

from __future__ import annotations

import difflib
import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from cnmm_collectors import registry
from cnmm_collectors.signatures import COMPLETE, STATEMENT_TYPE, SUFFIX
from cnmm_collectors.subjects import Subject, SubjectError
from cnmm_rules import criteria
from cnmm_rules.criteria import Catalogue, Criterion, RecordKind
from cnmm_scanner.faults import Fault
from cnmm_scanner.located import Located, read_yaml
from cnmm_scanner.outputs import make_folder, write_file
from cnmm_scanner.settings import validate
from cnmm_scanner.signature import Signer
from cnmm_scanner.statements import FILES

LONGEST = timedelta(days=365)
DOCUMENTS = "documents"


class StatementFault(Fault):
    """A statement cannot be written as it was asked for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement before it is written; `document` is the file that backs it, or None."""

    criterion: str
    key: str
    subject: str
    statement: str
    role: str
    day: date
    expires: date
    document: Path | None = None
    reviewer: str = ""


def find_row(catalogue: Catalogue, name: str) -> Criterion:
    """Return a row of the catalogue by its id; raises StatementFault with the nearest ones."""
    rows = {row.id: row for row in catalogue.criteria}
    if name not in rows:
        near = ", ".join(difflib.get_close_matches(name, rows, 3, 0.4)) or "cnmm rules list shows them"
        raise StatementFault(f"no row is called {name[:80]!r}", near)
    return rows[name]


def records_of(row: Criterion, kinds: Sequence[RecordKind] = tuple(RecordKind)) -> tuple[str, ...]:
    """Return the names of the records of these kinds that a row's tests accept, each once, in order."""
    found = [
        leaf.name
        for test in criteria.tests_of(row)
        for leaf in criteria.leaves(test)
        if isinstance(leaf, criteria.Record) and leaf.kind in kinds
    ]
    return tuple(dict.fromkeys(found))


STATEABLE = (RecordKind.EITHER, RecordKind.STATEMENT)
DOCUMENTABLE = (RecordKind.EITHER, RecordKind.ARTEFACT)


def choose_record(row: Criterion, wanted: str, kinds: Sequence[RecordKind]) -> str:
    """Return the record a row is to be backed by; empty where it asks for none; raises StatementFault."""
    names = records_of(row, kinds)
    if wanted:
        if wanted not in names:
            told = ", ".join(names) or "none"
            raise StatementFault(f"{row.id} asks for no record {wanted[:60]!r}", f"it asks for: {told}")
        return wanted
    if len(names) > 1:
        raise StatementFault(f"{row.id} asks for one of several records", f"--record {'|'.join(names)}")
    return names[0] if names else ""


def write_statement(draft: Draft, folder: Path, signer: Signer | None, *, renew: bool = False) -> list[Path]:
    """Write a statement, its document beside it where it is elsewhere, and its signature; return the files.

    Raises StatementFault where the statement is there already, dates do not fit, or the document is none.
    """
    _check(draft)
    name = f"{_safe(draft.criterion)}{_of(draft)}.yaml"
    path = folder / name
    if path.exists() and not renew:
        raise StatementFault(f"{path} is there already", "--renew replaces it")
    folder = make_folder(folder)
    entry: dict[str, Any] = {"criterion": draft.criterion}
    if draft.key:
        entry["key"] = draft.key
    entry |= {
        "subject": draft.subject,
        "statement": draft.statement,
        "role": draft.role,
        "date": draft.day,
        "expires": draft.expires,
    }
    if draft.reviewer:
        entry["reviewer"] = draft.reviewer
    files: list[Path] = []
    if draft.document is not None:
        place = _beside(draft.document, folder)
        files.append(place)
        digest = hashlib.sha256(place.read_bytes()).hexdigest()
        entry["artefact"] = {"file": str(place.relative_to(folder)), "digest": f"sha256:{digest}"}
    raw = dump(entry)
    files.append(write_file(folder, name, raw))
    return files + _sign(folder, name, raw, signer)


def write_sidecar(
    document: Path, key: str, day: date, owner: str, reviewer: str, signer: Signer | None, *, renew: bool
) -> list[Path]:
    """Write what a document is, beside it, and its signature; return the files; raises StatementFault."""
    if _plain(owner) == _plain(reviewer):
        raise StatementFault("owner and reviewer are the same role", "somebody else reviews the document")
    folder, name = document.parent, f"{document.name}.yaml"
    if (folder / name).exists() and not renew:
        raise StatementFault(f"{folder / name} is there already", "--renew replaces it")
    try:
        digest = hashlib.sha256(document.read_bytes()).hexdigest()
    except OSError as error:
        raise StatementFault(f"{document}: cannot be read: {error.strerror}") from error
    told = {"key": key, "date": day, "digest": f"sha256:{digest}", "owner": owner, "reviewer": reviewer}
    raw = dump(told)
    return [write_file(folder, name, raw), *_sign(folder, name, raw, signer)]


def write_list(
    folder: Path, keys: Sequence[str], role: str, day: date, expires: date, signer: Signer
) -> list[Path]:
    """Write which records there are, as the whole list, and its signature; return the files.

    Raises StatementFault for a key that no row asks for, or a list that would speak for more than a year.
    """
    known = {key for spec in registry.declared(("artefact", "attest")) for key in spec.parameters[0].values}
    for key in keys:
        if key not in known:
            near = ", ".join(difflib.get_close_matches(key, known, 3, 0.4)) or "cnmm explain shows a row's"
            raise StatementFault(f"no record is called {key[:60]!r}", near)
    if not day < expires <= day + LONGEST + timedelta(days=1):
        raise StatementFault("a list speaks for a year at most", "--expires an earlier day")
    raw = dump({"complete": sorted(set(keys)), "role": role, "date": day, "expires": expires})
    folder = make_folder(folder)
    return [write_file(folder, COMPLETE, raw), *_sign(folder, COMPLETE, raw, signer)]


def append(path: Path, kind: str, entry: Mapping[str, Any]) -> None:
    """Add an entry to a file of waivers or adjudications, made where it is not there.

    Raises StatementFault where the entry does not hold, is there already, or the file has comments that
    writing it anew would lose; SettingsFault or YamlFault where the file cannot be used.
    """
    if kind == "waivers" and _plain(entry["owner"]) == _plain(entry["approver"]):
        raise StatementFault("owner and approver are the same role", "somebody else accepts the risk")
    there: list[Any] = []
    if path.exists():
        located = read_yaml(path)
        validate(FILES[kind], located, located.data)
        if re.search(rb"(^|\s)#", path.read_bytes()):
            raise StatementFault(f"{path}: has comments, which writing it anew would lose", "add it by hand")
        there = list(located.data[kind])
    same = [
        one for one in there if (one["criterion"], one["subject"]) == (entry["criterion"], entry["subject"])
    ]
    if same:
        raise StatementFault(
            f"{path} has an entry for {entry['criterion']} and {entry['subject']}", "edit it"
        )
    raw = dump({kind: [*there, dict(entry)]})
    checked = yaml.safe_load(raw)
    validate(FILES[kind], Located(str(path), checked, None), checked)
    write_file(make_folder(path.parent), path.name, raw)


def dump(entry: Mapping[str, Any]) -> bytes:
    """Return YAML as people would write it."""
    return yaml.safe_dump(dict(entry), sort_keys=False, allow_unicode=True, width=100).encode()


def parse_subject(text: str) -> str:
    """Return a subject's spelling; raises StatementFault."""
    try:
        return str(Subject.parse(text))
    except SubjectError as error:
        raise StatementFault(f"--subject: {error}", "for example org:acme or team:acme/payments") from None


def _check(draft: Draft) -> None:
    if draft.expires <= draft.day:
        raise StatementFault("the statement runs out before it begins", "--expires a later day")
    if draft.expires - draft.day > LONGEST + timedelta(days=1):
        raise StatementFault("a statement speaks for a year at most", "--expires an earlier day")
    if draft.reviewer and _plain(draft.reviewer) == _plain(draft.role):
        raise StatementFault("role and reviewer are the same", "somebody else reviews the statement")


def _of(draft: Draft) -> str:
    return "" if draft.subject.startswith("org:") else "." + _safe(draft.subject.partition(":")[2])


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)


def _plain(role: str) -> str:
    return re.sub(r"[\W_]+", " ", role).strip().casefold()


def _beside(document: Path, folder: Path) -> Path:
    """Return the document below the folder, copied there where it lies elsewhere."""
    if not document.is_file():
        raise StatementFault(f"{document}: is no file", "--artefact names the document")
    if document.resolve().is_relative_to(folder.resolve()):
        return folder / document.resolve().relative_to(folder.resolve())
    place = folder / DOCUMENTS / document.name
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists() and place.read_bytes() != document.read_bytes():
        raise StatementFault(f"{place} is there already and is another document", "rename one of them")
    shutil.copyfile(document, place)
    return place


def _sign(folder: Path, name: str, raw: bytes, signer: Signer | None) -> list[Path]:
    if signer is None:
        (folder / f"{name}{SUFFIX}").unlink(missing_ok=True)
        return []
    return [write_file(folder, f"{name}{SUFFIX}", signer.sign(raw, STATEMENT_TYPE))]


def asked(catalogue: Catalogue, section: str = "", level: int = 0) -> Iterator[Criterion]:
    """Yield the rows that a statement can back, those that only people can answer first."""
    rows = [
        row
        for row in catalogue.criteria
        if records_of(row, STATEABLE) and section in ("", row.section) and level in (0, row.level)
    ]
    yield from sorted(rows, key=lambda row: (row.proof.value != "attestation", row.level, row.id))
