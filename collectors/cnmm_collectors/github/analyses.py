"""When static analysis last delivered for a default branch: one request a repository without alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cnmm_collectors.github.client import Client
from cnmm_collectors.hosts.alerts import Scans
from cnmm_collectors.hosts.facts import SAMPLED, Organisation, Repository, moment
from cnmm_collectors.hosts.outcomes import Kind, Outcome, proves_absence
from cnmm_collectors.hosts.signals import Namer
from cnmm_collectors.plugin import LedgerRow, Yield
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, Unknown

ANALYSES = "github-analyses"
CODE_SCANNING = "host.code_scanning_ratio"
FRESH_DAYS = 90
_FINAL = (Kind.RATE_LIMITED, Kind.CAPPED, Kind.REFUSED)


def read_analyses(
    client: Client, namer: Namer, organisation: Organisation, scans: Scans, as_of: date
) -> Iterator[Yield]:
    """Yield for each active repository whether a result of the last 90 days is there."""
    start = datetime.combine(as_of - timedelta(days=FRESH_DAYS), time(), UTC)
    stop: Outcome | None = None
    read = 0
    lost: Unknown | None = None
    for one in organisation.active:
        if organisation.leaves_out(one):
            yield Signal(CODE_SCANNING, namer.repo(one.name), "github", Unknown(SAMPLED.gap, SAMPLED.detail))
            continue
        reading, outcome = _judge(client, namer, one, scans, start, stop)
        stop = outcome if outcome is not None and outcome.kind in _FINAL else stop
        read += isinstance(reading, Observed)
        lost = lost or (reading if isinstance(reading, Unknown) else None)
        yield Signal(CODE_SCANNING, namer.repo(one.name), "github", reading)
    total = len(organisation.drawn)
    yield LedgerRow(
        "github", "analysis", str(namer.org), total, read, failed=total - read,
        cause=lost.gap.value if lost else "", detail=lost.detail if lost else "",
    )  # fmt: skip


def _judge(
    client: Client, namer: Namer, one: Repository, scans: Scans, start: datetime, stop: Outcome | None
) -> tuple[Reading, Outcome | None]:
    if one.name in scans.code_seen and scans.code_cite is not None:
        return Observed(True, (scans.code_cite,)), None
    why = scans.why.get("code-scanning")
    if why is not None and why.gap is Gap.NOT_PERMITTED:
        return Unknown(why.gap, why.detail), None
    if stop is not None:
        return Unknown(stop.gap, stop.explain()), None
    if not one.branch:
        return Unknown(Gap.NOT_VISIBLE, "the default branch is not shown"), None
    return _ask(client, namer, one, start, why is None)


def _ask(
    client: Client, namer: Namer, one: Repository, start: datetime, listed: bool
) -> tuple[Reading, Outcome]:
    path = f"/repos/{namer.organisation}/{one.name}/code-scanning/analyses"
    body, outcome = client.get(path, per_page=1, ref=f"refs/heads/{one.branch}")
    if outcome.kind is Kind.PRESENT and isinstance(body, list):
        newest = max((at for row in body if (at := _newest(row)) is not None), default=None)
        if body and newest is None:
            return Unknown(Gap.MALFORMED, "an analysis came without a date"), outcome
        shown = {"newest": newest.isoformat() if newest else None}
        cite = client.cite("newest analysis of the default branch", shown, path=path)
        return Observed(newest is not None and newest >= start, (cite,)), outcome
    if proves_absence(outcome, listed):
        cite = client.cite(
            "newest analysis of the default branch", {"message": outcome.detail}, path=path, status=404
        )
        return Observed(False, (cite,)), outcome
    if outcome.kind is Kind.PRESENT:
        outcome = Outcome(Kind.MALFORMED, "the host gave no list")
    return Unknown(outcome.gap, outcome.explain()), outcome


def _newest(row: Any) -> datetime | None:
    return moment(row.get("created_at")) if isinstance(row, Mapping) else None
