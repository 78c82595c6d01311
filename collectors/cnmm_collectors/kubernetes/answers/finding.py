"""What an answer is: findings about namespaces or the cluster, each saying what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from cnmm_collectors.kubernetes.resources import Resource
from cnmm_collectors.kubernetes.view import View
from cnmm_collectors.signals import Gap, Tally, Value


class Nothing(Enum):
    """The one value that says: looked, and proven not there."""

    ABSENT = "absent"


ABSENT = Nothing.ABSENT


@dataclass(frozen=True, slots=True)
class Hidden:
    """Why a value is not known."""

    gap: Gap
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A reading of one key about a namespace, or about the cluster where `namespace` is empty.

    `says` is one or a few lines that a citation shows; `basis` are the lists it was made from.
    """

    key: str
    namespace: str
    value: Value | Nothing | Hidden
    says: str
    basis: Sequence[Resource]


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers for some signals; a fault inside it makes all of them unknown, and nothing else."""

    signals: tuple[str, ...]
    find: Callable[[View], Iterator[Finding]]


def share(passed: int, told: int, untold: int = 0) -> Tally | Nothing:
    """Return a tally, or absent where nothing is eligible: the namespace leaves the population."""
    return Tally(passed, told, untold) if told + untold else ABSENT


def listing(names: Sequence[str], most: int = 8) -> str:
    """Return some names and how many more there are."""
    shown = ", ".join(sorted(names)[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
