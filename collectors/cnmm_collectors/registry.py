"""The signal registry: every first-party signal, declared once, as data beside this module."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache, lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cnmm_collectors.signals import (
    Absence,
    Basis,
    Disclosure,
    Parameter,
    Rollup,
    SignalSpec,
    Source,
    Unit,
)
from cnmm_collectors.subjects import SubjectKind

FAMILIES = (
    "git",
    "docs",
    "codeowners",
    "ci",
    "host",
    "iam",
    "k8s",
    "catalog",
    "roster",
    "hr",
    "training",
    "survey",
    "attest",
    "artefact",
)
"""The files of `signals/`, one a family; a signal's id starts with its family."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Exact = Annotated[Fraction, BeforeValidator(lambda value: Fraction(str(value)))]


class RegistryError(Exception):
    """A signal file is not what the registry's schema asks; the message names file and field."""


class _SourceModel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    rank: int = Field(ge=1)
    basis: Basis
    permission: str = Field(min_length=1)
    adds: bool = False


class _ParameterModel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    values: tuple[str, ...] = ()
    pattern: str = ""


class _SignalModel(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    id: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    title: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    unit: Unit
    subject: SubjectKind
    rollup: Rollup
    absent: Absence
    disclosure: Disclosure
    sources: tuple[_SourceModel, ...] = Field(min_length=1)
    low: _Exact = Fraction(0)
    high: _Exact | Literal["unbounded"] = "unbounded"
    parameters: tuple[_ParameterModel, ...] = ()
    window_days: int | None = None
    unknown_when: str = ""

    def spec(self) -> SignalSpec:
        high = self.high if isinstance(self.high, Fraction) else None
        if self.unit in (Unit.BOOL, Unit.RATIO, Unit.TALLY, Unit.MASSES):
            high = Fraction(1)
        return SignalSpec(
            id=self.id,
            title=self.title,
            definition=self.definition,
            unit=self.unit,
            subject=self.subject,
            rollup=self.rollup,
            absent=self.absent,
            disclosure=self.disclosure,
            sources=tuple(Source(s.name, s.rank, s.basis, s.permission, s.adds) for s in self.sources),
            low=self.low,
            high=high,
            parameters=tuple(Parameter(p.name, p.values, p.pattern) for p in self.parameters),
            window_days=self.window_days,
            unknown_when=self.unknown_when,
        )


def parse(raw: bytes, name: str) -> tuple[SignalSpec, ...]:
    """Return the signals a registry file declares, in its order; raises RegistryError."""
    try:
        return _specs(raw)
    except (ValidationError, TypeError, KeyError) as error:
        raise RegistryError(f"{name}: {error}") from error


@lru_cache(maxsize=64)
def _specs(raw: bytes) -> tuple[SignalSpec, ...]:
    """Read a file once, though a scan reads it again from the bundle that it sealed."""
    document: Any = yaml.load(raw, Loader=_Loader)  # noqa: S506 - a safe loader in C or Python
    return tuple(_SignalModel.model_validate(entry).spec() for entry in document["signals"])


def files() -> dict[str, bytes]:
    """Return the registry's files as they ship, by name; what a bundle seals beside the catalogue."""
    folder = resources.files(__package__).joinpath("signals_data")
    return {
        f"{family}.yaml": folder.joinpath(f"{family}.yaml").read_bytes()
        for family in FAMILIES
        if folder.joinpath(f"{family}.yaml").is_file()
    }


@cache
def load() -> dict[str, SignalSpec]:
    """Return every declared signal by id; raises RegistryError for a fault or a double id."""
    return {key: spec for family in FAMILIES for key, spec in _family(family).items()}


@cache
def _family(family: str) -> dict[str, SignalSpec]:
    file = resources.files(__package__).joinpath("signals_data", f"{family}.yaml")
    found: dict[str, SignalSpec] = {}
    for spec in parse(file.read_bytes(), file.name) if file.is_file() else ():
        if spec.id in found or not spec.id.startswith(f"{family}."):
            raise RegistryError(f"{file.name}: {spec.id} is declared twice or in another family's file")
        found[spec.id] = spec
    return found


def declared(families: Iterable[str]) -> tuple[SignalSpec, ...]:
    """Return the signals of the given families, sorted by id; no other family's file is read."""
    return tuple(spec for family in sorted(families) for _, spec in sorted(_family(family).items()))
