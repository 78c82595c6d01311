"""The records collector: a document proves its row only if unchanged, reviewed by another, in date."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from cnmm_collectors import registry
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.plugin import LedgerRow, Probe, Reader, Target, WorkItem, Yield
from cnmm_collectors.reader import FileFault
from cnmm_collectors.records.checkout import Waiting, blob_id, statements_on_hosts
from cnmm_collectors.records.completeness import read_lists
from cnmm_collectors.records.folders import GIT, files_of, glance_at
from cnmm_collectors.records.state import state_of
from cnmm_collectors.records.statements import Statement, StatementFault, parse, plain
from cnmm_collectors.records.trust import Trust
from cnmm_collectors.signals import Absent, Gap, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

_SIGNAL = {"attestations": ("attest.record", "attest"), "artefacts": ("artefact.record", "artefact")}
UNSIGNED = "not signed by a role whose key is trusted"
LONGEST_DAYS = 366
"""The longest that a statement may speak for."""


class RecordsSettings(BaseModel):
    """The `records:` part of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trust: dict[str, Path] = Field(
        default_factory=dict,
        description="Role to the public key that speaks for it, kept outside of the record folders",
    )
    signed_artefacts: bool = Field(
        default=False, description="Whether a document counts only with a signature of owner or reviewer"
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A record that was understood: proven or claimed, or why it is not known."""

    key: str
    proven: bool
    day: date
    reading: Reading
    waiting: Waiting | None = None
    """Given where nothing but a signature or somebody's review is missing."""


class RecordsCollector:
    """Reads folders of documents and statements; implements `plugin.Collector`."""

    name: ClassVar[str] = "records"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = registry.declared(("attest", "artefact"))
    Settings: ClassVar[type[BaseModel]] = RecordsSettings
    answers: ClassVar[Mapping[str, tuple[str, ...]]] = {kind: (name,) for kind, (name, _) in _SIGNAL.items()}

    def accepts(self, target: Target) -> bool:
        """True for the record folders of `sources:`."""
        return target.kind == "records"

    def plan(self, target: Target, settings: RecordsSettings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield one item for each kind of record that is given."""
        org = target.subject or Subject(SubjectKind.ORG, "given-targets")
        every = tuple(sorted(locator for name, locator in target.facts if name in _SIGNAL))
        for kind in _SIGNAL:
            places = tuple(locator for name, locator in target.facts if name == kind)
            if places:
                payload = (("kind", kind), ("places", places), ("every", every))
                key, seen = f"{kind} of {org.name}", glance_at(every)
                yield WorkItem(self.name, key, target, (org,), "local", payload=payload, seen=seen)

    def probe(self, target: Target, settings: RecordsSettings, reader: Reader) -> Iterator[Probe]:
        """Yield which keys each folder speaks of; whether they hold is for the scan to judge."""
        for kind, place in target.facts:
            if kind in _SIGNAL:
                spec = next(one for one in self.signals if one.id == _SIGNAL[kind][0])
                yield from _probe(kind, Path(place), spec, reader)

    def state(self, item: WorkItem, settings: RecordsSettings, reader: Reader) -> str:
        """Return a digest of records, documents, signatures, lists and keys, and where they are from."""
        return state_of(item, settings.trust.values(), reader)

    def collect(self, item: WorkItem, settings: RecordsSettings, reader: Reader) -> Iterable[Yield]:
        """Yield a reading for each declared key, a ledger row for each file, and where to see reviews."""
        given = dict(item.payload)
        kind, org = str(given["kind"]), item.subjects[0]
        spec = next(one for one in self.signals if one.id == _SIGNAL[kind][0])
        keys = spec.parameters[0].values
        trust = Trust.read(settings.trust, given["every"], reader)
        yield from trust.rows
        desk = _Desk(kind, keys, trust, settings.signed_artefacts, reader)
        found: list[_Found] = []
        for place in given["places"]:
            for file in files_of(Path(place), reader):
                if isinstance(file, LedgerRow):
                    yield file
                    continue
                more, row = _read(file, desk)
                found += more
                yield row
        waiting = [one.waiting for one in found if one.waiting is not None]
        yield from statements_on_hosts(waiting, item.target, reader)
        lists = read_lists(given["every"], kind, keys, trust, reader)
        yield from lists.rows
        best: dict[str, _Found] = {}
        for one in found:
            if one.key not in best or _order(one) > _order(best[one.key]):
                best[one.key] = one
        for key in keys:
            named = spec.key(key=key)
            yield Signal(
                named,
                org,
                _SIGNAL[kind][1],
                best[key].reading if key in best else _missing(kind, key in lists.named),
            )
            if key in lists.denied:
                yield Signal(named, org, "list", Absent(lists.denied[key]))


def _missing(kind: str, listed: bool) -> Unknown:
    if listed:
        return Unknown(Gap.NOT_VISIBLE, f"the record is on the list of the {kind}, and no such file is there")
    return Unknown(Gap.NOT_COLLECTED, f"no such record among the {kind}")


def _probe(kind: str, place: Path, spec: SignalSpec, reader: Reader) -> Iterator[Probe]:
    """Yield the keys that a folder's statements name, and each file that cannot be read."""
    keys: set[str] = set()
    for file in files_of(place, reader):
        if isinstance(file, LedgerRow):
            gap = Gap(file.cause) if file.failed else Gap.NOT_COLLECTED
            yield Probe(f"{kind}: {place.name}", (spec.id,), False, file.detail, gap=gap)
            return
        try:
            found = parse(reader.files.read(file), kind, file.stem)
            keys.update(one.key for one in found if one.key in spec.parameters[0].values)
        except (FileFault, StatementFault) as fault:
            gap = fault.gap if isinstance(fault, FileFault) else Gap.MALFORMED
            yield Probe(f"{kind}: {file.name}", (), False, str(fault), gap=gap)
    told = f"{len(keys)} of {len(spec.parameters[0].values)} keys spoken of"
    yield Probe(f"{kind}: {place.name}", tuple(spec.key(key=one) for one in sorted(keys)), True, told)


def _order(one: _Found) -> tuple[bool, bool, date]:
    return one.proven, isinstance(one.reading, Observed), one.day


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a record of a kind is judged with."""

    kind: str
    keys: tuple[str, ...]
    trust: Trust
    demanding: bool
    reader: Reader


def _read(path: Path, desk: _Desk) -> tuple[list[_Found], LedgerRow]:
    kind = desk.kind
    # `charter.md.yaml` speaks of `charter.md`, also where that has gone: then nothing stands behind it.
    beside = path.with_name(path.stem).is_file() or bool(Path(path.stem).suffix)
    file = path.stem if kind == "artefacts" and beside else ""
    try:
        raw = desk.reader.files.read(path)
        statements = list(parse(raw, kind, file))
    except (FileFault, StatementFault) as fault:
        gap = fault.gap if isinstance(fault, FileFault) else Gap.MALFORMED
        return [], LedgerRow("records", kind, path.name, 1, 0, 0, 1, gap.value, str(fault))
    found: list[_Found] = []
    causes: list[str] = []
    claims = 0
    signers = desk.trust.signers(path, raw, desk.reader)
    for statement in statements:
        if not statement.key:
            claims += 1
            causes.append("a statement about a row that machines decide: never more than claimed")
            continue
        if statement.key not in desk.keys:
            causes.append("orphaned: no row asks for its key")
            continue
        one, cause = _judge(statement, path, raw, signers, desk)
        found.append(one)
        causes += [cause] if cause else []
    lost = sum(not isinstance(one.reading, Observed) for one in found) + len(statements) - len(found) - claims
    row = LedgerRow(
        "records", kind, path.name, len(statements), len(statements) - lost, lost, 0,
        "not usable" if lost else "", "; ".join(dict.fromkeys(causes)),
    )  # fmt: skip
    return found, row


def _judge(
    statement: Statement, path: Path, raw: bytes, signers: frozenset[str], desk: _Desk
) -> tuple[_Found, str]:
    """Return what a statement amounts to, and what the ledger says of it where that is less than proof."""
    day, kind, reader = statement.day, desk.kind, desk.reader
    name, wanted = statement.link
    if day > reader.as_of:
        return _lost(statement, Gap.MALFORMED, "dated after the audit date")
    if statement.expires is not None and statement.expires < reader.as_of:
        return _lost(statement, Gap.STALE, "expired")
    evidence = [_cite(reader, path, kind, statement.key, hashlib.sha256(raw).hexdigest())]
    doubts: list[str] = []
    if name:
        digest, why = _fetch(path.parent, name, reader)
        if why:
            return _lost(statement, Gap.NOT_VISIBLE, why)
        if wanted and digest != wanted:
            return _lost(statement, Gap.MALFORMED, "the document's digest does not fit")
        doubts += [] if wanted else ["no digest given"]
        evidence.append(_cite(reader, path.parent / name, kind, statement.key, digest))
    else:
        doubts.append("no document linked")
    only = not doubts
    doubts += _doubts(statement, signers, desk)
    only = only and kind == "attestations" and doubts == [UNSIGNED]
    word = "claimed" if doubts else "proven"
    reading = Observed(f"{word} {day.isoformat()}", tuple(evidence))
    told = f"claimed only: {', '.join(doubts)}" if doubts else ""
    waiting = Waiting(statement.key, day, blob_id(raw), path) if only else None
    return _Found(statement.key, not doubts, day, reading, waiting), told


def _doubts(statement: Statement, signers: frozenset[str], desk: _Desk) -> Iterator[str]:
    """Yield what keeps a record that was fetched, and is in date, from being proof."""
    signed = statement.is_signed(signers)
    if desk.kind == "artefacts":
        if not statement.reviewed:
            yield "no reviewer other than who hands it in"
        if not statement.owner:
            yield "no owner"
        if desk.demanding and not any(plain(one) in signers for one in (statement.owner, statement.reviewer)):
            yield "signed by neither owner nor reviewer"
        return
    if not signed:
        yield UNSIGNED
    if statement.expires is None:
        yield "no expiry"
    elif (statement.expires - statement.day).days > LONGEST_DAYS:
        yield "its expiry is more than a year away"


def _lost(statement: Statement, gap: Gap, why: str) -> tuple[_Found, str]:
    return _Found(statement.key, False, statement.day, Unknown(gap, f"the record is not usable: {why}")), why


def _fetch(folder: Path, name: str, reader: Reader) -> tuple[str, str]:
    """Return the document's digest, or why it cannot be had; it lies beside its statement or below."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or {"..", GIT} & set(pure.parts) or "://" in name:
        return "", "the document is not a file beside its statement"
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        return "", "the document lies outside its folder"
    try:
        return hashlib.sha256(reader.files.read(target)).hexdigest(), ""
    except FileFault:
        return "", "the document cannot be read"


def _cite(reader: Reader, path: Path, kind: str, key: str, digest: str) -> Evidence:
    return reader.cite(
        locator=f"file:{path.name}",
        query=f"{kind}: record {key}",
        payload=f"{digest}\n{key}".encode(),
        path=path.name,
        native_id=f"sha256:{digest}",
    )
