"""The headline as a badge: an SVG that says its range in words, and the same for badge services."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import escape

from cnmm_reports.canonical import write_document
from cnmm_reports.firstpage import headline
from cnmm_reports.inert import line
from cnmm_reports.view import ReportView

LABEL = "People"
_COLOURS = ("#595959", "#8a3b00", "#7a4b00", "#00607a", "#1f5fa8", "#1a6b2f")
"""By proven level 0..5, each with white text above 4.5:1; the words beside them say the same."""
_WIDTH = 6.4
"""Pixels of one character at 11 pixels, Verdana; `textLength` fits other fonts to it."""
_PADDING = 10


class BadgeRenderer:
    """Writes `badge.svg` and `badge.json` (endpoint schema 1), a few kilobytes each."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return both files."""
        top = view.assessment["headline"]
        message = badge_message(top["proven"], top["possible"])
        colour = _COLOURS[top["proven"]]
        endpoint = {
            "schemaVersion": 1,
            "label": LABEL,
            "message": message,
            "color": colour.removeprefix("#"),
        }
        return {"badge.json": write_document(endpoint), "badge.svg": _draw(message, colour, _title(view))}


def badge_message(proven: int, possible: int) -> str:
    """Return the range in a few characters: `1–3`, `3`, and never a bare 0."""
    if proven == possible:
        return str(proven) if proven else "none"
    return f"{proven}–{possible}" if proven else f"none yet, up to {possible}"


def _title(view: ReportView) -> str:
    document = view.assessment
    partial = "" if document["complete"] else "; the collection was interrupted"
    name = line(document["organisation"], 100)
    return f"{LABEL} dimension of {name}: {headline(view)}; as of {line(document['as_of'], 40)}{partial}"


def _draw(message: str, colour: str, title: str) -> bytes:
    left, right = (round(len(text) * _WIDTH) + _PADDING for text in (LABEL, message))
    whole = left + right
    words = escape(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" viewBox="0 0 {whole} 20"'
        f' role="img" aria-label="{words}">'
        f"<title>{words}</title>"
        f'<rect width="{left}" height="20" fill="#333"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"'
        ' aria-hidden="true">'
        f"{_text(LABEL, left / 2, left)}{_text(message, left + right / 2, right)}</g></svg>\n"
    ).encode()


def _text(text: str, middle: float, width: int) -> str:
    return f'<text x="{middle:g}" y="14" textLength="{width - _PADDING}">{escape(text)}</text>'
