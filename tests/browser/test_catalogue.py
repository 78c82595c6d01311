"""The catalogue page in a real browser: find, filter, follow a link, walk by keyboard, both schemes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from browser.conftest import Opened
from cnmm_collectors import registry
from cnmm_reports.catalogue_page import PAGE, render
from cnmm_rules.catalogue import files
from cnmm_rules.catalogue.loader import load

ROW = "org.L3.practices-encoded"
Open = Callable[[str], Opened]


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalogue") / PAGE
    path.write_bytes(render(load(files(), registry.load()), {})[PAGE])
    return path


def rows(opened: Opened) -> list[str]:
    found: list[str] = opened.page.eval_on_selector_all(
        "details.row", "rows => rows.filter(row => row.checkVisibility()).map(row => row.id)"
    )
    return found


def test_a_deep_link_opens_its_row(catalogue: Path, open_page: Open) -> None:
    page = open_page(f"{catalogue.as_uri()}#{ROW}").page
    assert page.locator("details.row[open]").evaluate_all("rows => rows.map(row => row.id)") == [ROW]
    assert page.locator(f"[id='{ROW}']").evaluate("row => row.getBoundingClientRect().top < innerHeight")


def test_words_and_choices_narrow_the_rows_and_escape_brings_them_back(
    catalogue: Path, open_page: Open
) -> None:
    opened = open_page(catalogue.as_uri())
    everything = rows(opened)
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("shared_workflow reuse")
    assert ROW in rows(opened)
    assert len(rows(opened)) < 20
    opened.page.keyboard.press("Escape")
    assert rows(opened) == everything
    opened.page.select_option("select[data-by=section]", "ai")
    opened.page.select_option("select[data-by=role]", "key")
    assert rows(opened)
    assert all(name.startswith("ai.") for name in rows(opened))
    assert opened.page.inner_text("#shown") == f"{len(rows(opened))} of {len(everything)} rows"
    assert not opened.page.locator("#section-org").is_visible()


def test_a_link_to_a_row_that_is_filtered_out_shows_it(catalogue: Path, open_page: Open) -> None:
    opened = open_page(catalogue.as_uri())
    opened.page.select_option("select[data-by=section]", "ai")
    opened.page.evaluate(f"location.hash = '#{ROW}'")
    opened.page.wait_for_selector(f"[id='{ROW}'][open]")
    assert ROW in rows(opened)


def test_rows_can_be_walked_and_opened_by_keyboard(catalogue: Path, open_page: Open) -> None:
    opened = open_page(catalogue.as_uri())
    first, second = rows(opened)[:2]
    for key in ("j", "j", "Enter"):
        opened.page.keyboard.press(key)
    assert opened.page.locator("details.row[open]").evaluate_all("rows => rows.map(row => row.id)") == [
        second
    ]
    opened.page.keyboard.press("k")
    assert opened.page.evaluate("document.activeElement.parentElement.id") == first


def test_the_scheme_can_be_changed(catalogue: Path, open_page: Open) -> None:
    page = open_page(catalogue.as_uri()).page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    assert page.evaluate(ground) != light
    page.click("#theme")
    assert page.evaluate(ground) == light


def test_nothing_is_wider_than_a_narrow_screen(catalogue: Path, open_page: Open) -> None:
    page = open_page(f"{catalogue.as_uri()}#{ROW}").page
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
