"""Observations as the engine reads them: streamed from a bundle, equal parts shared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnmm_collectors.signals import Gap, Observation, SignalError, State, Value, value_from_json
from cnmm_collectors.subjects import Subject, SubjectError
from cnmm_scanner.container import Container, ContainerFault


class Observations(Iterable[Observation]):
    """All observations of a bundle; may be iterated again. Raises ContainerFault for a record that is none.

    Subjects, keys, values and citations recur by the thousand: each is held once and shared, which halves
    time and memory of a large load.
    """

    def __init__(self, container: Container, members: Sequence[str]) -> None:
        self._container = container
        self._members = members

    def __iter__(self) -> Iterator[Observation]:
        shared = _Shared()
        for name in self._members:
            yield from self._load(name, shared)

    def _load(self, name: str, shared: _Shared) -> Iterator[Observation]:
        decode = json.JSONDecoder().decode
        try:
            for line in self._container.lines(name):
                yield _observation(decode(line.decode("ascii")), shared)
        except (KeyError, TypeError, ValueError, AttributeError, SignalError, SubjectError) as error:
            raise ContainerFault(
                f"{self._container.path}: {name}: {type(error).__name__} in a record"
            ) from error


_STATES = {state.value: state for state in State}
_GAPS: dict[str | None, Gap | None] = {None: None, **{gap.value: gap for gap in Gap}}


@dataclass(slots=True)
class _Shared:
    """What was read so far, each once; values by type, for 1 and 1/1 are equal and not the same."""

    subjects: dict[str, Subject] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[type, Value], Value] = field(default_factory=dict)
    cited: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def value(self, written: Any) -> Value | None:
        if written is None or type(written) is bool:
            return written
        value = value_from_json(written)
        return self.values.setdefault((type(value), value), value)

    def evidence(self, ids: Sequence[str]) -> tuple[str, ...]:
        texts = self.texts
        found = tuple([texts.setdefault(one, one) for one in ids])
        return self.cited.setdefault(found, found)


def _observation(record: dict[str, Any], shared: _Shared) -> Observation:
    about, key, source = record["subject"], record["signal"], record["source"]
    subject = shared.subjects.get(about)
    if subject is None:
        subject = shared.subjects[about] = Subject.parse(about)
    texts = shared.texts
    return Observation(
        texts.setdefault(key, key),
        subject,
        texts.setdefault(source, source),
        _STATES[record["state"]],
        shared.value(record.get("value")),
        shared.evidence(record.get("evidence", ())),
        _GAPS[record.get("gap")],
        record.get("detail", ""),
    )
