"""From YAML files to a catalogue: all or nothing, every fault with file, line and column."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cnmm_collectors.signals import SignalError, SignalSpec, split_key
from cnmm_rules.catalogue.models import KEYS, AppliesModel, CatalogueFile, CriterionRow, SectionFile
from cnmm_rules.catalogue.positions import CatalogueError, Located, parse
from cnmm_rules.criteria import (
    Applies,
    Catalogue,
    Compare,
    Criterion,
    Section,
    Test,
    keys_of,
    leaves,
    tests_of,
)

MAIN = "catalogue.yaml"
_M = TypeVar("_M", bound=BaseModel)


def load(files: Mapping[str, bytes], signals: Mapping[str, SignalSpec]) -> Catalogue:
    """Return the catalogue that the files hold; raises CatalogueError with every fault, one a line."""
    main = _model(CatalogueFile, _need(files, MAIN))
    rows: list[Criterion] = []
    for section in main.sections:
        located = parse(f"{section.id}.yaml", _raw(files, f"{section.id}.yaml"))
        part = _model(SectionFile, located)
        if part.section != section.id:
            raise CatalogueError(f"{located.where(('section',))}: write `section: {section.id}`")
        rows.extend(
            criterion_of(row, section.id, located.where(("criteria", index)))
            for index, row in enumerate(part.criteria)
        )
    catalogue = Catalogue(
        id=main.id,
        version=main.version,
        title=main.title,
        sections=tuple(
            Section(
                item.id,
                item.title,
                item.rated,
                item.in_headline,
                item.cap,
                item.unless.test() if item.unless is not None else None,
            )
            for item in main.sections
        ),
        criteria=tuple(rows),
        signals=signals,
        references=main.references,
    )
    faults = list(check(catalogue))
    if faults:
        raise CatalogueError("\n".join(faults))
    return catalogue


def _need(files: Mapping[str, bytes], name: str) -> Located:
    return parse(name, _raw(files, name))


def _raw(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise CatalogueError(f"{name}:1:1: the file is missing from the catalogue folder")
    return files[name]


def _model(kind: type[_M], located: Located) -> _M:
    try:
        return kind.model_validate(located.value)
    except ValidationError as error:
        raise CatalogueError("\n".join(faults_of(error, located))) from error


def faults_of(error: ValidationError, located: Located) -> Iterator[str]:
    """Yield `file:line:column: field: what is wrong` for every fault pydantic found, in file order."""
    faults = []
    for fault in error.errors(include_url=False, include_input=False):
        path: list[Any] = list(fault["loc"])
        field = ".".join(str(step) for step in path if not isinstance(step, int))
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            message = f"unknown key{_instead(str(path[-1]))}"
        faults.append((located.mark(path), f"{located.where(path)}: {field or 'document'}: {message}"))
    yield from (text for _, text in sorted(faults, key=lambda item: item[0]))


def _instead(key: str) -> str:
    near = difflib.get_close_matches(key, KEYS, n=1)
    return f": did you mean {near[0]}?" if near else ""


def criterion_of(row: CriterionRow, section: str, where: str) -> Criterion:
    """Return the frozen criterion of a validated row; `where` is its file, line and column."""
    return Criterion(
        id=row.id,
        section=section,
        level=row.level,
        line=row.line,
        statement=row.statement,
        role=row.role,
        importance=row.importance,
        confidence=row.confidence,
        proof=row.proof,
        organisation=_applies(row.applies.organisation, row),
        team=_applies(row.applies.team, row),
        applicable=row.applicable.test() if row.applicable is not None else None,
        counter=tuple(test.test() for test in row.counter),
        corroboration=row.corroboration.test() if row.corroboration is not None else None,
        window_days=row.window_days,
        retires_at=row.retires_at,
        implied_by=row.implied_by,
        reason=row.reason,
        sources=row.sources,
        meaning=row.meaning,
        next_step=row.next_step,
        prompts=row.prompts,
        where=where,
    )


def _applies(model: AppliesModel | None, row: CriterionRow) -> Applies | None:
    if model is None:
        return None
    own: Test | None = model.test.test() if model.test is not None else None
    shared: Test | None = row.test.test() if row.test is not None else None
    return Applies(own or shared, model.min_population)


def check(catalogue: Catalogue) -> Iterator[str]:
    """Yield every fault between rows: double ids, unknown signals, references and rows, cycles."""
    seen: dict[str, Criterion] = {}
    for row in catalogue.criteria:
        if row.id in seen:
            yield f"{row.where}: {row.id} is already at {seen[row.id].where}: ids are never reused"
        if not row.id.startswith(f"{row.section}."):
            yield f"{row.where}: {row.id} stands in section {row.section}: start the id with it"
        seen[row.id] = row
    for row in catalogue.criteria:
        yield from _signals(row, catalogue.signals)
        for name in row.implied_by:
            if name not in seen:
                yield f"{row.where}: {row.id} is implied by {name}, which is no row"
        for key in row.sources:
            if key not in catalogue.references:
                yield f"{row.where}: {row.id} cites {key}, which catalogue.yaml does not list"
    yield from _cycles(seen)


def _signals(row: Criterion, signals: Mapping[str, SignalSpec]) -> Iterator[str]:
    for key in dict.fromkeys(key for test in tests_of(row) for key in keys_of(test)):
        try:
            name, facets = split_key(key)
            spec = signals.get(name)
            if spec is None:
                yield f"{row.where}: {row.id} asks for {name}, which no collector declares"
            elif spec.key(**facets) != key:
                yield f"{row.where}: {row.id}: write {spec.key(**facets)} instead of {key}"
        except SignalError as error:
            yield f"{row.where}: {row.id}: {error}"
    for leaf in (leaf for test in tests_of(row) for leaf in leaves(test)):
        spec = signals.get(leaf.key.partition("{")[0]) if isinstance(leaf, Compare) else None
        if isinstance(leaf, Compare) and spec is not None and leaf.unit not in ("", spec.unit.value):
            yield f"{row.where}: {row.id}: {leaf.key} is in {spec.unit.value}, not in {leaf.unit}"


def _cycles(rows: Mapping[str, Criterion]) -> Iterator[str]:
    done: set[str] = set()
    for start in rows:
        trail: list[str] = []
        stack = [(start, 0)]
        while stack:
            name, depth = stack.pop()
            del trail[depth:]
            if name in trail:
                loop = " <- ".join([*trail[trail.index(name) :], name])
                yield f"{rows[start].where}: implications go round in a circle: {loop}"
                break
            if name in done or name not in rows:
                continue
            trail.append(name)
            stack.extend((other, depth + 1) for other in rows[name].implied_by)
        done.update(trail)
