"""Observations as the engine reads them: from where they lie in a bundle, one signal at a time."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from cnmm_collectors.signals import (
    Gap,
    Observation,
    SignalError,
    State,
    Value,
    fraction_from_json,
    value_from_json,
)
from cnmm_collectors.subjects import Subject, SubjectError, SubjectKind
from cnmm_rules.facts import Sealed
from cnmm_scanner.container import Container, ContainerFault

_START, _ABOUT = b'{"signal":"', b'","subject":"'
_STATES = {state.value: state for state in State}
_GAPS: dict[str | None, Gap | None] = {None: None, **{gap.value: gap for gap in Gap}}
_Region = tuple[str, int, int]
"""Member, first byte and end of lines that follow each other and are about one signal."""


class Observations(Sealed):
    """All observations of a bundle; may be iterated again. Raises ContainerFault for a record that is none.

    Lines are sealed in order of their signal, so that a signal is one region of the file; where they are not,
    it has several, and nothing is left out.
    """

    def __init__(self, container: Container, members: Sequence[str]) -> None:
        self._container = container
        self._members = members
        self._places: dict[str, list[_Region]] | None = None

    def __iter__(self) -> Iterator[Observation]:
        for name in self._members:
            with self._used(name):
                yield from _decode(self._container.blocks(name))

    def of(self, key: str) -> Iterator[Observation]:
        """Yield the observations of one signal, in the order they are sealed in."""
        if self._places is None:
            self._places = self._find()
        for name, start, end in self._places.get(key, ()):
            with self._used(name):
                yield from _decode(self._container.part(name, start, end))

    def subjects(self, kind: SubjectKind) -> set[Subject]:
        """Return every subject of a kind that any observation is about."""
        about = re.compile(_ABOUT + kind.value.encode() + rb':[^"]*')
        found: set[bytes] = set()
        for name in self._members:
            for block in self._container.blocks(name):
                found.update(about.findall(block))
        return {Subject.parse(text[len(_ABOUT) :].decode("ascii")) for text in found}

    def _find(self) -> dict[str, list[_Region]]:
        places: dict[str, list[_Region]] = defaultdict(list)
        for name in self._members:
            with self._used(name):
                for key, start, end in _runs(self._container.blocks(name)):
                    places[key].append((name, start, end))
        return dict(places)

    @contextmanager
    def _used(self, name: str) -> Iterator[None]:
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, SignalError, SubjectError) as error:
            where = f"{self._container.path}: {name}"
            raise ContainerFault(f"{where}: {type(error).__name__} in a record") from error


def _runs(blocks: Iterable[bytes]) -> Iterator[tuple[str, int, int]]:
    """Yield (signal, start, end) of neighbouring lines about one signal; ValueError for other lines."""
    prefix, start, place = b"", 0, 0
    for block in blocks:
        at = _end(block, 0, prefix)
        while at < len(block):
            if prefix:
                yield _key(prefix), start, place + at
            prefix, start = _prefix(block, at), place + at
            at = _end(block, at, prefix)
        place += len(block)
    if prefix:
        yield _key(prefix), start, place


def _end(block: bytes, at: int, prefix: bytes) -> int:
    """Return where the first line from `at` on starts otherwise, the end of the block where none does."""
    if not prefix or not block.startswith(prefix, at):
        return at
    other = re.search(rb"\n(?!" + re.escape(prefix) + rb")", memoryview(block)[at:])
    return len(block) if other is None else at + other.end()


def _prefix(block: bytes, at: int) -> bytes:
    if not block.startswith(_START, at):
        raise ValueError("an observation starts with its signal")
    return block[at : block.index(_ABOUT, at) + len(_ABOUT)]


def _key(prefix: bytes) -> str:
    return prefix[len(_START) : -len(_ABOUT)].decode("ascii")


def _decode(blocks: Iterable[bytes]) -> Iterator[Observation]:
    """Yield what lines hold; raises ValueError where one holds no record, or more than one."""
    fractions: dict[str | int, Fraction] = {}
    for block in blocks:
        records = json.loads((b"[" + block[:-1].replace(b"\n", b",") + b"]").decode("ascii"))
        if len(records) != block.count(b"\n"):
            raise ValueError("a line holds one record")
        for record in records:
            yield _observation(record, fractions)


def _observation(record: dict[str, Any], fractions: dict[str | int, Fraction]) -> Observation:
    return Observation(
        record["signal"],
        Subject.parse(record["subject"]),
        record["source"],
        _STATES[record["state"]],
        _value(record.get("value"), fractions),
        tuple(record.get("evidence", ())),
        _GAPS[record.get("gap")],
        record.get("detail", ""),
    )


def _value(written: Any, fractions: dict[str | int, Fraction]) -> Value | None:
    """Return the value, equal fractions as one: they are many, and the same object is compared at once."""
    if written is None or type(written) is bool:
        return written
    if type(written) is dict and "f" in written:
        spelled = written["f"]
        if spelled not in fractions:
            fractions[spelled] = fraction_from_json(spelled)
        return fractions[spelled]
    return value_from_json(written)
