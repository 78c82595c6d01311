"""The Kubernetes collectors: live clusters, and the manifests of clusters kept in Git."""

from __future__ import annotations

from typing import Any

__all__ = ["KubernetesCollector", "ManifestsCollector"]


def __getattr__(name: str) -> Any:
    """Load a collector on first use: its own modules import this package first."""
    if name == "KubernetesCollector":
        from cnmm_collectors.kubernetes.collector import KubernetesCollector

        return KubernetesCollector
    if name == "ManifestsCollector":
        from cnmm_collectors.kubernetes.manifests import ManifestsCollector

        return ManifestsCollector
    raise AttributeError(name)
