"""YAML with positions: plain values, exact decimals, and for each of them the line and column it came
from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import yaml

MAX_BYTES = 2_000_000
MAX_NODES = 200_000
MAX_DEPTH = 40

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.SafeLoader
_BOOL = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}


class CatalogueError(Exception):
    """A catalogue file is not usable; the message is `file:line:column: what, and what to write instead`."""


@dataclass(slots=True)
class Located:
    """A parsed document: `value` is plain, `marks` maps a path of keys and indices to (line, column),
    1-based."""

    name: str
    value: Any
    marks: dict[tuple[str | int, ...], tuple[int, int]] = field(default_factory=dict)

    def where(self, path: Sequence[str | int]) -> str:
        """Return `file:line:column` of the nearest known place on the path, unknown steps skipped."""
        line, column = self.mark(path)
        return f"{self.name}:{line}:{column}"

    def mark(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Return (line, column) of the nearest known place on the path, 1-based."""
        known: tuple[str | int, ...] = ()
        for step in path:
            if (*known, step) in self.marks:
                known = (*known, step)
        return self.marks.get(known, (1, 1))


@lru_cache(maxsize=64)
def parse(name: str, raw: bytes) -> Located:
    """Return the document with positions; raises CatalogueError for bad YAML, anchors, or a size past the
    limits. Nobody changes what is returned: a scan reads its catalogue again from the bundle it sealed."""
    if len(raw) > MAX_BYTES:
        raise CatalogueError(f"{name}:1:1: {len(raw)} bytes: a catalogue file holds at most {MAX_BYTES}")
    try:
        text = raw.decode("utf-8-sig")
        _refuse_bombs(name, text)
        node = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{name}:1:1: not UTF-8 at byte {error.start}: save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        problem = error.problem or error.context or "not YAML"
        raise CatalogueError(f"{name}:{line}:{column}: {problem}") from error
    except yaml.YAMLError as error:
        raise CatalogueError(f"{name}:1:1: {' '.join(str(error).split())}") from error
    located = Located(name, None)
    located.value = _construct(located, node, ())
    return located


def _refuse_bombs(name: str, text: str) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.AliasEvent):
            raise CatalogueError(f"{_place(name, event)}: aliases are not allowed: write the value out")
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            limits = f"nested deeper than {MAX_DEPTH} or over {MAX_NODES} values"
            raise CatalogueError(f"{_place(name, event)}: {limits}")


def _place(name: str, event: Any) -> str:
    return f"{name}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"


def _construct(located: Located, node: Any, path: tuple[str | int, ...]) -> Any:
    if node is None:
        return None
    located.marks[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in found:
                line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
                raise CatalogueError(f"{located.name}:{line}:{column}: {key!r} stands twice: keep one")
            found[key] = _construct(located, value_node, (*path, key))
            located.marks[*path, key] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_construct(located, item, (*path, index)) for index, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: Any) -> Any:
    kind = node.tag.rpartition(":")[2]
    text: str = node.value
    if kind == "null":
        return None
    if kind == "bool":
        return _BOOL[text.lower()]
    if kind in ("int", "float"):
        try:
            return int(text) if kind == "int" else Decimal(text)
        except (ValueError, InvalidOperation):
            return text
    return text
