"""What a renderer is given: a finished assessment beside the catalogue's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cnmm_collectors.signals import SignalSpec
from cnmm_rules.criteria import Applies, Catalogue, Criterion, Test
from cnmm_rules.numerals import number
from cnmm_rules.wording import Signals, lines

Lines = tuple[tuple[int, str], ...]
"""A test in words: (depth, line) in reading order."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """One way to answer a signal, with the least permission that does."""

    name: str
    rank: int
    basis: str
    permission: str


@dataclass(frozen=True, slots=True)
class SignalText:
    """What a signal measures, in words."""

    id: str
    title: str
    definition: str
    unit: str
    subject: str
    sources: tuple[SourceText, ...]
    unknown_when: str


@dataclass(frozen=True, slots=True)
class CriterionText:
    """What the catalogue says of one row; `weight` counts importance, 0 for rows that are not rated."""

    id: str
    section: str
    level: int
    statement: str
    role: str
    weight: int | float
    confidence: str
    proof: str
    judged_for: tuple[str, ...]
    test: Lines
    counter: Lines
    window_days: int | None
    retires_at: int | None
    implied_by: tuple[str, ...]
    reason: str
    sources: tuple[str, ...]
    meaning: str
    next_step: str
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """An assessment of the output contract with the texts that explain it.

    `diff`, `trend` and `marks` are None where no earlier scan or no reviewer's file was given; `artefacts`
    maps each other file of the report to its digest, for renderers that attest alone. `plugins` names the
    plug-ins of third parties that took part.
    """

    assessment: Mapping[str, Any]
    texts: Mapping[str, CriterionText]
    references: Mapping[str, str]
    signals: Mapping[str, SignalText]
    diff: Mapping[str, Any] | None = None
    trend: Mapping[str, Any] | None = None
    marks: Mapping[str, Any] | None = None
    artefacts: Mapping[str, str] | None = None
    plugins: tuple[str, ...] = ()


class Renderer(Protocol):
    """Turns a view into named files; the same view always gives the same bytes.

    One with a true attribute `attests` is asked last, with the digests of all other files in the view. The
    one for the screen may have `fit(colour=, width=)`: it returns what the terminal at hand wants.
    """

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the files of this format by name."""
        ...


def build_view(assessment: Mapping[str, Any], catalogue: Catalogue) -> ReportView:
    """Return the view of an assessment under the catalogue that judged it."""
    return ReportView(
        assessment=assessment,
        texts={row.id: _criterion(row, catalogue.signals) for row in catalogue.criteria},
        references=dict(catalogue.references),
        signals={key: _signal(spec) for key, spec in catalogue.signals.items()},
    )


def _signal(spec: SignalSpec) -> SignalText:
    return SignalText(
        id=spec.id,
        title=spec.title,
        definition=spec.definition,
        unit=spec.unit.value,
        subject=spec.subject.value,
        sources=tuple(
            SourceText(source.name, source.rank, source.basis.value, source.permission)
            for source in sorted(spec.sources, key=lambda source: (source.rank, source.name))
        ),
        unknown_when=spec.unknown_when,
    )


def _criterion(row: Criterion, signals: Signals) -> CriterionText:
    counter = [entry for test in row.counter for entry in lines(test, signals)]
    return CriterionText(
        id=row.id,
        section=row.section,
        level=row.level,
        statement=row.statement,
        role=row.role.value,
        weight=number(row.weight),
        confidence=row.confidence.value,
        proof=row.proof.value,
        judged_for=tuple(_judged(row)),
        test=tuple(_tests(row, signals)),
        counter=tuple(counter),
        window_days=row.window_days,
        retires_at=row.retires_at,
        implied_by=row.implied_by,
        reason=row.reason,
        sources=row.sources,
        meaning=row.meaning,
        next_step=row.next_step,
        prompts=row.prompts,
    )


def _judged(row: Criterion) -> Iterator[str]:
    for name, applies in (("organisation", row.organisation), ("team", row.team)):
        if applies is not None:
            yield f"{name} (least population {applies.min_population})"


def _tests(row: Criterion, signals: Signals) -> Iterator[tuple[int, str]]:
    parts = [("Applies where", row.applicable)]
    own, team = _test(row.organisation), _test(row.team)
    parts.append(("For the organisation" if team not in (None, own) else "", own or team))
    if own is not None and team not in (None, own):
        parts.append(("For a team", team))
    parts.append(("Second source", row.corroboration))
    for title, test in parts:
        if test is None:
            continue
        if title:
            yield 0, f"{title}:"
        yield from lines(test, signals, 1 if title else 0)


def _test(applies: Applies | None) -> Test | None:
    return None if applies is None else applies.test
