"""Charts as inline SVG: an interval of levels, solid where proven, hatched where not ruled out."""

from __future__ import annotations

from markupsafe import Markup

from cnmm_reports.inert import inert
from cnmm_reports.wording import interval

_WIDTH, _GAP = 36, 3

HATCH = Markup(
    '<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="6" height="6"/><rect class="hatch-line" width="2.4" height="6"/>'
    "</pattern></defs></svg>"
)
"""The hatching every chart of the page refers to."""


def interval_chart(
    key: str, title: str, proven: int | None, possible: int | None, cap: int = 5, height: int = 14
) -> Markup:
    """Return the bar of one interval with a title and a description; `key` is unique in the page."""
    width = cap * (_WIDTH + _GAP) - _GAP
    head = Markup(
        '<svg class="interval" role="img" viewBox="-1 -1 {w} {h}" width="{w}" height="{h}" '
        'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{title}</title>'
        '<desc id="{key}-d">{words}</desc>'
    ).format(w=width + 2, h=height + 2, key=key, title=inert(title), words=interval(proven, possible))
    if proven is None or possible is None:
        body = Markup('<line class="none" x1="0" y1="{y}" x2="{w}" y2="{y}"/>').format(y=height / 2, w=width)
    else:
        body = Markup("").join(_segment(n, proven, possible, height) for n in range(1, cap + 1))
    return head + body + Markup("</svg>")


def _segment(level: int, proven: int, possible: int, height: int) -> Markup:
    state = "proven" if level <= proven else "open" if level <= possible else "out"
    x = (level - 1) * (_WIDTH + _GAP)
    text = Markup("")
    if height >= 24:
        text = Markup('<text class="on-{s}" x="{x}" y="{y}">{n}</text>').format(
            s=state, x=x + _WIDTH / 2, y=height / 2 + 5, n=level
        )
        if state == "open":
            disc = Markup('<circle class="disc" cx="{x}" cy="{y}" r="10"/>').format(
                x=x + _WIDTH / 2, y=height / 2
            )
            text = disc + text
    return (
        Markup('<rect class="{s}" x="{x}" y="0" width="{w}" height="{h}" rx="2"/>').format(
            s=state, x=x, w=_WIDTH, h=height
        )
        + text
    )


def state_mark(state: str) -> Markup:
    """Return the small decorative square of a matrix cell: proven, open or out."""
    return Markup(
        '<svg class="mark" viewBox="-1 -1 14 14" width="14" height="14" aria-hidden="true" focusable="false">'
        '<rect class="{s}" width="12" height="12" rx="2"/></svg>'
    ).format(s=state)
