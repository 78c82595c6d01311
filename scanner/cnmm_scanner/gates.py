"""Gates: what a pipeline may require of a finished assessment."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from cnmm_scanner.faults import Fault

HEADLINE = "headline"
_LEVEL = re.compile(r"([a-z]+)=([0-5])")
_SHARE = re.compile(r"([a-z]+)=(0?\.[0-9]{1,6}|[01](?:\.0{1,6})?|[0-9]{1,3}%)")


class GateFault(Fault):
    """A gate is not written as one, or names a section there is not."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The least proven level, or the least coverage, of a section; `headline` is the lowest of all."""

    kind: Literal["proven", "coverage"]
    section: str
    least: Fraction


def parse_gates(levels: Iterable[str], shares: Iterable[str]) -> tuple[Gate, ...]:
    """Return the gates that `SECTION=LEVEL` and `SECTION=SHARE` spell; raises GateFault."""
    gates = [_parse(text, _LEVEL, "proven", "SECTION=LEVEL with a level of 0..5") for text in levels]
    gates += [_parse(text, _SHARE, "coverage", "SECTION=SHARE, 0.5 or 50%") for text in shares]
    return tuple(gates)


def _parse(text: str, form: re.Pattern[str], kind: Literal["proven", "coverage"], write: str) -> Gate:
    match = form.fullmatch(text)
    if match is None:
        raise GateFault(f"gate {text[:60]!r}", f"write {write}")
    number = match[2]
    least = Fraction(number[:-1]) / 100 if number.endswith("%") else Fraction(number)
    return Gate(kind, match[1], least)


def check_sections(gates: Iterable[Gate], sections: Collection[str]) -> None:
    """Raise GateFault for a gate on a section the catalogue does not hold."""
    for gate in gates:
        if gate.section not in sections and (gate.section, gate.kind) != (HEADLINE, "proven"):
            raise GateFault(f"there is no section {gate.section!r}", f"known are {', '.join(sections)}")


def failed_gates(assessment: Mapping[str, Any], gates: Iterable[Gate]) -> Iterator[str]:
    """Yield a line for each gate that is not met."""
    sections = {section["id"]: section for section in assessment["sections"]}
    for gate in gates:
        part = assessment[HEADLINE] if gate.section == HEADLINE else sections[gate.section]
        seen = part[gate.kind]
        # JSON holds decimals: through their shortest spelling they are exact again.
        if seen is None or Fraction(str(seen)) < gate.least:
            least = float(gate.least) if gate.kind == "coverage" else int(gate.least)
            yield f"gate not met: {gate.kind} of {gate.section} is {seen}, required is {least}"
