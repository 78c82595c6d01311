"""YAML from strangers as light nodes with true line numbers; nothing is constructed, expanded or followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

SIZE_LIMIT = 1024 * 1024
STREAM_LIMIT = 16 * SIZE_LIMIT
NODE_LIMIT = 10_000
ALIAS_LIMIT = 100
DEPTH_LIMIT = 60

# The schemas of resource definitions are far larger than all the rest of a repository and decide nothing.
_SCHEMA = re.compile(r"^([ ]+)openAPIV3Schema:[ ]*\n", re.MULTILINE)
_SKIPPED_KEYS = frozenset({"openAPIV3Schema"})
_MARKER = re.compile(r"^---", re.MULTILINE)
LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlFault(Exception):
    """A file is not YAML, or is larger, deeper or more entangled than the limits; quotes nothing of it."""


# A tuple: a repository has a hundred thousand nodes, and this is made three times as fast as a dataclass.
class Node(NamedTuple):
    """One node: text, mapping or list, on lines `line`..`end` (1-based)."""

    value: str | dict[str, Node] | list[Node]
    line: int
    end: int

    def get(self, *keys: str) -> Node | None:
        """Return the node under a chain of mapping keys, None where the chain breaks."""
        node: Node | None = self
        for key in keys:
            node = node.value.get(key) if node and isinstance(node.value, dict) else None
        return node

    def text(self, *keys: str) -> str:
        """Return the scalar under a chain of keys, stripped; empty for anything else."""
        node = self.get(*keys)
        return node.value.strip() if node and isinstance(node.value, str) else ""

    def entries(self, *keys: str) -> list[tuple[str, Node]]:
        """Return the entries of the mapping under a chain of keys; empty for anything else."""
        node = self.get(*keys)
        return list(node.value.items()) if node and isinstance(node.value, dict) else []

    def items(self, *keys: str) -> list[Node]:
        """Return the members of the list under a chain of keys; empty for anything else."""
        node = self.get(*keys)
        return list(node.value) if node and isinstance(node.value, list) else []

    def texts(self, *keys: str) -> list[str]:
        """Return the scalars under a chain of keys, be it one or a list of them."""
        node = self.get(*keys)
        if node is None:
            return []
        members = [node] if isinstance(node.value, str) else node.items()
        return [item.value for item in members if isinstance(item.value, str)]

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Yield (key or empty, node) for this node and those below, each visit counted against the limit."""
        todo: list[tuple[str, Node]] = [("", self)]
        for _ in range(NODE_LIMIT):
            if not todo:
                return
            key, node = todo.pop()
            yield key, node
            if isinstance(node.value, dict):
                todo.extend(reversed(node.value.items()))
            elif isinstance(node.value, list):
                todo.extend(("", item) for item in reversed(node.value))


@dataclass(slots=True)
class _Frame:
    line: int
    anchor: str | None
    mapping: dict[str, Node] | None
    members: list[Node] = field(default_factory=list)
    key: str | None = None
    merged: list[Node] = field(default_factory=list)

    def add(self, node: Node) -> None:
        if self.mapping is None:
            self.members.append(node)
        elif self.key is None:
            self.key = node.value if isinstance(node.value, str) else ""
        else:
            if self.key == "<<":
                self.merged.append(node)
            else:
                self.mapping[self.key] = node
            self.key = None

    def close(self) -> Node:
        children = self.members if self.mapping is None else self.mapping.values()
        end = max(self.line, max([child.end for child in children], default=0))
        if self.mapping is None:
            return Node(self.members, self.line, end)
        for source in self.merged:
            for node in [source, *source.items()]:
                for key, value in node.entries():
                    self.mapping.setdefault(key, value)
        return Node(self.mapping, self.line, end)


class _Builder:
    def __init__(self) -> None:
        self.documents: list[Node] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._nodes = self._aliases = self._skipping = 0

    def take(self, event: yaml.Event) -> None:
        if self._skipping:
            self._skip(event)
        elif isinstance(event, yaml.ScalarEvent):
            self._count()
            node = Node(event.value, _first_line(event), _last_line(event))
            if self._stack and not event.anchor:
                self._stack[-1].add(node)
            else:
                self._put(node, event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._stack.pop()
            self._put(frame.close(), frame.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()
            self._nodes = self._aliases = 0

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        self._count()
        line = _first_line(event)
        if self._stack and self._stack[-1].key in _SKIPPED_KEYS:
            self._skipping = 1
            self._stack[-1].add(Node({}, line, line))
            return
        mapping: dict[str, Node] | None = {} if isinstance(event, yaml.MappingStartEvent) else None
        self._stack.append(_Frame(line, event.anchor, mapping))
        if len(self._stack) > DEPTH_LIMIT:
            raise YamlFault("nested too deep")

    def _skip(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionStartEvent):
            self._skipping += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            self._skipping -= 1
        if self._skipping + len(self._stack) > DEPTH_LIMIT:
            raise YamlFault("nested too deep")

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._count()
        self._aliases += 1
        if self._aliases > ALIAS_LIMIT:
            raise YamlFault("too many aliases")
        line = _first_line(event)
        # An alias of an unfinished node would make a cycle: it reads as empty.
        known = self._anchors.get(event.anchor or "")
        self._put(Node(known.value if known else "", line, line), None)

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if self._stack:
            self._stack[-1].add(node)
        else:
            self.documents.append(node)

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > NODE_LIMIT:
            raise YamlFault("too many nodes")


def _first_line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def _last_line(event: yaml.ScalarEvent) -> int:
    first, mark = _first_line(event), event.end_mark
    if mark is None:
        return first
    # A block text ends where the next token starts: that is a line which is not its own.
    own = mark.column > 0 or mark.line < first
    return int(mark.line) + 1 if own else int(mark.line)


def read_yaml(text: str) -> tuple[Node, ...]:
    """Return a file's documents.

    Raises YamlFault beyond 1 MiB, 10,000 nodes, 100 aliases or 60 levels a document, and 16 MiB a file.
    """
    if len(text) > STREAM_LIMIT:
        raise YamlFault("larger than the limit")
    text = blank_schemas(text)
    if len(text) > SIZE_LIMIT and max(map(len, _MARKER.split(text))) > SIZE_LIMIT:
        raise YamlFault("larger than the limit")
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except yaml.YAMLError:
        raise YamlFault("not valid YAML") from None
    return tuple(builder.documents)


def blank_schemas(text: str) -> str:
    """Return the text with the lines below each schema's key left empty, so that line numbers stay true."""
    if "openAPIV3Schema:" not in text:
        return text
    kept: list[str] = []
    at = 0
    while match := _SCHEMA.search(text, at):
        below = re.compile(rf"(?:(?:[ ]{{{len(match[1]) + 1}}}[^\n]*+)?+\n)*+").match(text, match.end())
        end = below.end() if below else match.end()
        kept += [text[at : match.end()], "\n" * text.count("\n", match.end(), end)]
        at = end
    return "".join([*kept, text[at:]])
