"""Rewrites each renderer's expected file, with `--freeze` the frozen assessment first; read the diff."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"


def rendered() -> dict[str, bytes]:
    """Return every renderer's files for the sample."""
    from cnmm_reports.badge import BadgeRenderer
    from cnmm_reports.html import HtmlRenderer
    from cnmm_reports.intoto import IntotoRenderer
    from cnmm_reports.json import JsonRenderer
    from cnmm_reports.markdown import MarkdownRenderer
    from cnmm_reports.openmetrics import OpenMetricsRenderer
    from cnmm_reports.oscal import OscalRenderer
    from cnmm_reports.registers import CsvRenderer, XlsxRenderer
    from cnmm_reports.sarif import SarifRenderer
    from cnmm_reports.terminal import TerminalRenderer
    from golden.sample import FROZEN, view

    files: dict[str, bytes] = {}
    for renderer in (
        BadgeRenderer(), CsvRenderer(), HtmlRenderer(), JsonRenderer(), MarkdownRenderer(),
        OpenMetricsRenderer(), OscalRenderer(), SarifRenderer(), TerminalRenderer(), XlsxRenderer(),
    ):  # fmt: skip
        files.update(renderer.render(view()))
    # Of the frozen assessment alone, so that no change of a format changes the statement.
    digest = hashlib.sha256(FROZEN.read_bytes()).hexdigest()
    files.update(IntotoRenderer().render(replace(view(), artefacts={"assessment.json": f"sha256:{digest}"})))
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
