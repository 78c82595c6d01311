"""Drawing a sample that anybody can repeat by hand: how many of each stratum, and which."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

Name = TypeVar("Name", str, tuple[str, str])


def rank(seed: int, whole: str, line: bytes) -> str:
    """Return where an item stands in the order that a seed gives a population with this digest."""
    return hashlib.sha256(b"\n".join((str(seed).encode(), whole.encode(), line))).hexdigest()


def order(keys: Iterable[str], seed: int) -> list[str]:
    """Return distinct keys in the order that a seed gives them, whatever order they come in."""
    distinct = sorted(set(keys))
    whole = "sha256:" + hashlib.sha256("\n".join(distinct).encode()).hexdigest()
    return sorted(distinct, key=lambda key: rank(seed, whole, key.encode()))


def allocate(sizes: Mapping[Name, int], size: int, *, least: int = 1) -> dict[Name, int]:
    """Return how many items each stratum gives: proportional, none above its size, `size` in all at most.

    Each gives `least` where there is room for that; the rest goes by largest remainder.
    """
    total = sum(sizes.values())
    size = min(size, total)
    least = least if size >= least * len(sizes) else 0
    given = Counter({name: max(least, sizes[name] * size // total) for name in sizes})

    def claim(name: Name) -> tuple[int, int, Name]:
        # What is still owed, in whole parts of the population, the most first.
        return given[name] * total - sizes[name] * size, -sizes[name], name

    while given.total() < size:
        given[min((name for name in sizes if given[name] < sizes[name]), key=claim)] += 1
    while given.total() > size:
        given[max((name for name in sizes if given[name] > least), key=claim)] -= 1
    return dict(given)
