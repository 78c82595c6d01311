"""Exception records: who accepted which deviation, why, what limits it, and until when."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from cnmm_collectors.git.detect.manifests import Manifest, could_be_manifest
from cnmm_collectors.git.detect.nodes import Node, YamlFault, read_yaml
from cnmm_collectors.git.detect.readings import (
    Hit,
    cite_hits,
    doubtful,
    not_there,
    of_repository,
    tally_count,
)
from cnmm_collectors.git.detect.survey import Doubt, Survey, remembered
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, Tally

KEYS = ("git.exception_complete_ratio", "git.exception_expired_count")
WHAT = "exception records"
_REGISTER = re.compile(
    r"(^|/)(([\w-]*(exceptions?|waivers?|risk[-_]acceptances?))/[^/]+|(security[-_]|policy[-_])?"
    r"(exceptions?|waivers?|risk[-_]acceptances?)([-_]register)?)\.ya?ml$",
    re.IGNORECASE,
)
_VEX = re.compile(r"(^|[./_-])(open)?vex\.json$", re.IGNORECASE)
_PARTS = {
    "owner": re.compile(
        r"(risk[-_]?)?owners?|owned[-_]?by|owning[-_]?team|team|responsible|accountable", re.IGNORECASE
    ),
    "reason": re.compile(r"reason|justification|rationale|why|statement|business[-_]?reason", re.IGNORECASE),
    "mitigation": re.compile(
        r"mitigations?|compensating[-_]?controls?|remediation([-_]?plan)?|workaround|rollback"
        r"|action([-_]?statement)?",
        re.IGNORECASE,
    ),
    "expiry": re.compile(
        r"expir(y|es|ation|ed)([-_]?(at|on|date))?|valid[-_]?until|until|ignore[-_]?until|end[-_]?date"
        r"|review[-_]?by",
        re.IGNORECASE,
    ),
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_IGNORE = re.compile(r"^(?P<id>[\w.-]+)(?:\s+exp:(?P<day>\S+))?")
_NOTE = re.compile(r"^#\s*(?P<name>[\w -]{1,40}):\s*(?P<value>\S.*)$")
_LISTS = (
    "exceptions",
    "waivers",
    "records",
    "items",
    "acceptances",
    "register",
    "vulnerabilities",
    "misconfigurations",
)


@dataclass(frozen=True, slots=True)
class Waiver:
    """One record: which of owner, reason, mitigation and expiry it states, and the day it ends."""

    path: str
    first: int
    last: int
    parts: frozenset[str]
    ends: date | None

    @property
    def complete(self) -> bool:
        """True where all four parts are stated."""
        return self.parts == frozenset(_PARTS)

    def hit(self) -> Hit:
        """Return the record's place and which parts it states, never what they say."""
        stated = " ".join(f"{name}={'yes' if name in self.parts else 'no'}" for name in sorted(_PARTS))
        return Hit(self.path, self.first, self.last, f"exception record: {stated}")


