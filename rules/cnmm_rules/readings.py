"""Readings by signal, one signal in memory at a time: what an organisation of any size can be judged with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnmm_collectors.signals import Observation, SignalSpec
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.facts import Sealed
from cnmm_rules.resolution import Reading, group, resolve_all

_SMALL = 100
"""Readings of a signal that stay: records and facts about the organisation are asked for by row after row."""
_Grouped = Mapping[Subject, Observation | list[Observation]]


class Held(Sealed):
    """Observations that are in memory already."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self._by_key: dict[str, list[Observation]] = defaultdict(list)
        for one in observations:
            self._by_key[one.key].append(one)

    def __iter__(self) -> Iterator[Observation]:
        for found in self._by_key.values():
            yield from found

    def of(self, key: str) -> Sequence[Observation]:
        """Return the observations of one signal."""
        return self._by_key.get(key, ())

    def subjects(self, kind: SubjectKind) -> set[Subject]:
        """Return every subject of a kind that any observation is about."""
        return {one.subject for one in self if one.subject.kind is kind}


class Readings:
    """What sources say of each signal, resolved; the latest signal asked for stays, and small ones."""

    def __init__(self, observations: Iterable[Observation], small: int = _SMALL) -> None:
        self._sealed = observations if isinstance(observations, Sealed) else Held(observations)
        self._small = small
        self._kept: dict[str, tuple[_Grouped, Mapping[Subject, Reading] | None]] = {}
        self._latest = ""
        self._subjects: dict[SubjectKind, frozenset[Subject]] = {}

    def resolved(self, key: str, spec: SignalSpec) -> Mapping[Subject, Reading]:
        """Return the reading of each subject that has one, resolved over all sources."""
        grouped, found = self._load(key)
        if found is None:
            found = resolve_all(grouped, spec)
            self._kept[key] = grouped, found
        return found

    def sealed(self, key: str, subject: Subject) -> tuple[Observation, ...]:
        """Return every source's own reading of a signal about a subject, in one order."""
        seen = self._load(key)[0].get(subject, ())
        return (seen,) if isinstance(seen, Observation) else tuple(seen)

    def subjects(self, kind: SubjectKind) -> frozenset[Subject]:
        """Return every subject of a kind that anything was said about."""
        if kind not in self._subjects:
            self._subjects[kind] = frozenset(self._sealed.subjects(kind))
        return self._subjects[kind]

    def _load(self, key: str) -> tuple[_Grouped, Mapping[Subject, Reading] | None]:
        found = self._kept.get(key)
        if found is None:
            if len(self._kept.get(self._latest, ({}, None))[0]) > self._small:
                del self._kept[self._latest]
            found = self._kept[key] = group(self._sealed.of(key)), None
            self._latest = key
        return found
