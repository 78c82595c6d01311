"""The pages around the reports: a list of bundles and scans, and a trend; readable without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from cnmm_reports.inert import line
from cnmm_reports.pages.assets import policy, style
from cnmm_reports.pages.charts import HATCH, interval_chart, state_mark
from cnmm_reports.pages.tables import row, table
from cnmm_reports.pages.trend import trend_html
from cnmm_reports.wording import count, interval

STYLE = style()
POLICY = policy(STYLE)
"""The only content these pages may hold."""
LEGEND = Markup('<p class="legend">{} proven {} not ruled out {} ruled out</p>').format(
    state_mark("proven"), state_mark("open"), state_mark("out")
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One bundle of the list: where its report is, and how it ended; `fault` where it cannot be read."""

    name: str
    key: str = ""
    organisation: str = ""
    as_of: str = ""
    complete: bool = True
    proven: int | None = None
    possible: int | None = None
    fault: str = ""


def list_page(bundles: Sequence[Listed], organisations: Iterable[tuple[str, str]], hidden: int = 0) -> bytes:
    """Return the page of all bundles; `organisations` are (name, address of its trend)."""
    body = Markup('<p class="kicker">Cloud native maturity, People</p><h1>Reports</h1>')
    body += Markup("<p>{}{}.</p>").format(
        count(len(bundles), "bundle"), f"; {hidden} more are not listed" if hidden else ""
    )
    if not bundles:
        body += Markup("<p>Nothing is here yet: <code>cnmm scan -o FOLDER</code> writes a bundle.</p>")
    rows = Markup("").join(_row(one, number) for number, one in enumerate(bundles))
    heads = ("Report", "Levels 1 to 5", "Headline", "Bundle", "Data")
    body += table("Every bundle of the folder, the newest first", heads, rows, "stack")
    if rows:
        body += LEGEND
    trends = Markup("").join(
        Markup('<li><a href="{}">{}</a></li>').format(address, line(name)) for name, address in organisations
    )
    if trends:
        body += Markup("<h2>Levels over time</h2><ul>{}</ul>").format(trends)
    return _page("Reports", body)


def _row(one: Listed, number: int) -> Markup:
    if one.fault:
        return Markup('<tr><th scope="row">{}</th><td colspan="4">{}</td></tr>').format(
            line(one.name), f"cannot be shown: {line(one.fault, 300)}"
        )
    words = interval(one.proven, one.possible)
    report = Markup('<a href="/report/{}">{}, as of {}</a>').format(
        one.key, line(one.organisation), line(one.as_of)
    )
    chart = interval_chart(f"b{number}", f"Headline of {line(one.name)}", one.proven, one.possible, height=10)
    data = Markup('<a href="/assessment/{}">JSON</a>').format(one.key)
    return row(report, chart, words if one.complete else f"{words}; incomplete", one.name, data)


def trend_page(trend: Mapping[str, Any]) -> bytes:
    """Return the page of one organisation's levels over time."""
    title = line(f"{trend['organisation']}: levels over time")
    body = Markup('<p class="kicker"><a href="/">All reports</a></p><h1>{}</h1>').format(title)
    return _page(title, body + trend_html(trend) + LEGEND)


def fault_page(status: int, words: str) -> bytes:
    """Return the page that says what is wrong with a request."""
    back = Markup('<p><a href="/">All reports</a></p>') if status in (404, 405) else Markup("")
    return _page(words, Markup('<p class="kicker">{}</p><h1>{}</h1>').format(status, words) + back)


def _page(title: str, body: Markup) -> bytes:
    head = Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>{}</title><style>'
    ).format(title)
    style = Markup(STYLE)  # noqa: S704 - our own text
    start = Markup("</style></head><body>") + HATCH + Markup("<main>")
    return str(head + style + start + body + Markup("</main></body></html>")).encode()
