"""Text from outside made harmless to look at: what cannot be seen is spelled out, nothing is dropped."""

from __future__ import annotations

import re
import unicodedata

LIMIT = 2_000
"""Characters of one text that a human report shows before it says how many more there are."""

_LINK = re.compile(r"https?://[^\s<>\"'`\\{}|^]+")
_MAX_LINK = 2_000
_KEPT = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def inert(text: object, limit: int = LIMIT) -> str:
    """Return the text with control, bidi, surrogate and other invisible characters spelled out.

    At most `limit` characters of the input are kept, with the number left out in words; line ends stay.
    """
    whole = str(text)
    shown = whole if len(whole) <= limit else whole[:limit]
    if not shown.isprintable():
        shown = "".join(map(_spell, shown))
    if len(whole) > limit:
        shown += f"… ({len(whole) - limit} more characters)"
    return shown


def line(text: object, limit: int = LIMIT) -> str:
    """Return the inert text on one line, each run of white space as one space."""
    return " ".join(inert(text, limit).split())


def is_link(locator: str) -> bool:
    """True where a locator may become a link: http or https, ASCII, one line, no quoting characters."""
    plain = len(locator) <= _MAX_LINK and locator.isascii() and locator.isprintable()
    return plain and _LINK.fullmatch(locator) is not None


def _spell(character: str) -> str:
    if character.isprintable() or character in _KEPT:
        return character
    return f"⟨U+{ord(character):04X}⟩" if unicodedata.category(character) in _HIDDEN else character
