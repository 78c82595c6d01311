"""One self-contained HTML page: no request, no outside code, readable without scripts, printable."""

from __future__ import annotations

from collections.abc import Mapping

from cnmm_reports.html.page import write_page
from cnmm_reports.view import ReportView


class HtmlRenderer:
    """Writes `report.html`, under 5 MB however large the organisation is."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file."""
        return {"report.html": write_page(view).encode()}
