"""Who of the roster works hands-on: roster, training and Git put together under pseudonyms, told in steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from cnmm_collectors import accounts, registry
from cnmm_collectors.joins.links import Links
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Gap, Interval, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.tables.cells import Cells

HANDS_ON, MANIFESTS = "training.hands_on_ratio", "git.manifest_author_ratio"
POPULATIONS = ("cloud-native", "engineers")
DISCIPLINES = {"dev": "developers", "ops": "operations", "ml": "ml"}
_DECLARATIVE = frozenset({"platform"})
_LINKED = Fraction(4, 5)


@dataclass(slots=True)
class _World:
    """Persons as their first pseudonym, with all that was said of them."""

    members: set[str] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)
    layers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    groups: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    labs: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)

    def read(self, facts: Sequence[PersonFact]) -> None:
        """Link first, then collect under the linked pseudonyms."""
        links = Links.of(facts)
        for fact in facts:
            person = links.root(fact.person)
            match fact.attribute:
                case "roster.member":
                    self.members.add(person)
                case "git.author":
                    self.authors.add(person)
                case "git.layer":
                    self.layers[person].add(fact.value)
                case "roster.population":
                    self.groups[fact.value].add(person)
                case "training.lab":
                    self.labs.add(person)
                case accounts.LISTED if fact.value == "whole":
                    self.whole.add(fact.source)


class PracticeJoin:
    """Implements `plugin.Join`; `context`: `organisation`, `now`, and `k`, the smallest group shown."""

    name: ClassVar[str] = "practice"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("git", "training")) if spec.id in (HANDS_ON, MANIFESTS)
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(
        (
            "git.author", "git.alias", "git.layer", "roster.member", "roster.alias", "roster.population",
            "training.lab", accounts.LISTED,
        ),
        ("git", "roster"),
    )  # fmt: skip

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield shares whose lower end is proven; the upper one too where every declared repository was read.

        Whoever wrote a manifest and is not linked to the roster may be anybody, one more at the upper end.
        Git facts reach back 180 days: what was hands-on before leaves the upper end of a year open.
        """
        world = _World()
        world.read(facts)
        cells = Cells(max(5, int(context.get("k", 5))))
        # Judged by steps alone, so that the bar does not tell of one author more or less.
        linked, authors = cells.step(len(world.authors & world.members)), cells.step(len(world.authors))
        why = None
        if linked < _LINKED * authors or not authors:
            why = Unknown(Gap.NOT_VISIBLE, "under four fifths of the authors could be linked to the roster")
        manifest = {person for person, layers in world.layers.items() if layers & _DECLARATIVE}
        specs = {spec.id: spec for spec in self.signals}
        for population in POPULATIONS:
            key = specs[HANDS_ON].key(population=population)
            reading = why or _share(
                world.groups[population], manifest | world.labs, cells, context, population
            )
            yield Signal(key, context["organisation"], "join", reading)
        closed = bool(context.get("complete")) and "roster" in world.whole
        strangers = len(manifest - world.members) if closed else None
        for discipline, population in DISCIPLINES.items():
            key = specs[MANIFESTS].key(discipline=discipline)
            reading = why or _share(world.groups[population], manifest, cells, context, population, strangers)
            yield Signal(key, context["organisation"], "git+roster", reading)


def _share(
    group: set[str],
    hits: set[str],
    cells: Cells,
    context: Mapping[str, Any],
    what: str,
    strangers: int | None = None,
) -> Reading:
    """Return the share of a group, its upper end open unless the number of possible further hits is known."""
    cell = cells.share(len(group & hits), len(group), unread=strangers or 0)
    if cell is None or cell.high is None:
        return Unknown(Gap.NOT_VISIBLE, f"the group is smaller than {cells.k}: not told")
    told = Interval(cell.low, Fraction(1) if strangers is None else cell.high)
    said = f"{what}: {float(cell.low):.3f} or more"
    if strangers is not None:
        said += f", {float(cell.high):.3f} or less"
    return Observed(told, (cite_join("practice", context, said, said.encode()),))
