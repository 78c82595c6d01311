"""Readings by signal and subject, resolved over sources; and who belongs where, with weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from cnmm_collectors.signals import Observation, SignalSpec, split_key
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.facts import Facts, PopulationFact
from cnmm_rules.readings import Readings
from cnmm_rules.resolution import Reading

PARENT_KIND = {SubjectKind.COMPONENT: SubjectKind.REPO, SubjectKind.NAMESPACE: SubjectKind.CLUSTER}
"""Which kind holds which: weights and completeness go through the parent."""


class Leaf(NamedTuple):
    """One subject of the measured kind; it weighs 1/`parts` of its parent, which may be itself."""

    subject: Subject
    parts: int
    parent: Subject


@dataclass(frozen=True, slots=True)
class Units:
    """The subjects a roll-up ranges over.

    `hidden` parents are declared and not read, each holding an unknown number of subjects and weighing 1.
    `open` where nobody declares how many there are. `declared` is the declared number of parents, or None.
    """

    leaves: tuple[Leaf, ...]
    hidden: int
    open: bool
    declared: int | None


def widen(one: PopulationFact | None, other: PopulationFact) -> PopulationFact:
    """Return the larger of two declarations: neither a listing nor a scope may hide what the other names.

    One that says how many there are speaks for one that cannot.
    """
    if one is None:
        return other
    members = tuple(sorted({*one.members, *other.members}))
    counts = [found for found in (one.count, other.count) if found is not None]
    count = max(*counts, len(members)) if counts else None
    drawn = one.drawn if other.drawn is None else other.drawn
    return PopulationFact(one.within, one.kind, count, members, one.declared_by, drawn)


class Index:
    """All facts of one bundle, by signal and by place; built once, read many times."""

    def __init__(self, facts: Facts, signals: Mapping[str, SignalSpec]) -> None:
        self._facts = facts
        self._signals = signals
        self._readings = Readings(facts.observations)
        self._units: dict[tuple[Subject, SubjectKind], Units] = {}
        self._stale: dict[int, frozenset[str]] = {}
        self._parts: dict[Subject, int] = {}
        self._children = _by_parent(facts.memberships)
        self._parents: dict[Subject, list[Subject]] | None = None
        self._populations: dict[tuple[Subject, SubjectKind], PopulationFact] = {}
        for fact in sorted(facts.populations, key=lambda item: (item.declared_by, item.count or 0)):
            place = fact.within, fact.kind
            self._populations[place] = widen(self._populations.get(place), fact)

    @property
    def facts(self) -> Facts:
        """The facts the index was built from."""
        return self._facts

    def spec(self, key: str) -> SignalSpec:
        """Return the declaration behind a key; raises KeyError for an undeclared one."""
        return self._signals[split_key(key)[0]]

    def population(self, within: Subject, kind: SubjectKind) -> PopulationFact | None:
        """Return who says how many subjects of a kind there are, or None."""
        return self._populations.get((within, kind))

    def drawn(self, scope: Subject) -> frozenset[Subject] | None:
        """Return the repositories that were drawn of an organisation's, None where there is no sample."""
        found = self._populations.get((scope, SubjectKind.REPO))
        drawn = found.drawn if found is not None and scope.kind is SubjectKind.ORG else None
        return frozenset(drawn) if drawn is not None else None

    def teams(self) -> tuple[Subject, ...]:
        """Return every team named by a population or a membership, sorted."""
        found = {parent for parent in self._children if parent.kind is SubjectKind.TEAM}
        for fact in self._populations.values():
            found.update(member for member in fact.members if member.kind is SubjectKind.TEAM)
        return tuple(sorted(found))

    def readings(self, key: str) -> Mapping[Subject, Reading]:
        """Return the reading of each subject that has one, resolved over all sources."""
        return self._readings.resolved(key, self.spec(key))

    def sealed(self, key: str, subject: Subject) -> tuple[Observation, ...]:
        """Return every source's own reading of a signal about a subject, in one order."""
        return self._readings.sealed(key, subject)

    def stale(self, window_days: int) -> frozenset[str]:
        """Return the evidence ids last confirmed more than `window_days` before the audit date."""
        cutoff = (self._facts.as_of - timedelta(days=window_days)).isoformat()
        if self._facts.oldest >= cutoff:
            return frozenset()
        found = self._stale.get(window_days)
        if found is None:
            evidence = self._facts.evidence.items()
            found = frozenset(key for key, item in evidence if item.confirmed_at < cutoff)
            self._stale[window_days] = found
        return found

    def components(self, parent: Subject) -> int:
        """Return the number of known parts of a parent, 1 where none is known."""
        found = self._parts.get(parent)
        if found is None:
            own = self._children.get(parent, ())
            found = max(1, sum(PARENT_KIND.get(child.kind) is parent.kind for child in own))
            self._parts[parent] = found
        return found

    def units(self, scope: Subject, kind: SubjectKind) -> Units:
        """Return the subjects of a kind within the organisation or a team, and what is hidden."""
        found = self._units.get((scope, kind))
        if found is None:
            found = self._measure(scope, kind)
            self._units[scope, kind] = found
        return found

    def _measure(self, scope: Subject, kind: SubjectKind) -> Units:
        parent_kind = PARENT_KIND.get(kind, kind)
        declared = self._populations.get((scope, kind)) or self._populations.get((scope, parent_kind))
        if declared is not None and declared.kind is kind and parent_kind is not kind:
            return self._listed(declared)
        parents = self._parents_within(scope, parent_kind, declared)
        leaves: list[Leaf] = []
        hidden = 0
        for parent in parents:
            parts = [child for child in self._children.get(parent, ()) if child.kind is kind]
            if parent_kind is kind:
                leaves.append(Leaf(parent, 1, parent))
            elif parts:
                leaves.extend(Leaf(part, len(parts), parent) for part in parts)
            else:
                hidden += 1
        if declared is None or declared.count is None or declared.count < len(parents):
            return Units(tuple(leaves), hidden, True, None)
        missing = declared.count - len(parents)
        return Units(tuple(leaves), hidden + missing, False, declared.count)

    def _listed(self, declared: PopulationFact) -> Units:
        leaves = tuple(Leaf(member, self._share(member), member) for member in sorted(declared.members))
        if declared.count is None:
            return Units(leaves, 0, True, None)
        return Units(leaves, declared.count - len(leaves), False, declared.count)

    def _share(self, member: Subject) -> int:
        kind = PARENT_KIND[member.kind]
        parent = next((item for item in self._parents_of(member) if item.kind is kind), None)
        return self.components(parent) if parent is not None else 1

    def _parents_of(self, child: Subject) -> list[Subject]:
        """Return the parents of a child, sorted; only lists of a team's own components ask for them."""
        if self._parents is None:
            self._parents = {}
            for parent in sorted(self._children):
                for one in self._children[parent]:
                    self._parents.setdefault(one, []).append(parent)
        return self._parents.get(child, [])

    def _parents_within(
        self, scope: Subject, kind: SubjectKind, declared: PopulationFact | None
    ) -> list[Subject]:
        named = set(declared.members) if declared is not None else set()
        if declared is not None and declared.count is not None and len(named) >= declared.count:
            return sorted(named)
        if scope.kind is SubjectKind.TEAM:
            own = self._children.get(scope, ())
            return sorted(named | {child for child in own if child.kind is kind})
        return sorted(named | self._seen(kind))

    def _seen(self, kind: SubjectKind) -> set[Subject]:
        seen = {parent for parent in self._children if parent.kind is kind}
        return seen | self._readings.subjects(kind)


def _by_parent(memberships: Iterable[tuple[Subject, Subject]]) -> dict[Subject, tuple[Subject, ...]]:
    """Return the children of each parent, sorted, each once."""
    found: dict[Subject, list[Subject]] = {}
    for child, parent in memberships:
        found.setdefault(parent, []).append(child)
    return {parent: tuple(sorted(set(children))) for parent, children in found.items()}
