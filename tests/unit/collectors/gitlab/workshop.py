"""Runs the GitLab collector against the double the way a scan does: plan, collect, follow its own targets."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from cnmm_collectors.gitlab.activity import ACTIVITY
from cnmm_collectors.gitlab.collector import GitLabCollector
from cnmm_collectors.gitlab.settings import Settings
from cnmm_collectors.plugin import Target
from cnmm_collectors.reader import SourceReader
from doubles.gitlab.server import Double
from unit.collectors.hosts.scanning import HostScan

TOKEN = "glpat-plantedPlanted0123456789"
AS_OF = date(2026, 11, 20)
NOW = "2026-11-20T08:00:00Z"


def settings(double: Double, **changes: Any) -> Settings:
    """Return settings that end soon: nothing waits for a rate limit of an hour.

    A request may take what a busy machine needs; a test whose host does not end says how long it waits.
    """
    base: dict[str, Any] = {
        "url": double.url, "max_seconds": 20.0, "max_wait": 2.0, "per_minute": 0, "pause": 0.05,
    }  # fmt: skip
    return Settings(**{**base, **changes})


def reader(cache: Path | None = None, token: str = TOKEN) -> Any:
    """Return a reader that holds the planted token."""
    return SourceReader(
        collector="gitlab", version="1", as_of=AS_OF, now=NOW, cache=cache, credential="GITLAB_TOKEN",
        environment={"GITLAB_TOKEN": token},
    )  # fmt: skip


class Scan(HostScan):
    """Everything the collector yielded for one target."""

    def __init__(
        self,
        double: Double,
        locator: str = "acme",
        cache: Path | None = None,
        token: str = TOKEN,
        organisation: str = "",
        **changes: Any,
    ) -> None:
        facts = (("organisation", organisation),) if organisation else ()
        target = Target("gitlab", locator, "GITLAB_TOKEN", None, facts)
        chosen = settings(double, **changes)
        super().__init__(GitLabCollector(), chosen, target, lambda: reader(cache, token), (ACTIVITY,))
