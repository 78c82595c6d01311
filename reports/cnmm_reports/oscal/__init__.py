"""OSCAL assessment-results, and the assessment plan they import."""

from __future__ import annotations

from collections.abc import Mapping

from cnmm_reports.canonical import write_document
from cnmm_reports.oscal.plan import write_plan
from cnmm_reports.oscal.results import write_results
from cnmm_reports.oscal.terms import PLAN
from cnmm_reports.view import ReportView

MAX_FINDINGS, MAX_BYTES = 10_000, 20_000_000
"""Bounds of the results; the plan is as large as the catalogue."""
_FEW = 1_000


class OscalRenderer:
    """Writes `oscal-assessment-results.json` and the plan it imports.

    At most 10,000 findings and 20 MB: beyond, whole teams are left out and counted in a property.
    """

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return both files."""
        return {
            "oscal-assessment-results.json": _within(view),
            PLAN: write_document({"assessment-plan": write_plan(view)}),
        }


def _within(view: ReportView) -> bytes:
    """Return the results with as many findings as fit; what one takes shows in the first of them."""
    limit = MAX_FINDINGS
    if len(view.assessment["findings"]) > _FEW:
        limit = min(limit, int(0.9 * MAX_BYTES / len(_write(view, _FEW)) * _FEW))
    data = _write(view, limit)
    while len(data) > MAX_BYTES and limit > 1:
        limit = max(1, int(0.9 * limit * MAX_BYTES / len(data)))
        data = _write(view, limit)
    return data


def _write(view: ReportView, limit: int) -> bytes:
    return write_document({"assessment-results": write_results(view, limit)})
