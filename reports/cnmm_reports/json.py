"""The assessment as canonical JSON: the contract that others script against."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cnmm_reports.view import ReportView

_encode = json.JSONEncoder(ensure_ascii=True, sort_keys=True, allow_nan=False, separators=(",", ":")).encode


class JsonRenderer:
    """Writes `assessment.json`: one line of ASCII JSON, keys sorted, as the bundle seals it."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file; raises ValueError for a number JSON cannot hold."""
        return {"assessment.json": _encode(view.assessment).encode("ascii") + b"\n"}
