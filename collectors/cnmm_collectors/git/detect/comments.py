"""Mark-up comments, blanked in one pass whatever a stranger nests or leaves open."""

from __future__ import annotations


def blank_comments(text: str) -> str:
    """Return the text without `<!-- -->` comments, line numbers kept; an open one hides the rest."""
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("-->", start + 4)
        if end < 0:
            kept.append("\n" * text.count("\n", start))
            return "".join(kept)
        kept.append("\n" * text.count("\n", start, end))
        at = end + 3
    kept.append(text[at:])
    return "".join(kept)