class _Unreadable(Exception):
    """A register is not in its own format."""


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield how many records are complete and how many are past their end."""
    records, doubts = read_waivers(survey)
    yield of_repository(survey, KEYS[0], _complete(survey, records, doubts))
    yield of_repository(survey, KEYS[1], _expired(survey, records, doubts))


def _expired(survey: Survey, records: list[Waiver], doubts: list[Doubt]) -> Reading:
    if not records and not doubts and not _registers(survey):
        return not_there(survey, "a register of exceptions")
    expired = [r.hit() for r in records if r.ends is not None and r.ends < survey.view.as_of]
    return tally_count(survey, len(expired), expired, doubts, "exception records past their end")


def _complete(survey: Survey, records: list[Waiver], doubts: list[Doubt]) -> Reading:
    if doubts:
        return doubtful(survey, doubts, WHAT)
    if not records:
        return not_there(survey, WHAT)
    tally = Tally(sum(record.complete for record in records), len(records))
    return Observed(tally, cite_hits(survey, [record.hit() for record in records]))


@remembered
def read_waivers(survey: Survey) -> tuple[list[Waiver], list[Doubt]]:
    """Return every exception record, and the registers that could not be read."""
    found = [w for m in survey.manifests if m.kind == "PolicyException" for w in _of_exception(m)]
    doubts = list(survey.doubts(_is_register))
    doubts += survey.doubts(
        lambda p: could_be_manifest(p) and not _is_register(p), re.compile(rb"PolicyException")
    )
    for path in survey.readable:
        try:
            found.extend(_read(survey, path))
        except _Unreadable:
            doubts.append(Doubt(path, Gap.MALFORMED))
    return found, sorted(set(doubts), key=lambda doubt: doubt.path)


def _is_register(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name in (".trivyignore", ".trivyignore.yaml", "osv-scanner.toml") or bool(
        _REGISTER.search(path) or _VEX.search(path)
    )


def _registers(survey: Survey) -> list[str]:
    """Return the registers that are kept and hold no record; remarks and other documents are none."""
    named = filter(_is_register, survey.readable)
    return [path for path in named if _keeps_records(path, survey.text(path))]


def _keeps_records(path: str, text: str) -> bool:
    if _VEX.search(path):
        return True
    if not path.lower().endswith((".yaml", ".yml")):
        return any(line.strip() and not line.lstrip().startswith("#") for line in text.split("\n"))
    try:
        documents = read_yaml(text)
    except YamlFault:
        return False
    return any(isinstance(d.value, list) or any(d.get(name) for name in _LISTS) for d in documents)


def _read(survey: Survey, path: str) -> Iterable[Waiver]:
    name = path.rpartition("/")[2].lower()
    if name == ".trivyignore":
        return _of_ignores(path, survey.lines(path))
    if name == "osv-scanner.toml":
        return _of_osv(path, survey.text(path))
    if _VEX.search(path):
        return _of_vex(path, survey.text(path))
    if _REGISTER.search(path) or name == ".trivyignore.yaml":
        return _of_register(path, survey.text(path))
    return ()


def _waiver(path: str, first: int, last: int, stated: Iterable[tuple[str, str]]) -> Waiver:
    parts: set[str] = set()
    ends: date | None = None
    for key, value in stated:
        part = next((name for name, pattern in _PARTS.items() if pattern.fullmatch(key)), "")
        if part == "expiry":
            ends = _day(value)
            parts.update({part} if ends else ())
        elif part and value.strip():
            parts.add(part)
    return Waiver(path, first, last, frozenset(parts), ends)


def _day(text: str) -> date | None:
    match = _DAY.match(text.strip())
    try:
        return date.fromisoformat(match[0]) if match else None
    except ValueError:
        return None


def _of_register(path: str, text: str) -> list[Waiver]:
    try:
        documents = read_yaml(text)
    except YamlFault:
        raise _Unreadable from None
    records = [record for document in documents for record in _records(document)]
    return [_waiver(path, r.line, r.end, _flat(r)) for r in records]


def _records(document: Node) -> Iterator[Node]:
    if document.text("apiVersion") and document.text("kind"):
        return
    lists = [document.items()] + [document.items(name) for name in _LISTS]
    listed = [item for members in lists for item in members if item.entries()]
    if listed:
        yield from listed
    elif any(p.fullmatch(key) for key, _ in document.entries() for p in _PARTS.values()):
        yield document


def _flat(node: Node) -> Iterator[tuple[str, str]]:
    for key, value in node.entries():
        if isinstance(value.value, str):
            yield key, value.value
        elif value.value:
            yield key, "stated"


def _of_exception(manifest: Manifest) -> Iterator[Waiver]:
    node = manifest.node
    if node is None or not manifest.group.endswith("kyverno.io"):
        return
    notes = [*node.entries("metadata", "annotations"), *node.entries("metadata", "labels")]
    stated = [
        (key.rpartition("/")[2].rpartition(".")[2], n.value) for key, n in notes if isinstance(n.value, str)
    ]
    yield _waiver(manifest.path, manifest.first, manifest.last, stated)


def _of_ignores(path: str, lines: list[str]) -> Iterator[Waiver]:
    notes: list[tuple[str, str]] = []
    begun = 0
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        note = _NOTE.match(line)
        if note:
            notes.append((note["name"].strip(), note["value"]))
            begun = begun or number
        elif not line:
            notes, begun = [], 0
        elif not line.startswith("#"):
            match = _IGNORE.match(line)
            stated = [*notes, ("expiry", (match["day"] or "") if match else "")]
            yield _waiver(path, begun or number, number, stated)
            notes, begun = [], 0


def _of_osv(path: str, text: str) -> list[Waiver]:
    try:
        entries = tomllib.loads(text).get("IgnoredVulns", [])
    except (tomllib.TOMLDecodeError, RecursionError):
        raise _Unreadable from None
    lines = [n for n, line in enumerate(text.split("\n"), 1) if line.strip().startswith("[[IgnoredVulns]]")]
    if not isinstance(entries, list):
        return []
    places = [*lines, *([1] * len(entries))]
    return [
        _waiver(path, line, line, ((str(k), str(v)) for k, v in entry.items()))
        for entry, line in zip(entries, places, strict=False)
        if isinstance(entry, dict)
    ]


def _of_vex(path: str, text: str) -> list[Waiver]:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise _Unreadable from None
    statements = document.get("statements") if isinstance(document, dict) else None
    if not isinstance(statements, list):
        return []
    author = [("owner", "stated")] if document.get("author") else []
    last = text.count("\n") + 1
    return [
        _waiver(path, 1, last, [*author, *((str(k), str(v)) for k, v in s.items())])
        for s in statements
        if isinstance(s, dict) and s.get("status") == "affected"
    ]
