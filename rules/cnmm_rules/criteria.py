"""The catalogue as values: criteria, their tests in the closed predicate language, sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from cnmm_collectors.signals import Rollup, SignalSpec
from cnmm_rules.ranges import Comparison


class Role(StrEnum):
    """What a row does to a level."""

    KEY = "key"
    RATED = "rated"
    SUPPORT = "support"
    MARKER = "marker"
    DERIVED = "derived"
    INFO = "info"


RATING_ROLES = frozenset({Role.KEY, Role.RATED, Role.SUPPORT})


class Confidence(StrEnum):
    """How well the tests see what the row states; `weak` needs corroboration to be met."""

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"


class Proof(StrEnum):
    """What class of evidence carries a row."""

    MACHINE = "machine"
    SURVEY = "survey"
    ATTESTATION = "attestation"


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare the rolled-up range of a signal; `rollup` overrides the declared roll-up.

    `unit` is what the author takes the number to be in, empty where nothing is said.
    """

    key: str
    comparison: Comparison
    rollup: Rollup | None = None
    says: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ShareOf:
    """The share of subjects whose own reading passes `each`."""

    key: str
    each: Comparison
    comparison: Comparison
    says: str = ""


@dataclass(frozen=True, slots=True)
class CountOf:
    """The number of subjects whose own reading passes `each`."""

    key: str
    each: Comparison
    comparison: Comparison
    says: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """Something was observed; false only where everything was read and absent."""

    key: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class AgeOf:
    """Days from the newest date reading to the audit date."""

    key: str
    comparison: Comparison
    says: str = ""


class Change(StrEnum):
    """The closed set of trends."""

    FALLING = "falling"
    RISING = "rising"
    NOT_FALLING = "not_falling"
    NOT_RISING = "not_rising"


@dataclass(frozen=True, slots=True)
class TrendOf:
    """The range against the sealed baseline about `over_days` ago, with a relative tolerance."""

    key: str
    change: Change
    over_days: int
    tolerance: Fraction = Fraction(0)
    says: str = ""


class RecordKind(StrEnum):
    """`artefact` is a document with digest and reviewer, `statement` an affirmation, `either` accepts
    both."""

    ARTEFACT = "artefact"
    STATEMENT = "statement"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Record:
    """A proven record of that name, at most `at_most` days old; an affirmation alone is claimed."""

    name: str
    kind: RecordKind
    at_most: int
    says: str = ""


@dataclass(frozen=True, slots=True)
class CriterionRef:
    """Another row's finding for the same subject; only derived rows hold one."""

    criterion: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Kleene and."""

    tests: tuple[Test, ...]
    says: str = ""


@dataclass(frozen=True, slots=True)
class NOf:
    """At least n of the tests; `any` is n = 1."""

    n: int
    tests: tuple[Test, ...]
    says: str = ""


Leaf = Compare | ShareOf | CountOf | Present | AgeOf | TrendOf | Record | CriterionRef
"""A test that reads something."""
Test = Leaf | AllOf | NOf


@dataclass(frozen=True, slots=True)
class Applies:
    """How a row is judged for one kind of subject: its test and the least number of eligible units read."""

    test: Test | None
    min_population: int = 1


@dataclass(frozen=True, slots=True)
class Criterion:
    """One statement of the model in our words; see docs/architecture.md for every field."""

    id: str
    section: str
    level: int
    line: int
    statement: str
    role: Role
    importance: int
    confidence: Confidence
    proof: Proof
    organisation: Applies | None
    team: Applies | None
    applicable: Test | None
    counter: tuple[Test, ...]
    corroboration: Test | None
    window_days: int | None
    retires_at: int | None
    implied_by: tuple[str, ...]
    reason: str
    sources: tuple[str, ...]
    meaning: str
    next_step: str
    prompts: tuple[str, ...]
    where: str = ""

    @property
    def points(self) -> int:
        """Twice the weight, so that it is whole: 2..6, half of that for support, 0 where not rated."""
        if self.role not in RATING_ROLES:
            return 0
        return self.importance if self.role is Role.SUPPORT else 2 * self.importance

    @property
    def weight(self) -> Fraction:
        """Importance 1..3, halved for support; 0 for roles that take no part in rating."""
        return Fraction(self.points, 2)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the model: whether levels are inferred, whether it counts in the headline, its cap.

    `unless`: what the section is about has been seen. Proven false, the section is not applicable by itself;
    once true, it cannot be declared away as a whole.
    """

    id: str
    title: str
    rated: bool
    in_headline: bool
    cap: int = 5
    unless: Test | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A whole catalogue with the signals it speaks of; `deviations` is what an overlay changed, in plain
    words."""

    id: str
    version: str
    title: str
    sections: tuple[Section, ...]
    criteria: tuple[Criterion, ...]
    signals: Mapping[str, SignalSpec]
    references: Mapping[str, str]
    deviations: tuple[str, ...] = ()
    not_applicable: Mapping[str, str] | None = None

    def section(self, name: str) -> Section:
        """Return the section of that id; raises KeyError."""
        return next(section for section in self.sections if section.id == name)

    def of_section(self, name: str) -> tuple[Criterion, ...]:
        """Return the section's criteria in catalogue order."""
        return tuple(row for row in self.criteria if row.section == name)


RECORD_SIGNALS = {RecordKind.ARTEFACT: "artefact.record", RecordKind.STATEMENT: "attest.record"}


def record_keys(test: Record) -> tuple[str, ...]:
    """Return the signal keys a record test reads, strongest first."""
    kinds = (RecordKind.ARTEFACT, RecordKind.STATEMENT) if test.kind is RecordKind.EITHER else (test.kind,)
    return tuple(f"{RECORD_SIGNALS[kind]}{{key={test.name}}}" for kind in kinds)


def leaves(test: Test | None) -> Iterator[Leaf]:
    """Yield the tests that read something, in order."""
    if test is None:
        return
    if isinstance(test, AllOf | NOf):
        for inner in test.tests:
            yield from leaves(inner)
    else:
        yield test


def keys_of(test: Test | None) -> Iterator[str]:
    """Yield every signal key a test reads, in order, repeats kept."""
    for leaf in leaves(test):
        if isinstance(leaf, Record):
            yield from record_keys(leaf)
        elif not isinstance(leaf, CriterionRef):
            yield leaf.key


def tests_of(criterion: Criterion) -> Iterator[Test]:
    """Yield every test of a row: both subjects', applicability, counters, corroboration."""
    for applies in (criterion.organisation, criterion.team):
        if applies is not None and applies.test is not None:
            yield applies.test
    yield from criterion.counter
    yield from (test for test in (criterion.applicable, criterion.corroboration) if test is not None)
