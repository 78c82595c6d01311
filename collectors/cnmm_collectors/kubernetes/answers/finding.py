"""What an answer is: findings about namespaces or the cluster, each saying what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from cnmm_collectors.kubernetes.resources import Resource
from cnmm_collectors.kubernetes.view import View
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap, Interval, Masses, Tally, Value


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

    `says` is one or a few lines that a citation shows; `basis` are the lists it was made from, and `exported`
    true for one that exports of metrics say as well.
    """

    key: str
    namespace: str
    value: Value | Nothing | Hidden
    says: str
    basis: Sequence[Resource]
    exported: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers for some signals; a fault inside it makes all of them unknown, and nothing else."""

    signals: tuple[str, ...]
    find: Callable[[View], Iterator[Finding]]


def share(passed: int, told: int, untold: int = 0) -> Tally | Nothing:
    """Return a tally, or absent where nothing is eligible: the namespace leaves the population."""
    return Tally(passed, told, untold) if told + untold else ABSENT


def within_sight(found: Sequence[Finding], unlooked: Mapping[str, KubeFault]) -> Iterator[Finding]:
    """Yield findings as far as they hold while some namespaces could not be read.

    Their own are unknown; of the cluster, what was seen is a lower end; elsewhere nothing changes.
    """
    for one in found:
        if not unlooked or isinstance(one.value, Hidden):
            yield one
        elif one.namespace in unlooked:
            fault = unlooked[one.namespace]
            yield replace(one, value=Hidden(fault.gap, str(fault)))
        elif one.namespace:
            yield one
        else:
            yield replace(one, value=_at_least(one.value, unlooked))


def _at_least(value: Value | Nothing, unlooked: Mapping[str, KubeFault]) -> Value | Hidden:
    if value is True:
        return True
    if isinstance(value, Masses) and value.items:
        return replace(value, whole=False)
    if isinstance(value, int) and value:
        return Interval(Fraction(value), None)
    if isinstance(value, Interval) and value.high is None:
        return value
    first = next(iter(unlooked.values()))
    return Hidden(first.gap, f"in {len(unlooked)} namespaces: {first}")


def names(found: Iterable[str]) -> Masses:
    """Return labels, each once and sorted."""
    return Masses(tuple((name, 1) for name in sorted(set(found))))


def at_least(found: Iterable[str], untold: str) -> Masses | Hidden:
    """Return labels to which more may belong, where there is one at all; `untold` says which and why."""
    held = names(found)
    return replace(held, whole=False) if held.items else Hidden(Gap.NOT_VISIBLE, untold)


def listing(names: Sequence[str], most: int = 8) -> str:
    """Return some names and how many more there are."""
    shown = ", ".join(sorted(names)[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
