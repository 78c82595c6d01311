"""Names in the spelling of their hosts, before anything is read under them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cnmm_collectors.plugin import Spelling, Target
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_scanner.preparation import Scan, renamed
from cnmm_scanner.work import Crash, Worker, attempt


def as_spelled(scan: Scan, worker: Worker) -> Scan:
    """Return the scan with targets and organisation as the hosts spell them; what is not told stays."""
    hosts = {target.locator: _ask(worker, target) for target in scan.targets}
    owners = {name.partition("/")[0].casefold(): name.partition("/")[0] for name in hosts.values() if name}
    organisation = owners.get(scan.organisation.casefold(), scan.organisation)
    org = Subject.safe(SubjectKind.ORG, organisation)
    places = {given: name for given, name in hosts.items() if name}
    targets: dict[tuple[str, str], Target] = {}
    for target in scan.targets:
        facts = tuple(_facts(target, scan.organisation, organisation, places))
        subject = org if target.subject == scan.org else target.subject
        name = places.get(target.locator, target.locator)
        targets.setdefault((target.kind, name), replace(target, locator=name, facts=facts, subject=subject))
    return renamed(scan, organisation, tuple(targets.values()))


def _ask(worker: Worker, target: Target) -> str:
    """Return a target's name as its host spells it, empty where no host spells it."""
    for name, collector in sorted(worker.collectors.items()):
        if isinstance(collector, Spelling) and collector.accepts(target):
            chosen, reader = worker.conditions.settings[name], worker.reader(collector, target)
            found = attempt(lambda: collector.spelling(target, chosen, reader))  # noqa: B023
            return "" if isinstance(found, Crash) else found
    return ""


def _facts(target: Target, old: str, new: str, places: dict[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in target.facts:
        if key == "organisation" and value == old:
            yield key, new
        else:
            yield key, places.get(value, value) if key.startswith("host ") else value
