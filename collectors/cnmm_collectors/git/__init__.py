"""The Git collector: one repository at one commit, from a single pass over its tree and history."""

from __future__ import annotations

from typing import Any

__all__ = ["GitCollector"]


def __getattr__(name: str) -> Any:
    """Load the collector on first use: its own modules import this package first."""
    if name != "GitCollector":
        raise AttributeError(name)
    from cnmm_collectors.git.collector import GitCollector

    return GitCollector
