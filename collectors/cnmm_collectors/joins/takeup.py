"""Which shared services are taken up without a ticket: catalogue, claims and requests put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from cnmm_collectors import registry, takeup
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Absent, Gap, Interval, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject

SERVICES, PAIRS = "catalog.unaided_service_ratio", "catalog.unaided_pair_ratio"
SOURCE = "catalog+work+kubernetes"
ENOUGH = 2
"""Teams that must use a service without a ticket for it to count."""


@dataclass(frozen=True, slots=True)
class _Team:
    role: str
    members: int


@dataclass(slots=True)
class _World:
    """Services by component with name and kinds, teams, who claimed which kind, and what was asked for."""

    services: dict[Subject, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    others: set[Subject] = field(default_factory=set)
    teams: dict[Subject, _Team] = field(default_factory=dict)
    claims: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    clusters: dict[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)
    requests: dict[str, list[frozenset[str]]] = field(default_factory=lambda: defaultdict(list))
    tracked: set[str] = field(default_factory=set)
    catalogue: bool = True

    def read(self, facts: Sequence[PersonFact]) -> None:
        """Take all facts, in any order."""
        for one in facts:
            first, rest = takeup.parted(one.value)
            if one.source == "catalog" and one.subject is not None:
                self._of_catalogue(one.attribute, one.subject, first, rest)
            elif one.source == "kubernetes":
                self._of_cluster(one.attribute, str(one.subject), first, rest)
            elif one.attribute == takeup.REQUEST:
                self.requests[first].append(frozenset(rest))
            elif one.attribute == takeup.TRACKED:
                self.tracked.add(first)

    def _of_catalogue(self, attribute: str, subject: Subject, first: str, rest: tuple[str, ...]) -> None:
        match attribute:
            case takeup.SERVICE:
                self.services[subject] = first, rest
            case takeup.OTHER:
                self.others.add(subject)
            case takeup.TEAM:
                self.teams[subject] = _Team(first, int(rest[0]))
            case takeup.CATALOGUE:
                self.catalogue = self.catalogue and first == "whole"

    def _of_cluster(self, attribute: str, cluster: str, first: str, rest: tuple[str, ...]) -> None:
        match attribute:
            case takeup.CLAIM:
                self.claims[first].update(rest)
            case takeup.CLUSTER:
                self.clusters[cluster] = first
            case takeup.UNREAD:
                self.unread.update((first, *rest))
            case takeup.DECLARED:
                self.declared.add(first)

    def unseen(self, kinds: Iterable[str], context: Mapping[str, Any]) -> str:
        """Return why a claim of some kinds may not have been seen, empty where each was."""
        if not self.declared:
            return "the settings do not name every cluster: a service may be used in another"
        part = {name for name, told in self.clusters.items() if told != "whole"}
        if hidden := sorted(self.declared - set(self.clusters) | part):
            return f"who claims what is not told whole in {', '.join(hidden)}"
        for kind in kinds:
            if {kind, f"*.{kind.partition('.')[2]}", "*"} & self.unread:
                return f"claims of {kind} were not read: name its group under `api_domains`"
        return "" if self.catalogue and context.get("settled", True) else "part of the scan did not finish"

    def aid(self, team: Subject, name: str) -> bool | None:
        """Say whether a team asked somebody about a service; None where a request may have been about it."""
        names = {told for told, _ in self.services.values()}
        asked = self.requests.get(str(team), [])
        if any(name in labels for labels in asked):
            return True
        all_told = {"*", str(team)} & self.tracked and all(labels & names for labels in asked)
        return False if all_told else None

    def users(self, kinds: Sequence[str]) -> list[Subject]:
        """Return the teams of the catalogue that claimed one of the kinds, sorted."""
        claimed = {team for kind in kinds for team in self.claims.get(kind, ())}
        return sorted(team for team in self.teams if str(team) in claimed)


class TakeupJoin:
    """Implements `plugin.Join`; `context`: `now`, `k`, and `settled`, False where part did not end."""

    name: ClassVar[str] = "takeup"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("catalog",)) if spec.id in (SERVICES, PAIRS)
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(takeup.ATTRIBUTES, ("catalog", "kubernetes", "work"))

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield for each shared service and each team what was taken up without help."""
        world = _World()
        world.read(facts)
        for component in sorted(world.services):
            yield Signal(SERVICES, component, SOURCE, _service(component, world, context))
        for component in sorted(world.others - set(world.services)):
            outside = Absent((_cite(f"{component}: no shared service", context),))
            yield Signal(SERVICES, component, SOURCE, outside)
        for team in sorted(world.teams):
            yield Signal(PAIRS, team, SOURCE, _pairs(team, world, context))


def _service(component: Subject, world: _World, context: Mapping[str, Any]) -> Reading:
    name, kinds = world.services[component]
    if not kinds:
        return Unknown(Gap.NOT_COLLECTED, "the catalogue names no kind that claims of it have: `claim-kind`")
    users = world.users(kinds)
    aids = {team: world.aid(team, name) for team in users if world.teams[team].role != "other"}
    sure = sum(aid is False and world.teams[team].role == "product" for team, aid in aids.items())
    may = sum(aid is not True for aid in aids.values())
    said = f"{component}: {sure} product teams claimed it and asked nobody, {len(users) - may} did"
    if sure >= ENOUGH:
        return Observed(True, (_cite(said, context),))
    if why := world.unseen(kinds, context):
        return Unknown(Gap.NOT_COLLECTED, why)
    if may >= ENOUGH:
        return Unknown(Gap.NOT_COLLECTED, "roles of teams, or what requests were about, are not told")
    return Observed(False, (_cite(said, context),))


def _pairs(team: Subject, world: _World, context: Mapping[str, Any]) -> Reading:
    own = world.teams[team]
    if own.role == "untold":
        return Unknown(Gap.NOT_COLLECTED, "the team's type is not recorded")
    if own.role == "other":
        return Absent((_cite(f"{team}: no product team", context),))
    if own.members < max(5, int(context.get("k", 5))):
        return Unknown(Gap.NOT_VISIBLE, "a team of too few people: its numbers would be a person's")
    if not all(kinds for _, kinds in world.services.values()):
        return Unknown(Gap.NOT_COLLECTED, "the use of some shared services cannot be read: `claim-kind`")
    if why := world.unseen([kind for _, kinds in world.services.values() for kind in kinds], context):
        return Unknown(Gap.NOT_COLLECTED, why)
    used = [name for name, kinds in world.services.values() if team in world.users(kinds)]
    if not used:
        return Absent((_cite(f"{team}: no shared service used", context),))
    aids = [world.aid(team, name) for name in used]
    low, high = Fraction(aids.count(False), len(used)), 1 - Fraction(aids.count(True), len(used))
    said = (
        f"{team}: of {len(used)} services used, {aids.count(False)} without asking, {aids.count(True)} with"
    )
    return Observed(low if low == high else Interval(low, high), (_cite(said, context),))


def _cite(said: str, context: Mapping[str, Any]) -> Evidence:
    return cite_join("takeup", context, said, said.encode())
