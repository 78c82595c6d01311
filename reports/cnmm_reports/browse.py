"""The pages around the reports: a list of bundles and scans, and a trend; readable without scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from cnmm_reports.changes import trend_html
from cnmm_reports.inert import line
from cnmm_reports.wording import count, interval

STYLE = (
    "body{font:1rem/1.5 'Source Sans 3','Segoe UI',Arial,sans-serif;margin:2rem auto;max-width:70rem;"
    "padding:0 1rem;color:#1c1b19;background:#fdfcfa}h1{font-weight:600}table{border-collapse:collapse;"
    "width:100%}th,td{text-align:left;vertical-align:top;padding:.5rem .9rem .5rem 0;"
    "border-bottom:1px solid #d9d4cb}caption{text-align:left;padding:0 0 .4rem}a{color:#0b5a6b}"
    ".scroll{overflow-x:auto}svg .proven{fill:#0b5a6b;stroke:#0b5a6b}svg .open{fill:#cfe3e8;stroke:#0b5a6b}"
    "svg .none{stroke:#8a857c;stroke-dasharray:2 4}svg text{font:600 14px sans-serif;text-anchor:middle}"
    "@media(prefers-color-scheme:dark){body{color:#eceae6;background:#171614}a,svg text{color:#7cc4d4;"
    "fill:#7cc4d4}th,td{border-color:#444}}"
)
POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'"
)
"""The only content these pages may hold."""


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
    rows = Markup("").join(_row(one) for one in bundles)
    trends = Markup("").join(
        Markup('<li><a href="{}">{}</a></li>').format(address, line(name)) for name, address in organisations
    )
    body = Markup("<h1>Reports</h1><p>{}</p>").format(count(len(bundles), "bundle"))
    if hidden:
        body += Markup("<p>{} more are not listed.</p>").format(hidden)
    heads = ("Bundle", "Organisation", "As of", "Headline", "Data")
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(one) for one in heads)
    body += Markup(
        '<div class="scroll"><table><caption>Every bundle of the folder, the newest first</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(head, rows)
    if trends:
        body += Markup("<h2>Levels over time</h2><ul>{}</ul>").format(trends)
    return _page("Reports", body)


def _row(one: Listed) -> Markup:
    if one.fault:
        return Markup('<tr><th scope="row">{}</th><td colspan="4">{}</td></tr>').format(
            line(one.name), line(one.fault, 300)
        )
    words = interval(one.proven, one.possible)
    return Markup(
        '<tr><th scope="row"><a href="/report/{k}">{n}</a></th><td>{o}</td><td>{a}</td><td>{w}</td>'
        '<td><a href="/assessment/{k}">JSON</a></td></tr>'
    ).format(
        k=one.key,
        n=line(one.name),
        o=line(one.organisation),
        a=line(one.as_of),
        w=words if one.complete else f"{words}; incomplete",
    )


def trend_page(trend: Mapping[str, Any]) -> bytes:
    """Return the page of one organisation's levels over time."""
    title = line(f"{trend['organisation']}: levels over time")
    body = Markup("<h1>{}</h1>").format(title) + trend_html(trend)
    return _page(title, body + Markup('<p><a href="/">All reports</a></p>'))


def fault_page(status: int, words: str) -> bytes:
    """Return the page that says what is wrong with a request."""
    return _page(words, Markup("<h1>{}</h1><p>{}</p>").format(status, words))


def _page(title: str, body: Markup) -> bytes:
    head = Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>{}</title><style>'
    ).format(title)
    style = Markup(STYLE)  # noqa: S704 - our own text
    return str(
        head + style + Markup("</style></head><body><main>") + body + Markup("</main></body></html>")
    ).encode()
