"""Exports of tickets, deployments, pages, access reviews and wikis; see `collector`."""

from cnmm_collectors.work.collector import WorkCollector

__all__ = ["WorkCollector"]
