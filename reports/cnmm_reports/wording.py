"""The words every human report uses for outcomes, causes, numbers and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNCOUNTED = "nobody declares how many there are"
"""The detail that the roll-up gives for an open population."""

OUTCOMES: dict[str, tuple[str, str, str]] = {
    "met": ("●", "met", "the test holds over the whole range that was seen"),
    "unmet": ("○", "not met", "the test fails over the whole range that was seen"),
    "unknown": ("?", "unknown", "what was not read could decide either way"),
    "contested": ("≠", "contested", "there is evidence for and against"),
    "claimed": ("✎", "claimed", "somebody says so; that is not proof"),
    "not_applicable": ("–", "not applicable", "proven not to exist here, or accepted as such"),
}
"""Outcome -> (glyph, word, meaning), in the order reports list them."""

CAUSES = {
    "not_permitted": "the credential is not allowed to look",
    "not_enabled": "the feature is switched off at the source",
    "not_licensed": "the source's plan does not include it",
    "not_visible": "the source hides whether it exists",
    "unsupported": "the source or its version does not offer it",
    "unreachable": "the source did not answer",
    "rate_limited": "the request budget was used up",
    "malformed": "the answer could not be read",
    "stale": "the evidence is older than its window",
    "sampled_out": "it was outside the sample",
    "not_collected": "no source of this scan supplies it",
}

ROLES = {
    "key": "key row: the level cannot hold without it",
    "rated": "rated: counts in the level's share",
    "support": "support: counts half",
    "marker": "marker: a symptom; weighs nothing, contradicts higher levels when met",
    "derived": "derived from other rows; weighs nothing",
    "info": "information; weighs nothing",
}

PROOFS = {
    "machine": "what machines record",
    "survey": "a survey of a group",
    "attestation": "a signed statement with an artefact",
}


def interval(proven: int | None, possible: int | None, *, cap: int = 5, sufficient: bool = True) -> str:
    """Return a level interval in words; a proven 0 never stands alone."""
    if proven is None or possible is None:
        return "No level is inferred for this section"
    if proven == 0:
        words = _nothing_shown(possible)
    elif proven == possible:
        words = f"Level {proven} proven" + ("; a higher level is ruled out" if proven < cap else "")
    else:
        words = f"Level {proven} proven; up to level {possible} not ruled out"
    return words if sufficient else f"Insufficient evidence. {words}"


def _nothing_shown(possible: int) -> str:
    if possible == 0:
        return "No level shown yet, and level 1 is ruled out"
    return f"No level shown yet; up to level {possible} not ruled out"


def short_interval(proven: int | None, possible: int | None) -> str:
    """Return a level interval in a few characters for cells: `none yet..4`, `2..4`, `3`."""
    if proven is None or possible is None:
        return "no level"
    low = str(proven) if proven else "none yet" if possible else "none"
    return low if proven == possible else f"{low}..{possible}"


def number(value: Any) -> str:
    """Return a number of the output contract with at most four places; None is `unbounded`."""
    if value is None:
        return "unbounded"
    if isinstance(value, int):
        return str(value)
    return f"{value:.4f}".rstrip("0").rstrip(".")


def observed(low: Any, high: Any) -> str:
    """Return an observed range: one number where it is exact, else `low to high` or `low or more`."""
    if high is None:
        return f"{number(low)} or more"
    ends = number(low), number(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def unit_word(unit: str) -> str:
    """Return the unit a reader needs beside a number; shares and counts need none."""
    return unit if unit in ("days", "hours", "minutes", "score") else ""


def population(seen: int, declared: int | None) -> str:
    """Return how much of the population was read, and whether anybody says how large it is."""
    if declared is None:
        return f"{seen} read; nobody declares how many exist"
    return f"{seen} of {declared} read"


def estimate(test: Mapping[str, Any]) -> str:
    """Return what a random sample says beside the range, empty where everything was read or nothing drawn."""
    found = test.get("estimate")
    if not found:
        return ""
    span = f"{percent(found['low'])} to {percent(found['high'])}"
    sure = f"{percent(found['confidence'])} confidence, {found['drawn']} of {found['of']} drawn"
    return f"estimate {percent(found['value'])}, {span} ({sure}); decides nothing"


def percent(share: Any) -> str:
    """Return a share 0..1 as a whole percentage; a remainder is never rounded away at either end."""
    value = float(share) * 100
    if 0 < value < 1:
        return "under 1\u00a0%"
    if 99 < value < 100:
        return "over 99\u00a0%"
    return f"{value:.0f}\u00a0%"


def count(number_of: int, one: str, many: str = "") -> str:
    """Return a counted noun: `1 row`, `2 rows`."""
    return f"{number_of:,} {one if number_of == 1 else many or one + 's'}"


def outcome_word(outcome: str) -> str:
    """Return the word for an outcome, the code itself where it is a newer one."""
    return OUTCOMES[outcome][1] if outcome in OUTCOMES else outcome


def outcome_glyph(outcome: str) -> str:
    """Return the one-character sign of an outcome."""
    return OUTCOMES[outcome][0] if outcome in OUTCOMES else "·"


def cause_words(cause: str) -> str:
    """Return why something was not read, the code itself where it is a newer one."""
    return CAUSES.get(cause, cause.replace("_", " "))


def gap_words(gap: Mapping[str, Any], finding: Mapping[str, Any]) -> str:
    """Return why a gap of a finding is open; a signal that was read lacks a count, never a source."""
    begun = any(test["seen"] and test["signal"] == gap["signal"] for test in finding["tests"])
    return UNCOUNTED if begun and gap.get("detail") == UNCOUNTED else cause_words(gap["cause"])


def bar(proven: int | None, possible: int | None, cap: int = 5) -> str:
    """Return an interval as `cap` signs: ■ proven, ▨ not ruled out, □ ruled out; dots without a level."""
    if proven is None or possible is None:
        return "·" * cap
    return "■" * proven + "▨" * (possible - proven) + "□" * (cap - possible)


def sentence(text: str) -> str:
    """Return the text with its first letter raised and the rest as it was."""
    return text[:1].upper() + text[1:]
