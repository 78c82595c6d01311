"""Which moves of a technology radar are real: decided in a repository, and true of what repositories hold."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from cnmm_collectors import radar, registry
from cnmm_collectors.joins.stamps import cite_join
from cnmm_collectors.plugin import JoinNeeds, PersonFact
from cnmm_collectors.radar import Move
from cnmm_collectors.signals import Gap, Interval, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject

KEY = "catalog.radar_moves_12m"


@dataclass(slots=True)
class _World:
    """What the radar says moved, and of repositories: decisions by path, tools in use, files not read."""

    moves: set[Move] = field(default_factory=set)
    decisions: dict[str, dict[str, frozenset[str]]] = field(default_factory=lambda: defaultdict(dict))
    tools: set[str] = field(default_factory=set)
    partial: bool = False

    def read(self, facts: Sequence[PersonFact]) -> None:
        """Take all facts, in any order."""
        for one in facts:
            match one.attribute:
                case radar.MOVE:
                    self.moves.add(radar.to_move(one.value))
                case radar.DECISION if one.subject is not None:
                    path, _, tools = one.value.partition("\n")
                    self.decisions[one.subject.name][path] = frozenset(tools.split())
                case radar.TOOL:
                    self.tools.add(one.value)
                case radar.UNSEEN:
                    self.partial = True

    def decided(self, move: Move) -> str:
        """Return the repository and path of a record that the entry links to and that names what moved."""
        for link in move.links:
            for repo, records in sorted(self.decisions.items()):
                for path, tools in sorted(records.items()):
                    if tools.intersection(move.names) and _leads_to(link, repo, path):
                        return f"{repo} {path}"
        return ""


class MovesJoin:
    """Implements `plugin.Join`; `context`: `organisation`, `now`, and `complete`, True where every declared
    repository was read.
    """

    name: ClassVar[str] = "moves"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("catalog",)) if spec.id == KEY
    )
    needs: ClassVar[JoinNeeds] = JoinNeeds(radar.ATTRIBUTES, ("catalog", "git"))

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterator[Signal]:
        """Yield at least how many moves each way are real: a radar does not show the entries it lacks."""
        organisation: Subject = context["organisation"]
        world = _World()
        world.read(facts)
        whole = bool(context.get("complete")) and not world.partial
        spec = self.signals[0]
        for kind in ("adopt", "retire"):
            reading = _judge([one for one in sorted(world.moves) if one.kind == kind], world, whole, context)
            yield Signal(spec.key(move=kind), organisation, spec.sources[0].name, reading)


def _judge(moves: Sequence[Move], world: _World, whole: bool, context: Mapping[str, Any]) -> Reading:
    if not moves:
        return Unknown(Gap.NOT_COLLECTED, "no technology radar that was read tells of such a move")
    real = {move.names[0]: where for move in moves if (where := _confirmed(move, world, whole))}
    if not real:
        return Unknown(Gap.NOT_COLLECTED, _why_not(moves, world, whole))
    said = "; ".join(f"{name}: {where}" for name, where in sorted(real.items()))
    evidence = cite_join("moves", context, f"{moves[0].kind}: {said}", said.encode())
    return Observed(Interval(Fraction(len(real)), None), (evidence,))


def _confirmed(move: Move, world: _World, whole: bool) -> str:
    """Return where a move was decided if repositories bear it out: adopted is in use, retired is nowhere."""
    used = not world.tools.isdisjoint(move.names)
    true = used if move.kind == "adopt" else whole and not used
    return world.decided(move) if true else ""


def _why_not(moves: Sequence[Move], world: _World, whole: bool) -> str:
    if not any(world.decided(move) for move in moves):
        return "no entry that moved links to a decision record, read and of the last 365 days, that names it"
    if moves[0].kind == "retire" and not whole:
        return "a retired tool may be in a repository, or in a file, that was not read"
    return "repositories do not bear the moves out"


def _leads_to(link: str, repo: str, path: str) -> bool:
    """True where a link is the address of a file in that repository."""
    address = re.split(r"[?#]", link, maxsplit=1)[0].casefold()
    return f"/{repo.casefold()}/" in address and address.endswith(f"/{path.casefold()}")
