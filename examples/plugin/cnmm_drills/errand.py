"""Writes `errands.txt`: what to supply next, for whoever has to see to it, one line each."""

from __future__ import annotations

from collections.abc import Mapping

from cnmm_reports.inert import line
from cnmm_reports.view import ReportView


class ErrandRenderer:
    """Lists the next pieces of evidence of an assessment."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file; what the assessment says is shown as text, whatever it holds."""
        told = view.assessment
        lines = [f"What {line(told['organisation'])} could supply next, as of {line(told['as_of'])}:"]
        for number, item in enumerate(told["next_evidence"], 1):
            rows = "1 row waits" if item["rows"] == 1 else f"{item['rows']} rows wait"
            lines.append(f"{number}. {line(item['needs'] or item['source'])} ({rows})")
        if len(lines) == 1:
            lines.append("nothing: every row is decided")
        return {"errands.txt": ("\n".join(lines) + "\n").encode("utf-8")}
