"""The newer facts as far as the older scan could have seen them: what differs then is reality alone.

Between the older facts and the facts through the lens only the world differs; between the facts through
the lens and the newer facts only what was read differs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Interval, Masses, Observation, State, Tally, Value
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.facts import BaselineFact, Facts, PopulationFact
from cnmm_rules.index import PARENT_KIND

Triple = tuple[str, Subject, str]
Ties = Mapping[Subject, frozenset[Subject]]


class World:
    """Who exists in some facts, and whether those facts would have known of somebody else."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.populations: dict[tuple[Subject, SubjectKind], list[PopulationFact]] = defaultdict(list)
        self._listed: dict[SubjectKind, set[Subject]] = {}
        for fact in facts.populations:
            self.populations[fact.within, fact.kind].append(fact)
            if fact.within == facts.org and fact.count is not None and len(fact.members) >= fact.count:
                self._listed.setdefault(fact.kind, set()).update(fact.members)
        children: dict[Subject, set[Subject]] = defaultdict(set)
        self.parents: dict[Subject, Subject] = {}
        for child, parent in facts.memberships:
            children[parent].add(child)
            if PARENT_KIND.get(child.kind) is parent.kind:
                self.parents[child] = parent
        self.children: Ties = {parent: frozenset(own) for parent, own in children.items()}
        self.knows_teams = any(parent.kind is SubjectKind.TEAM for parent in children)

    def lacks(self, subject: Subject, parent: Subject | None) -> bool:
        """True where these facts show that the subject does not exist; `parent` is where others saw it."""
        if subject.kind in PARENT_KIND:
            if parent is None:
                return False
            return subject not in self.children.get(parent, ()) and (
                parent in self.children or self.lacks(parent, None)
            )
        listed = self._listed.get(subject.kind)
        if subject.kind is SubjectKind.TEAM and listed is None:
            return self.knows_teams and subject not in self.children
        return listed is not None and subject not in listed


def through(old: Facts, new: Facts) -> Facts:
    """Return the newer facts with exactly the older ones' visibility."""
    before, after = World(old), World(new)
    return replace(
        new,
        observations=tuple(_observations(before, after)),
        populations=tuple(_populations(before, after)),
        memberships=tuple(sorted(_memberships(before, after))),
        evidence=Refreshed(old, new),
        baseline=tuple(_baseline(old.baseline, new.baseline)),
        oldest="",
    )


def _observations(before: World, after: World) -> Iterator[Observation]:
    held = _by_triple(before.facts.observations)
    for now in after.facts.observations:
        was = held.pop(_triple(now), None)
        if was is not None:
            yield was if seen_differently(was, now) else now
        elif before.lacks(now.subject, after.parents.get(now.subject)):
            yield now
    for was in held.values():
        if not after.lacks(was.subject, before.parents.get(was.subject)):
            yield was


def _triple(one: Observation) -> Triple:
    return one.key, one.subject, one.source


def _by_triple(observations: Iterable[Observation]) -> dict[Triple, Observation]:
    return {_triple(one): one for one in observations}


def seen_differently(was: Observation, now: Observation) -> bool:
    """True where two readings of one thing may differ only in how much of it was read."""
    if State.UNKNOWN in (was.state, now.state):
        return was.state is not now.state
    if was.state is not now.state or was.value is None or now.value is None or was.value == now.value:
        return False
    return _narrows(was.value, now.value) or _narrows(now.value, was.value)


def _narrows(wide: Value, narrow: Value) -> bool:
    if isinstance(wide, Interval) and isinstance(narrow, Interval):
        below = wide.high is None or (narrow.high is not None and narrow.high <= wide.high)
        return wide.low <= narrow.low and below
    if isinstance(wide, Tally) and isinstance(narrow, Tally):
        more = narrow.eligible - wide.eligible
        return 0 < more == wide.unread - narrow.unread and 0 <= narrow.passed - wide.passed <= more
    if isinstance(wide, Masses) and isinstance(narrow, Masses):
        return not wide.whole and set(wide.items) <= set(narrow.items)
    return False


def _populations(before: World, after: World) -> Iterator[PopulationFact]:
    for place in before.populations.keys() | after.populations.keys():
        within = place[0]
        if place in after.populations:
            if place in before.populations or before.lacks(within, after.parents.get(within)):
                yield from after.populations[place]
        elif not after.lacks(within, before.parents.get(within)):
            yield from before.populations[place]


def _memberships(before: World, after: World) -> Iterator[tuple[Subject, Subject]]:
    for parent in before.children.keys() | after.children.keys():
        if _takes_new(parent, before, after):
            yield from ((child, parent) for child in after.children.get(parent, ()))
        else:
            yield from ((child, parent) for child in before.children.get(parent, ()))


def _takes_new(parent: Subject, before: World, after: World) -> bool:
    if parent in before.children and parent in after.children:
        return True
    if parent in after.children:
        return before.lacks(parent, None)
    return after.lacks(parent, None)


def _baseline(old: Iterable[BaselineFact], new: Iterable[BaselineFact]) -> Iterator[BaselineFact]:
    known = {(fact.key, fact.subject) for fact in old}
    fresh = [fact for fact in new if (fact.key, fact.subject) in known]
    renewed = {(fact.key, fact.subject) for fact in fresh}
    yield from fresh
    yield from (fact for fact in old if (fact.key, fact.subject) not in renewed)


class Refreshed(Mapping[str, Evidence]):
    """The evidence of both scans, none older at the newer audit date than it was at the older one."""

    def __init__(self, old: Facts, new: Facts) -> None:
        self._old, self._new = old.evidence, new.evidence
        self._later = new.as_of - old.as_of

    def __getitem__(self, key: str) -> Evidence:
        item = self._new.get(key)
        earlier = self._old.get(key)
        if earlier is None:
            if item is None:
                raise KeyError(key)
            return item
        lent = replace(earlier, confirmed_at=_shift(earlier.confirmed_at, self._later))
        return lent if item is None or item.confirmed_at < lent.confirmed_at else item

    def __iter__(self) -> Iterator[str]:
        yield from self._new
        yield from (key for key in self._old if key not in self._new)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _shift(time: str, by: timedelta) -> str:
    moved = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) + by
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ")
