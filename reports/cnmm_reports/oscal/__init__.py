"""OSCAL assessment-results, and the assessment plan they import."""

from __future__ import annotations

from collections.abc import Mapping

from cnmm_reports.canonical import write_document
from cnmm_reports.oscal.plan import write_plan
from cnmm_reports.oscal.results import write_results
from cnmm_reports.oscal.terms import PLAN
from cnmm_reports.view import ReportView


class OscalRenderer:
    """Writes `oscal-assessment-results.json` and the plan it imports.

    At most 10,000 findings: beyond, whole teams are left out and counted in a property.
    """

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return both files."""
        return {
            "oscal-assessment-results.json": write_document({"assessment-results": write_results(view)}),
            PLAN: write_document({"assessment-plan": write_plan(view)}),
        }
