"""Whether several teams work upstream: accounts that agreed to be counted, and the roster's teams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from cnmm_collectors import accounts, registry
from cnmm_collectors.joins.links import Links
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, SignalSpec, Unknown

BROAD = "host.upstream_broad"
TEAMS = 2


class UpstreamJoin:
    """Implements `plugin.Join`; `context`: `organisation`, `now`, and `k`, the smallest group told of."""

    name: ClassVar[str] = "upstream"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("host",)) if spec.id == BROAD
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(
        (accounts.UPSTREAM, "roster.member", "roster.alias", "roster.team", "git.alias"), ("host", "roster")
    )

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield yes, or unknown: those who did not agree are not seen, so nothing shows a no."""
        yield Signal(BROAD, context["organisation"], "host+roster", _judge(facts, context))


def _judge(facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Reading:
    smallest = max(5, int(context.get("k", 5)))
    links = Links.of(facts)
    teams: dict[str, set[str]] = defaultdict(set)
    for one in facts:
        if one.attribute == "roster.team":
            teams[links.root(one.person)].add(one.value)
    active = {links.root(one.person) for one in facts if one.attribute == accounts.UPSTREAM and one.person}
    people = [person for person in active if teams[person]]
    reached = frozenset().union(*(teams[person] for person in people))
    if len(people) < smallest or len(reached) < TEAMS:
        # One text for all that is not shown, so that it tells of nobody.
        return Unknown(
            Gap.NOT_COLLECTED,
            f"not shown for {smallest} people of {TEAMS} teams among those who agreed; others are not seen",
        )
    what = f"{smallest} or more people of {TEAMS} or more teams had a change merged upstream"
    return Observed(True, (cite_join("upstream", context, what, what.encode()),))
