"""How far knowledge is spread: contributor absence factor and truck factor, in whole numbers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from cnmm_collectors.git.touches import Touch

_ADDED = ord("A")


def absence_factor(touches: Iterable[Touch]) -> int:
    """Return the fewest people who made at least half of the contributions (CHAOSS); 0 without any.

    A commit is one contribution of its author and of each co-author.
    """
    counts = Counter(person for touch in touches for person in touch.people)
    total, seen = counts.total(), 0
    for rank, (_, count) in enumerate(counts.most_common(), start=1):
        seen += count
        if 2 * seen >= total:
            return rank
    return 0


def truck_factor(touches: Iterable[Touch], tracked: int) -> int:
    """Return how many top authors leave until over half of the files have none (Avelino); 0 without files.

    `touches` come newest first; only paths numbered below `tracked`, those that still exist, count.
    """
    files = _authors_by_file(touches, tracked)
    owned: Counter[int] = Counter(person for authors in files.values() for person in authors)
    left = {number: set(authors) for number, authors in files.items() if authors}
    total, gone = len(left), 0
    while left and 2 * (total - len(left)) <= total:
        top = min(owned, key=lambda person: (-owned[person], person))
        gone += 1
        for number in [n for n, authors in left.items() if top in authors]:
            left[number].discard(top)
            if not left[number]:
                del left[number]
        del owned[top]
    return gone


def _authors_by_file(touches: Iterable[Touch], tracked: int) -> Mapping[int, frozenset[int]]:
    deliveries: dict[int, Counter[int]] = defaultdict(Counter)
    creators: dict[int, int] = {}
    for touch in touches:
        for number, letter in zip(touch.ids, touch.letters, strict=True):
            if number < tracked:
                deliveries[number].update(touch.people)
                if letter == _ADDED:
                    creators[number] = touch.people[0]
    return {number: _authors(counts, creators.get(number)) for number, counts in deliveries.items()}


def _authors(counts: Mapping[int, int], creator: int | None) -> frozenset[int]:
    """Return who counts as an author: degree of authorship at least 3.293, and over 0.75 of the highest."""
    total = sum(counts.values())
    degree = {
        person: 3.293 + 1.098 * (person == creator) + 0.164 * own - 0.321 * math.log(1 + total - own)
        for person, own in counts.items()
    }
    top = max(degree.values())
    return frozenset(person for person, value in degree.items() if value >= 3.293 and value > 0.75 * top)
