"""The GitLab collector: a group's settings, rights and findings, its changes, and what to clone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from pydantic import BaseModel

from cnmm_collectors import accounts, registry
from cnmm_collectors.gitlab import settings as options
from cnmm_collectors.gitlab.activity import ACTIVITY, predict, read_changes
from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.gitlab.deploying import read_releases
from cnmm_collectors.gitlab.figures import read_figures
from cnmm_collectors.gitlab.inventory import Unseen, count_calls, read_one, read_organisation
from cnmm_collectors.gitlab.practice import COMPONENTS
from cnmm_collectors.gitlab.probes import SUPPORT, probe_all
from cnmm_collectors.gitlab.provenance import CALLS, STATEMENTS, read_statements
from cnmm_collectors.gitlab.tracking import asks, read_work
from cnmm_collectors.gitlab.vulnerabilities import read_scans
from cnmm_collectors.hosts.activity import activity_signals
from cnmm_collectors.hosts.changes import SIGNALS as CHANGES
from cnmm_collectors.hosts.findings import Known, Plan, find_all, later_unread
from cnmm_collectors.hosts.memory import Memory
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.hosts.ownership import judge_ownership
from cnmm_collectors.hosts.provenance import SPECS as RECORDS
from cnmm_collectors.hosts.provenance import Filed, statement_signals, unread_signals
from cnmm_collectors.hosts.shrinking import Question
from cnmm_collectors.hosts.signals import Namer, emit
from cnmm_collectors.hosts.support import Need
from cnmm_collectors.hosts.work import SIGNALS as WORK
from cnmm_collectors.hosts.work import Window, work_signals
from cnmm_collectors.plugin import LedgerRow, Probe, Reader, Target, WorkItem, Yield
from cnmm_collectors.reader.http import HttpFault
from cnmm_collectors.signals import SignalSpec, Unknown
from cnmm_collectors.subjects import SubjectKind

FAMILIES = ("host", "codeowners", "iam")
_STEP = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}"
_LOCATOR = re.compile(rf"{_STEP}(?:/{_STEP}){{0,20}}")
_ONE = 12
"""The calls that a project alone takes, at most."""


def _answerable() -> tuple[SignalSpec, ...]:
    specs = (
        *registry.declared(FAMILIES),
        *(one for one in registry.declared(("ci",)) if one.id in COMPONENTS),
    )
    return tuple(spec for spec in specs if any(source.name == "gitlab" for source in spec.sources))


_DESCRIBED = _answerable()
"""What a description of a group or a project answers, in whole or in part."""


class GitLabCollector:
    """Reads a GitLab group, with all below it, or one project; implements `plugin.Collector`."""

    name: ClassVar[str] = "gitlab"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = (*_DESCRIBED, *RECORDS)
    Settings: ClassVar[type[BaseModel]] = options.Settings
    support: ClassVar[tuple[Need, ...]] = SUPPORT

    def __init__(self) -> None:
        self._memory = Memory()
        self._shrunk: dict[tuple[str, str], Question] = {}

    def _open(self, reader: Reader, settings: options.Settings) -> Client:
        client = Client(reader, settings)
        client.shrunk = self._shrunk
        return client

    def accepts(self, target: Target) -> bool:
        """True for `gitlab:GROUP`, `gitlab:GROUP/PROJECT`, and what is to be read of one afterwards."""
        kinds = ("gitlab", ACTIVITY, STATEMENTS)
        return target.kind in kinds and _LOCATOR.fullmatch(target.locator) is not None

    def plan(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield the work of a target with the number of calls it will take, for three at most."""
        try:
            client = self._open(reader, settings)
            item = self._item(client, target, reader)
        except (HttpFault, Unseen) as fault:
            yield from self._failed(target, settings, fault)
            return
        yield client.ledger(f"plan of {target.kind}:{target.locator}")
        yield item

    def collect(self, item: WorkItem, settings: options.Settings, reader: Reader) -> Iterator[Yield]:
        """Yield what a group, a project or its changes say; what cannot be read is unknown."""
        try:
            client = self._open(reader, settings)
            yield from self._read(client, item, reader)
        except (HttpFault, Unseen) as fault:
            yield from self._failed(item.target, settings, fault)
            return
        yield client.ledger(item.key)

    def probe(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[Probe]:
        """Yield, for each group of signals, whether this credential may read what answers it."""
        try:
            yield from probe_all(Client(reader, settings), target.locator)
        except (HttpFault, Unseen) as fault:
            every = tuple(spec.id for spec in _DESCRIBED)
            yield Probe("group", every, False, str(fault), gap=fault.gap)

    def _item(self, client: Client, target: Target, reader: Reader) -> WorkItem:
        if target.kind == STATEMENTS:
            calls = CALLS * len(Filed.of(target))
            return WorkItem(self.name, f"statements in {target.locator}", target, (), "api", calls)
        alone = self._is_project(client, target)
        namer = Namer(organisation_of(target))
        if target.kind == ACTIVITY:
            calls = predict(client, target, alone, reader.as_of)
            calls += int(target.fact("repositories", "1")) // 4 if client.settings.work else 0
            return WorkItem(
                self.name, f"changes of {target.locator}", target, (), "api", calls, (("alone", alone),)
            )
        calls = _ONE if alone else count_calls(client, target.locator)
        inner = target.locator.removeprefix(namer.organisation).lstrip("/")
        subject = namer.repo(inner) if alone else namer.org
        return WorkItem(self.name, f"{self.name} {target.locator}", target, (subject,), "api", calls,
                        (("alone", alone),))  # fmt: skip

    def _is_project(self, client: Client, target: Target) -> bool:
        """True where a locator of several steps names a project: only the host can tell."""
        known = target.fact("alone")
        if known or "/" not in target.locator:
            return known == "yes"
        _, outcome = client.get(path_of("projects", target.locator))
        if outcome.kind not in (Kind.PRESENT, Kind.NOT_VISIBLE):
            raise Unseen(outcome)
        return outcome.kind is Kind.PRESENT

    def _read(self, client: Client, item: WorkItem, reader: Reader) -> Iterator[Yield]:
        target, alone = item.target, bool(dict(item.payload).get("alone"))
        if target.kind == STATEMENTS:
            yield from statement_signals(self.name, target, read_statements(client, target))
            return
        namer = Namer(organisation_of(target))
        if target.kind == "gitlab":
            known = self._memory.learn(target.locator, lambda: self._know(client, target, alone, reader))
            plan = plan_of(client.settings)
            yield from find_all(known, target, namer, _DESCRIBED, plan, reader.as_of)
            return
        known = self._memory.recall(target.locator, lambda: self._know(client, target, alone, reader))
        yield from self._activity(client, target, namer, known, alone, reader)

    def _activity(
        self, client: Client, target: Target, namer: Namer, known: Known, alone: bool, reader: Reader
    ) -> Iterator[Yield]:
        name, organisation, as_of = namer.organisation, known.organisation, reader.as_of
        changes = read_changes(client, target, name, alone, as_of, organisation)
        yield from activity_signals(
            client, namer, organisation, known.ownership, changes.window, changes.said, changes.found,
            changes.stalled,
        )  # fmt: skip
        if client.settings.work:
            work = read_work(client, target, name, organisation, alone, as_of, changes.drawn)
            releases = read_releases(client, name, organisation, as_of)
            tracking, asked = client.settings.tracking, asks(target, as_of)
            whole = Window(known, changes.found, work, releases, tracking, asked, as_of)
            yield from work_signals(client, namer, whole)

    def _know(self, client: Client, target: Target, alone: bool, reader: Reader) -> Known:
        name, path = organisation_of(target), target.locator
        read = read_one if alone else read_organisation
        found, sight, _ = read(client, name, path, reader.as_of)
        days = client.settings.alert_days
        scans = None if alone else read_scans(client, sight, path, reader.as_of, days)
        worked = client.settings.activity and client.settings.work
        figures = read_figures(client, sight, name, found, reader.as_of) if worked else {}
        return Known(found, judge_ownership(found), scans, figures)

    def _failed(
        self, target: Target, settings: options.Settings, fault: HttpFault | Unseen
    ) -> Iterator[Yield]:
        namer, why = Namer(organisation_of(target)), Unknown(fault.gap, str(fault))
        if target.kind == "gitlab":
            inner = target.locator.removeprefix(namer.organisation).lstrip("/")
            subject, kind = (namer.repo(inner), SubjectKind.REPO) if inner else (namer.org, SubjectKind.ORG)
            yield from emit(_DESCRIBED, kind, subject, self.name, {}, why)
            yield accounts.listed("host", namer.org, whole=False)
        elif target.kind == STATEMENTS:
            yield from unread_signals(self.name, target, why)
        elif (known := self._memory.peek(target.locator)) is not None:
            keys = plan_of(settings).answers(target.kind)
            yield from later_unread(known, namer, self.name, keys, _DESCRIBED, why)
        yield LedgerRow(
            "gitlab", "target", f"{target.kind}:{target.locator}", 1, 0, failed=1,
            cause=fault.gap.value, detail=str(fault),
        )  # fmt: skip


def organisation_of(target: Target) -> str:
    """Return the group that is the organisation: the one the run is named after, else the topmost one."""
    named = target.fact("organisation")
    if named and (target.locator == named or target.locator.startswith(f"{named}/")):
        return named
    return target.locator.partition("/")[0]


def plan_of(settings: options.Settings) -> Plan:
    """Return what follows the inventory, as the settings want it."""
    changes = (*CHANGES, *WORK) if settings.work else CHANGES
    return Plan(
        "gitlab", settings.security_checks, ((ACTIVITY, changes),) if settings.activity else (),
        settings.clone_credential if settings.clone else None,
    )  # fmt: skip
