"""axe-core in a page: what it finds wrong, and that it looked at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    return _told(result)


def pale(page: Page) -> list[tuple[str, str, int]]:
    """Return what is too hard to read: all that a second colour scheme can change."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, {runOnly: {type: 'rule', values: ['color-contrast']}})")
    assert result["passes"]
    return _told(result)


def _told(result: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(item["id"], item["nodes"][0]["html"][:120], len(item["nodes"])) for item in result["violations"]]
