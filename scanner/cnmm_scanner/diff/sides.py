"""One side of a comparison: a bundle, or an assessment alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cnmm_collectors.signals import Observation, SignalError, SignalSpec, split_key
from cnmm_rules.assessment import ENGINE
from cnmm_rules.criteria import Catalogue
from cnmm_rules.engine import assess
from cnmm_rules.facts import Facts
from cnmm_scanner.bundle import OVERLAY, REGISTRY, RULES, Bundle
from cnmm_scanner.derive import derive
from cnmm_scanner.faults import Fault
from cnmm_scanner.manifest import ASSESSMENT

Document = Mapping[str, Any]
_MAGIC = b"PK"
_LIMIT = 1 << 30


class DiffFault(Fault):
    """What was given is neither a bundle nor an assessment, or the two are not about one organisation."""


class _Level(BaseModel):
    model_config = ConfigDict(extra="allow")
    proven: int | None
    possible: int | None


class _Section(_Level):
    id: str
    title: str


class _Test(BaseModel):
    model_config = ConfigDict(extra="allow")
    signal: str
    threshold: str
    low: int | float
    high: int | float | None
    answer: str


class _Finding(BaseModel):
    model_config = ConfigDict(extra="allow")
    criterion: str
    subject: str
    outcome: str
    why: str
    tests: list[_Test]


class _Team(BaseModel):
    model_config = ConfigDict(extra="allow")
    id: str
    sections: list[_Section]


class _Catalogue(BaseModel):
    model_config = ConfigDict(extra="allow")
    id: str
    version: str


class AssessmentModel(BaseModel):
    """As much of an assessment as a comparison reads."""

    model_config = ConfigDict(extra="allow")
    organisation: str
    as_of: str
    engine: str
    complete: bool
    conclusions_digest: str
    catalogue: _Catalogue
    headline: _Level
    sections: list[_Section]
    teams: list[_Team]
    findings: list[_Finding]


@dataclass(frozen=True, slots=True)
class Side:
    """An assessment, and the bundle that it follows from where there is one."""

    name: str
    assessment: Document
    bundle: Bundle | None = None
    note: str = ""


def facts_of(bundle: Bundle, signals: Mapping[str, SignalSpec]) -> Facts:
    """Return a bundle's facts, without readings that these declarations cannot express."""
    facts, own = bundle.facts(), bundle.signals()
    if own == signals:
        return facts
    kept = tuple(one for one in facts.observations if _readable(one, own, signals))
    return replace(facts, observations=kept)


def rules_of(bundle: Bundle) -> dict[str, str]:
    """Return the digest of every member that says how a bundle's facts are judged."""
    return {
        name: member.sha256
        for name, member in bundle.manifest.members.items()
        if name.startswith((f"{RULES}/", f"{REGISTRY}/")) or name == OVERLAY
    }


def _readable(one: Observation, own: Mapping[str, SignalSpec], signals: Mapping[str, SignalSpec]) -> bool:
    name = split_key(one.key)[0]
    was, now = own.get(name), signals.get(name)
    if now is None or (was is not None and (was.unit, was.subject) != (now.unit, now.subject)):
        return False
    try:
        now.rank(one.source)
    except SignalError:
        return False
    return True


@contextmanager
def open_side(path: Path) -> Iterator[Side]:
    """Open a bundle or an `assessment.json`; raises DiffFault or ContainerFault."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
    except OSError as error:
        raise DiffFault(f"{path}: cannot be read: {error.strerror}") from error
    if start != _MAGIC:
        yield Side(path.name, read_assessment(path))
        return
    with Bundle(path) as bundle:
        sealed = bundle.assessed() if ASSESSMENT in bundle.manifest.members else None
        if sealed is not None and bundle.manifest.engine == ENGINE:
            yield Side(path.name, sealed, bundle)
        else:
            yield Side(path.name, json.loads(derive(bundle)), bundle, _engine_note(path, bundle, sealed))


def _engine_note(path: Path, bundle: Bundle, sealed: Document | None) -> str:
    if sealed is None:
        return f"{path.name} seals no assessment: derived by engine {ENGINE}"
    return f"{path.name} was judged by engine {bundle.manifest.engine}: derived again by engine {ENGINE}"


def read_assessment(path: Path) -> Document:
    """Return the assessment that a file holds; raises DiffFault."""
    try:
        if path.stat().st_size > _LIMIT:
            raise DiffFault(f"{path}: larger than {_LIMIT >> 20} MiB")
        return check_assessment(json.loads(path.read_bytes()), str(path))
    except OSError as error:
        raise DiffFault(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DiffFault(f"{path}: neither a bundle nor an assessment.json") from error


def check_assessment(document: Any, name: str) -> Document:
    """Return the document where it is an assessment; raises DiffFault."""
    try:
        AssessmentModel.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise DiffFault(f"{name}: not an assessment: {where}: {first['msg']}") from None
    found: Document = document
    return found


def judge(facts: Facts, catalogue: Catalogue) -> Document:
    """Return the assessment of facts under a catalogue, in the form of the output contract."""
    return assess(facts, catalogue).to_json()
