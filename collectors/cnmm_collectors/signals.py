"""Signals: declared measurements, what a reading can be, and the sealed form the rules see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.subjects import Subject, SubjectKind


class SignalError(ValueError):
    """A signal, facet or value breaks its declaration; the message says which and how to write it."""


class Gap(StrEnum):
    """Why a reading is unknown; the closed set that reports and the ledger use."""

    NOT_PERMITTED = "not_permitted"
    NOT_ENABLED = "not_enabled"
    NOT_LICENSED = "not_licensed"
    NOT_VISIBLE = "not_visible"
    UNSUPPORTED = "unsupported"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    MALFORMED = "malformed"
    STALE = "stale"
    SAMPLED_OUT = "sampled_out"
    NOT_COLLECTED = "not_collected"


class Unit(StrEnum):
    """The unit of one reading. `bool` readings are counted, never added."""

    BOOL = "bool"
    RATIO = "ratio"
    COUNT = "count"
    DAYS = "days"
    HOURS = "hours"
    MINUTES = "minutes"
    SCORE = "score"
    DATE = "date"
    TALLY = "tally"
    MASSES = "masses"
    STATE = "state"


class Rollup(StrEnum):
    """How readings of many subjects become one range; the engine's own closed set."""

    SHARE = "share"
    COUNT = "count"
    SUM = "sum"
    MAX = "max"
    MIN = "min"
    ANY = "any"
    MEAN = "mean"
    P50 = "p50"
    NEWEST = "newest"
    POOLED = "pooled"
    HHI = "hhi"
    DISTINCT = "distinct"
    DUPLICATED = "duplicated"
    DIRECT = "direct"


class Absence(StrEnum):
    """What a proven absence means to the roll-up.

    `ineligible`: the subject leaves the population; `zero`: it counts as 0 or false.
    """

    INELIGIBLE = "ineligible"
    ZERO = "zero"


class Basis(StrEnum):
    """Whether a source shows what holds (`effective`) or what somebody wrote (`declared`)."""

    EFFECTIVE = "effective"
    DECLARED = "declared"


class Disclosure(StrEnum):
    """Whether a signal comes from people data (cells of k or more) or from structure."""

    PEOPLE = "people"
    STRUCTURAL = "structural"


@dataclass(frozen=True, slots=True)
class Source:
    """One way to answer a signal; rank 1 is the strongest, equal ranks are alternatives of equal force.

    `adds`: it sees what others of its rank cannot, says yes or nothing, and its yes stands beside their no.
    """

    name: str
    rank: int
    basis: Basis
    permission: str
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One facet of a signal: a closed set of values, or a pattern where the set cannot be closed."""

    name: str
    values: tuple[str, ...] = ()
    pattern: str = ""

    def accepts(self, value: str) -> bool:
        """True where the value is in the closed set, or matches the pattern whole."""
        if self.values:
            return value in self.values
        return re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """A declared measurement.

    `low`..`high` is the range of one reading in `unit`, `high` None where nothing bounds it. `subject` is
    the kind
    a reading is about; `rollup` is how readings become an organisation's or a team's range. `window_days`
    is how old the
    evidence may be before the reading is stale, None where age does not matter.
    """

    id: str
    title: str
    definition: str
    unit: Unit
    subject: SubjectKind
    rollup: Rollup
    absent: Absence
    disclosure: Disclosure
    sources: tuple[Source, ...]
    low: Fraction = Fraction(0)
    high: Fraction | None = None
    parameters: tuple[Parameter, ...] = ()
    window_days: int | None = None
    unknown_when: str = ""

    def key(self, **facets: str) -> str:
        """Return the canonical id with facets, `docs.runbook_ratio{kind=platform}`; raises SignalError."""
        declared = {parameter.name: parameter for parameter in self.parameters}
        for name, value in facets.items():
            if name not in declared or not declared[name].accepts(value):
                raise SignalError(f"{self.id} has no facet {name}={value}")
        inner = ",".join(f"{p.name}={facets[p.name]}" for p in self.parameters if p.name in facets)
        return f"{self.id}{{{inner}}}" if inner else self.id

    def rank(self, source: str) -> int:
        """Return the source's rank, 1 strongest; raises SignalError for a source not declared."""
        for declared in self.sources:
            if declared.name == source:
                return declared.rank
        raise SignalError(f"{self.id} declares no source {source}")

    def adds(self, source: str) -> bool:
        """Return whether a source's yes stands beside a no of others."""
        return any(declared.adds for declared in self.sources if declared.name == source)


_KEY = re.compile(r"(?P<id>[a-z0-9_]+(?:\.[a-z0-9_]+)+)(?:\{(?P<facets>[^{}]+)\})?")


