"""One segment of a path pattern, between two slashes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NOTHING = "(?!)"


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One name in a pattern: an expression that never crosses a slash, and what can be looked up
    instead of tried.

    `literal` is the only name it matches; `ending` is set where it matches exactly the names that
    end so.
    """

    expression: str
    literal: str | None = None
    ending: str | None = None
    is_star: bool = False


DEEP = Segment(_NOTHING)
NEVER = Segment(_NOTHING)


def compile_segment(text: str, with_sets: bool) -> Segment:
    """The meaning of one segment; an unfinished escape or set matches nothing, as in fnmatch."""
    chunks: list[list[str]] = [[]]
    literals: list[str | None] = [""]
    at = 0
    while at < len(text):
        char = text[at]
        if char == "*":
            if len(chunks) == 1 or chunks[-1]:
                chunks.append([])
                literals.append("")
            at += 1
            continue
        expression, plain, at = _read_element(text, at, with_sets)
        chunks[-1].append(expression)
        known = literals[-1]
        literals[-1] = None if known is None or plain is None else known + plain
    return _build(["".join(chunk) for chunk in chunks], literals)


def _read_element(text: str, at: int, with_sets: bool) -> tuple[str, str | None, int]:
    char = text[at]
    if char == "\\":
        escaped = text[at + 1 : at + 2]
        return (re.escape(escaped), escaped, at + 2) if escaped else (_NOTHING, None, at + 1)
    if char == "?":
        return "[^/]", None, at + 1
    if char == "[" and with_sets:
        return _read_set(text, at + 1)
    return re.escape(char), char, at + 1


def _read_set(text: str, at: int) -> tuple[str, None, int]:
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    ranges = ""
    while at < len(text) and text[at] != "]":
        low, at = _read_member(text, at)
        high = low
        if text[at : at + 1] == "-" and text[at + 1 : at + 2] not in ("", "]"):
            high, at = _read_member(text, at + 1)
        if low <= high:
            ranges += f"{re.escape(low)}-{re.escape(high)}"
    if at >= len(text) or not (ranges or negated):
        return _NOTHING, None, at + 1
    return (f"[^/{ranges}]" if negated else f"(?!/)[{ranges}]"), None, at + 1


def _read_member(text: str, at: int) -> tuple[str, int]:
    if text[at] == "\\" and at + 1 < len(text):
        return text[at + 1], at + 2
    return text[at], at + 1


def _build(chunks: list[str], literals: list[str | None]) -> Segment:
    if len(chunks) == 1:
        return Segment(chunks[0], literal=literals[0])
    if not any(chunks):
        return Segment("[^/]+", is_star=True)
    # As with `**`: each chunk but the last is kept where it first fits, so matching stays linear.
    kept = "".join(f"(?>[^/]*?{chunk})" for chunk in chunks[1:-1])
    ending = literals[1] if len(chunks) == 2 and not chunks[0] else None
    return Segment(f"{chunks[0]}{kept}[^/]*{chunks[-1]}", ending=ending)
