"""The page put together: template, style, script and data, under a policy that admits nothing else."""

from __future__ import annotations

from collections import Counter
from functools import cache, partial
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from cnmm_reports import wording
from cnmm_reports.changes import Names
from cnmm_reports.firstpage import (
    coverage,
    ends,
    headline,
    holding_down,
    level_words,
    meaning,
    notes,
    ruling_out,
    scope_line,
    section_words,
    without_decisions,
)
from cnmm_reports.gaps import missing, uncollected
from cnmm_reports.html.comparison import diff_html, marks_html, since
from cnmm_reports.html.data import embed
from cnmm_reports.html.rows import Matrix, matrix, row_groups, row_order, stances
from cnmm_reports.inert import inert
from cnmm_reports.losses import losses, losses_title
from cnmm_reports.nextsteps import next_steps
from cnmm_reports.pages.assets import policy, style
from cnmm_reports.pages.charts import HATCH, interval_chart, state_mark
from cnmm_reports.pages.trend import trend_html
from cnmm_reports.titles import row_title, signal_title, subject_title
from cnmm_reports.view import ReportView

MAX_BYTES = 4_900_000
_DATA = '<script type="application/json" id="data">'


def write_page(view: ReportView) -> str:
    """Return the page as text; the data block takes what room the rest leaves."""
    page = _template().render(**_context(view))
    before, mark, after = page.rpartition(_DATA)
    room = MAX_BYTES - len(page.encode())
    return f"{before}{mark}{embed(view, row_order(view), room)}{after}"


def _context(view: ReportView) -> dict[str, Any]:
    sheet, script = style(), _asset("report.js")
    levels: Matrix = matrix(view)
    names = Names(partial(row_title, view), partial(signal_title, view))
    return {
        "document": view.assessment,
        "view": view,
        "style": Markup(sheet),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own file
        "policy": policy(sheet, script),
        "hatch": HATCH,
        "headline": headline(view),
        "meaning": meaning(view),
        "scope": scope_line(view),
        "notes": notes(view),
        "down": holding_down(view),
        "out": ruling_out(view),
        "steps": next_steps(view),
        "since": None if view.diff is None else since(view.diff),
        "changes": None if view.diff is None else diff_html(view.diff, names),
        "trend": None if view.trend is None else trend_html(view.trend),
        "marks": None if view.marks is None else marks_html(view.marks, names),
        "levels": levels,
        "groups": row_groups(view),
        "said": stances(view),
        "piles": uncollected(view),
        "lost": (lost := losses(view)),
        "lost_title": losses_title(view, len(lost)),
        "row_title": names.row,
        "signal_title": names.signal,
        "missing": partial(missing, view),
        "without_decisions": partial(without_decisions, view),
        "sources": sorted(Counter(item["source"] for item in view.assessment["evidence"]).items()),
    }


@cache
def _asset(name: str) -> str:
    return resources.files("cnmm_reports.html").joinpath(name).read_text("utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        chart=interval_chart,
        state_mark=state_mark,
        words=wording,
        section_words=section_words,
        level_words=level_words,
        ends=ends,
        coverage=coverage,
        subject_title=subject_title,
    )
    return environment.get_template("report.html.jinja")


def _shown(value: Any) -> Any:
    """Every text that is not our own markup is made inert on its way out."""
    return inert(value) if type(value) is str else value
