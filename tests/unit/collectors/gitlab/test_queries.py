"""The GraphQL questions stay below what the host allows, whatever it is asked for at once."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from graphql import TypeInfo, TypeInfoVisitor, Visitor, get_named_type, parse, validate, visit
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    ObjectFieldNode,
    SelectionSetNode,
)

from cnmm_collectors.gitlab.figures import BATCH as FIGURES
from cnmm_collectors.gitlab.queries import (
    ALL,
    PARTS,
    figures_query,
    files_query,
    pipelines_query,
    project_query,
    projects_query,
)
from cnmm_collectors.gitlab.scanners import BATCH
from cnmm_collectors.gitlab.settings import Settings
from doubles.gitlab.schema import schema

MOST_COMPLEX, LONGEST = 250, 10_000
SIZES = {"groups": 20, "issues": 50, "replies": 20}
"""How many rows each question asks for, where that is not a hundred."""
GITALY = ("blobs", "validateCodeownerFile", "repository")
QUESTIONS = {
    **ALL, "projects": projects_query(PARTS), "project": project_query(PARTS), "pipelines": pipelines_query(BATCH),
    "figures": figures_query(FIGURES),
    "statement files": files_query(21),
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


NAMES = Path(__file__).parents[3] / "doubles" / "gitlab" / "names.yaml"


@cache
def published() -> dict[str, frozenset[str]]:
    """Return by type every name that was looked up at the host's: fields, `field(argument)`, values."""
    found: dict[str, set[str]] = {}
    for kind, row in yaml.safe_load(NAMES.read_text(encoding="utf-8"))["types"].items():
        assert row["found"], f"{kind}: where was it looked up?"
        for name in row["names"]:
            field, arguments = re.fullmatch(r"(\w+)(?:\(([\w, ]+)\))?", name).groups()  # type: ignore[union-attr]
            own = found.setdefault(kind, set())
            own |= {field, *(f"{field}({one})" for one in (arguments or "").split(", ") if one)}
    return {kind: frozenset(names) for kind, names in found.items()}


def used(text: str) -> set[tuple[str, str]]:
    """Return every name that a question holds, each with the type it belongs to."""
    info, found = TypeInfo(schema(True)), set[tuple[str, str]]()

    class Walk(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            kind = str(info.get_parent_type())
            found.add((kind, node.name.value))
            found.update((kind, f"{node.name.value}({one.name.value})") for one in node.arguments or ())

        def enter_enum_value(self, node: Any, *_: Any) -> None:
            found.add((str(get_named_type(info.get_input_type())), node.value))

        def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
            found.add((str(get_named_type(info.get_parent_input_type())), node.name.value))

    visit(parse(text), TypeInfoVisitor(info, Walk()))
    return found


def test_a_question_uses_only_names_that_were_looked_up_at_the_host() -> None:
    names = {one for text in QUESTIONS.values() for one in used(text)}
    assert len(names) > 200
    unknown = {f"{kind}.{name}" for kind, name in names if name not in published().get(kind, frozenset())}
    assert not unknown, sorted(unknown)


def test_the_table_holds_no_name_that_nothing_asks_for() -> None:
    names = {one for text in QUESTIONS.values() for one in used(text)}
    idle = {
        f"{kind}.{name}" for kind, all_ in published().items() for name in all_ if (kind, name) not in names
    }
    assert not idle, sorted(idle)


def test_the_check_of_names_can_fail() -> None:
    asked = used("{ project(fullPath: 1) { fullPath } }")
    assert asked == {("Query", "project"), ("Query", "project(fullPath)"), ("Project", "fullPath")}
    assert "visibilityLevel" not in published()["Project"]
