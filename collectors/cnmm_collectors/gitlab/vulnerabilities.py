"""The critical findings of an organisation's scanners and how long they stayed open; no secret among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.rights import Role, Sight, Tier
from cnmm_collectors.hosts.alerts import Scans
from cnmm_collectors.hosts.asking import unread
from cnmm_collectors.hosts.facts import Alert, Unread, moment
from cnmm_collectors.signals import Gap

_EXCUSED = frozenset(
    {"ACCEPTABLE_RISK", "FALSE_POSITIVE", "MITIGATING_CONTROL", "USED_IN_TESTS", "NOT_APPLICABLE"}
)


def read_scans(client: Client, sight: Sight, organisation: str, as_of: date, days: int) -> Scans:
    """Return the critical findings that were open within the window, from one list over the organisation."""
    lacking = sight.subscription.lacking(Tier.ULTIMATE, "the list of vulnerabilities")
    if lacking is not None and lacking.gap is Gap.NOT_LICENSED:
        return _none(lacking)
    start = datetime.combine(as_of - timedelta(days=days), time(), UTC)
    alerts: list[Alert] = []
    count, why = 0, None
    pages = client.connection("vulnerabilities", ("group", "vulnerabilities"), 100, org=organisation)
    for _, page in pages:
        why = why or (unread(page.miss) if page.miss is not None else None)
        for node in page.rows:
            count += 1
            alert = _alert(node, organisation)
            why = why or (None if alert else Unread(Gap.MALFORMED, "a finding was withheld or is malformed"))
            if alert is not None and not alert.dismissed and (alert.fixed_at or start) >= start:
                alerts.append(alert)
    why = lacking or sight.lacking(sight.role, Role.DEVELOPER, "the list of vulnerabilities") or why
    cite = client.cite(f"critical vulnerabilities of {organisation}", {"vulnerabilities": count})
    return Scans(tuple(alerts), {"vulnerability": why} if why else {}, {}, None, () if why else (cite,))


def _none(why: Unread) -> Scans:
    return Scans((), {"vulnerability": why}, {}, None, ())


def _alert(node: Any, organisation: str) -> Alert | None:
    project = node.get("project") if isinstance(node, Mapping) else None
    created = moment(node.get("detectedAt")) if isinstance(node, Mapping) else None
    if not isinstance(project, Mapping) or created is None:
        return None
    name = str(project.get("fullPath", "")).removeprefix(f"{organisation}/")
    fixed = moment(node.get("resolvedAt")) if node.get("state") == "RESOLVED" else None
    excused = node.get("state") == "DISMISSED" and node.get("dismissalReason") in _EXCUSED
    return Alert(name, True, created, fixed, excused)
