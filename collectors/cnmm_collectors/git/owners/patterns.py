"""Path patterns of both dialects, compiled so that a path is decided without trying every rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from cnmm_collectors.git.owners.segments import DEEP, NEVER, Segment, compile_segment

# What a pattern covers once its segments match a node of the tree: that node, all beneath it, or
# both.
Reach = Literal["node", "below", "both"]


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern as segments from the repository root; the segment `**` stands for any number of
    directories.
    """

    segments: tuple[Segment, ...]
    reach: Reach

    @property
    def is_catch_all(self) -> bool:
        """Whether it covers every path there can be."""
        return not self.segments and self.reach == "below"

    def matches(self, path: str) -> bool:
        """Whether it covers a path relative to the repository root."""
        return PatternIndex((self,)).last(path) == 0


def compile_pattern(pattern: str, dialect: Literal["github", "gitlab"]) -> Glob:
    """The meaning of one pattern; a pattern that can match nothing gives a glob that matches
    nothing.

    GitHub: a slash before the end anchors the pattern at the root, a directory covers all beneath
    it, a last segment `*` does not reach deeper, and brackets are literal. GitLab: only a leading
    slash anchors, only a trailing slash reaches beneath, brackets are sets, and a last `**` is an
    ordinary `*`.
    """
    text = _unescape_slashes(pattern)
    if not text or (dialect == "github" and text == "/"):
        return Glob((NEVER,), "node")
    directory = text.endswith("/")
    body = text[:-1] if directory else text
    anchored = "/" in body if dialect == "github" else text.startswith("/")
    parts = body.removeprefix("/").split("/") if body else []
    if dialect == "gitlab" and not directory and parts[-1:] == ["**"]:
        parts[-1] = "*"
    segments = [DEEP if part == "**" else compile_segment(part, dialect == "gitlab") for part in parts]
    return _normalise(segments if anchored else [DEEP, *segments], directory, dialect)


def _unescape_slashes(pattern: str) -> str:
    return re.sub(r"\\(.)", lambda found: "/" if found[1] == "/" else found[0], pattern, flags=re.DOTALL)


def _normalise(segments: list[Segment], directory: bool, dialect: str) -> Glob:
    reach: Reach = "below" if directory else "node"
    if not directory and dialect == "github" and not (segments and segments[-1].is_star):
        reach = "both"
    if segments[-2:-1] == [DEEP] and segments[-1].is_star and reach != "below":
        segments, reach = segments[:-2], "below"
    while segments and segments[-1] is DEEP:
        segments, reach = segments[:-1], "below"
    kept = [
        seg for at, seg in enumerate(segments) if seg is not DEEP or at == 0 or segments[at - 1] is not DEEP
    ]
    return Glob(tuple(kept), reach)


BATCH = 64


class PatternIndex:
    """The last of many globs that covers a path, found by looking up the path's own names.

    A path is decided by its directories, each decided once and remembered, and by its last name;
    what a rule says of a node is looked up by whole path, by name, by ending or by directory, and
    only what is left is tried as expressions.
    """

    __slots__ = ("_below", "_memo", "_node", "_root")

    def __init__(self, globs: Sequence[Glob]) -> None:
        self._below = _NodeIndex((at, glob) for at, glob in enumerate(globs) if glob.reach != "node")
        self._node = _NodeIndex((at, glob) for at, glob in enumerate(globs) if glob.reach != "below")
        self._root = max((at for at, glob in enumerate(globs) if glob.is_catch_all), default=-1)
        self._memo: dict[str, int] = {"": self._root}

    def last(self, path: str) -> int:
        """The position of the last glob that covers the path, or -1."""
        head, slash, name = path.rpartition("/")
        inherited = self._directory(head) if slash else self._root
        return self._node.last(path, head if slash else None, name, inherited)

    def _directory(self, path: str) -> int:
        pending: list[str] = []
        known = self._memo.get(path)
        while known is None:
            pending.append(path)
            path = path.rpartition("/")[0]
            known = self._memo.get(path)
        for directory in reversed(pending):
            head, slash, name = directory.rpartition("/")
            known = self._below.last(directory, head if slash else None, name, known)
            self._memo[directory] = known
        return known


