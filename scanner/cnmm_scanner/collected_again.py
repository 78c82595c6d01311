"""A second collection with the auditor's own access, beside the citations of the first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Gap
from cnmm_scanner.bundle import Bundle

_REFUSED = (Gap.NOT_PERMITTED, Gap.NOT_VISIBLE)
Place = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class CollectedAgain:
    """Digests by place cited, and which sources were read at all, refused, or not read to the end."""

    digests: dict[Place, str]
    read: frozenset[str]
    refused: frozenset[str]
    lost: frozenset[str]

    def digest_of(self, item: Evidence) -> str:
        """Return the digest of what was read at the same place, empty where nothing was."""
        return self.digests.get(place_of(item), "")


def place_of(item: Evidence) -> Place:
    """Return what was asked where: two readings of one place differ in time and content alone."""
    return item.source, item.locator, item.query, item.path, item.lines


def read_again(bundle: Bundle, wanted: Iterable[Evidence]) -> CollectedAgain:
    """Return what a bundle holds at the places of the wanted citations; raises BundleFault."""
    places = {place_of(item) for item in wanted}
    digests: dict[Place, str] = {}
    read: set[str] = set()
    for item in bundle.evidence().values():
        read.add(item.source)
        if (place := place_of(item)) in places:
            digests[place] = item.digest
    refused = {one.source for one in bundle.observations() if one.gap in _REFUSED}
    lost = {line.source for line in bundle.ledger() if line.failed}
    return CollectedAgain(digests, frozenset(read), frozenset(refused), frozenset(lost))
