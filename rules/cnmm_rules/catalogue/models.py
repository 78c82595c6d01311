"""What a catalogue file may hold: pydantic models that refuse the unknown and become frozen criteria."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from cnmm_collectors.signals import Rollup
from cnmm_rules import criteria as c
from cnmm_rules.ranges import Comparison, Operator

Number = Annotated[int | Decimal, Field(union_mode="left_to_right")]
_COMPARISONS = tuple(operator.value for operator in Operator)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class ComparisonModel(_Strict):
    """Exactly one comparison."""

    above: Number | None = None
    at_least: Number | None = None
    below: Number | None = None
    at_most: Number | None = None
    equals: Number | None = None
    between: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _one(self) -> ComparisonModel:
        given = [name for name in _COMPARISONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"write exactly one of {', '.join(_COMPARISONS)}")
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("between wants the smaller number first")
        return self

    def value(self) -> Comparison:
        """Return the comparison as the engine uses it."""
        name = next(name for name in _COMPARISONS if getattr(self, name) is not None)
        bound = getattr(self, name)
        if name == "between":
            return Comparison(Operator.BETWEEN, Fraction(bound[0]), Fraction(bound[1]))
        return Comparison(Operator(name), Fraction(bound))


class _Said(_Strict):
    says: str = ""


class CompareModel(ComparisonModel):
    """`{signal: KEY, above: 0.5}`."""

    signal: str
    as_: Literal["p50", "max", "min", "sum", "mean", "any", "share", "count"] | None = Field(
        default=None, alias="as"
    )
    unit: str | None = None
    says: str = ""

    def test(self) -> c.Test:
        """Return the test."""
        rollup = Rollup(self.as_) if self.as_ else None
        return c.Compare(self.signal, self.value(), rollup, self.says, self.unit or "")


class ShareOfModel(ComparisonModel):
    """`{share_of: KEY, each: {at_most: 90}, above: 0.5}`."""

    share_of: str
    each: ComparisonModel
    says: str = ""

    def test(self) -> c.Test:
        """Return the test."""
        return c.ShareOf(self.share_of, self.each.value(), self.value(), self.says)


class CountOfModel(ComparisonModel):
    """`{count_of: KEY, each: {at_least: 2}, at_least: 3}`."""

    count_of: str
    each: ComparisonModel
    says: str = ""

    def test(self) -> c.Test:
        """Return the test."""
        return c.CountOf(self.count_of, self.each.value(), self.value(), self.says)


class PresentModel(_Said):
    """`{present: KEY}`."""

    present: str

    def test(self) -> c.Test:
        """Return the test."""
        return c.Present(self.present, self.says)


class AgeModel(ComparisonModel):
    """`{age_of: KEY, at_most: 365}`, in days."""

    age_of: str
    says: str = ""

    def test(self) -> c.Test:
        """Return the test."""
        return c.AgeOf(self.age_of, self.value(), self.says)


class TrendModel(_Said):
    """`{trend_of: KEY, change: falling, over_days: 365, tolerance: 0.1}`."""

    trend_of: str
    change: c.Change
    over_days: int = Field(ge=1, le=3660)
    tolerance: Number = 0

    def test(self) -> c.Test:
        """Return the test."""
        return c.TrendOf(self.trend_of, self.change, self.over_days, Fraction(self.tolerance), self.says)


class RecordModel(_Said):
    """`{record: NAME, kind: artefact, at_most: 365}`, in days."""

    record: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    kind: c.RecordKind = c.RecordKind.EITHER
    at_most: int = Field(ge=1, le=3660)

    def test(self) -> c.Test:
        """Return the test."""
        return c.Record(self.record, self.kind, self.at_most, self.says)


class CriterionModel(_Said):
    """`{criterion: ID}`."""

    criterion: str

    def test(self) -> c.Test:
        """Return the test."""
        return c.CriterionRef(self.criterion, self.says)


class AllModel(_Said):
    """`{all: [..]}`."""

    all: tuple[TestModel, ...] = Field(min_length=1)

    def test(self) -> c.Test:
        """Return the test."""
        return c.AllOf(tuple(item.test() for item in self.all), self.says)


class AnyModel(_Said):
    """`{any: [..]}`."""

    any: tuple[TestModel, ...] = Field(min_length=1)

    def test(self) -> c.Test:
        """Return the test."""
        return c.NOf(1, tuple(item.test() for item in self.any), self.says)


class AtLeastModel(_Said):
    """`{at_least: 2, of: [..]}`."""

    at_least: int = Field(ge=1)
    of: tuple[TestModel, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _reachable(self) -> AtLeastModel:
        if self.at_least > len(self.of):
            raise ValueError(f"{self.at_least} of {len(self.of)} can never be true")
        return self

    def test(self) -> c.Test:
        """Return the test."""
        return c.NOf(self.at_least, tuple(item.test() for item in self.of), self.says)


FORMS = (
    "all",
    "any",
    "of",
    "signal",
    "share_of",
    "count_of",
    "present",
    "age_of",
    "trend_of",
    "record",
    "criterion",
)


def _form(value: Any) -> str | None:
    if not isinstance(value, dict):
        return getattr(value, "_form", None)
    found = [name for name in FORMS if name in value]
    return found[0] if len(found) == 1 else None


TestModel = Annotated[
    Annotated[AllModel, Tag("all")]
    | Annotated[AnyModel, Tag("any")]
    | Annotated[AtLeastModel, Tag("of")]
    | Annotated[CompareModel, Tag("signal")]
    | Annotated[ShareOfModel, Tag("share_of")]
    | Annotated[CountOfModel, Tag("count_of")]
    | Annotated[PresentModel, Tag("present")]
    | Annotated[AgeModel, Tag("age_of")]
    | Annotated[TrendModel, Tag("trend_of")]
    | Annotated[RecordModel, Tag("record")]
    | Annotated[CriterionModel, Tag("criterion")],
    Discriminator(
        _form,
        custom_error_type="test_form",
        custom_error_message="a test holds exactly one of: " + ", ".join(FORMS),
    ),
]
for _model in (AllModel, AnyModel, AtLeastModel):
    _model.model_rebuild()


class AppliesModel(_Strict):
    """How the row is judged for one kind of subject."""

    min_population: int = Field(default=1, ge=1)
    test: TestModel | None = None


class AppliesToModel(_Strict):
    """At least one of organisation and team."""

    organisation: AppliesModel | None = None
    team: AppliesModel | None = None

    @model_validator(mode="after")
    def _someone(self) -> AppliesToModel:
        if self.organisation is None and self.team is None:
            raise ValueError("a row applies to organisation, team or both")
        return self


class CriterionRow(_Strict):
    """One row of a section file."""

    id: str = Field(pattern=r"^[a-z]+\.(L[1-5]|G)\.[a-z0-9]+(-[a-z0-9]+)*$")
    level: int = Field(ge=0, le=5)
    line: int = Field(ge=1)
    statement: str = Field(min_length=10)
    role: c.Role
    importance: int = Field(ge=1, le=3)
    confidence: c.Confidence
    proof: c.Proof
    applies: AppliesToModel
    test: TestModel | None = None
    applicable: TestModel | None = None
    counter: tuple[TestModel, ...] = ()
    corroboration: TestModel | None = None
    window_days: int | None = Field(default=None, ge=1, le=3660)
    retires_at: int | None = Field(default=None, ge=2, le=5)
    implied_by: tuple[str, ...] = ()
    reason: str = Field(min_length=10)
    sources: tuple[str, ...] = ()
    meaning: str = Field(min_length=10)
    next_step: str = Field(min_length=10)
    prompts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _level_of_id(self) -> CriterionRow:
        part = self.id.split(".")[1]
        if part != ("G" if self.level == 0 else f"L{self.level}"):
            raise ValueError(f"level {self.level} does not match the id {self.id}")
        return self


class SectionFile(_Strict):
    """A section file: `section: ID`, then its criteria."""

    section: str
    criteria: tuple[CriterionRow, ...]


class SectionModel(_Strict):
    """A section of the catalogue."""

    id: str = Field(pattern=r"^[a-z]+$")
    title: str
    rated: bool
    in_headline: bool = False
    cap: int = Field(default=5, ge=1, le=5)
    unless: TestModel | None = None


class CatalogueFile(_Strict):
    """`catalogue.yaml`: identity, sections in order, references."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    title: str
    sections: tuple[SectionModel, ...] = Field(min_length=1)
    references: dict[str, str] = Field(default_factory=dict)


KEYS = frozenset(
    field.alias or name
    for model in (CriterionRow, SectionFile, CatalogueFile, SectionModel, AppliesToModel, AppliesModel)
    for name, field in model.model_fields.items()
) | frozenset((*FORMS, *_COMPARISONS, "each", "as", "says", "kind", "change", "over_days", "tolerance"))
"""Every key a catalogue file knows, for the hint beside an unknown one."""
