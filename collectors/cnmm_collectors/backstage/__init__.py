"""Catalogue files: Backstage entities and team topologies, exported or collected in a folder."""

from __future__ import annotations

from cnmm_collectors.backstage.collector import BackstageCollector

__all__ = ["BackstageCollector"]
