"""The HTML report in Chromium: every interaction, by mouse and by keyboard, on screen and on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.axe import pale, require_axe, violations

Open = Callable[[str], Any]
ROW = "org.L3.practices-encoded"
OUTCOMES = ("met", "unmet", "unknown", "contested", "claimed", "not_applicable", "none")
LEGEND = len(OUTCOMES)


@pytest.fixture
def page(open_page: Open, report: Path) -> Page:
    return open_page(report.as_uri()).page


def shown(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "details.row:not([hidden])", "rows => rows.map(row => row.id)"
    )
    return found


def focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.id || document.activeElement.textContent")
    return text


def lay_out_everything(page: Page) -> None:
    """Open everything, also off the screen, where a contained row would be cut off instead of overflowing."""
    page.evaluate(
        """() => {
            document.querySelectorAll("details").forEach(one => { one.open = true; });
            document.querySelectorAll("details.row").forEach(one => { one.style.contentVisibility = "visible"; });
        }"""
    )


def test_opens_quietly_with_one_request(open_page: Open, report: Path) -> None:
    opened = open_page(report.as_uri())
    expect(opened.page.locator(".headline")).to_have_text("No level shown yet; up to level 2 not ruled out.")
    assert opened.asked == [report.as_uri()]


def test_policy_refuses_what_is_not_ours(open_page: Open, report: Path) -> None:
    opened = open_page(report.as_uri())
    opened.page.evaluate(
        """() => {
            window.refused = [];
            document.addEventListener("securitypolicyviolation", event => {
                window.refused.push(event.effectiveDirective);
            });
            const script = document.createElement("script");
            script.textContent = "window.hacked = 3";
            const style = document.createElement("style");
            style.textContent = "body { display: none }";
            const image = new Image();
            image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
            document.body.append(script, style, image);
        }"""
    )
    opened.page.wait_for_function("window.refused.length === 3")
    refused = opened.page.evaluate("window.refused.sort()")
    assert refused == ["img-src", "script-src-elem", "style-src-elem"]
    assert all("Content Security Policy" in words for words in opened.said)
    opened.said.clear()
    opened.asked.clear()


def test_search_and_filters(page: Page) -> None:
    total = len(shown(page))
    page.locator("#filters").get_by_label("Search").fill("mutual tls")
    assert shown(page) == ["security.L2.mutual-tls-owned", "security.L3.policy-as-code"]
    expect(page.locator("#f-count")).to_have_text(f"2 of {total} rows shown")
    expect(page.locator(".group:not([hidden]) h3")).to_have_text(["Security"])
    page.get_by_role("button", name="Clear").click()
    assert len(shown(page)) == total
    page.locator("#filters").get_by_label("Outcome").select_option("unmet")
    assert shown(page) == ["org.L2.informal-group", "teams.L3.autonomy"]
    page.locator("#filters").get_by_label("Section").select_option("teams")
    page.locator("#filters").get_by_label("Level").select_option("3")
    assert shown(page) == ["teams.L3.autonomy"]
    assert page.evaluate("location.hash") == "#rows?section=teams&level=3&outcome=unmet"
    page.locator("#filters").get_by_label("Search").fill("no such words anywhere")
    assert shown(page) == []


def test_open_and_close_shown_rows(page: Page) -> None:
    page.locator("#filters").get_by_label("Outcome").select_option("contested")
    page.get_by_role("button", name="Open shown rows").click()
    assert page.locator("details.row[open]").count() == 1
    page.get_by_role("button", name="Close rows").click()
    assert page.locator("details.row[open]").count() == 0


def test_deep_link_opens_the_row_with_its_evidence(open_page: Open, report: Path) -> None:
    page = open_page(f"{report.as_uri()}#{ROW}").page
    row = page.locator(f"[id='{ROW}']")
    expect(row).to_have_attribute("open", "")
    expect(row).to_be_in_viewport()
    expect(row.locator(".citations > li")).to_have_count(4)
    expect(row.locator(".cited")).to_contain_text("Evidence (2 of 2 citations shown)")
    expect(row.locator(".cited")).to_contain_text("Read for the counter-tests (2 of 2 citations shown)")
    link = row.locator(".citations a").first
    assert str(link.get_attribute("href")).startswith("https://git.example/acme/app-12/blob/")
    assert link.get_attribute("rel") == "noreferrer noopener"


def test_deep_link_to_a_filter_and_from_the_matrix(open_page: Open, report: Path) -> None:
    page = open_page(f"{report.as_uri()}#rows?section=org&outcome=met").page
    assert shown(page) == ["org.L1.first-delivery", "org.L1.silos", "org.L2.owners-known"]
    page.locator("a[href='#rows?section=security&level=2']").click()
    assert shown(page) == ["security.L2.images-scanned", "security.L2.mutual-tls-owned"]


def test_deep_link_shows_a_row_the_filter_hides_twice_over(page: Page) -> None:
    for _ in range(2):
        page.locator("#filters").get_by_label("Outcome").select_option("met")
        page.evaluate("document.querySelectorAll('details.row').forEach(row => { row.open = false; })")
        page.evaluate("location.hash = ''")
        page.locator(".reasons a[href='#teams.L3.autonomy']").click()
        expect(page.locator("[id='teams.L3.autonomy']")).to_have_attribute("open", "")


def test_unknown_or_broken_deep_link_does_nothing(open_page: Open, report: Path) -> None:
    everything = shown(open_page(report.as_uri()).page)
    for fragment in ("no.such.row", "%E0%A4%A", "rows?section=nowhere", '"><img src=x>'):
        page = open_page(f"{report.as_uri()}#{fragment}").page
        assert shown(page) == everything
        assert page.locator("details.row[open]").count() == 0
        assert page.locator("img").count() == 0


def test_copy_citation(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("id => { location.hash = id; }", ROW)
    page.locator(f"[id='{ROW}']").get_by_role("button", name="Copy citation").click()
    expect(page.locator("#said")).to_have_text("Citation copied")
    words = page.evaluate("navigator.clipboard.readText()")
    assert words.startswith(f"acme, as of 2026-11-22: {ROW} (Good practice is kept as code")
    assert re.search(r": contested\. Catalogue cnmm-people 2026\.11 .* sha256:[0-9a-f]{64}\. #org\.L3", words)


def test_copy_the_query_of_what_has_no_address(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    home = page.locator("#register")
    home.get_by_label("Filter citations").fill("mtls")
    home.get_by_role("button", name="Copy query").click()
    expect(page.locator("#said")).to_have_text("Query copied")
    assert page.evaluate("navigator.clipboard.readText()") == "kubectl get policies -A"


def test_copy_without_clipboard_permission(page: Page) -> None:
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.evaluate("id => { location.hash = id; }", ROW)
    page.locator(f"[id='{ROW}']").get_by_role("button", name="Copy citation").click()
    expect(page.locator("#said")).not_to_be_empty()


def test_register_pages_and_filters(page: Page) -> None:
    home = page.locator("#register")
    expect(home.locator("tbody tr")).to_have_count(25)
    expect(home.get_by_role("status")).to_have_text("1 to 25 of 34 citations")
    expect(home.get_by_role("button", name="Previous page")).to_be_disabled()
    home.get_by_role("button", name="Next page").click()
    expect(home.get_by_role("status")).to_have_text("26 to 34 of 34 citations")
    expect(home.get_by_role("button", name="Next page")).to_be_disabled()
    home.get_by_label("Filter citations").fill("mtls")
    expect(home.get_by_role("status")).to_have_text("1 to 1 of 1 citation (of 34)")
    home.get_by_text("Provenance", exact=True).click()
    expect(home.get_by_text("kubectl get policies -A").last).to_be_visible()
    expect(home.get_by_text("resourceVersion 4711")).to_be_visible()


def test_only_web_locators_are_links(page: Page) -> None:
    home = page.locator("#register")
    home.get_by_label("Filter citations").fill("javascript:")
    expect(home.get_by_text("javascript:alert(1)").first).to_be_visible()
    assert home.locator("td:first-child a").count() == 0
    targets = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    assert all(target.startswith(("#", "https://git.example/acme/")) for target in targets)


def test_a_sign_of_the_matrix_leads_to_its_row(page: Page) -> None:
    signs = page.locator(".matrix .signs a")
    assert signs.count() == sum(page.locator(f"#matrix .s-{name}").count() for name in OUTCOMES) - LEGEND
    key = page.locator(f".matrix .signs a[href='#{ROW}']")
    expect(key).to_have_class("s-contested key")
    expect(key).to_have_attribute("title", re.compile("reuse by reference. Key row, contested$"))
    expect(key).to_have_attribute("tabindex", "-1")
    key.click()
    expect(page.locator(f"[id='{ROW}']")).to_have_attribute("open", "")


def test_the_first_page_names_one_next_step(page: Page) -> None:
    one = page.locator(".one")
    expect(one).to_contain_text("The next step")
    expect(one).to_contain_text("Let the scan read an HR export")
    expect(one).to_contain_text("Learning: could prove level 2")
    expect(one).to_be_in_viewport()
    one.get_by_role("link", name="The five that help most").click()
    expect(page.locator("#next")).to_be_in_viewport()


def test_team_drill_down(page: Page) -> None:
    home = page.locator("#team-list")
    expect(home.locator("tbody tr")).to_have_count(3)
    home.get_by_label("Filter teams").fill("pay")
    expect(home.locator("tbody tr")).to_have_count(1)
    home.get_by_role("button", name="acme/payments").click()
    panel = page.locator("#team-rows")
    expect(panel.get_by_role("heading")).to_be_focused()
    expect(panel.locator("tbody tr").first).to_contain_text("of 4 read")
    panel.get_by_role("link", name="A first workload is delivered in containers.").click()
    expect(page.locator("[id='org.L1.first-delivery']")).to_have_attribute("open", "")
    page.evaluate("document.getElementById('team-rows').scrollIntoView()")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()


def test_theme(page: Page) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Use dark colours").click()
    assert page.evaluate(paper) != light
    page.get_by_role("button", name="Use light colours").click()
    assert page.evaluate(paper) == light
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(paper) == light


def test_keyboard_alone_reaches_everything(page: Page) -> None:
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the report"
    page.keyboard.press("Enter")
    assert focused(page) == "main"
    page.locator("#filters").get_by_label("Search").focus()
    page.keyboard.type("reuse by reference")
    assert shown(page) == [ROW]
    for _ in range(7):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.parentElement.id") == ROW
    page.keyboard.press("Enter")
    expect(page.locator(f"[id='{ROW}']")).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    assert focused(page) == "Copy citation"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#said")).not_to_be_empty()


def test_tab_order_has_no_trap(page: Page) -> None:
    seen = 0
    for _ in range(400):
        page.keyboard.press("Tab")
        seen += 1
        if page.evaluate("document.activeElement === document.body"):
            break
    assert 40 < seen < 400


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_page_never_scrolls_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    lay_out_everything(page)
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_the_rows_are_still_there(page: Page, report: Path) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(report.as_uri())
    expect(plain.locator("details.row")).to_have_count(len(shown(page)))
    expect(plain.get_by_text("The register needs scripts")).to_be_visible()
    expect(plain.locator("#filters")).to_be_hidden()
    expect(plain.locator("button:visible")).to_have_count(0)
    context.close()


def test_prints_to_pdf(page: Page, tmp_path: Path) -> None:
    page.evaluate("id => { location.hash = id; }", ROW)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.locator(".top")).to_be_hidden()
    data = page.pdf(path=tmp_path / "report.pdf", format="A4", tagged=True)
    assert data.startswith(b"%PDF-")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(page: Page, scheme: str, require: Callable[[str, bool, str], None]) -> None:
    require_axe(require)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.locator("#team-list button.linkish").first.click()
    lay_out_everything(page)
    page.wait_for_timeout(200)
    assert (pale(page) if scheme == "dark" else violations(page)) == []
