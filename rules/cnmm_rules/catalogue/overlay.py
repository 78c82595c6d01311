"""Tailoring: an organisation's overlay changes a catalogue in the open, never by copying it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cnmm_rules.catalogue.loader import check, criterion_of, faults_of
from cnmm_rules.catalogue.models import CriterionRow, SectionModel, TestModel
from cnmm_rules.catalogue.positions import CatalogueError, Located, parse
from cnmm_rules.criteria import Applies, Catalogue, Criterion, Role, Section
from cnmm_rules.entailment import entails


class ChangeModel(BaseModel):
    """One deviation from the published row, with its reason and the role that answers for it."""

    model_config = ConfigDict(extra="forbid")
    criterion: str
    reason: str = Field(min_length=10)
    role: str = Field(min_length=3, description="the accountable role, not a person's name")
    test: TestModel | None = None
    min_population: int | None = Field(default=None, ge=1)
    loosens: bool = False
    off: bool = False
    not_applicable: bool = False

    @model_validator(mode="after")
    def _one_deviation(self) -> ChangeModel:
        changes = self.test is not None or self.min_population is not None
        if [changes, self.off, self.not_applicable].count(True) != 1:
            raise ValueError("write exactly one of: test/min_population, off, not_applicable")
        return self


class AddedRow(CriterionRow):
    """A row of the organisation's own, with its section."""

    section: str


class OverlayFile(BaseModel):
    """`overlay.yaml`: what an organisation changes, each with a reason."""

    model_config = ConfigDict(extra="forbid")
    title: str
    changes: tuple[ChangeModel, ...] = ()
    sections: tuple[SectionModel, ...] = ()
    criteria: tuple[AddedRow, ...] = ()


def apply(catalogue: Catalogue, name: str, raw: bytes) -> Catalogue:
    """Return the catalogue with the overlay applied and every deviation in words; raises CatalogueError."""
    located = parse(name, raw)
    try:
        overlay = OverlayFile.model_validate(located.value)
    except ValidationError as error:
        raise CatalogueError("\n".join(faults_of(error, located))) from error
    rows = {row.id: row for row in catalogue.criteria}
    deviations = list(catalogue.deviations)
    waived = dict(catalogue.not_applicable or {})
    for index, change in enumerate(overlay.changes):
        where = located.where(("changes", index))
        row = rows.get(change.criterion)
        if row is None:
            raise CatalogueError(f"{where}: {change.criterion} is no row of {catalogue.id}")
        deviations.append(_describe(change, row))
        if change.off:
            del rows[row.id]
        elif change.not_applicable:
            waived[row.id] = f"{change.reason} ({change.role})"
        else:
            rows[row.id] = _changed(row, change, where)
    added = tuple(_added(overlay, located))
    deviations.extend(f"{row.id}: a row of the organisation's own" for row in added)
    result = replace(
        catalogue,
        sections=(*catalogue.sections, *(_section(item) for item in overlay.sections)),
        criteria=(*_relinked(rows), *added),
        deviations=tuple(deviations),
        not_applicable=waived or None,
    )
    faults = [*_keys_waived(result, located), *check(result)]
    if faults:
        raise CatalogueError("\n".join(faults))
    return result


def _section(model: SectionModel) -> Section:
    unless = model.unless.test() if model.unless is not None else None
    return Section(model.id, model.title, model.rated, model.in_headline, model.cap, unless)


def _added(overlay: OverlayFile, located: Located) -> Iterator[Criterion]:
    for index, row in enumerate(overlay.criteria):
        yield criterion_of(row, row.section, located.where(("criteria", index)))


def _relinked(rows: dict[str, Criterion]) -> tuple[Criterion, ...]:
    """A row that is switched off carries no other."""
    return tuple(
        replace(row, implied_by=tuple(name for name in row.implied_by if name in rows))
        for row in rows.values()
    )


def _changed(row: Criterion, change: ChangeModel, where: str) -> Criterion:
    old = row.organisation or row.team
    test = change.test.test() if change.test is not None else None
    looser = (test is not None and (old is None or old.test is None or not entails(test, old.test))) or (
        change.min_population is not None and old is not None and change.min_population < old.min_population
    )
    if looser and not change.loosens:
        raise CatalogueError(
            f"{where}: {row.id}: the new test lets pass what the published one does not: "
            "make it stricter, or write `loosens: true`, which is printed on the first page"
        )
    return replace(
        row,
        organisation=_with(row.organisation, test, change.min_population),
        team=_with(row.team, test, change.min_population),
        reason=f"{change.reason} (published: {row.reason})",
    )


def _with(applies: Applies | None, test: Any, least: int | None) -> Applies | None:
    if applies is None:
        return None
    return Applies(test if test is not None else applies.test, least or applies.min_population)


def _describe(change: ChangeModel, row: Criterion) -> str:
    what = "threshold changed"
    if change.loosens:
        what = "threshold LOOSENED"
    elif change.off:
        what = "switched off"
    elif change.not_applicable:
        what = "declared not applicable"
    return f"{row.id}: {what} by {change.role}: {change.reason}"


def _keys_waived(catalogue: Catalogue, located: Located) -> Iterator[str]:
    """A single key row is never declared away; a whole section may be."""
    waived = catalogue.not_applicable or {}
    for row in catalogue.criteria:
        whole = all(other.id in waived for other in catalogue.of_section(row.section))
        if row.role is Role.KEY and row.id in waived and not whole:
            yield (
                f"{located.name}:1:1: {row.id} is a key row: declare the whole section not applicable, "
                "or leave the row to the evidence"
            )
