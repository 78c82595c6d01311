"""What a collector may yield: only what it declared, within the declared range, with its citations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.plugin import Collected, LedgerRow, Membership, PersonFact, Population, Target, Yield
from cnmm_collectors.signals import Observed, Signal, SignalSpec, split_key

SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class ContractBreach(ValueError):
    """A plug-in yielded what it did not declare; the message names the signal, never its value."""


class Contract:
    """Holds a plug-in to its declared signals; remembers the keys it has seen."""

    def __init__(self, specs: Iterable[SignalSpec]) -> None:
        self._specs = {spec.id: spec for spec in specs}
        self._keys: dict[tuple[str, str], SignalSpec] = {}

    def check(self, signal: Signal) -> None:
        """Raise ContractBreach or SignalError for an undeclared key, facet, source or range."""
        spec = self._keys.get((signal.key, signal.source)) or self._admit(signal)
        if isinstance(signal.reading, Observed):
            value = signal.reading.value
            exact = isinstance(value, int | Fraction) and not isinstance(value, bool)
            if exact and not _within(Fraction(value), spec):  # type: ignore[arg-type]
                raise ContractBreach(f"{signal.key}: value outside {spec.low}..{spec.high}")
        for item in signal.reading.evidence:
            check_source(item)

    def _admit(self, signal: Signal) -> SignalSpec:
        name, facets = split_key(signal.key)
        spec = self._specs.get(name)
        if spec is None or spec.key(**facets) != signal.key:
            raise ContractBreach(f"{signal.key} is not a declared signal in its canonical spelling")
        spec.rank(signal.source)
        self._keys[signal.key, signal.source] = spec
        return spec


def _within(value: Fraction, spec: SignalSpec) -> bool:
    return spec.low <= value and (spec.high is None or value <= spec.high)


def check_source(item: Evidence) -> None:
    """Raise ContractBreach where a citation's source cannot name a bundle member."""
    if not SOURCE.fullmatch(item.source):
        raise ContractBreach(f"source {item.source[:40]!r}: use lower-case letters, digits, - and _")


def gather(yields: Iterable[Yield], contract: Contract) -> Collected:
    """Return everything a plug-in yields, by kind; raises what the plug-in or its contract raises."""
    found = Collected()
    for item in yields:
        keep(found, item, contract)
    return found


def keep(found: Collected, item: Yield, contract: Contract) -> None:
    """Put one yield where it belongs; raises ContractBreach for anything the contract does not know."""
    match item:
        case Signal():
            contract.check(item)
            found.signals.append(item)
        case Population():
            found.populations.append(item)
        case Membership():
            found.memberships.append(item)
        case Target():
            found.targets.append(item)
        case PersonFact():
            found.people.append(item)
        case LedgerRow():
            if not SOURCE.fullmatch(item.source):
                raise ContractBreach(f"ledger source {item.source[:40]!r} is not a plain name")
            found.ledger.append(item)
        case _:
            raise ContractBreach(f"a plug-in may not yield {type(item).__name__}")
