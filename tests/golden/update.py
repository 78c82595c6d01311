"""Rewrites each renderer's expected file, with `--freeze` the frozen assessment first; then read the difference."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"


def rendered() -> dict[str, bytes]:
    """Return every renderer's files for the sample."""
    from cnmm_reports.html import HtmlRenderer
    from cnmm_reports.json import JsonRenderer
    from cnmm_reports.markdown import MarkdownRenderer
    from cnmm_reports.terminal import TerminalRenderer
    from golden.sample import view

    files: dict[str, bytes] = {}
    for renderer in (HtmlRenderer(), JsonRenderer(), MarkdownRenderer(), TerminalRenderer()):
        files.update(renderer.render(view()))
    return files


def freeze() -> None:
    """Write the sample's assessment as today's rules have it."""
    from cnmm_reports.json import JsonRenderer
    from cnmm_reports.view import build_view
    from golden.sample import CATALOGUE, FROZEN, assessment

    view = build_view(assessment().to_json(), CATALOGUE)
    FROZEN.write_bytes(JsonRenderer().render(view)["assessment.json"])


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    EXPECTED.mkdir(exist_ok=True)
    if sys.argv[1:] == ["--freeze"]:
        freeze()
    for name, content in rendered().items():
        (EXPECTED / name).write_bytes(content)
        print(name, len(content), "bytes")
