"""A GraphQL question without what a host does not know, so that the rest of it is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnmm_collectors.hosts.outcomes import Outcome, classify_unknown

if TYPE_CHECKING:
    from graphql import (
        DocumentNode,
        FieldNode,
        InlineFragmentNode,
        Node,
        OperationDefinitionNode,
        SelectionSetNode,
    )

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """The text that a host is asked; `lost` are the paths of an answer that it leaves out, each with why."""

    text: str
    lost: tuple[tuple[Path, Outcome], ...] = ()


@dataclass(frozen=True, slots=True)
class _Spot:
    """A field or a condition on a type: where errors place it, and where an answer would hold it."""

    node: FieldNode | InlineFragmentNode
    place: Path
    path: Path

    @property
    def line(self) -> int:
        return self.node.loc.start_token.line if self.node.loc else 0


def shrink(question: Question, errors: Sequence[Any]) -> Question | None:
    """Return the question without the fields that errors say a host does not know; None where none is left.

    A field goes with its argument: asked without it, it would be another question.
    """
    # Imported late: every scan loads every collector, and few hosts lack a field.
    from graphql import parse, print_ast

    document = parse(question.text)
    spots = list(_spots(document))
    lost: dict[Path, Outcome] = {}
    doomed: set[int] = set()
    for error in errors:
        outcome = classify_unknown(error)
        if outcome is not None:
            found = _meant(error, spots)
            doomed |= {id(spot.node) for spot in found}
            lost |= {spot.path: outcome for spot in found}
    left = _cut(document, doomed) if doomed else None
    return Question(print_ast(left), (*question.lost, *lost.items())) if left is not None else None


def _spots(document: DocumentNode) -> Iterator[_Spot]:
    """Yield every field once for each place of the answer it may stand at."""
    from graphql import (
        FieldNode,
        FragmentDefinitionNode,
        FragmentSpreadNode,
        InlineFragmentNode,
        OperationDefinitionNode,
    )

    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }

    def walk(selected: SelectionSetNode | None, place: Path, path: Path) -> Iterator[_Spot]:
        for node in selected.selections if selected else ():
            if isinstance(node, FieldNode):
                name = node.alias.value if node.alias else node.name.value
                yield _Spot(node, (*place, name), (*path, name))
                yield from walk(node.selection_set, (*place, name), (*path, name))
            elif isinstance(node, InlineFragmentNode):
                yield _Spot(node, place, path)
                yield from walk(node.selection_set, place, path)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                yield from walk(fragments[name].selection_set, (f"fragment {name}",), path)

    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            yield from walk(one.selection_set, ("query",), ())


def _meant(error: Mapping[str, Any], spots: Sequence[_Spot]) -> list[_Spot]:
    """Return what an error is about: by name, of those by path, of those by line, as far as it says."""
    from graphql import FieldNode

    named = _named(error)
    fields = [one for one in spots if isinstance(one.node, FieldNode)]
    if named.field or named.argument:
        found = [one for one in fields if _fits(one, named)]
    else:
        found = [
            one for one in spots
            if not isinstance(one.node, FieldNode) and one.node.type_condition is not None
            and one.node.type_condition.name.value == named.type
        ]  # fmt: skip
        return _narrowed(found, [one for one in found if one.line in named.lines])
    ends = (named.path, named.path[:-1]) if named.argument else (named.path,)
    found = _narrowed(found, [one for one in found if one.place in ends])
    return _narrowed(found, [one for one in found if one.line in named.lines])


@dataclass(frozen=True, slots=True)
class _Named:
    type: str
    field: str
    argument: str
    path: Path
    lines: frozenset[int]


_FIELD = re.compile(r"Field '(\w+)' (?:doesn't exist on type '(\w+)'|doesn't accept argument '(\w+)')")


def _named(error: Mapping[str, Any]) -> _Named:
    given = error.get("extensions")
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    field, kind, argument = str(said.get("fieldName") or ""), str(said.get("typeName") or ""), ""
    if said.get("argumentName"):
        # Of an argument, `name` is that of its field, and `typeName` that of what has arguments.
        field, argument = str(said.get("name") or ""), str(said["argumentName"])
    told = _FIELD.search(str(error.get("message", "")))
    if told and not field:
        field, kind, argument = told[1], told[2] or kind, told[3] or argument
    path, lines = error.get("path"), error.get("locations")
    steps = path if isinstance(path, list) else []
    return _Named(
        kind, field, argument,
        tuple(_step(one) for one in steps if not str(one).startswith("...")),
        frozenset(
            one["line"] for one in (lines if isinstance(lines, list) else ())
            if isinstance(one, Mapping) and isinstance(one.get("line"), int)
        ),
    )  # fmt: skip


def _step(one: Any) -> str:
    """Return a step of an error's path; a question's own name is no part of it."""
    return "query" if str(one).startswith("query ") else str(one)


def _fits(spot: _Spot, named: _Named) -> bool:
    from graphql import FieldNode

    node = spot.node
    if not isinstance(node, FieldNode) or named.field not in ("", node.name.value):
        return False
    return not named.argument or any(one.name.value == named.argument for one in node.arguments or ())


def _narrowed(found: list[_Spot], closer: list[_Spot]) -> list[_Spot]:
    return closer or found


def _cut(document: DocumentNode, doomed: set[int]) -> DocumentNode | None:
    """Return the document without nodes, and without what is empty or unused for their sake."""
    from graphql import FragmentDefinitionNode, OperationDefinitionNode

    while True:
        document = _pruned(document, doomed)
        operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
        if not operation.selection_set.selections:
            return None
        defined = {one.name.value for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
        stale = {
            id(node) for node in _every(document)
            if (node.kind == "fragment_spread" and node.name.value not in defined)  # type: ignore[attr-defined]
        } | _unused(document, operation)  # fmt: skip
        if not stale:
            return document
        doomed = stale


def _unused(document: DocumentNode, operation: OperationDefinitionNode) -> set[int]:
    """Return the fragments that nothing spreads and the variables that nothing takes."""
    from graphql import FragmentDefinitionNode

    nodes = list(_every(document))
    spread = {node.name.value for node in nodes if node.kind == "fragment_spread"}  # type: ignore[attr-defined]
    variables = operation.variable_definitions or ()
    own = {id(one.variable) for one in variables}
    taken = {node.name.value for node in nodes if node.kind == "variable" and id(node) not in own}  # type: ignore[attr-defined]
    fragments = {
        id(one) for one in document.definitions
        if isinstance(one, FragmentDefinitionNode) and one.name.value not in spread
    }  # fmt: skip
    return fragments | {id(one) for one in variables if one.variable.name.value not in taken}


def _every(document: DocumentNode) -> Iterator[Node]:
    from graphql import Node

    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        yield node
        for key in node.keys:
            value = getattr(node, key, None)
            children = value if isinstance(value, list | tuple) else (value,)
            waiting += [one for one in children if isinstance(one, Node)]


def _pruned(document: DocumentNode, doomed: set[int]) -> DocumentNode:
    from graphql import REMOVE, Visitor, visit

    class Pruner(Visitor):
        """Takes nodes out, and on the way up what they leave empty."""

        def enter(self, node: Node, *_: Any) -> Any:
            return REMOVE if id(node) in doomed else None

        def leave(self, node: Any, *_: Any) -> Any:
            if node.kind not in ("field", "inline_fragment", "fragment_definition"):
                return None
            selected = node.selection_set
            return REMOVE if selected is not None and not selected.selections else None

    found: DocumentNode = visit(document, Pruner())
    return found
