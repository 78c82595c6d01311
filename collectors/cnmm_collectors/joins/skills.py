"""Teams that share cloud native skill: owners of what runs in containers, and what their people know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from cnmm_collectors import placement, registry
from cnmm_collectors.joins.links import Links
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.placement import Place
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Gap, Interval, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject

KEY = "training.team_cn_skill_ratio"
FEWEST_TEAMS = 3
SHARED = 2
"""So many members with the skill share it."""
_FIT = frozenset({Place.MANAGED, Place.ABLE})
_LEARNED = frozenset({"training.lab", "training.cloud_native"})


@dataclass(slots=True)
class _World:
    """By team where its components run and who is in it; who has the skill; is the catalogue whole."""

    places: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))
    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    skilled: set[str] = field(default_factory=set)
    whole: bool = True

    @classmethod
    def of(cls, facts: Sequence[PersonFact], org: Subject) -> _World:
        """Link first, then collect under linked pseudonyms and the teams' names within the organisation."""
        world, links, prefix = cls(), Links.of(facts), f"{org.name}/"
        for one in facts:
            match one.attribute:
                case placement.TEAM if one.subject is not None:
                    world.places[one.subject.name.removeprefix(prefix)].add(Place(one.value))
                case placement.CATALOGUE:
                    world.whole = world.whole and one.value == "whole"
                case "roster.team":
                    world.members[one.value.removeprefix(prefix)].add(links.root(one.person))
                case "git.layer" if one.value == "platform":
                    world.skilled.add(links.root(one.person))
                case attribute if attribute in _LEARNED:
                    world.skilled.add(links.root(one.person))
        return world


class SkillsJoin:
    """Implements `plugin.Join`; `context`: `organisation`, `now`, and `k`, the smallest team told of."""

    name: ClassVar[str] = "skills"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("training",)) if spec.id == KEY
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(
        (
            placement.TEAM, placement.CATALOGUE, "roster.member", "roster.alias", "roster.team", "git.alias",
            "git.author", "git.layer", *sorted(_LEARNED),
        ),
        ("catalog", "git", "roster"),
    )  # fmt: skip

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield a share whose lower end is proven: changes reach back half a year, reviews are not seen."""
        world = _World.of(facts, context["organisation"])
        yield Signal(KEY, context["organisation"], "join", _judge(world, context))


def _judge(world: _World, context: Mapping[str, Any]) -> Reading:
    smallest = max(5, int(context.get("k", 5)))
    if not world.whole:
        return Unknown(Gap.NOT_COLLECTED, "part of the catalogue is unread: a team may own more")
    # A team whose components do not say where they run may be one of those asked about.
    teams = [team for team, places in world.places.items() if places & (_FIT | {Place.UNTOLD})]
    if len(teams) < FEWEST_TEAMS:
        return Unknown(
            Gap.NOT_VISIBLE, f"fewer than {FEWEST_TEAMS} teams own a component that runs in containers"
        )
    sharing = sum(
        bool(world.places[team] & _FIT)
        and len(world.members[team]) >= smallest
        and len(world.members[team] & world.skilled) >= SHARED
        for team in teams
    )
    low = Fraction(int(Fraction(max(0, sharing - 1), len(teams)) * 1000), 1000)
    said = f"teams of {smallest} or more in which {SHARED} or more have the skill: {float(low):.3f} or more"
    return Observed(Interval(low, Fraction(1)), (cite_join("skills", context, said, said.encode()),))
