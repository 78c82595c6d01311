"""Security settings and alerts, from lists over the organisation; no secret's value is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.github.client import Client, Listing, unread
from cnmm_collectors.hosts.alerts import Scans
from cnmm_collectors.hosts.facts import Alert, Read, Repository, Unread, moment
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.signals import Gap

_HIDDEN = Unread(
    Gap.NOT_PERMITTED, "the setting is hidden; needs administration: read as owner or security manager"
)
_WITHHELD = Unread(Gap.MALFORMED, "an alert was withheld or is malformed")
_HIDE: dict[str, Any] = {"hide_secret": "true"}
_REAL = frozenset({"revoked"})
_EXCUSED = frozenset(
    {"false positive", "false_positive", "inaccurate", "not_used", "won't fix", "wont_fix", "tolerable_risk",
     "used in tests", "used_in_tests", "no_bandwidth", "fix_started", "pattern_deleted", "pattern_edited"}
)  # fmt: skip


def read_security(
    client: Client, organisation: str, repositories: Sequence[Repository]
) -> tuple[Repository, ...]:
    """Return the repositories with the security settings that only the REST listing shows."""
    path = f"/orgs/{organisation}/repos"
    listing = client.listing(path, type="all")
    rows = {str(row.get("name")): row for row in listing.rows if isinstance(row, Mapping)}
    missing = listing.unread() if not listing.complete else Unread(Gap.NOT_VISIBLE, "not in the list")
    return tuple(_with_settings(client, path, one, rows.get(one.name), missing) for one in repositories)


def read_security_of(client: Client, organisation: str, one: Repository) -> Repository:
    """Return a single repository with its own security settings."""
    path = f"/repos/{organisation}/{one.name}"
    row, outcome = client.get(path)
    known = row if outcome.kind is Kind.PRESENT and isinstance(row, Mapping) else None
    return _with_settings(client, path, one, known, unread(outcome))


def _with_settings(
    client: Client, path: str, one: Repository, row: Mapping[str, Any] | None, missing: Unread
) -> Repository:
    if row is None:
        return replace(one, secret_scanning=missing, push_protection=missing)
    found = row.get("security_and_analysis")
    marks = _marks(row)
    if not isinstance(found, Mapping):
        return replace(one, secret_scanning=_HIDDEN, push_protection=_HIDDEN, marks=marks)
    shown = {"name": one.name, "security_and_analysis": found, "marks": marks}
    cite = client.cite(f"security settings of {one.name}", shown, path=path)
    return replace(
        one,
        marks=marks,
        secret_scanning=_status(found, "secret_scanning", cite),
        push_protection=_status(found, "secret_scanning_push_protection", cite),
    )


def _marks(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what its owners mark a repository with: topics, and which custom properties are set.

    The values of properties are left out: they may name a person.
    """
    topics, given = row.get("topics"), row.get("custom_properties")
    found = [("topic", str(topic)) for topic in topics] if isinstance(topics, list) else []
    named = given.items() if isinstance(given, Mapping) else ()
    found += [("property", str(name)) for name, value in named if value not in (None, "", [])]
    return tuple(sorted(found))


def _status(found: Mapping[str, Any], name: str, cite: Evidence) -> Read[bool] | Unread:
    part = found.get(name)
    status = part.get("status") if isinstance(part, Mapping) else None
    return Read(status == "enabled", (cite,)) if status in ("enabled", "disabled") else _HIDDEN


def read_assistant(client: Client, organisation: str) -> Read[bool] | Unread:
    """Return whether the host's own assistant is in use, from numbers of seats alone."""
    path = f"/orgs/{organisation}/copilot/billing"
    body, outcome = client.get(path)
    if outcome.kind is not Kind.PRESENT:
        return unread(outcome)
    seats = body.get("seat_breakdown") if isinstance(body, Mapping) else None
    total, used = (
        (seats.get("total"), seats.get("active_this_cycle")) if isinstance(seats, Mapping) else (None, None)
    )
    if not isinstance(total, int) or not isinstance(used, int):
        return Unread(Gap.MALFORMED, "the usage report came without numbers")
    if used == 0 and total > 0:
        return Unread(
            Gap.NOT_COLLECTED, "seats are assigned, none was used in this cycle, which may have just begun"
        )
    # Of seats only whether there are any is cited: a small number would single people out.
    return Read(
        used > 0, (client.cite("assistant seats", {"assigned": total > 0, "used": used > 0}, path=path),)
    )


