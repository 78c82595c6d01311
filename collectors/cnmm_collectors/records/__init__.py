"""Records: reviewed documents and signed statements that were handed in as files."""

from __future__ import annotations

from cnmm_collectors.records.collector import RecordsCollector

__all__ = ["RecordsCollector"]
