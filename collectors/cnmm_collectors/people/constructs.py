"""Which construct a survey item asks for: by its label, else by key terms; never by its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from cnmm_collectors.shipped import shipped

SENSITIVE = frozenset({"trust", "safety", "westrum", "burnout", "conflict", "cn-threat"})
_REVERSED = re.compile(r"\((?:r|reverse[d]?)\)\s*$|\[(?:r|reversed?)\]")
_NOT = re.compile(
    r"\b(?:not|never|no one|nobody|isn.?t|aren.?t|doesn.?t|nicht|nie|kein\w*|pas|jamais|nunca)\b"
)
_POINTS = re.compile(
    r"^\s*points\b|\bfeedback\b|\bcomment|\bwhy\b|in your own words|kommentar", re.IGNORECASE
)


@cache
def constructs() -> Mapping[str, Mapping[str, Any]]:
    """Return the constructs as declared in the data beside this module."""
    found: dict[str, Mapping[str, Any]] = shipped(__package__, "constructs.yaml")
    return found


def is_bad(construct: str) -> bool:
    """True where more of the construct is worse."""
    return constructs()[construct].get("sense") == "bad"


@lru_cache(maxsize=20_000)
def construct_of(item: str) -> tuple[str, bool]:
    """Return the construct of an item and whether its scale is turned round; empty where none is known."""
    plain = unicodedata.normalize("NFKC", item).casefold()
    turned = bool(_REVERSED.search(plain))
    labelled = _label(plain)
    if labelled:
        return labelled, turned
    if _POINTS.search(plain):
        return "", False
    words = set(re.findall(r"[a-zà-ÿ]+", plain))
    best, size = "", 0
    for name, spec in constructs().items():
        for terms in spec["terms"]:
            if len(terms) > size and all(any(word.startswith(term) for word in words) for term in terms):
                best, size = name, len(terms)
    if not best:
        return "", False
    return best, turned or _is_turned(best, words, plain)


def _is_turned(construct: str, words: set[str], plain: str) -> bool:
    """True where agreeing with an item means less of its construct."""
    spec = constructs()[construct]
    if any(any(word.startswith(stem) for word in words) for stem in spec.get("reverse", ())):
        return True
    found = any(
        all(any(word.startswith(stem) for word in words) for stem in terms)
        for terms in spec.get("turned", ())
    )
    return found and not _NOT.search(plain)


def _label(plain: str) -> str:
    for name in constructs():
        spelled = re.escape(name).replace(r"\-", "[-_ ]")
        if re.search(rf"\[{spelled}\]", plain) or re.fullmatch(
            rf"{spelled}(?:[ _.-]?\d+)?(?:\s*[:(\[].*)?", plain.strip()
        ):
            return name
    return ""


def item_of(header: str) -> str:
    """Return the field that an answer sheet's column is read as: `items` for a known construct, else none."""
    return "items" if construct_of(header)[0] else ""
