"""When each tracked path got the content it has now, told commit by commit, newest first.

A path is followed by what it holds: only a commit that left it with the content we are looking for can have
made it. A change that a merge discarded left another one, and dates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_ANY = b""
"""Looked for before a bulk edit that added the path or merged several: whatever it held."""


class Dating:
    """Follows the paths of one commit back through its history; dates are epoch seconds."""

    def __init__(self, tracked: Mapping[bytes, bytes]) -> None:
        """Prepare for the tracked paths, each with its object id in hexadecimal."""
        self._sought = dict(tracked)
        self._open = set(tracked)
        self._tracked = tracked
        self._last: dict[bytes, int] = {}
        self._bulk: dict[bytes, int] = {}
        self._added: dict[bytes, int] = {}
        self._unclear: set[bytes] = set()
        self._undated: set[bytes] = set()

    def date(self, when: int | None, bulk: bool, rows: Sequence[bytes], paths: Sequence[bytes]) -> None:
        """Take a commit's rows of `git log --raw` and their paths; `when` is None where it has no date."""
        # Most commits touch nothing that is still open: one question says so for all their paths.
        if self._open.isdisjoint(paths):
            return
        for row, path in zip(rows, paths, strict=True):
            if path in self._open:
                self._follow(path, row, when, bulk)

    def add(self, when: int | None, rows: Sequence[bytes], paths: Sequence[bytes]) -> None:
        """Take the rows of a commit that adds paths."""
        for row, path in zip(rows, paths, strict=True):
            if row.endswith(b"A") and path in self._tracked and _adds(row):
                if when is None:
                    self._undated.add(path)
                else:
                    self._added[path] = when

    def _follow(self, path: bytes, row: bytes, when: int | None, bulk: bool) -> None:
        sources, left = _objects(row)
        sought = self._sought[path]
        if left != sought if sought else not left.strip(b"0"):
            return
        if bulk and when is not None:
            # Should nothing else turn up, the oldest mention is when it got this name.
            self._bulk[path] = when
            alone = len(sources) == 1 and sources[0].strip(b"0")
            self._sought[path] = sources[0] if alone else _ANY
            return
        self._open.discard(path)
        if when is None:
            self._unclear.add(path)
        else:
            self._last[path] = when

    def settle(self, names: Sequence[str]) -> tuple[dict[str, int], dict[str, int], set[str]]:
        """Return when each path last changed, when it was added, and the paths whose last change is unclear.

        `names` are the tracked paths as text in their order: there may be a hundred thousand, held once.
        """
        changed: dict[str, int] = {}
        added: dict[str, int] = {}
        unclear: set[str] = set()
        for raw, path in zip(self._tracked, names, strict=False):
            moment = self._last.get(raw) or self._bulk.get(raw, 0)
            if raw in self._unclear or not moment:
                unclear.add(path)
            else:
                changed[path] = moment
            if raw in self._added and raw not in self._undated:
                added[path] = self._added[raw]
        return changed, added, unclear


def _objects(row: bytes) -> tuple[list[bytes], bytes]:
    """Return the object ids before a commit, one for each parent, and the one it left."""
    parents = row.count(b":")
    words = row.split(b" ")
    return words[parents + 1 : -2], words[-2]


def _adds(row: bytes) -> bool:
    """True for a path that is new; a merge adds what none of its parents holds."""
    return not row.rpartition(b" ")[2].strip(b"A")
