"""Runs the GitHub collector against the double the way a scan does: plan, collect, follow its own targets."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from cnmm_collectors.git.collector import GitCollector
from cnmm_collectors.git.settings import Settings as GitSettings
from cnmm_collectors.github.activity import ACTIVITY
from cnmm_collectors.github.analyses import ANALYSES
from cnmm_collectors.github.collector import GitHubCollector
from cnmm_collectors.github.contents import CONTENTS
from cnmm_collectors.github.settings import Settings
from cnmm_collectors.plugin import Target
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.signals import Signal, Unknown
from cnmm_collectors.subjects import Subject
from doubles.github.server import Double
from unit.collectors.hosts.scanning import HostScan

TOKEN = "ghp_plantedPlanted0123456789plantedAB"
AS_OF = date(2026, 11, 20)
NOW = "2026-11-20T08:00:00Z"


def settings(double: Double, **changes: Any) -> Settings:
    """Return settings that end soon: nothing waits for a rate limit of an hour.

    A request may take what a busy machine needs; a test whose host does not end says how long it waits.
    """
    base: dict[str, Any] = {
        "api": double.url,
        "max_seconds": 20.0,
        "max_wait": 2.0,
        "per_minute": 0,
        "pause": 0.05,
    }
    return Settings(**{**base, **changes})


def reader(cache: Path | None = None, token: str = TOKEN) -> Any:
    """Return a reader that holds the planted token."""
    return SourceReader(
        collector="github", version="1", as_of=AS_OF, now=NOW, cache=cache, credential="GITHUB_TOKEN",
        environment={"GITHUB_TOKEN": token},
    )  # fmt: skip


def asking(cache: Path | None = None, token: str = TOKEN) -> Any:
    """Return a reader that also knows what the Git collector wants of a repository, as the run gives it."""
    made, files, chosen = reader(cache, token), GitCollector(), GitSettings()
    made.asker = lambda names, known: files.wants(names, known, chosen, AS_OF)
    return made


class Scan(HostScan):
    """Everything the collector yielded for one target."""

    def __init__(
        self,
        double: Double,
        locator: str = "acme",
        cache: Path | None = None,
        token: str = TOKEN,
        **changes: Any,
    ) -> None:
        target = Target("github", locator, "GITHUB_TOKEN")
        own = (ACTIVITY, ANALYSES, CONTENTS)
        chosen = settings(double, **changes)
        super().__init__(GitHubCollector(), chosen, target, lambda: asking(cache, token), own)


def unknowns(signals: list[Signal]) -> int:
    """Return how many readings are unknown."""
    return sum(isinstance(one.reading, Unknown) for one in signals)


def repo(name: str) -> Subject:
    """Return a repository of the double."""
    return Subject.parse(f"repo:acme/{name}")
