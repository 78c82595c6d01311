"""What a host's answers take: for each group of signals the least role and the least tier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """What reading a group of signals takes; `role` and `tier` are the host's own words, tiers from 1 on."""

    group: str
    role: str
    tier: int
    signals: tuple[str, ...]


def signals_of(needs: Iterable[Need]) -> tuple[str, ...]:
    """Return the signals that are answered at all, sorted."""
    return tuple(sorted({signal for need in needs for signal in need.signals}))


def cell(needs: Sequence[Need], signal: str, tier: int) -> str:
    """Return what a tier answers of a signal: all, part of what it rests on, or nothing."""
    asked = [need for need in needs if signal in need.signals]
    held = [need.group for need in asked if need.tier <= tier]
    if not held:
        return "not licensed"
    return "yes" if len(held) == len(asked) else f"in part: {', '.join(held)}"


def roles(needs: Sequence[Need], signal: str) -> str:
    """Return the least roles that answer a signal, each once, in the order of what it rests on."""
    return ", ".join(dict.fromkeys(need.role for need in needs if signal in need.signals))