def split_key(key: str) -> tuple[str, dict[str, str]]:
    """Return (spec id, facets) of a canonical signal key; raises SignalError."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise SignalError(f"{key[:80]!r} is not a signal: write family.name or family.name{{facet=value}}")
    facets: dict[str, str] = {}
    for part in (match["facets"] or "").split(","):
        name, equals, value = part.partition("=")
        if part and (not equals or not value):
            raise SignalError(f"{key[:80]!r}: write each facet as name=value")
        if part:
            facets[name] = value
    return match["id"], facets


@dataclass(frozen=True, slots=True)
class Interval:
    """A published cell: the true value lies in low..high, high None where unbounded."""

    low: Fraction
    high: Fraction | None

    def __post_init__(self) -> None:
        if self.high is not None and self.high < self.low:
            raise SignalError(f"interval {self.low}..{self.high} is upside down")


@dataclass(frozen=True, slots=True)
class Tally:
    """Pooled items of one subject: `passed` of `eligible` seen, `unread` more not looked at."""

    passed: int
    eligible: int
    unread: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.passed <= self.eligible or self.unread < 0:
            raise SignalError(f"tally {self.passed}/{self.eligible}+{self.unread} does not add up")


@dataclass(frozen=True, slots=True)
class Masses:
    """How much each label holds (paths for each team), or just which labels occur (`category/tool`, 1).

    Where not `whole`, there may be more labels than those that were seen.
    """

    items: tuple[tuple[str, int], ...]
    whole: bool = True


Value = bool | int | Fraction | str | Interval | Tally | Masses


@dataclass(frozen=True, slots=True)
class Observed:
    """A value that was read; cannot be built without evidence."""

    value: Value
    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise SignalError("an observed value without evidence: cite where it was read")
        if isinstance(self.value, float):
            raise SignalError("values are exact: use int or Fraction, not float")


@dataclass(frozen=True, slots=True)
class Absent:
    """Allowed to look, and proven not there; cannot be built without evidence of the look."""

    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise SignalError("an absence without evidence: cite the look that proves it")


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, and why; `detail` is one line without persons or secrets, evidence optional."""

    gap: Gap
    detail: str
    evidence: tuple[Evidence, ...] = ()


Reading = Observed | Absent | Unknown


@dataclass(frozen=True, slots=True)
class Signal:
    """What a collector yields: one reading of one declared signal about one subject, by one source."""

    key: str
    subject: Subject
    source: str
    reading: Reading


class State(StrEnum):
    """The kind of a sealed reading."""

    OBSERVED = "observed"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Observation:
    """A sealed signal: what the bundle holds and the only form of a reading the rules ever see.

    `evidence` are ids that resolve inside the bundle; `source` names the collector's source.
    """

    key: str
    subject: Subject
    source: str
    state: State
    value: Value | None = None
    evidence: tuple[str, ...] = ()
    gap: Gap | None = None
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the canonical record: keys in fixed order, exact numbers, nothing empty."""
        record: dict[str, Any] = {
            "signal": self.key,
            "subject": str(self.subject),
            "source": self.source,
        }
        record["state"] = self.state.value
        if self.value is not None:
            record["value"] = value_to_json(self.value)
        if self.gap is not None:
            record["gap"] = self.gap.value
        if self.detail:
            record["detail"] = self.detail
        if self.evidence:
            record["evidence"] = list(self.evidence)
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Observation:
        """Return the observation a sealed record holds; raises SignalError, SubjectError or KeyError."""
        state = State(record["state"])
        gap = record.get("gap")
        return cls(
            key=record["signal"],
            subject=Subject.parse(record["subject"]),
            source=record["source"],
            state=state,
            value=value_from_json(record["value"]) if "value" in record else None,
            evidence=tuple(record.get("evidence", ())),
            gap=Gap(gap) if gap is not None else None,
            detail=record.get("detail", ""),
        )


def seal(signal: Signal) -> Observation:
    """Return the sealed form of a signal, its evidence by id."""
    reading = signal.reading
    ids = tuple(item.id for item in reading.evidence)
    if isinstance(reading, Observed):
        return Observation(signal.key, signal.subject, signal.source, State.OBSERVED, reading.value, ids)
    if isinstance(reading, Absent):
        return Observation(signal.key, signal.subject, signal.source, State.ABSENT, None, ids)
    return Observation(
        signal.key,
        signal.subject,
        signal.source,
        State.UNKNOWN,
        None,
        ids,
        reading.gap,
        reading.detail,
    )


def fraction_to_json(value: Fraction | int) -> int | str:
    """Return an int, or `n/d` in lowest terms: exact in JSON."""
    exact = Fraction(value)
    return exact.numerator if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}"


def fraction_from_json(value: int | str) -> Fraction:
    """Return the fraction an int or `n/d` spells; raises SignalError."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise SignalError(f"{value!r} is not an exact number: write an int or 'n/d'")
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise SignalError(f"{value!r} is not an exact number: write an int or 'n/d'") from error


def value_to_json(value: Value) -> Any:
    """Return the value in its one JSON spelling: bool and int as such, all else tagged by shape."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, Fraction):
        return {"f": fraction_to_json(value)}
    if isinstance(value, Interval):
        high = None if value.high is None else fraction_to_json(value.high)
        return {"low": fraction_to_json(value.low), "high": high}
    if isinstance(value, Tally):
        return {"passed": value.passed, "eligible": value.eligible, "unread": value.unread}
    if isinstance(value, Masses):
        held: dict[str, Any] = {"masses": [[label, mass] for label, mass in value.items]}
        return held if value.whole else {**held, "whole": False}
    return value


def value_from_json(value: Any) -> Value:
    """Return the value a sealed record holds; raises SignalError."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict):
        if "f" in value:
            return fraction_from_json(value["f"])
        if "low" in value:
            high = value["high"]
            return Interval(
                fraction_from_json(value["low"]), None if high is None else fraction_from_json(high)
            )
        if "passed" in value:
            return Tally(value["passed"], value["eligible"], value["unread"])
        if "masses" in value:
            held = tuple((str(label), int(mass)) for label, mass in value["masses"])
            return Masses(held, value.get("whole", True) is True)
    raise SignalError(f"{str(value)[:80]!r} is not a value the schema knows")
