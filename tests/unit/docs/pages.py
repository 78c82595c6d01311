"""The hand-written pages of the documentation, and what is fenced in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/explanation").glob("*.md")),
)


def commands(text: str) -> Iterator[tuple[str, bool]]:
    """Yield (command line, whether it needs the demo) of every console block, in order."""
    for info, body in re.findall(r"^```console([^\n]*)\n(.*?)^```", text, re.M | re.S):
        for line in body.splitlines():
            if line.startswith("$ "):
                yield line[2:], "demo" in info.split()
