"""Runs a host's collector against its double the way a scan does: plan, collect, follow its own targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnmm_collectors.plugin import Collected, Collector, Population, Target, WorkItem
from cnmm_collectors.signals import Absent, Observed, Reading
from cnmm_collectors.subjects import SubjectKind
from cnmm_scanner.contract import Contract, keep


class HostScan:
    """Everything the collector yielded for one target, and for those it found for itself."""

    def __init__(
        self,
        collector: Collector,
        settings: Any,
        target: Target,
        door: Callable[[], Any],
        own: tuple[str, ...],
    ) -> None:
        """Collect a target, each time through a reader of its own; `own` are the kinds that are followed."""
        self.found = Collected()
        self.predicted = 0
        self.calls: list[str] = []
        contract, waiting = Contract(collector.signals), [target]
        while waiting:
            target = waiting.pop()
            before = len(self.found.targets)
            for one in collector.plan(target, settings, door()):
                if not isinstance(one, WorkItem):
                    keep(self.found, one, contract)
                    continue
                self.predicted += one.calls
                for item in collector.collect(one, settings, door()):
                    keep(self.found, item, contract)
            waiting += [one for one in self.found.targets[before:] if one.kind in own]

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
