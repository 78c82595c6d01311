"""People exports: who belongs where, who learned what, which certificates hold, what groups say."""

from __future__ import annotations

from cnmm_collectors.people.collector import PeopleCollector

__all__ = ["PeopleCollector"]
