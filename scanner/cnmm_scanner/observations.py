"""Observations as the engine reads them: streamed from a bundle, equal parts shared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cnmm_collectors.signals import Gap, Observation, SignalError, State, value_from_json
from cnmm_collectors.subjects import Subject, SubjectError
from cnmm_scanner.container import Container, ContainerFault


class Observations(Iterable[Observation]):
    """All observations of a bundle; may be iterated again. Raises ContainerFault for a record that is none.

    Subjects, keys and sources recur by the thousand: each is parsed once and shared, which halves
    time and memory of a large load.
    """

    def __init__(self, container: Container, members: Sequence[str]) -> None:
        self._container = container
        self._members = members

    def __iter__(self) -> Iterator[Observation]:
        for name in self._members:
            yield from self._load(name)

    def _load(self, name: str) -> Iterator[Observation]:
        subjects: dict[str, Subject] = {}
        texts: dict[str, str] = {}
        decode = json.JSONDecoder().decode
        try:
            for line in self._container.lines(name):
                yield _observation(decode(line.decode("ascii")), subjects, texts)
        except (KeyError, TypeError, ValueError, AttributeError, SignalError, SubjectError) as error:
            raise ContainerFault(
                f"{self._container.path}: {name}: {type(error).__name__} in a record"
            ) from error


_STATES = {state.value: state for state in State}
_GAPS: dict[str | None, Gap | None] = {None: None, **{gap.value: gap for gap in Gap}}


def _observation(record: dict[str, Any], subjects: dict[str, Subject], texts: dict[str, str]) -> Observation:
    about, key, source = record["subject"], record["signal"], record["source"]
    subject = subjects.get(about)
    if subject is None:
        subject = subjects[about] = Subject.parse(about)
    value = record.get("value")
    return Observation(
        texts.setdefault(key, key),
        subject,
        texts.setdefault(source, source),
        _STATES[record["state"]],
        None if value is None else value if type(value) is bool else value_from_json(value),
        tuple(record.get("evidence", ())),
        _GAPS[record.get("gap")],
        record.get("detail", ""),
    )