def read_scans(client: Client, organisation: str, as_of: date, days: int, fresh_days: int) -> Scans:
    """Return the critical alerts that were open within the window, from one list for each scanner."""
    start = datetime.combine(as_of - timedelta(days=days), time(), UTC)
    fresh = datetime.combine(as_of - timedelta(days=fresh_days), time(), UTC)
    lists = {
        "dependabot": client.listing(f"/orgs/{organisation}/dependabot/alerts", severity="critical"),
        "secret-scanning": client.listing(f"/orgs/{organisation}/secret-scanning/alerts", **_HIDE),
        "code-scanning": client.listing(
            f"/orgs/{organisation}/code-scanning/alerts", lambda row: _before(row, min(start, fresh)),
            sort="updated", direction="desc",
        ),
        "code-scanning open": client.listing(
            f"/orgs/{organisation}/code-scanning/alerts", severity="critical", state="open"
        ),
    }  # fmt: skip
    rows = {(kind.split()[0], _key(row)): row for kind, found in lists.items() for row in found.rows}
    alerts = [
        alert for (kind, _), row in rows.items()
        if (alert := _alert(kind, row)) is not None and _within(alert, start)
    ]  # fmt: skip
    why = {kind: _why(found) for kind, found in lists.items() if not found.complete}
    lost = {kind for (kind, _), row in rows.items() if _alert(kind, row) is None}
    why |= {kind: _WITHHELD for kind in lost if kind not in why}
    cites = tuple(
        client.cite(f"{kind} alerts", {"alerts": len(found.rows)},
                    path=f"/orgs/{organisation}/{kind.split()[0]}/alerts")
        for kind, found in lists.items() if found.complete
    )  # fmt: skip
    seen = _code_seen(lists["code-scanning"], fresh)
    cite = None
    if seen:
        newest = {name: moment.isoformat() for name, moment in sorted(seen.items())}
        cite = client.cite("code scanning results", newest, path=f"/orgs/{organisation}/code-scanning/alerts")
    return Scans(tuple(alerts), why, seen, cite, cites)


def _why(found: Listing) -> Unread:
    if found.miss is not None and found.miss.kind is Kind.ABSENT:
        return Unread(Gap.NOT_ENABLED, found.miss.detail)
    return found.unread()


def _code_seen(found: Listing, fresh: datetime) -> dict[str, datetime]:
    """Return, by repository, the newest day on which an alert shows that an analysis ran."""
    seen: dict[str, datetime] = {}
    for row in found.rows:
        name = _repository(row)
        moments = [moment(row.get(key)) for key in ("created_at", "fixed_at")] if name else []
        for at in moments:
            if at is not None and at >= fresh and at > seen.get(name, fresh - timedelta(days=1)):
                seen[name] = at
    return seen


def _alert(kind: str, row: Any) -> Alert | None:
    name, created = _repository(row), moment(row.get("created_at")) if isinstance(row, Mapping) else None
    if not name or created is None:
        return None
    if kind == "secret-scanning":
        resolution = str(row.get("resolution") or "").lower()
        fixed = moment(row.get("resolved_at")) if resolution in _REAL else None
        return Alert(name, True, created, fixed, resolution in _EXCUSED)
    if kind == "code-scanning":
        rule = row.get("rule")
        critical = isinstance(rule, Mapping) and rule.get("security_severity_level") == "critical"
    else:
        # An older host may not know the filter and list them all.
        found = row.get("security_advisory")
        said = found.get("severity") if isinstance(found, Mapping) else None
        critical = said in (None, "critical")
    reason = str(row.get("dismissed_reason") or "").lower()
    return Alert(name, critical, created, moment(row.get("fixed_at")), reason in _EXCUSED)


def _within(alert: Alert, start: datetime) -> bool:
    """True for a critical alert that was open in the window; one dismissed with a reason does not count."""
    alive = alert.fixed_at is None or alert.fixed_at >= start
    return alert.critical and not alert.dismissed and alive


def _key(row: Any) -> tuple[str, str]:
    return _repository(row), str(row.get("number")) if isinstance(row, Mapping) else ""


def _before(row: Any, start: datetime) -> bool:
    at = moment(row.get("updated_at")) if isinstance(row, Mapping) else None
    return at is not None and at < start


def _repository(row: Any) -> str:
    found = row.get("repository") if isinstance(row, Mapping) else None
    return str(found.get("name", "")) if isinstance(found, Mapping) else ""
