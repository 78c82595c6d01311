"""YAML from strangers as plain nodes: nothing is constructed, nothing may grow without end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from cnmm_collectors.git.owners.lines import size_of
from cnmm_collectors.git.owners.model import OwnersError

SIZE_LIMIT = 1024 * 1024
ALIAS_LIMIT = 16
DEPTH_LIMIT = 32

_SURROGATE = re.compile("[\ud800-\udfff]")
_Loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RefusedYaml(Exception):
    """A document that is malformed or not safe to read; it carries what to report and quotes
    nothing.
    """

    def __init__(self, line: int, code: str, message: str) -> None:
        self.error = OwnersError(line, code, message)
        super().__init__(message)


def compose_yaml(text: str) -> yaml.Node | None:
    """The root node of one document, None if it is empty; at most 1 MiB, 16 aliases and 32 levels.

    Raises RefusedYaml for anything else.
    """
    if size_of(text) > SIZE_LIMIT:
        raise RefusedYaml(0, "too_large", "the file is larger than 1 MiB and was not read")
    if _SURROGATE.search(text):
        raise RefusedYaml(0, "not_utf8", "the file is not valid UTF-8 and was not read")
    try:
        _scan(text)
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as failed:
        line = failed.problem_mark.line + 1 if failed.problem_mark else 0
        raise RefusedYaml(line, "malformed_yaml", "the file is not valid YAML and was not read") from None
    except yaml.YAMLError:
        raise RefusedYaml(0, "malformed_yaml", "the file is not valid YAML and was not read") from None


def _scan(text: str) -> None:
    depth = aliases = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > DEPTH_LIMIT or aliases > ALIAS_LIMIT:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise RefusedYaml(
                line, "unsafe_yaml", "too many aliases or too deep a nesting; the file was not read"
            )


def entries_of(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """The entries of a mapping whose keys are scalars; nothing for any other node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value


def is_flat_list(node: yaml.Node) -> bool:
    """Whether a node is a list of nothing but scalars."""
    return isinstance(node, yaml.SequenceNode) and all(
        isinstance(item, yaml.ScalarNode) for item in node.value
    )


def scalars_of(node: yaml.Node | None) -> list[str]:
    """The non-empty scalars of a list, as written; nothing for any other node."""
    if not isinstance(node, yaml.SequenceNode):
        return []
    return [item.value for item in node.value if isinstance(item, yaml.ScalarNode) and item.value]


def line_of(node: yaml.Node) -> int:
    """The line, from 1, on which a node starts."""
    return int(node.start_mark.line) + 1
