"""Text from outside as Markdown shows it: no markup, mention, link or image comes of it."""

from __future__ import annotations

import re

from cnmm_reports.inert import line

CELL = 400

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_LEADING = re.compile(r"^([-+#>=]|\d+(?=[.)](?:\s|$)))")


def escape(text: object, limit: int = CELL) -> str:
    """Return one line that Markdown and HTML show as it is: no markup, mention, link or image comes of it."""
    words = line(text, limit).replace("&", "&amp;").replace("<", "&lt;")
    words = _SPECIAL.sub(r"\\\1", words)
    words = _LEADING.sub(lambda found: f"&#{ord(found[1][0])};{found[1][1:]}", words)
    words = words.replace("@", "&#64;").replace("://", "&#58;//")
    return re.sub(r"(?i)\bwww\.", "www&#46;", words)
