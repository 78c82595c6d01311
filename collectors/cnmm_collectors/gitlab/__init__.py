"""The GitLab collector: a group or a project of GitLab, through its web API."""

from __future__ import annotations

from typing import Any

__all__ = ["GitLabCollector"]


def __getattr__(name: str) -> Any:
    """Load the collector on first use: it brings a client library that other scans need not load."""
    if name != "GitLabCollector":
        raise AttributeError(name)
    from cnmm_collectors.gitlab.collector import GitLabCollector

    return GitLabCollector
