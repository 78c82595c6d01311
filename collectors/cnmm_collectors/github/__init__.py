"""The GitHub collector: an organisation or a repository of GitHub, through its web API."""

from __future__ import annotations

from typing import Any

__all__ = ["GitHubCollector"]


def __getattr__(name: str) -> Any:
    """Load the collector on first use: it brings a client library that other scans need not load."""
    if name != "GitHubCollector":
        raise AttributeError(name)
    from cnmm_collectors.github.collector import GitHubCollector

    return GitHubCollector
