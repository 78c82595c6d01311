"""Sibling tests: each row's cases, given as measured ranges, judged by the engine's own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnmm_collectors.signals import Rollup
from cnmm_collectors.subjects import SubjectKind
from cnmm_rules.assessment import Outcome
from cnmm_rules.catalogue.loader import faults_of
from cnmm_rules.catalogue.positions import CatalogueError, Located, parse
from cnmm_rules.criteria import RATING_ROLES, Catalogue, Criterion, Record, Role, leaves
from cnmm_rules.judgement import judge
from cnmm_rules.predicates import RecordState, unread
from cnmm_rules.ranges import Comparison, Range, Truth
from cnmm_rules.rollup import Rolled

PLENTY = 1000
"""Units a given range stands for unless a case says `population`."""


class CaseModel(BaseModel):
    """One case: measured ranges in, outcome out."""

    model_config = ConfigDict(extra="forbid")
    name: str
    want: Outcome
    given: dict[str, Any] = Field(default_factory=dict)
    baseline: dict[str, Any] = Field(default_factory=dict)
    population: int = PLENTY
    subject: Literal["organisation", "team"] = "organisation"


class CasesModel(BaseModel):
    """The cases of one criterion."""

    model_config = ConfigDict(extra="forbid")
    criterion: str
    cases: tuple[CaseModel, ...] = Field(min_length=1)


class SiblingFile(BaseModel):
    """A `.test.yaml`: a list of criteria with cases."""

    model_config = ConfigDict(extra="forbid")
    tests: tuple[CasesModel, ...]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What one case wanted and got; `where` is its file, line and column."""

    criterion: str
    name: str
    where: str
    want: Outcome
    got: Outcome
    why: str


@dataclass(frozen=True, slots=True)
class _Case:
    """Measures answered from a case; what it does not give is unread."""

    model: CaseModel
    catalogue: Catalogue

    def rolled(self, key: str, rollup: Rollup | None) -> Rolled:
        """Return the given range, plain or under `KEY as ROLLUP`."""
        special = f"{key} as {rollup.value}" if rollup is not None else key
        given = self.model.given
        return self._seen(given.get(special, given.get(key)))

    def rollup(self, key: str) -> Rollup:
        """Return the declared roll-up."""
        return self.catalogue.signals[key.partition("{")[0]].rollup

    def measured_in(self, key: str) -> SubjectKind:
        """Return the kind of subject a reading of the signal is about."""
        return self.catalogue.signals[key.partition("{")[0]].subject

    def share_of(self, key: str, each: Comparison) -> Rolled:
        """Return the given share, plain or under `KEY share`."""
        given = self.model.given
        return self._seen(given.get(f"{key} share", given.get(key)))

    def count_of(self, key: str, each: Comparison) -> Rolled:
        """Return the given number, plain or under `KEY count`."""
        given = self.model.given
        return self._seen(given.get(f"{key} count", given.get(key)))

    def present(self, key: str) -> Rolled:
        """Return the given 0 or 1."""
        return self._seen(self.model.given.get(key))

    def age_of(self, key: str) -> Rolled:
        """Return the given age in days."""
        return self._seen(self.model.given.get(key))

    def baseline(self, key: str, over_days: int) -> Range | None:
        """Return the given baseline."""
        given = self.model.baseline.get(key)
        return None if given is None else _range(given)

    def record(self, test: Record) -> RecordState:
        """Return the given record: an age in days is proven, `claimed` stated today, `absent` denied."""
        kinds = ("artefact", "statement", "either")
        for kind in kinds if test.kind.value == "either" else (test.kind.value,):
            given = self.model.given.get(f"record.{kind}.{test.name}")
            if given == "claimed":
                return RecordState(0, False, self._seen(0))
            if given == "absent":
                return RecordState(None, False, self._seen(0), absent=True)
            if given is not None:
                return RecordState(int(given), True, self._seen(given), kind == "artefact")
        return RecordState(None, False, unread())

    def criterion(self, name: str) -> Truth:
        """Return the given finding of another row."""
        return {"met": True, "unmet": False}.get(str(self.model.given.get(name)))

    def _seen(self, given: Any) -> Rolled:
        if given is None:
            return unread()
        count = self.model.population
        return Rolled(_range(given), count, count, count, ("sha256:given",), 1)


def _range(given: Any) -> Range:
    if isinstance(given, list):
        low, high = given
        return Range(Fraction(low), None if high is None else Fraction(high))
    return Range(Fraction(given), Fraction(given))


def run(files: Mapping[str, bytes], catalogue: Catalogue) -> Iterator[CaseResult]:
    """Yield the result of every case in the sibling files; raises CatalogueError for a file that is not
    one."""
    rows = {row.id: row for row in catalogue.criteria}
    for name in sorted(files):
        if not name.endswith(".test.yaml"):
            continue
        located = parse(name, files[name])
        for at, test in enumerate(_model(located).tests):
            if test.criterion not in rows:
                where = located.where(("tests", at))
                raise CatalogueError(f"{where}: {test.criterion} is no row of this catalogue")
            for index, case in enumerate(test.cases):
                where = located.where(("tests", at, "cases", index))
                yield _run(rows[test.criterion], case, catalogue, where)


def _model(located: Located) -> SiblingFile:
    try:
        return SiblingFile.model_validate(located.value)
    except ValidationError as error:
        raise CatalogueError("\n".join(faults_of(error, located))) from error


def _run(row: Criterion, case: CaseModel, catalogue: Catalogue, where: str) -> CaseResult:
    applies = row.team if case.subject == "team" else row.organisation
    if applies is None:
        raise CatalogueError(f"{where}: {row.id} does not apply to a {case.subject}")
    try:
        judged = judge(row, applies, _Case(case, catalogue))
    except (TypeError, ValueError, ArithmeticError) as error:
        message = f"{where}: {case.name}: a given value is not a number, a range, `claimed` or `absent`"
        raise CatalogueError(message) from error
    return CaseResult(row.id, case.name, where, case.want, judged.outcome, judged.why)


def uncovered(catalogue: Catalogue, results: list[CaseResult]) -> Iterator[str]:
    """Yield one line for every row without the cases it owes: met, unmet, unknown, contested with
    counters."""
    wanted: dict[str, set[Outcome]] = {}
    for result in results:
        wanted.setdefault(result.criterion, set()).add(result.want)
    for row in catalogue.criteria:
        if row.role not in RATING_ROLES and row.role is not Role.MARKER:
            continue
        for outcome in sorted(owed(row) - wanted.get(row.id, set())):
            yield f"{row.where}: {row.id} has no case that wants {outcome.value}"


def owed(row: Criterion) -> set[Outcome]:
    """Return the outcomes a row's cases must show; a row of records alone can never be unmet."""
    applies = row.organisation or row.team
    test = applies.test if applies is not None else None
    records = [isinstance(leaf, Record) for leaf in leaves(test)]
    need = {Outcome.MET, Outcome.UNKNOWN}
    if not any(records):
        need.add(Outcome.UNMET)
    if row.counter:
        need.add(Outcome.CONTESTED)
    if row.applicable is not None:
        need.add(Outcome.NOT_APPLICABLE)
    if any(records):
        need.add(Outcome.CLAIMED)
    return need
