"""The GitHub collector: an organisation's settings, rights and alerts, its changes, and what to clone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from pydantic import BaseModel

from cnmm_collectors import accounts, registry
from cnmm_collectors.github import settings as options
from cnmm_collectors.github.activity import (
    ACTIVITY,
    asks,
    predict,
    read_changes,
    read_stalled,
    scope_of,
    window_of,
)
from cnmm_collectors.github.activity import (
    CHANGES as CHANGE_SEARCH,
)
from cnmm_collectors.github.analyses import ANALYSES, CODE_SCANNING, FRESH_DAYS, read_analyses
from cnmm_collectors.github.client import Client
from cnmm_collectors.github.contents import CALLS, CONTENTS, read_contents, refuse_contents
from cnmm_collectors.github.deploying import read_releases
from cnmm_collectors.github.guides import GUIDE
from cnmm_collectors.github.inventory import Unseen, count_calls, read_one, read_organisation
from cnmm_collectors.github.moving import BATCH, look_again
from cnmm_collectors.github.practice import with_attestations
from cnmm_collectors.github.probes import probe_all
from cnmm_collectors.github.provenance import STATEMENTS, read_statements
from cnmm_collectors.github.searching import scopes_of, today_of
from cnmm_collectors.github.security import read_scans
from cnmm_collectors.github.spelling import spelled
from cnmm_collectors.github.tracking import asks as asks_issues
from cnmm_collectors.github.tracking import predict_work, read_work
from cnmm_collectors.github.tracking import window_of as issues_of
from cnmm_collectors.github.upstream import UPSTREAM, upstream_reading
from cnmm_collectors.hosts.activity import activity_signals
from cnmm_collectors.hosts.alerts import no_scans
from cnmm_collectors.hosts.changes import SIGNALS as CHANGES
from cnmm_collectors.hosts.drawing import draw_from
from cnmm_collectors.hosts.facts import Unread
from cnmm_collectors.hosts.findings import Known, Plan, find_all, later_unread
from cnmm_collectors.hosts.memory import Memory
from cnmm_collectors.hosts.ownership import judge_ownership
from cnmm_collectors.hosts.provenance import SPECS as RECORDS
from cnmm_collectors.hosts.provenance import Filed, statement_signals, unread_signals
from cnmm_collectors.hosts.shrinking import Question
from cnmm_collectors.hosts.signals import Namer, emit
from cnmm_collectors.hosts.work import SIGNALS as WORK
from cnmm_collectors.hosts.work import Window, work_signals
from cnmm_collectors.plugin import LedgerRow, Probe, Reader, Target, WorkItem, Yield
from cnmm_collectors.reader.http import HttpFault
from cnmm_collectors.signals import Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import SubjectKind

FAMILIES = ("host", "codeowners", "iam")
_LOCATOR = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,99})(?:/([A-Za-z0-9._-]{1,100}))?")
_ONE = 11
"""The calls that a repository alone takes, at most."""


def _answerable() -> tuple[SignalSpec, ...]:
    specs = (
        *registry.declared(FAMILIES),
        *(one for one in registry.declared(("docs",)) if one.id == GUIDE),
    )
    return tuple(spec for spec in specs if any(source.name == "github" for source in spec.sources))


_DESCRIBED = _answerable()
"""What a description of an organisation or a repository answers, in whole or in part."""


class GitHubCollector:
    """Reads a GitHub organisation or one of its repositories; implements `plugin.Collector`."""

    name: ClassVar[str] = "github"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = (*_DESCRIBED, *RECORDS)
    Settings: ClassVar[type[BaseModel]] = options.Settings

    def __init__(self) -> None:
        self._memory = Memory()
        self._predicted: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._shrunk: dict[tuple[str, str], Question] = {}

    def accepts(self, target: Target) -> bool:
        """True for `github:ORG`, `github:ORG/REPOSITORY`, and what is to be read of either afterwards."""
        kinds = ("github", ACTIVITY, ANALYSES, CONTENTS, STATEMENTS)
        return target.kind in kinds and _LOCATOR.fullmatch(target.locator) is not None

    def plan(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield the work of a target with the number of calls it will take, for the price of four at most."""
        if target.kind == CONTENTS:
            yield WorkItem(self.name, f"files of {target.locator}", target, (), "api", CALLS)
            return
        try:
            client = self._open(reader, settings)
            item = self._item(client, target, reader)
        except (HttpFault, Unseen) as fault:
            yield from self._failed(target, settings, fault, reader)
            return
        yield client.ledger(f"plan of {target.kind}:{target.locator}")
        yield item

    def collect(self, item: WorkItem, settings: options.Settings, reader: Reader) -> Iterator[Yield]:
        """Yield what an organisation, a repository or its changes say; what cannot be read is unknown."""
        try:
            client = self._open(reader, settings)
            yield from self._read(client, item.target, reader)
        except (HttpFault, Unseen) as fault:
            yield from self._failed(item.target, settings, fault, reader)
            return
        yield client.ledger(item.key)

    def probe(self, target: Target, settings: options.Settings, reader: Reader) -> Iterator[Probe]:
        """Yield, for each group of signals, whether this credential may read what answers it."""
        organisation, _ = _split(target)
        try:
            yield from probe_all(Client(reader, settings), organisation)
        except (HttpFault, Unseen) as fault:
            every = tuple(spec.id for spec in _DESCRIBED)
            yield Probe("organisation", every, False, str(fault), gap=fault.gap)

    def spelling(self, target: Target, settings: options.Settings, reader: Reader) -> str:
        """Return an organisation's or a repository's name as the host spells it; for one call."""
        try:
            return spelled(self._open(reader, settings), target.locator) if target.kind == "github" else ""
        except HttpFault:
            return ""

    def _open(self, reader: Reader, settings: options.Settings) -> Client:
        client = Client(reader, settings)
        client.counts, client.shrunk = self._counts, self._shrunk
        return client

    def _item(self, client: Client, target: Target, reader: Reader) -> WorkItem:
        organisation, name = _split(target)
        namer = Namer(organisation)
        if target.kind == ACTIVITY:
            known = self._predicted.pop(target.locator, None)
            size = int(target.fact("repositories", "1"))
            calls = known if known is not None else _windowed(client, target, size, size, reader)
            return WorkItem(self.name, f"changes of {target.locator}", target, (), "api", calls)
        if target.kind == STATEMENTS:
            calls = len(Filed.of(target))
            return WorkItem(self.name, f"statements in {target.locator}", target, (), "api", calls)
        if target.kind == ANALYSES:
            calls = int(target.fact("repositories", "1"))
            return WorkItem(self.name, f"analyses of {target.locator}", target, (), "api", calls)
        calls, listed = (_ONE, 1) if name else count_calls(client, organisation)
        subject = namer.repo(name) if name else namer.org
        later = self._later(client, target, listed, reader)
        return WorkItem(self.name, str(subject), target, (subject,), "api", calls, later=later)

    def _later(self, client: Client, target: Target, listed: int, reader: Reader) -> int:
        """Return the number of calls that what follows will take: at most two for counting it."""
        chosen = client.settings
        of, listed = listed, listed if chosen.sample is None else min(listed, chosen.sample)
        calls = listed if chosen.analyses else 0
        calls += listed * CALLS if chosen.contents and not chosen.clone else 0
        if chosen.activity:
            # Counted once: the work on the window is planned later, under the same number.
            self._predicted[target.locator] = _windowed(client, target, listed, of, reader)
            calls += self._predicted[target.locator]
        return calls

    def _read(self, client: Client, target: Target, reader: Reader) -> Iterator[Yield]:
        namer = Namer(_split(target)[0])
        if target.kind == "github":
            known = self._memory.learn(target.locator, lambda: self._know(client, target, reader))
            yield from find_all(known, target, namer, _DESCRIBED, plan_of(client.settings), reader.as_of)
            return
        if target.kind == STATEMENTS:
            yield from statement_signals(self.name, target, read_statements(client, target))
            return
        if target.kind == CONTENTS:
            yield from read_contents(client, target, reader)
            return
        known = self._memory.recall(target.locator, lambda: self._know(client, target, reader))
        if target.kind == ACTIVITY:
            yield from self._activity(client, target, namer, known, reader)
        else:
            scans = known.scans or no_scans()
            yield from read_analyses(client, namer, known.organisation, scans, reader.as_of)

    def _activity(
        self, client: Client, target: Target, namer: Namer, known: Known, reader: Reader
    ) -> Iterator[Yield]:
        window, today = window_of(client, target, reader.as_of), today_of(reader.now)
        organisation, ownership = known.organisation, known.ownership
        scopes = scopes_of(client, organisation, namer.organisation, CHANGE_SEARCH, window)
        found = read_changes(client, window, today, scopes)
        stalled = read_stalled(client, scope_of(target), reader.as_of)
        asked = asks(window.within(("each drawn repository:",))[0] if scopes else window)
        work = releases = None
        if client.settings.work:
            work = read_work(client, target, organisation, reader.as_of, today)
            releases = read_releases(client, organisation, reader.as_of)
        organisation = look_again(client, organisation, namer.organisation)
        known = replace(known, organisation=organisation)
        yield from activity_signals(client, namer, organisation, ownership, window, asked, found, stalled)
        if work is not None and releases is not None:
            said = asks_issues(issues_of(target, reader.as_of, today))
            whole = Window(known, found, work, releases, client.settings.tracking, said, reader.as_of)
            yield from work_signals(client, namer, whole)
            if known.scans is not None:
                reading, authors = upstream_reading(client, namer.organisation, reader)
                yield Signal(UPSTREAM, namer.org, self.name, reading)
                yield from accounts.upstream(authors, "host", namer.org)

    def _know(self, client: Client, target: Target, reader: Reader) -> Known:
        organisation, name = _split(target)
        found = read_one(client, organisation, name) if name else read_organisation(client, organisation)
        if not name:
            found = draw_from(found, client.settings.sample, client.settings.seed)
        found = with_attestations(client, found, organisation)
        days = client.settings.alert_days
        scans = None if name else read_scans(client, organisation, reader.as_of, days, FRESH_DAYS)
        found = look_again(client, found, organisation)
        return Known(found, judge_ownership(found), scans)

    def _failed(
        self, target: Target, settings: options.Settings, fault: HttpFault | Unseen, reader: Reader
    ) -> Iterator[Yield]:
        organisation, name = _split(target)
        namer, why = Namer(organisation), Unknown(fault.gap, str(fault))
        if target.kind == "github":
            subject, kind = (namer.repo(name), SubjectKind.REPO) if name else (namer.org, SubjectKind.ORG)
            yield from emit(_DESCRIBED, kind, subject, self.name, {}, why)
            yield accounts.listed("host", namer.org, whole=False)
        elif target.kind == STATEMENTS:
            yield from unread_signals(self.name, target, why)
        elif target.kind == CONTENTS:
            yield from refuse_contents(target, reader, Unread(fault.gap, str(fault)))
        elif (known := self._memory.peek(target.locator)) is not None:
            keys = plan_of(settings).answers(target.kind)
            yield from later_unread(known, namer, self.name, keys, _DESCRIBED, why)
        yield LedgerRow(
            "github", "target", f"{target.kind}:{target.locator}", 1, 0, failed=1,
            cause=fault.gap.value, detail=str(fault),
        )  # fmt: skip


def _windowed(client: Client, target: Target, drawn: int, of: int, reader: Reader) -> int:
    """Return the number of calls that changes, issues and deployments of the window will take."""
    calls = predict(client, target, reader.as_of, drawn, of) + -(-drawn // BATCH)
    return calls + (predict_work(client, target, reader, drawn, of) if client.settings.work else 0)


def plan_of(settings: options.Settings) -> Plan:
    """Return what follows the inventory, as the settings want it."""
    changes = (*CHANGES, *WORK, UPSTREAM) if settings.work else CHANGES
    later = ((settings.activity, ACTIVITY, changes), (settings.analyses, ANALYSES, (CODE_SCANNING,)))
    return Plan(
        "github", settings.security_checks, tuple((kind, keys) for wanted, kind, keys in later if wanted),
        settings.clone_credential if settings.clone else None, CONTENTS if settings.contents else "",
    )  # fmt: skip


def _split(target: Target) -> tuple[str, str]:
    organisation, _, name = target.locator.partition("/")
    return organisation, name
