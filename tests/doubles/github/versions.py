"""A host of another version: what it says of a question it does not know, and what it leaves out of an answer."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from graphql import (
    FieldNode,
    FieldsOnCorrectTypeRule,
    FragmentDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    KnownArgumentNamesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    parse,
    validate,
)
from graphql.language import Node, Visitor, visit

Row = dict[str, Any]
_RULES = (FieldsOnCorrectTypeRule, KnownArgumentNamesRule, NoUnusedFragmentsRule, NoUnusedVariablesRule)
"""What a question that was made shorter may break; the published schema judges the whole ones."""
_parsed = lru_cache(maxsize=256)(parse)


def refuse(schema: Any, query: str) -> Row | None:
    """Return the answer of a host that does not know all of a question, None where it does."""
    document = _parsed(query)
    faults = validate(schema, document, _RULES)
    return {"errors": [_fault(document, one) for one in faults]} if faults else None


def _fault(document: Node, error: GraphQLError) -> Row:
    """Return a fault of validation in GitHub's own words and shape."""
    shown: Row = {"locations": [one.formatted for one in error.locations or ()], "path": ["query"]}
    field = re.match(r"Cannot query field '(\w+)' on type '(\w+)'", error.message)
    argument = re.match(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'", error.message)
    if field and error.nodes:
        said = {"code": "undefinedField", "typeName": field[2], "fieldName": field[1]}
        message = f"Field '{field[1]}' doesn't exist on type '{field[2]}'"
    elif argument and error.nodes:
        said = {
            "code": "argumentNotAccepted", "name": argument[3], "typeName": "Field",
            "argumentName": argument[1],
        }  # fmt: skip
        message = f"Field '{argument[3]}' doesn't accept argument '{argument[1]}'"
    else:
        return {**shown, "message": error.message, "extensions": {"code": "other"}}
    return {**shown, "path": _path(document, error.nodes[0]), "extensions": said, "message": message}


def _path(document: Node, wanted: Node) -> list[str]:
    here: list[str] = []
    found: list[str] = []

    class Walk(Visitor):
        def enter(self, node: Node, *_: Any) -> None:
            step = _step(node)
            here.extend([step] if step else [])
            if node is wanted:
                found.extend(here)

        def leave(self, node: Node, *_: Any) -> None:
            if _step(node):
                here.pop()

    visit(document, Walk())
    return found


def _step(node: Any) -> str:
    if node.kind == "field":
        return str(node.alias.value if node.alias else node.name.value)
    if node.kind == "inline_fragment":
        return f"... on {node.type_condition.name.value}"
    if node.kind == "fragment_definition":
        return f"fragment {node.name.value}"
    return {
        "operation_definition": "query",
        "argument": node.name.value if node.kind == "argument" else "",
    }.get(node.kind, "")


def only(query: str, data: Any) -> Any:
    """Return of an answer what a question asks for and nothing else."""
    document = _parsed(query)
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }

    def keep(selected: Any, value: Any) -> Any:
        if isinstance(value, list):
            return [keep(selected, one) for one in value]
        if selected is None or not isinstance(value, dict):
            return value
        kept: Row = {}
        for node in selected:
            if isinstance(node, FieldNode):
                name = node.alias.value if node.alias else node.name.value
                inner = node.selection_set.selections if node.selection_set else None
                if name in value:
                    kept[name] = keep(inner, value[name])
            else:
                one = node if isinstance(node, InlineFragmentNode) else fragments[node.name.value]
                kept |= keep(one.selection_set.selections, value)
        return kept

    operation = next(one for one in document.definitions if one.kind == "operation_definition")
    return keep(operation.selection_set.selections, data)  # type: ignore[attr-defined]