class _NodeIndex:
    """The last glob whose segments match one node, a file or a directory."""

    __slots__ = (
        "_ending_in",
        "_endings",
        "_exact",
        "_lengths",
        "_named",
        "_other",
        "_within",
        "_within_first",
    )

    def __init__(self, globs: Iterable[tuple[int, Glob]]) -> None:
        self._exact: dict[str, int] = {}
        self._named: dict[str, int] = {}
        self._endings: dict[str, int] = {}
        within: dict[str | None, list[tuple[int, str]]] = {}
        ending_in: dict[str, list[tuple[int, str]]] = {}
        within_first: dict[str, list[tuple[int, str]]] = {}
        other: list[tuple[int, str]] = []
        for at, glob in globs:
            if not glob.segments or self._add_plain(at, glob.segments):
                continue
            first, last, head = glob.segments[0], glob.segments[-1], _plain_path(glob.segments[:-1])
            tried = (at, _expression(glob.segments))
            if head is not None:
                key = head if len(glob.segments) > 1 else None
                within.setdefault(key, []).append((at, last.expression))
            elif last.literal is not None:
                ending_in.setdefault(last.literal, []).append(tried)
            elif first.literal is not None:
                within_first.setdefault(first.literal, []).append(tried)
            else:
                other.append(tried)
        self._lengths = sorted({len(ending) for ending in self._endings})
        self._within = {key: _batch(group) for key, group in within.items()}
        self._ending_in = {key: _batch(group) for key, group in ending_in.items()}
        self._within_first = {key: _batch(group) for key, group in within_first.items()}
        self._other = _batch(other)

    def _add_plain(self, at: int, segments: tuple[Segment, ...]) -> bool:
        path, last = _plain_path(segments), segments[-1]
        if path is not None:
            self._exact[path] = at
        elif len(segments) != 2 or segments[0] is not DEEP:
            return False
        elif last.literal is not None:
            self._named[last.literal] = at
        elif last.ending is not None:
            self._endings[last.ending] = at
        else:
            return False
        return True

    def last(self, path: str, head: str | None, name: str, found: int) -> int:
        """The last position above `found` whose glob matches the node, or `found`."""
        found = max(found, self._exact.get(path, -1), self._named.get(name, -1))
        for length in self._lengths:
            if length > len(name):
                break
            found = max(found, self._endings.get(name[-length:], -1))
        if self._within:
            found = _try(self._within.get(head, ()), name, found)
        if self._ending_in:
            found = _try(self._ending_in.get(name, ()), path, found)
        if self._within_first:
            found = _try(self._within_first.get(path.partition("/")[0], ()), path, found)
        return _try(self._other, path, found)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Alternatives tried in one call, last rule first; group n is `positions[n - 1]`."""

    expression: re.Pattern[str]
    positions: tuple[int, ...]


def _batch(tried: list[tuple[int, str]]) -> tuple[_Batch, ...]:
    latest = tried[::-1]
    parts = [latest[at : at + BATCH] for at in range(0, len(latest), BATCH)]
    return tuple(
        _Batch(
            re.compile("|".join(f"({expression})" for _, expression in part), re.DOTALL),
            tuple(at for at, _ in part),
        )
        for part in parts
    )


def _try(batches: tuple[_Batch, ...], text: str, found: int) -> int:
    for batch in batches:
        if batch.positions[0] <= found:
            break
        match = batch.expression.fullmatch(text)
        if match and match.lastindex:
            return max(found, batch.positions[match.lastindex - 1])
    return found


def _plain_path(segments: Sequence[Segment]) -> str | None:
    names = [segment.literal for segment in segments]
    return None if None in names else "/".join(name for name in names if name is not None)


def _expression(segments: tuple[Segment, ...]) -> str:
    # Every run between two `**` is taken where it first fits and kept: the leftmost fit leaves most
    # for what follows, so nothing is lost and no pattern can make matching slow.
    runs: list[list[str]] = [[]]
    for segment in segments:
        if segment is DEEP:
            runs.append([])
        else:
            runs[-1].append(segment.expression)
    head = "/".join(runs[0])
    if len(runs) == 1:
        return head
    middle = "".join(rf"(?>(?:[^/]+/)*?{'/'.join(run)}/)" for run in runs[1:-1])
    lead = f"{head}/" if head else ""
    return rf"{lead}{middle}(?:[^/]+/)*?{'/'.join(runs[-1])}"
