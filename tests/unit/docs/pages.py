"""The hand-written pages of the documentation, and what is fenced in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PLUG_INS = ("write-a-collector.md", "write-a-renderer.md", "test-a-plugin.md")
"""The pages about plug-ins have a test of their own, in an environment where their example is installed."""
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/explanation").glob("*.md")),
    *(one for one in sorted((ROOT / "docs/how-to").glob("*.md")) if one.name not in PLUG_INS),
)


def written(text: str) -> Iterator[tuple[str, str]]:
    """Yield (path, content) of every block that is to be saved as a file: ```LANGUAGE file=PATH."""
    yield from re.findall(r"^```\w+ file=(\S+)\n(.*?)^```", text, re.M | re.S)


def commands(text: str) -> Iterator[tuple[str, bool]]:
    """Yield (command line, whether it needs the demo) of every console block, in order."""
    for info, body in re.findall(r"^```console([^\n]*)\n(.*?)^```", text, re.M | re.S):
        for line in body.splitlines():
            if line.startswith("$ "):
                yield line[2:], "demo" in info.split()
