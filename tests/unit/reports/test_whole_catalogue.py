"""What the engine says of the whole catalogue before anything was read, in every format."""

from __future__ import annotations

from datetime import date

import jsonschema_rs
import pytest

from cnmm_collectors.registry import load
from cnmm_reports.html import HtmlRenderer
from cnmm_reports.json import JsonRenderer
from cnmm_reports.markdown import MarkdownRenderer
from cnmm_reports.schema import schema
from cnmm_reports.terminal import TerminalRenderer
from cnmm_reports.view import ReportView, build_view
from cnmm_rules import catalogue as people
from cnmm_rules.catalogue import loader
from cnmm_rules.engine import assess
from cnmm_rules.facts import Facts


@pytest.fixture(scope="module")
def nothing() -> ReportView:
    catalogue = loader.load(people.files(), load())
    period = (date(2026, 5, 26), date(2026, 11, 22))
    return build_view(assess(Facts("acme", period[1], period, ()), catalogue).to_json(), catalogue)


def test_is_valid(nothing: ReportView) -> None:
    jsonschema_rs.Draft202012Validator(schema()).validate(nothing.assessment)


@pytest.mark.parametrize("renderer", [HtmlRenderer(), JsonRenderer(), MarkdownRenderer(), TerminalRenderer()])
def test_every_format_says_the_range_and_not_a_zero(
    nothing: ReportView, renderer: HtmlRenderer | JsonRenderer | MarkdownRenderer | TerminalRenderer
) -> None:
    ((name, content),) = renderer.render(nothing).items()
    if name != "assessment.json":
        assert "No level shown yet; up to level 5 not ruled out" in content.decode()
        assert "given targets" in content.decode()


def test_page_shows_the_whole_model(nothing: ReportView) -> None:
    page = HtmlRenderer().render(nothing)["report.html"].decode()
    assert len(page) < 1_500_000
    for name in nothing.texts:
        assert f'id="{name}"' in page
