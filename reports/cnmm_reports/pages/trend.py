"""How levels moved from scan to scan: charts of the headline and each section, and the table behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from cnmm_reports.changes import SHOWN, Trend, trend_table
from cnmm_reports.pages.tables import cell, row, table
from cnmm_reports.wording import short_interval

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _STEP, _FOOT = 330, 136, 24, 10, 20, 24
_ONE = Markup('<p class="aside">One scan so far: a chart is drawn from the second one on.</p>')


@dataclass(frozen=True, slots=True)
class Dot:
    """One scan in a chart: when, the interval, and whether its collection was complete."""

    day: str
    proven: int
    possible: int
    complete: bool


def trend_html(trend: Trend) -> Markup:
    """Return the charts, each with its words, and the table of every scan, oldest first."""
    heads, rows = trend_table(trend)
    body = Markup("").join(row(_day(one[0]), *one[1:]) for one in rows[-SHOWN:])
    charts = Markup("").join(
        _chart(f"trend-{number}", title, dots)
        for number, (title, dots) in enumerate(_series(trend))
        if len(dots) > 1
    )
    shown = Markup('<div class="trends">{}</div>').format(charts) if charts else _ONE
    return shown + table("Levels over time, oldest first", heads, body)


def _day(words: str) -> Markup:
    return Markup('<span class="nobreak">{}</span>').format(cell(words))


def _series(trend: Trend) -> Iterator[tuple[str, list[Dot]]]:
    points = trend["points"][-SHOWN:]
    yield "Headline", _dots(points, [point["headline"] for point in points])
    for section in trend["sections"]:
        ends = [_ends(point, section["id"]) for point in points]
        yield section["title"], _dots(points, ends)


def _ends(point: Mapping[str, Any], section: str) -> tuple[int | None, int | None]:
    found = next((one for one in point["sections"] if one["id"] == section), None)
    return (None, None) if found is None else (found["proven"], found["possible"])


def _dots(points: Sequence[Mapping[str, Any]], ends: Sequence[Any]) -> list[Dot]:
    return [
        Dot(point["as_of"], proven, possible, point["complete"])
        for point, (proven, possible) in zip(points, ends, strict=True)
        if proven is not None and possible is not None
    ]


def _chart(key: str, title: str, dots: Sequence[Dot]) -> Markup:
    first, last = dots[0], dots[-1]
    words = (
        f"From {first.day}, {short_interval(first.proven, first.possible)}, "
        f"to {last.day}, {short_interval(last.proven, last.possible)}"
    )
    places = _places(dots)
    wide = round(max(3.0, min(16.0, 0.6 * (_WIDTH - _LEFT - _RIGHT) / len(dots))), 1)
    return Markup(
        '<figure><figcaption>{t} <span class="aside nobreak">now {n}</span></figcaption>'
        '<svg class="trend" role="img" viewBox="0 0 {w} {h}" aria-labelledby="{k}-t {k}-d">'
        '<title id="{k}-t">{t}: levels over time</title><desc id="{k}-d">{d}</desc>{g}{b}{x}</svg></figure>'
    ).format(
        t=cell(title),
        n=short_interval(last.proven, last.possible),
        w=_WIDTH,
        h=_HEIGHT,
        k=key,
        d=cell(words),
        g=Markup("").join(map(_grid, range(6))),
        b=Markup("").join(_bar(dot, x, wide) for dot, x in zip(dots, places, strict=True)),
        x=_axis(first, last),
    )


def _places(dots: Sequence[Dot]) -> list[float]:
    """Return where each scan stands: by its date, evenly where the dates say nothing."""
    days = [_ordinal(dot.day) for dot in dots]
    low, high = _LEFT + 10, _WIDTH - _RIGHT - 10
    span = (days[-1] or 0) - (days[0] or 0)
    if None in days or span <= 0:
        return [round(low + (high - low) * n / (len(dots) - 1), 1) for n in range(len(dots))]
    return [round(low + (high - low) * ((day or 0) - (days[0] or 0)) / span, 1) for day in days]


def _ordinal(day: str) -> int | None:
    try:
        return date.fromisoformat(day).toordinal()
    except ValueError:
        return None


def _y(level: float) -> float:
    return _HEIGHT - _FOOT - level * _STEP


def _grid(level: int) -> Markup:
    return Markup(
        '<line class="none" x1="{l}" x2="{r}" y1="{y}" y2="{y}"/><text x="10" y="{t}">{n}</text>'
    ).format(l=_LEFT, r=_WIDTH - _RIGHT, y=_y(level), t=_y(level) + 4, n=level)


def _bar(dot: Dot, x: float, wide: float) -> Markup:
    said = f"{dot.day}: {short_interval(dot.proven, dot.possible)}" + ("" if dot.complete else ", incomplete")
    left = round(x - wide / 2, 1)
    return Markup(
        '<g><title>{t}</title><rect class="open" x="{x}" y="{y}" width="{w}" height="{o}"/>'
        '<rect class="proven" x="{x}" y="{z}" width="{w}" height="{p}"/>{i}</g>'
    ).format(
        t=cell(said),
        x=left,
        w=wide,
        y=_y(dot.possible),
        o=(dot.possible - dot.proven) * _STEP,
        z=_y(dot.proven) - (0 if dot.proven else 1),
        p=dot.proven * _STEP or 2,
        i="" if dot.complete else Markup('<text x="{}" y="{}">*</text>').format(x, _y(dot.possible) - 3),
    )


def _axis(first: Dot, last: Dot) -> Markup:
    return Markup(
        '<text class="day start" x="{}" y="{y}">{}</text><text class="day end" x="{}" y="{y}">{}</text>'
    ).format(_LEFT, cell(first.day), _WIDTH - _RIGHT, cell(last.day), y=_HEIGHT - 6)
