"""axe-core in a page: what it finds wrong, and that it looked at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "build" / "cache" / "axe-core-4.14.1.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def require_axe(require: Callable[[str, bool, str], None]) -> None:
    """Skip, or fail in CI, where axe-core was not fetched."""
    require("axe-core", AXE.exists(), "tests/setup.sh fetches it with npm")


def violations(page: Page, *parts: str) -> list[tuple[str, str, int]]:
    """Return each broken rule with its first element and how many there are; `parts` are selectors."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    where = {"include": [[part] for part in parts or ("html",)]}
    result = page.evaluate("([where, tags]) => axe.run(where, {runOnly: tags})", [where, _TAGS])
    assert len(result["passes"]) > 10
    return [(item["id"], item["nodes"][0]["html"][:120], len(item["nodes"])) for item in result["violations"]]
