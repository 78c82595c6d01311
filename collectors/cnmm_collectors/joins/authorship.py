"""Who changes more than one layer, over all repositories: shares and thresholds of groups, never of
persons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from cnmm_collectors import registry
from cnmm_collectors.joins.links import Links
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.tables.cells import Cells

BREADTH = "git.multi_layer_author_ratio"
PLATFORM = "git.platform_practice_shown"
SMALLEST_GROUP = 5
ENOUGH = 3
_LAYERS = frozenset({"app", "platform", "infra"})


class AuthorshipJoin:
    """Implements `plugin.Join`.

    `context`: `organisation` (Subject), `now` (UTC time), `complete` (True where every repository of the
    declared population was read), `k` (smallest group shown, 5 or more).
    """

    name: ClassVar[str] = "authorship"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("git",)) if spec.id in (BREADTH, PLATFORM)
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(("git.author", "git.alias", "git.layer"), ("git",))

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield the organisation's readings; a group below k, or one not wholly seen, stays unknown."""
        layers = _layers_by_person(facts)
        complete = bool(context.get("complete"))
        smallest = max(SMALLEST_GROUP, int(context.get("k", SMALLEST_GROUP)))
        for key, reading in (
            (BREADTH, _breadth(layers, context, complete, smallest)),
            (PLATFORM, _platform(layers, context, complete)),
        ):
            yield Signal(key, context["organisation"], "git", reading)


def _breadth(
    layers: Mapping[str, frozenset[str]], context: Mapping[str, Any], complete: bool, smallest: int
) -> Reading:
    if not complete:
        return Unknown(Gap.NOT_COLLECTED, "not every repository of the population was read")
    people = len(layers)
    broad = sum(len(found & _LAYERS) >= 2 for found in layers.values())
    cell = Cells(smallest).share(broad, people)
    if cell is None:
        return Unknown(Gap.NOT_VISIBLE, f"fewer than {smallest} people: a share would tell of one")
    what = "share of people who changed two or more layers, as it is published"
    return Observed(cell, (cite_join("authorship", context, what, repr(cell).encode()),))


def _platform(layers: Mapping[str, frozenset[str]], context: Mapping[str, Any], complete: bool) -> Reading:
    shown = sum("platform" in found for found in layers.values()) >= ENOUGH
    if not shown and not complete:
        return Unknown(Gap.NOT_COLLECTED, "not every repository of the population was read")
    what = f"{ENOUGH} or more people changed platform paths: {'yes' if shown else 'no'}"
    return Observed(shown, (cite_join("authorship", context, what, what.encode()),))


def _layers_by_person(facts: Sequence[PersonFact]) -> dict[str, frozenset[str]]:
    """Return the layers each person changed; pseudonyms that some repository shows to be one person are
    one.
    """
    links = Links.of(facts)
    found: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        if fact.attribute == "git.author":
            found[links.root(fact.person)] |= set()
        elif fact.attribute == "git.layer":
            found[links.root(fact.person)].add(fact.value)
    return {person: frozenset(layers) for person, layers in sorted(found.items())}
