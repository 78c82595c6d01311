"""The GraphQL questions stay below what the host allows, whatever it is asked for at once."""

from __future__ import annotations

import pytest
from graphql import parse, validate
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    SelectionSetNode,
)

from cnmm_collectors.gitlab.queries import ALL, PARTS, pipelines_query, project_query, projects_query
from cnmm_collectors.gitlab.scanners import BATCH
from cnmm_collectors.gitlab.settings import Settings
from doubles.gitlab.schema import schema

MOST_COMPLEX, LONGEST = 250, 10_000
SIZES = {"groups": 20, "issues": 50, "replies": 20}
"""How many rows each question asks for, where that is not a hundred."""
GITALY = ("blobs", "validateCodeownerFile", "repository")
QUESTIONS = {
    **ALL, "projects": projects_query(PARTS), "project": project_query(PARTS), "pipelines": pipelines_query(BATCH),
}  # fmt: skip


def complexity(text: str, size: int) -> int:
    """Return what the host counts: a field is one, a list grows by a hundredth for each row asked for."""
    document = parse(text)
    fragments = {
        one.name.value: one.selection_set
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }

    def weigh(chosen: SelectionSetNode | None) -> int:
        total = 0
        for node in chosen.selections if chosen else ():
            if isinstance(node, FragmentSpreadNode):
                total += weigh(fragments[node.name.value])
            elif isinstance(node, FieldNode):
                total += of_field(node)
        return total

    def of_field(node: FieldNode) -> int:
        given = {one.name.value: one.value for one in node.arguments or ()}
        own = 1 + ("sort" in given) + (node.name.value in GITALY) + weigh(node.selection_set)
        first = given.get("first")
        rows = int(first.value) if isinstance(first, IntValueNode) else size if first is not None else 0
        return int(own * (1 + rows / 100))

    operation = next(one for one in document.definitions if not isinstance(one, FragmentDefinitionNode))
    return weigh(operation.selection_set)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_one_that_the_host_answers(name: str) -> None:
    text = QUESTIONS[name]
    assert not validate(schema(True), parse(text))
    assert len(text) < LONGEST
    size = Settings().page if name == "projects" else SIZES.get(name, 100)
    assert complexity(text, size) <= MOST_COMPLEX, complexity(text, size)


def test_only_its_own_parts_are_unknown_to_the_community_edition() -> None:
    enterprise = {part for part in PARTS if validate(schema(False), parse(project_query([part])))}
    assert enterprise == {"approvals", "policies", "validation", "gates", "components"}
