"""Kinds whose whole list is refused, asked for in single namespaces: where it may help, and no oftener."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from cnmm_collectors.kubernetes.client import Listed, Look, Served, Sink, fold, joined
from cnmm_collectors.kubernetes.resources import DEPLOYMENTS, PODS, Resource
from cnmm_collectors.plugin import KubeCluster
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap

AT_ONCE = 4
"""Lists of single namespaces that are asked for at the same time; the client holds as many connections."""
TRIED = 50
"""Of a kind that so many namespaces refuse, one after the other from the first, no more are asked."""
PIONEERS = (PODS, DEPLOYMENTS)
"""Kinds that are asked for in every namespace: where both are refused, nothing else is asked."""


class Part(Sink, Protocol):
    """What is kept of a list, to which that of another namespace can be added."""

    def join(self, other: Any) -> None:
        """Take what another list of the kind kept."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What single namespaces gave of a kind, and by namespace why others did not."""

    kept: Any
    look: Look
    holes: Mapping[str, KubeFault]


@dataclass(slots=True)
class Apart:
    """Asks one cluster for lists of single namespaces, `most` at most over all kinds."""

    cluster: KubeCluster
    page: int
    most: int
    asked: int = 0
    given: set[str] = field(default_factory=set)

    def note(self, resource: Resource, rooms: Iterable[str]) -> None:
        """Take it that each namespace of a whole list that was given may give more."""
        if resource in PIONEERS:
            self.given.update(rooms)

    def read(
        self, rooms: Sequence[str], resource: Resource, served: Served, start: Callable[[], Part],
        refused: KubeFault,
    ) -> Parts | KubeFault:  # fmt: skip
        """Return what single namespaces give of a list that is refused as a whole, or why none does."""
        wanted = [name for name in rooms if resource in PIONEERS or name in self.given]
        left = max(0, self.most - self.asked)
        holes = dict.fromkeys(rooms, refused) | dict.fromkeys(wanted[left:], self._spent(resource))
        ask = partial(self._ask, resource, served, start)
        found = dict(self._answers(ask, wanted[: min(left, TRIED)]))
        if resource in PIONEERS or any(isinstance(one, Listed) for one in found.values()):
            found.update(self._answers(ask, wanted[min(left, TRIED) : left]))
        kept, looks = start(), list[Look]()
        for name, one in found.items():
            if isinstance(one, KubeFault):
                holes[name] = one
            else:
                del holes[name]
                kept.join(one.kept)
                looks.append(one.look)
        self.given.update(set(found) - set(holes))
        if looks:
            return Parts(kept, joined(looks), holes)
        return self._spent(resource) if wanted[left:] else refused

    def _answers(
        self, ask: Callable[[str], Listed[Any] | KubeFault], rooms: Sequence[str]
    ) -> Iterator[tuple[str, Listed[Any] | KubeFault]]:
        self.asked += len(rooms)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from zip(rooms, pool.map(ask, rooms), strict=True)

    def _ask(
        self, resource: Resource, served: Served, start: Callable[[], Part], name: str
    ) -> Listed[Any] | KubeFault:
        try:
            return fold(self.cluster, resource, served, start, self.page, name)
        except KubeFault as fault:
            return KubeFault(f"{resource.name} in {name}: {fault}", fault.gap, fault.status)

    def _spent(self, resource: Resource) -> KubeFault:
        hint = f"{resource.name}: not asked in more single namespaces than {self.most} lists: `single_lists`"
        return KubeFault(hint, Gap.NOT_COLLECTED)
