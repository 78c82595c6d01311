"""OWNERS and OWNERS_ALIASES files: each directory names who approves changes beneath it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import yaml

from cnmm_collectors.git.owners.lines import decode, is_email
from cnmm_collectors.git.owners.model import Owner, OwnersError, OwnersFile, Rule
from cnmm_collectors.git.owners.yamlnodes import (
    RefusedYaml,
    compose_yaml,
    entries_of,
    is_flat_list,
    line_of,
    scalars_of,
)

EVERYTHING = ".*"
SECTIONS = ("approvers", "reviewers")

_LOGIN = re.compile(r"@?([A-Za-z0-9](?:[A-Za-z0-9_-]*))")
_TEAM = re.compile(r"@?([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*)")
_NULL = frozenset({"", "~", "null"})
_TRUE = frozenset({"true", "yes", "on", "y"})
_PLAIN_FILTER = re.compile(
    r"(?:\\[.^$*+?()\[\]{}|\\/_dws-]"
    r"|[^\\*+?(){}\[\]]"
    r"|\[\^?[A-Za-z0-9_./-]+\]"
    r"|\((?!\?)"
    r"|\)(?![*+?{])"
    r"|[*+?](?![*+?{]))*"
)
_FILTER_LIMITS = (("*+", 2), ("?", 4), ("(", 2), ("|", 40))


@dataclass(frozen=True, slots=True)
class OwnersDirectory:
    """One directory's OWNERS file ("" is the root); `complete` is false where a part of it could
    not be read.
    """

    directory: str
    file: OwnersFile
    no_parent_owners: bool = False
    complete: bool = True


@dataclass(frozen=True, slots=True)
class OwnersTree:
    """All OWNERS files of a repository by directory, and the sizes of its aliases by name."""

    directories: Mapping[str, OwnersDirectory]
    aliases: Mapping[str, int]
    alias_errors: tuple[OwnersError, ...] = ()


def parse_tree(files: Mapping[str, bytes | str]) -> OwnersTree:
    """Read OWNERS files, given by path, and the OWNERS_ALIASES of the root; never raises."""
    aliases: Mapping[str, int] = {}
    errors: tuple[OwnersError, ...] = ()
    if "OWNERS_ALIASES" in files:
        aliases, errors = parse_aliases(files["OWNERS_ALIASES"])
    owned = [path for path in sorted(files) if path.rpartition("/")[2] == "OWNERS"]
    parsed = (parse_owners(path, files[path], aliases) for path in owned)
    return OwnersTree({entry.directory: entry for entry in parsed}, aliases, errors)


def parse_aliases(content: bytes | str) -> tuple[Mapping[str, int], tuple[OwnersError, ...]]:
    """The members each alias has, by lower-case name, and what is wrong; never raises."""
    try:
        root = compose_yaml(decode(content))
    except RefusedYaml as refused:
        return {}, (refused.error,)
    sizes: dict[str, int] = {}
    errors: list[OwnersError] = []
    for name, node in entries_of(dict(entries_of(root)).get("aliases")):
        if not is_flat_list(node):
            errors.append(OwnersError(line_of(node), "not_a_list", "the members are no list"))
        sizes[name.lower()] = len({member.lower() for member in scalars_of(node)})
    if not sizes:
        errors.append(OwnersError(0, "no_aliases", "the file names no aliases"))
    return sizes, tuple(errors)


def parse_owners(path: str, content: bytes | str, aliases: Mapping[str, int]) -> OwnersDirectory:
    """Read one OWNERS file; never raises, one that cannot be read is incomplete without rules.

    Names found in `aliases` are teams, `org/team` too, any other login is a person: without the
    aliases file an alias cannot be told from a login. Approvers own; reviewers are kept as rules of
    section `reviewers` and own nothing.
    """
    directory = path.rpartition("/")[0]
    try:
        root = compose_yaml(decode(content))
    except RefusedYaml as refused:
        truncated = refused.error.code == "too_large"
        file = OwnersFile(path, "kubernetes", (), (refused.error,), truncated)
        return OwnersDirectory(directory, file, complete=False)
    reading = _Reading(aliases, [], [])
    keys = dict(entries_of(root))
    if not isinstance(root, (yaml.MappingNode, type(None))):
        reading.errors.append(OwnersError(0, "not_a_mapping", "the file is no mapping of keys to lists"))
    complete = (root is None or isinstance(root, yaml.MappingNode)) and reading.read(keys)
    options = {
        name: node for name, node in entries_of(keys.get("options")) if isinstance(node, yaml.ScalarNode)
    }
    alone = "no_parent_owners" in options and options["no_parent_owners"].value.lower() in _TRUE
    file = OwnersFile(path, "kubernetes", tuple(reading.rules), tuple(reading.errors))
    return OwnersDirectory(directory, file, alone, complete)


@dataclass(slots=True)
class _Reading:
    aliases: Mapping[str, int]
    rules: list[Rule]
    errors: list[OwnersError]

    def read(self, keys: Mapping[str, yaml.Node]) -> bool:
        """Read the file's own lists, else its filters'; false where a part stays unread."""
        present = any(section in keys for section in SECTIONS)
        if present and "filters" in keys:
            message = "lists beside filters: the filters are ignored"
            self.errors.append(OwnersError(line_of(keys["filters"]), "filters_ignored", message))
        if present or "filters" not in keys:
            return self._read_lists(EVERYTHING, keys)
        if not self._is_mapping(keys["filters"]):
            return False
        read = [self._read_filter(name, node) for name, node in entries_of(keys["filters"])]
        return all(read)

    def _is_mapping(self, node: yaml.Node) -> bool:
        if isinstance(node, yaml.MappingNode):
            return True
        self.errors.append(OwnersError(line_of(node), "not_a_mapping", "filters are no mapping, unread"))
        return False

    def _read_filter(self, pattern: str, node: yaml.Node) -> bool:
        if not self._is_mapping(node):
            return False
        if compile_filter(pattern) is None:
            message = "the filter is no expression this reader can run safely; what it says is unread"
            self.errors.append(OwnersError(line_of(node), "unsupported_filter", message))
            return False
        return self._read_lists(pattern, dict(entries_of(node)))

    def _read_lists(self, pattern: str, keys: Mapping[str, yaml.Node]) -> bool:
        read = [self._read_list(pattern, name, keys[name]) for name in SECTIONS if name in keys]
        return all(read)

    def _read_list(self, pattern: str, section: str, node: yaml.Node) -> bool:
        if isinstance(node, yaml.ScalarNode) and node.value in _NULL:
            return True
        if not is_flat_list(node):
            self.errors.append(
                OwnersError(line_of(node), "not_a_list", "the owners are no list and are unread")
            )
            return False
        owners = self._read_owners(node)
        if owners:
            self.rules.append(Rule(line_of(node), pattern, owners, section))
        return True

    def _read_owners(self, node: yaml.Node) -> tuple[Owner, ...]:
        read = [read_owner(token, self.aliases) for token in scalars_of(node)]
        ignored = sum(owner is None for owner in read)
        if ignored:
            message = f"{ignored} of {len(read)} entries are no login, team or alias with members"
            self.errors.append(OwnersError(line_of(node), "invalid_owner", message))
        return tuple(dict.fromkeys(owner for owner in read if owner is not None))


def read_owner(token: str, aliases: Mapping[str, int]) -> Owner | None:
    """The owner an entry spells, lower-case, or None; an alias without members is nobody."""
    name = token.strip().lower()
    if name in aliases:
        return Owner("team", name) if aliases[name] else None
    team = _TEAM.fullmatch(name)
    if team:
        return Owner("team", team[1])
    login = _LOGIN.fullmatch(name)
    if login:
        return Owner("person", login[1])
    return Owner("email", name) if is_email(name) else None


def compile_filter(pattern: str) -> re.Pattern[str] | None:
    """A filter, searched in paths below its directory, or None if that might not end.

    Python's engine backtracks where the original does not, so repeated groups, look-arounds, more
    than two unbounded repeats, two groups, four optional items or 200 characters are refused.
    """
    bare = re.sub(r"\\.", "", pattern)
    many = any(sum(bare.count(char) for char in chars) > limit for chars, limit in _FILTER_LIMITS)
    if many or len(pattern) > 200 or not _PLAIN_FILTER.fullmatch(pattern):
        return None
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None


def applying_kubernetes(tree: OwnersTree) -> Callable[[str], tuple[Rule, ...] | None]:
    """A function from a path to the approvers rules of the nearest directory that has any for it.

    None means undecided: a file that was not read whole stands nearer than any rule.
    """
    compiled = {name: _Level(entry) for name, entry in tree.directories.items()}

    def choose(path: str) -> tuple[Rule, ...] | None:
        for directory in _upwards(path):
            level = compiled.get(directory)
            if level is None:
                continue
            found = level.rules_for(path[len(directory) + 1 :] if directory else path)
            if found or not level.entry.complete:
                return found or None
            if level.entry.no_parent_owners:
                break
        return ()

    return choose


class _Level:
    __slots__ = ("_filters", "entry")

    def __init__(self, entry: OwnersDirectory) -> None:
        self.entry = entry
        approving = [rule for rule in entry.file.rules if rule.section == "approvers"]
        self._filters = [(compile_filter(rule.pattern), rule) for rule in approving]

    def rules_for(self, path: str) -> tuple[Rule, ...]:
        return tuple(rule for expression, rule in self._filters if expression and expression.search(path))


def _upwards(path: str) -> Iterable[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path
