"""Writing the HTML report beside writing the same assessment as JSON, at three sizes a factor of ten apart."""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.bundles import write
from bench.rows import Row, at_most, growth
from cnmm_reports.html import HtmlRenderer
from cnmm_reports.json import JsonRenderer
from cnmm_reports.view import ReportView, build_view
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.derive import derive

SIZES = (100, 1_000, 10_000)
REPOS_PER_TEAM = 25
_WATCH = """
window.long = [0];
new PerformanceObserver((list) => window.long.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({type: "longtask", buffered: true});
"""


def report_rows(folder: Path) -> Iterator[Row]:
    """Yield time and size of the page at 10,000 repositories in 400 teams; details name the smaller sizes."""
    steps: list[str] = []
    points: list[tuple[int, float]] = []
    ratio, megabytes = 0.0, 0.0
    for size in SIZES:
        view = organisation(folder, size)
        page = HtmlRenderer().render(view)["report.html"]
        html = _best(lambda view=view: HtmlRenderer().render(view))  # type: ignore[misc]
        plain = _best(lambda view=view: JsonRenderer().render(view))  # type: ignore[misc]
        ratio, megabytes = html / plain, len(page) / 1e6
        points.append((size, html))
        steps.append(f"{size}: {html * 1e3:.0f} ms against {plain * 1e3:.0f} ms, {megabytes:.2f} MB")
    yield at_most("html-vs-json", ratio, 3, "; ".join(steps))
    yield at_most("html-size", megabytes, 5, f"{SIZES[-1]} repositories, whole catalogue", "MB")
    yield at_most("html-growth", growth(points), 1.1, "exponent of CPU over repositories")
    path = folder / "report.html"
    path.write_bytes(page)
    yield from long_tasks(path)


def long_tasks(path: Path) -> Iterator[Row]:
    """Yield the longest task of the main thread in Chromium, the best of three visits; nothing without one."""
    executable = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if executable is None:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        visits = [_visit(browser, path) for _ in range(3)]
        browser.close()
    for number, what in enumerate(("paint", "filter", "open")):
        longest = min(visit[number] for visit in visits)
        yield at_most(f"html-{what}-task", longest, 200, "longest task while the page does that", "ms")


def _visit(browser: Browser, path: Path) -> tuple[float, ...]:
    page = browser.new_page()
    page.add_init_script(_WATCH)
    page.goto(path.resolve().as_uri())
    page.locator("#register tbody tr").first.wait_for()
    return tuple(_longest(page, action) for action in (_nothing, _filter, _open))


def _longest(page: Page, action: Callable[[Page], None]) -> float:
    """Return the longest task in ms since the last one was asked for."""
    action(page)
    page.wait_for_timeout(500)
    longest: float = page.evaluate("Math.max(...window.long.splice(0, Infinity, 0))")
    return longest


def _nothing(_: Page) -> None:
    """The page has been opened; that is all."""


def _filter(page: Page) -> None:
    page.locator("#f-text").press_sequentially("mutual tls", delay=20)
    page.locator("#register input").press_sequentially("r99/", delay=20)
    page.locator("#team-list input").press_sequentially("t00", delay=20)


def _open(page: Page) -> None:
    page.locator("#f-clear").click()
    page.locator("#f-open").click()
    page.locator("#team-list button.linkish").first.click()


def organisation(folder: Path, size: int) -> ReportView:
    """Return the view of an invented organisation, judged once and kept."""
    path = write(folder, size, max(1, size // REPOS_PER_TEAM))
    kept = path.with_suffix(".json")
    with Bundle(path) as bundle:
        if not kept.exists():
            kept.write_bytes(derive(bundle))
        return build_view(json.loads(kept.read_bytes()), bundle.catalogue())


def _best(action: Callable[[], object], times: int = 5) -> float:
    """Return the least CPU seconds of several runs; noise only ever adds."""
    taken = []
    for _ in range(times):
        gc.collect()
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return min(taken)
