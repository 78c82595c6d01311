"""How soon junior joiners have a first change merged: changes of hosts and start dates of the roster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar

from cnmm_collectors import accounts, registry
from cnmm_collectors.joins.links import Links
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.signals import Gap, Interval, Observed, Reading, Signal, SignalSpec, Unknown

FIRST = "host.new_joiner_first_merge_days_p50"
BAND = "junior"
_WEEK = 7
_Days = tuple[int, int | None]
"""Between how many days it took; no upper end for somebody of whom no change was seen."""


@dataclass(slots=True)
class _World:
    """Start dates, first merges, accounts and roster by person; all changes reach back to `since`."""

    starts: dict[str, date] = field(default_factory=dict)
    merges: dict[str, date] = field(default_factory=dict)
    holders: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    undated: bool = False
    partial: set[str] = field(default_factory=set)
    since: date | None = None

    def read(self, facts: Sequence[PersonFact]) -> None:
        """Link first, then collect under the linked pseudonyms."""
        links = Links.of(facts)
        for fact in facts:
            person, (word, _, day) = links.root(fact.person), fact.value.partition(" ")
            match fact.attribute:
                case "roster.joined" if word == BAND:
                    self.undated |= not day
                    if day:
                        self.starts[person] = max(date.fromisoformat(day), self.starts.get(person, date.min))
                case accounts.MERGED:
                    found = date.fromisoformat(fact.value)
                    self.merges[person] = min(found, self.merges.get(person, found))
                case accounts.HOLDER if fact.value == "person":
                    self.holders.add(person)
                case "roster.member":
                    self.members.add(person)
                case accounts.CHANGES:
                    start = date.fromisoformat(day)
                    self.since = max(start, self.since or start)
                    self.partial |= {fact.source} if word != "whole" else set()
                case accounts.LISTED if word != "whole":
                    self.partial.add(fact.source)

    @property
    def closed(self) -> bool:
        """True where no merge of a joiner can be missing: an account of nobody known may be a joiner's."""
        strangers = (self.holders | self.merges.keys()) - self.members
        return "host" not in self.partial and self.since is not None and not strangers


class NewcomersJoin:
    """Implements `plugin.Join`; `context`: `organisation`, `as_of`, `now`, `k`, `settled`."""

    name: ClassVar[str] = "newcomers"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("host",)) if spec.id == FIRST
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(
        (
            "roster.joined", "roster.member", "roster.alias", "git.alias", accounts.MERGED, accounts.CHANGES,
            accounts.HOLDER, accounts.LISTED,
        ),
        ("host", "roster"),
    )  # fmt: skip

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield the median in weeks, widened by one person; unknown where a joiner may be missing."""
        world = _World()
        world.read([one for one in facts if one.source in self.needs.sources or one.attribute == "git.alias"])
        key = self.signals[0].key(band=BAND)
        yield Signal(key, context["organisation"], "host+roster", _judge(world, context))


def _judge(world: _World, context: Mapping[str, Any]) -> Reading:
    smallest = max(5, int(context.get("k", 5)))
    if "roster" in world.partial or world.undated:
        return Unknown(Gap.NOT_VISIBLE, "the roster is not whole, or a junior has no start date")
    if len(world.starts) < smallest:
        return Unknown(Gap.NOT_VISIBLE, f"fewer than {smallest} junior joiners: a median would tell of one")
    closed = world.closed and bool(context.get("settled", True))
    low, high = _median(_days(world, person, closed, context["as_of"]) for person in world.starts)
    told = Interval(Fraction(low), None if high is None else Fraction(high))
    said = f"median days to the first merged change, in weeks: {low} to {'any' if high is None else high}"
    return Observed(told, (cite_join("newcomers", context, said, said.encode()),))


def _days(world: _World, person: str, closed: bool, as_of: date) -> _Days:
    """Return what is known of one joiner; the lower end needs all changes since the start."""
    start, merged = world.starts[person], world.merges.get(person)
    whole = closed and world.since is not None and start >= world.since and person in world.holders
    if merged is not None:
        days = max(0, (merged - start).days)
        return (days if whole else 0), days
    return ((as_of - start).days if whole else 0), None


def _median(found: Iterable[_Days]) -> _Days:
    """Return a median's ends, each one person further out and outward to whole weeks."""
    days = list(found)
    lows = sorted(low for low, _ in days)
    highs = sorted((high for _, high in days), key=lambda one: (one is None, one or 0))
    low = lows[max(0, (len(days) - 1) // 2 - 1)]
    high = highs[min(len(days) - 1, len(days) // 2 + 1)]
    return low // _WEEK * _WEEK, None if high is None else -(-high // _WEEK) * _WEEK
