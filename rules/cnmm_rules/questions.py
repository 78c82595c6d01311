"""What a catalogue asks of each signal, so that all answers are worked out while that signal is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.criteria import Catalogue, Criterion, CriterionRef, Leaf, Record, Test, leaves
from cnmm_rules.index import Index
from cnmm_rules.measures import Cache, SubjectMeasures
from cnmm_rules.predicates import evaluate


class Question(NamedTuple):
    """One reading test under one row's evidence window, asked of an organisation or of a team."""

    test: Leaf
    window: int | None
    kind: SubjectKind


def answer_ahead(catalogue: Catalogue, index: Index, cache: Cache) -> None:
    """Work out signal by signal what any row will ask of the organisation and of its teams."""
    scopes = (index.facts.org, *index.teams())
    for _, asked in sorted(questions(catalogue).items()):
        for scope in scopes:
            for question in asked:
                if question.kind is scope.kind:
                    _answer(question, index, scope, cache)


def _answer(question: Question, index: Index, scope: Subject, cache: Cache) -> None:
    evaluate(question.test, SubjectMeasures(index, scope, question.window, cache, {}))


def questions(catalogue: Catalogue) -> dict[str, tuple[Question, ...]]:
    """Return, by signal key, each different question of the catalogue; records and other rows are none."""
    found: dict[str, dict[Question, None]] = {}
    for question in _questions(catalogue):
        if not isinstance(question.test, Record | CriterionRef):
            found.setdefault(question.test.key, {})[question] = None
    return {key: tuple(asked) for key, asked in found.items()}


def _questions(catalogue: Catalogue) -> Iterator[Question]:
    for section in catalogue.sections:
        for leaf in leaves(section.unless):
            yield Question(leaf, None, SubjectKind.ORG)
    for row in catalogue.criteria:
        for kind, applies in ((SubjectKind.ORG, row.organisation), (SubjectKind.TEAM, row.team)):
            if applies is not None:
                for test in _tests(row, applies.test):
                    yield from (Question(leaf, row.window_days, kind) for leaf in leaves(test))


def _tests(row: Criterion, own: Test | None) -> Iterator[Test | None]:
    yield from (own, row.applicable, row.corroboration, *row.counter)
