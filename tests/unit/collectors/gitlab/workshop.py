"""Runs the GitLab collector against the double the way a scan does: plan, collect, follow its own targets."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from cnmm_collectors.gitlab.activity import ACTIVITY
from cnmm_collectors.gitlab.collector import GitLabCollector
from cnmm_collectors.gitlab.settings import Settings
from cnmm_collectors.plugin import Collected, Population, Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.signals import Absent, Observed, Reading
from cnmm_collectors.subjects import SubjectKind
from cnmm_scanner.contract import Contract, keep
from doubles.gitlab.server import Double

TOKEN = "glpat-plantedPlanted0123456789"
AS_OF = date(2026, 11, 20)
NOW = "2026-11-20T08:00:00Z"


def settings(double: Double, **changes: Any) -> Settings:
    """Return settings that end soon: nothing waits for a rate limit of an hour."""
    base: dict[str, Any] = {
        "url": double.url, "max_seconds": 1.5, "max_wait": 2.0, "per_minute": 0, "pause": 0.05,
    }  # fmt: skip
    return Settings(**{**base, **changes})


def reader(cache: Path | None = None, token: str = TOKEN) -> Any:
    """Return a reader that holds the planted token."""
    return SourceReader(
        collector="gitlab", version="1", as_of=AS_OF, now=NOW, cache=cache, credential="GITLAB_TOKEN",
        environment={"GITLAB_TOKEN": token},
    )  # fmt: skip


class Scan:
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
        self.found = Collected()
        self.predicted = 0
        collector, chosen = GitLabCollector(), settings(double, **changes)
        contract = Contract(collector.signals)
        facts = (("organisation", organisation),) if organisation else ()
        waiting = [Target("gitlab", locator, "GITLAB_TOKEN", None, facts)]
        while waiting:
            target = waiting.pop()
            before = len(self.found.targets)
            for one in collector.plan(target, chosen, reader(cache, token)):
                if not isinstance(one, WorkItem):
                    keep(self.found, one, contract)
                    continue
                self.predicted += one.calls
                for item in collector.collect(one, chosen, reader(cache, token)):
                    keep(self.found, item, contract)
            waiting += [one for one in self.found.targets[before:] if one.kind == ACTIVITY]

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
