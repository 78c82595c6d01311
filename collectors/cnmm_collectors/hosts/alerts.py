"""What the alerts of scanners say of a repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.changes import Belonging
from cnmm_collectors.hosts.facts import Alert, Change, Read, Repository, Unread
from cnmm_collectors.signals import Gap, Interval, Observed, Reading, Unknown

_OFF = (Gap.NOT_ENABLED, Gap.NOT_LICENSED)
"""A scanner that is off has no alerts; that it is off is another signal's matter."""
BY_OWNER = "host.alert_fixed_by_owner_ratio"
FIX_DAYS = 180
SCANNED_WITHIN = timedelta(hours=2)
"""How soon after the change that fixes it an alert is closed by the next scan."""


@dataclass(frozen=True, slots=True)
class Scans:
    """The alerts of a window, by repository name, and when code scanning was last heard of.

    `why` says why the alerts are not whole, by the kind of scanner.
    """

    alerts: tuple[Alert, ...]
    why: Mapping[str, Unread]
    code_seen: Mapping[str, datetime]
    code_cite: Evidence | None
    cite: tuple[Evidence, ...]


def no_scans() -> Scans:
    """Return what is known of a repository alone: no list over an organisation was read."""
    return Scans((), {"code-scanning": Unread(Gap.NOT_COLLECTED, "not listed")}, {}, None, ())


def fixed_readings(
    one: Repository, alerts: Iterable[Alert], why: Mapping[str, Unread], cite: tuple[Evidence, ...],
    as_of: date, spans: Iterable[int] = (7, 30),
) -> dict[str, Reading]:  # fmt: skip
    """Return the share of critical alerts fixed in time, for each number of days.

    An alert still open that is younger than that is not decided yet and left out.
    """
    key = "host.critical_alert_fixed_ratio{days=%d}"
    hidden = [(kind, one) for kind, one in sorted(why.items()) if one.gap not in _OFF]
    if hidden:
        kind, reason = hidden[0]
        return {key % days: Unknown(reason.gap, f"{kind} alerts: {reason.detail}") for days in spans}
    if why and not cite:
        off = min(why.items())[1]
        return {key % days: Unknown(off.gap, off.detail) for days in spans}
    own = list(alerts)
    fresh = isinstance(one.dependency_alerts, Read) and one.dependency_alerts.value
    if not own and isinstance(one.dependency_alerts, Unread):
        hidden_scan = one.dependency_alerts
        return {key % days: Unknown(hidden_scan.gap, hidden_scan.detail) for days in spans}
    if not own and not fresh:
        return {key % days: Unknown(Gap.NOT_ENABLED, "no fresh scan is shown") for days in spans}
    return {key % days: Observed(_share(own, as_of, days), (*one.cite, *cite)) for days in spans}


def _share(alerts: Iterable[Alert], as_of: date, days: int) -> Fraction:
    decided = in_time = 0
    for alert in alerts:
        end = alert.fixed_at.date() if alert.fixed_at else as_of
        took = (end - alert.created_at.date()).days
        if alert.fixed_at is None and took <= days:
            continue
        decided += 1
        in_time += alert.fixed_at is not None and took <= days
    return Fraction(in_time, decided) if decided else Fraction(1)


def fixed_by_owner(
    one: Repository, alerts: Iterable[Alert], why: Mapping[str, Unread], changes: Sequence[Change],
    belonging: Belonging, as_of: date,
) -> Reading:  # fmt: skip
    """Return the share of the fixed alerts that a change by the owning team closed; open where none is seen.

    Whoever wrote or merged the change that the scan followed has fixed it; only the team is asked for.
    """
    hidden = [reason for _, reason in sorted(why.items()) if reason.gap not in _OFF]
    if hidden:
        return Unknown(hidden[0].gap, hidden[0].detail)
    start = datetime.combine(as_of - timedelta(days=FIX_DAYS), time(), UTC)
    fixed = [alert.fixed_at for alert in alerts if alert.fixed_at is not None and alert.fixed_at >= start]
    own = frozenset(belonging.owning.get(one.name, ()))
    if not fixed:
        return Unknown(Gap.NOT_COLLECTED, "no alert was fixed in 180 days")
    if not own or belonging.teams is None:
        return Unknown(Gap.NOT_VISIBLE, "the owning team or its members are not known")
    verdicts = [_by(moment, changes, belonging.teams, own) for moment in fixed]
    low = Fraction(verdicts.count(True), len(fixed))
    high = Fraction(len(fixed) - verdicts.count(False), len(fixed))
    return Observed(low if low == high else Interval(low, high), one.cite)


def _by(
    fixed_at: datetime, changes: Sequence[Change], teams: Mapping[str, frozenset[str]], own: frozenset[str]
) -> bool | None:
    near = [one for one in changes if one.merged_at <= fixed_at <= one.merged_at + SCANNED_WITHIN]
    if not near:
        return None
    change = max(near, key=lambda one: one.merged_at)
    people = [who for who in (change.author if change.human else "", change.merger) if who]
    if any(teams.get(who, frozenset()) & own for who in people):
        return True
    return False if people else None
