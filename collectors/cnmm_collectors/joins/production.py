"""Which teams run in production on containers: workloads of clusters matched with a catalogue's owners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cnmm_collectors import placement, registry
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.placement import Place, Sight
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Absent, Gap, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject

KEY = "k8s.prod_team_ratio"


@dataclass(slots=True)
class _World:
    """What was said: by team its clusters and places, and what is not told of clusters and catalogues."""

    runs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    places: dict[Subject, set[Place]] = field(default_factory=lambda: defaultdict(set))
    sights: dict[str, Sight] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    catalogue: bool = True

    def read(self, facts: Sequence[PersonFact]) -> None:
        """Take all facts, in any order."""
        for one in facts:
            match one.attribute:
                case placement.RUNS:
                    self.runs[one.value].add(str(one.subject))
                case placement.TEAM if one.subject is not None:
                    self.places[one.subject].add(Place(one.value))
                case placement.CLUSTER:
                    self.sights[str(one.subject)] = Sight(one.value)
                case placement.DECLARED:
                    self.declared.add(one.value)
                case placement.CATALOGUE:
                    self.catalogue = self.catalogue and one.value == "whole"

    @property
    def dark(self) -> str:
        """Return what of the clusters is not told, empty where every team that runs in one is known."""
        if not self.declared:
            return "the settings do not name every cluster: a team may run in another"
        unread = self.declared - set(self.sights)
        part = {name for name, sight in self.sights.items() if sight is Sight.PARTIAL}
        hidden = sorted(unread | part)
        return f"not every workload has an owner that could be read in {', '.join(hidden)}" if hidden else ""


class ProductionJoin:
    """Implements `plugin.Join`; `context`: `now`, and `settled`, False where part of the scan did not end."""

    name: ClassVar[str] = "production"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("k8s",)) if spec.id == KEY
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(placement.ATTRIBUTES, ("kubernetes", "catalog"))

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield for each team of the catalogue whether it runs in production on containers."""
        world = _World()
        world.read(facts)
        for team in sorted(world.places):
            yield Signal(KEY, team, "kubernetes+catalog", _judge(team, world, context))


def _judge(team: Subject, world: _World, context: Mapping[str, Any]) -> Reading:
    places, clusters = world.places[team], sorted(world.runs.get(str(team), ()))
    if clusters or Place.MANAGED in places:
        where = f"workloads in {', '.join(clusters)}" if clusters else "a managed runtime, by the catalogue"
        return Observed(True, (_cite(team, where, context),))
    if not world.catalogue or not context.get("settled", True):
        return Unknown(Gap.NOT_COLLECTED, "the catalogue or part of the scan was not read to its end")
    if Place.UNTOLD in places:
        return Unknown(Gap.NOT_COLLECTED, "the catalogue does not say where a production component runs")
    if world.dark:
        return Unknown(Gap.NOT_COLLECTED, world.dark)
    if Place.ABLE not in places:
        return Absent((_cite(team, "no production component that could run on containers", context),))
    return Observed(False, (_cite(team, "production components, and no workload in any cluster", context),))


def _cite(team: Subject, what: str, context: Mapping[str, Any]) -> Any:
    said = f"{team}: {what}"
    return cite_join("production", context, said, said.encode())
