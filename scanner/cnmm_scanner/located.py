"""YAML that people write: its values, and the line and column each of them came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cnmm_scanner.faults import Fault

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LIMIT = 16 << 20


class YamlFault(Fault):
    """A file is not YAML that can be used; the message is `file:line:column: what`."""


@dataclass(frozen=True, slots=True)
class Located:
    """A parsed document: `data`, and where each part of it stands."""

    name: str
    data: Any
    root: yaml.Node | None

    def at(self, path: Sequence[str | int]) -> str:
        """Return `file:line:column` (from 1) of the deepest node the path leads to.

        Steps that are in no document, such as the tags of a union, are passed over.
        """
        node, mark = self.root, self.root
        for step in path:
            key, found = _step(node, step)
            if found is not None:
                node, mark = found, key or found
        if mark is None:
            return f"{self.name}:1:1"
        return f"{self.name}:{mark.start_mark.line + 1}:{mark.start_mark.column + 1}"


def _step(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None, None


def read_yaml(path: Path) -> Located:
    """Return the document a file holds; raises YamlFault with file, line and column."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise YamlFault(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > _LIMIT:
        raise YamlFault(f"{path}: larger than {_LIMIT >> 20} MiB")
    return parse_yaml(raw, str(path))


def parse_yaml(raw: bytes, name: str) -> Located:
    """Return the one document of some YAML; raises YamlFault, also for a key written twice."""
    try:
        loader = _LOADER(raw)
        try:
            root = loader.get_single_node()
            _refuse_doubles(root, name, set())
            return Located(name, None if root is None else loader.construct_document(root), root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else f"{name}:1:1"
        raise YamlFault(f"{where}: {error.problem or 'not YAML'}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlFault(f"{name}:1:1: not YAML: {type(error).__name__}") from error


def _refuse_doubles(node: yaml.Node | None, name: str, seen: set[int]) -> None:
    if node is None or id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    keys: set[str] = set()
    for part in node.value:
        key, value = part if isinstance(node, yaml.MappingNode) else (None, part)
        if key is not None and isinstance(key, yaml.ScalarNode):
            if key.value in keys:
                mark = key.start_mark
                raise YamlFault(f"{name}:{mark.line + 1}:{mark.column + 1}: {key.value!r} is there twice")
            keys.add(key.value)
        _refuse_doubles(value, name, seen)
