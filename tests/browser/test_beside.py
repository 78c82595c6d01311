"""What stands beside an assessment in Chromium: differences, trend and marks, and the pages of `cnmm serve`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.axe import pale, require_axe, violations
from cnmm_reports.html import HtmlRenderer
from cnmm_scanner.serve.application import Application
from cnmm_scanner.serve.server import Server
from golden.sample import HOSTILE, view
from unit.scanner.diff.worlds import build

Open = Callable[[str], Any]
Require = Callable[[str, bool, str], None]
ROW, OTHER = "org.L3.practices-encoded", "teams.L3.autonomy"
CATALOGUE = {"id": "cnmm-people", "version": "2026.11"}


def _finding(criterion: str, old: str, new: str, *causes: str) -> dict[str, Any]:
    tests = [
        {"signal": "ci.shared_workflow_ratio", "threshold": "> 0.5", "old": [0.25, 0.5, "false"], "new": None}
    ]
    readings = {
        "docs.runbook_ratio": {
            "changed": 2, "appeared": 0, "gone": 0, "became_known": 0, "became_unknown": 1, "examples": [HOSTILE],
        }
    }  # fmt: skip
    return {
        "criterion": criterion, "subject": "org:acme", "old": old, "new": new, "causes": list(causes),
        "steps": [], "why": "", "tests": tests, "readings": readings,
    }  # fmt: skip


def _diff() -> dict[str, Any]:
    side = {"as_of": "2026-05-01", "catalogue": CATALOGUE, "name": "old"}
    step = {"cause": "reality", "from": [1, 3], "to": [0, 2]}
    return {
        "method": "derived", "organisation": "acme", "old": side, "new": {**side, "as_of": "2026-11-22"},
        "counts": {"reality": 1, "rules": 0, "visibility": 1},
        "headline": {"old": [1, 3], "new": [0, 2], "steps": [step]},
        "sections": [{"subject": "team:acme/payments", "section": "org", "title": "Organisation",
                      "old": [1, 3], "new": [0, 2], "steps": [step]}],
        "findings": [_finding(ROW, "met", "contested", "reality"), _finding(OTHER, "none", "unmet", "visibility")],
        "rules": {"changed": False, "added": [ROW], "removed": ["org.L9.gone"]}, "notes": [HOSTILE],
    }  # fmt: skip


def _trend(points: int) -> dict[str, Any]:
    def point(number: int) -> dict[str, Any]:
        ends = {"proven": min(number // 3, 3), "possible": 5 - number // 6}
        return {
            "as_of": f"2026-{number % 12 + 1:02d}-01", "complete": number != 2, "catalogue": CATALOGUE,
            "headline": [ends["proven"], ends["possible"]],
            "sections": [{"id": name, "title": name, "coverage": 0.5, **ends} for name in ("org", "teams")],
        }  # fmt: skip

    sections = [{"id": "org", "title": "Organisation"}, {"id": "teams", "title": HOSTILE}]
    about = {"organisation": "acme", "subject": "organisation", "sections": sections}
    return {**about, "points": [point(number) for number in range(points)]}


def _marks() -> dict[str, Any]:
    about = {"subject": "org:acme", "role": "lead auditor", "dated": "2026-11-23"}
    return {
        "marks": [
            {**about, "criterion": ROW, "mark": "disputed", "comment": HOSTILE},
            {**about, "criterion": OTHER, "mark": "accepted", "comment": ""},
        ]
    }


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> str:
    shown = replace(view(), diff=_diff(), trend=_trend(12), marks=_marks())
    path = tmp_path_factory.mktemp("full") / "report.html"
    path.write_bytes(HtmlRenderer().render(shown)["report.html"])
    return path.as_uri()


@pytest.fixture
def page(open_page: Open, full: str) -> Page:
    made: Page = open_page(full).page
    return made


def test_the_first_page_says_what_changed(page: Page) -> None:
    since = page.locator(".since")
    expect(since).to_contain_text("Since 2026-05-01: headline 1..3 to none yet..2")
    expect(since).to_contain_text(
        "2 findings changed: 1 because reality changed, 1 because more or less was read"
    )
    since.get_by_role("link", name="What changed").click()
    expect(page.locator("#changes-h")).to_be_in_viewport()


def test_a_changed_finding_is_told_by_its_title_and_leads_to_its_row(page: Page) -> None:
    line = page.locator("#changes tbody tr", has_text="reuse by reference")
    expect(line).to_contain_text("met")
    expect(line).to_contain_text("contested")
    expect(line).to_contain_text("Builds through shared workflows > 0.5: 0.25 to 0.5 (false), now not asked")
    expect(line).to_contain_text("Has a runbook: 2 changed, 1 became unknown")
    line.get_by_role("link").click()
    expect(page.locator(f"[id='{ROW}']")).to_have_attribute("open", "")


def test_marks_stand_beside_their_rows(page: Page) -> None:
    rows = page.locator("#marks tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("disputed")
    expect(rows.first).to_contain_text("lead auditor")
    rows.first.get_by_role("link").click()
    expect(page.locator(f"[id='{ROW}']")).to_have_attribute("open", "")


def test_every_trend_is_a_chart_with_words(page: Page) -> None:
    charts = page.locator("svg.trend")
    expect(charts).to_have_count(3)
    assert charts.first.locator("g").count() == 12
    expect(charts.first.locator("desc")).to_have_text("From 2026-01-01, none yet..5, to 2026-12-01, 3..4")
    assert charts.first.locator("g > title").nth(2).text_content() == "2026-03-01: none yet..5, incomplete"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_beside_either(page: Page, scheme: str, require: Require) -> None:
    require_axe(require)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    assert (pale(page) if scheme == "dark" else violations(page, "#first", "#changes", "#marks")) == []


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_beside_makes_the_page_scroll_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    build(tmp_path / "old.cnmm", {"a": True, "b": True}, as_of="2026-01-01")
    build(tmp_path / "new.cnmm", {"a": True, "b": False}, as_of="2026-02-01")
    (tmp_path / "broken.cnmm").write_bytes(b"PK no bundle")
    server = Server(Application(tmp_path), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_the_served_pages_lead_to_each_other(context: BrowserContext, served: str, require: Require) -> None:
    require_axe(require)
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served)
    expect(page.locator("tbody tr")).to_have_count(3)
    assert violations(page) == []
    page.get_by_role("link", name="acme, as of 2026-02-01").click()
    expect(page.locator("#first-h")).to_have_text("acme")
    page.go_back()
    page.get_by_role("link", name="acme", exact=True).click()
    expect(page.locator("svg.trend")).to_have_count(2)
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.get_by_role("link", name="All reports").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
    assert all(url.startswith(served) for url in asked)
    assert [words for words in said if "favicon" not in words] == []
