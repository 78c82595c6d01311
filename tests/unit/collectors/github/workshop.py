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
from cnmm_collectors.plugin import Collected, Population, Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.signals import Absent, Observed, Reading, Signal, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_scanner.contract import Contract, keep
from doubles.github.server import Double

TOKEN = "ghp_plantedPlanted0123456789plantedAB"
AS_OF = date(2026, 11, 20)
NOW = "2026-11-20T08:00:00Z"


def settings(double: Double, **changes: Any) -> Settings:
    """Return settings that end soon: nothing waits for a rate limit of an hour."""
    base: dict[str, Any] = {
        "api": double.url,
        "max_seconds": 1.5,
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


class Scan:
    """Everything the collector yielded for one target."""

    def __init__(
        self,
        double: Double,
        locator: str = "acme",
        cache: Path | None = None,
        token: str = TOKEN,
        **changes: Any,
    ) -> None:
        self.found = Collected()
        self.predicted = 0
        self.calls: list[str] = []
        collector, chosen = GitHubCollector(), settings(double, **changes)
        contract = Contract(collector.signals)
        waiting = [Target("github", locator, "GITHUB_TOKEN")]
        while waiting:
            target = waiting.pop()
            before = len(self.found.targets)
            for one in collector.plan(target, chosen, asking(cache, token)):
                if not isinstance(one, WorkItem):
                    keep(self.found, one, contract)
                    continue
                self.predicted += one.calls
                for item in collector.collect(one, chosen, asking(cache, token)):
                    keep(self.found, item, contract)
            waiting += [
                one for one in self.found.targets[before:] if one.kind in (ACTIVITY, ANALYSES, CONTENTS)
            ]

    def reading(self, key: str, subject: str) -> Reading:
        """Return the one reading of a signal about a subject; a key given twice is a fault."""
        found = [one for one in self.found.signals if one.key == key and str(one.subject) == subject]
        assert len(found) == 1, (key, subject, found)
        return found[0].reading

    def value(self, key: str, subject: str) -> Any:
        """Return the observed value, `absent`, or the gap of what is unknown."""
        found = self.reading(key, subject)
        if isinstance(found, Observed):
            return found.value
        return "absent" if isinstance(found, Absent) else found.gap.value

    def population(self, within: str, kind: SubjectKind) -> Population | None:
        """Return a declared population, None where there is none."""
        return next(
            (one for one in self.found.populations if str(one.within) == within and one.kind is kind), None
        )

    def clones(self) -> list[str]:
        """Return the subjects that are to be cloned."""
        return sorted(str(one.subject) for one in self.found.targets if one.kind == "git")


def unknowns(signals: list[Signal]) -> int:
    """Return how many readings are unknown."""
    return sum(isinstance(one.reading, Unknown) for one in signals)


def repo(name: str) -> Subject:
    """Return a repository of the double."""
    return Subject.parse(f"repo:acme/{name}")
