"""Law 4 over two assessments: what less evidence may do, and what it may not."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

Assessment = dict[str, Any]
_OPEN = frozenset({"unknown", "contested", "claimed"})


def breaches(whole: Assessment, less: Assessment) -> list[str]:
    """Return where less evidence proved more, ruled out more, or decided a row."""
    return [*_levels(whole, less), *_outcomes(whole, less)]


def narrowed(whole: Assessment, less: Assessment) -> list[str]:
    """Return which measures less evidence narrowed.

    Where a whole list of teams or repositories is withheld, what others list is all there is: the architecture
    page says so, and an auditor compares the sources of two audits. Nothing else may narrow one.
    """
    return [
        told
        for place, was, now in _pairs(whole, less)
        for told in _measures(place, was["tests"], now["tests"])
    ]


def _levels(whole: Assessment, less: Assessment) -> Iterator[str]:
    after = dict(_sections(less))
    for place, (proven, possible) in _sections(whole):
        if place not in after or proven is None or possible is None:
            continue
        lowest, highest = after[place]
        if (lowest or 0) > proven:
            yield f"{place}: proven rose from {proven} to {lowest}"
        if highest is not None and highest < possible:
            yield f"{place}: possible fell from {possible} to {highest}"


def _sections(assessment: Assessment) -> Iterator[tuple[str, tuple[int | None, int | None]]]:
    yield "headline", (assessment["headline"]["proven"], assessment["headline"]["possible"])
    for one in [{"id": "org", "sections": assessment["sections"]}, *assessment["teams"]]:
        for section in one["sections"]:
            yield f"{one['id']} {section['id']}", (section["proven"], section["possible"])


def _pairs(whole: Assessment, less: Assessment) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    after = {(one["criterion"], one["subject"]): one for one in less["findings"]}
    for one in whole["findings"]:
        found = after.get((one["criterion"], one["subject"]))
        if found is not None:
            yield f"{one['criterion']} of {one['subject']}", one, found


def _outcomes(whole: Assessment, less: Assessment) -> Iterator[str]:
    for place, was, now in _pairs(whole, less):
        first, then = was["outcome"], now["outcome"]
        # To hide one side of a contest ends it: the architecture page says so, and levels may not move.
        if then not in _OPEN and then != first and first != "contested":
            yield f"{place}: {first} became {then}"


def _measures(place: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[str]:
    known = {(test["signal"], test["threshold"]): test for test in after}
    for test in before:
        found = known.get((test["signal"], test["threshold"]))
        if found is None or "low" not in test or test.get("state") == "contested":
            continue
        low, high = _number(found.get("low"), -1), _number(found.get("high"), 1)
        if low > _number(test.get("low"), -1) or high < _number(test.get("high"), 1):
            told = f"[{test.get('low')}, {test.get('high')}] became [{found.get('low')}, {found.get('high')}]"
            yield f"{place}: {test['signal']} {told}"


def _number(value: Any, sign: int) -> Fraction:
    """Return a bound; one that is missing is as far out as nothing can be."""
    if value is None:
        return sign * Fraction(10**12)
    return Fraction(str(value)) if isinstance(value, int | float | bool) else Fraction(0)
