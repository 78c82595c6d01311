"""Requirements: the single rows and readings a pipeline may ask for, also where no level can be proven."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cnmm_collectors.signals import SignalError, SignalSpec, Unit, split_key
from cnmm_rules.criteria import Catalogue
from cnmm_rules.facts import Facts
from cnmm_rules.index import Index
from cnmm_rules.pile import gather
from cnmm_rules.ranges import Comparison, Operator
from cnmm_scanner.gates import GateFault

_FORM = re.compile(r"([^<>=]+(?:\{[^{}]*\})?)(>=|<=|>|<|=)([0-9]{1,12}(?:\.[0-9]{1,6})?)")
_OPERATORS = {
    ">=": Operator.AT_LEAST,
    "<=": Operator.AT_MOST,
    ">": Operator.ABOVE,
    "<": Operator.BELOW,
    "=": Operator.EQUALS,
}
_NO_NUMBER = frozenset({Unit.DATE, Unit.MASSES, Unit.STATE})


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row that must be met, or (with `compare`) a signal of which every reading must pass."""

    name: str
    compare: Comparison | None = None

    def __str__(self) -> str:
        return self.name if self.compare is None else f"{self.name} {self.compare}"


def parse_requirements(texts: Iterable[str]) -> tuple[Requirement, ...]:
    """Return what `ROW` and `SIGNAL>=NUMBER` (also >, <=, <, =) spell; raises GateFault."""
    return tuple(_parse(text) for text in texts)


def _parse(text: str) -> Requirement:
    found = _FORM.fullmatch(text.strip())
    if found is not None:
        return Requirement(found[1], Comparison(_OPERATORS[found[2]], Fraction(found[3])))
    if re.fullmatch(r"[A-Za-z0-9._-]{1,200}", text):
        return Requirement(text)
    raise GateFault(f"requirement {text[:60]!r}", "write the id of a row, or SIGNAL>=NUMBER")


def check_requirements(
    wanted: Iterable[Requirement], catalogue: Catalogue, specs: Mapping[str, SignalSpec]
) -> None:
    """Raise GateFault for a row or a signal there is not, and for a signal that has no number."""
    rows = {row.id for section in catalogue.sections for row in catalogue.of_section(section.id)}
    for one in wanted:
        if one.compare is None and one.name not in rows:
            hint = (
                "for a signal write a comparison, SIGNAL>=NUMBER" if one.name in specs else "cnmm rules list"
            )
            raise GateFault(f"there is no row {one.name!r}", hint)
        if one.compare is not None:
            _check_signal(one.name, specs)


def _check_signal(key: str, specs: Mapping[str, SignalSpec]) -> None:
    try:
        name, facets = split_key(key)
        spec = specs[name]
        canonical = spec.key(**facets)
    except (SignalError, KeyError):
        raise GateFault(f"there is no signal {key[:80]!r}", "docs/reference/catalogue/signals.md") from None
    if canonical != key:
        raise GateFault(f"signal {key[:80]!r}", f"write it as {canonical}")
    if spec.unit in _NO_NUMBER:
        raise GateFault(f"signal {key[:80]!r} reads {spec.unit}", "require the row that it feeds")


def unmet_requirements(
    wanted: Iterable[Requirement],
    assessment: Mapping[str, Any],
    facts: Facts,
    specs: Mapping[str, SignalSpec],
) -> Iterator[str]:
    """Yield a line for each requirement that is not met; what was not read is never taken for a pass."""
    index = Index(facts, specs)
    outcomes = {
        finding["criterion"]: finding["outcome"]
        for finding in assessment["findings"]
        if finding["subject"].startswith("org:")
    }
    for one in wanted:
        if one.compare is None:
            outcome = outcomes.get(one.name, "not judged for an organisation")
            why = "" if outcome == "met" else f"is {outcome}"
        else:
            why = _short(one.compare, index, one.name)
        if why:
            yield f"gate not met: {one} is required, and it {why}"


def _short(compare: Comparison, index: Index, key: str) -> str:
    """Return why not every reading of a signal passes, empty where all do and one was read at least.

    A subject proven to be outside the measured population is no reading; a declared one that was not read is
    unknown. How many nobody declared is not asked: this is about what is there, not about a level.
    """
    pile = gather(index, key, index.facts.org, None)
    answers = pile.verdicts(compare.holds)
    failed, passed = answers.count(False), answers.count(True)
    unread = answers.count(None) + len(pile.unread) + pile.hidden
    if not answers and not pile.ineligible:
        return "was not read"
    total = failed + passed + unread
    words = [f"fails for {failed} of {total}"] if failed else []
    if unread:
        words.append(f"is not known for {unread} of {total}")
    return " and ".join(words)
