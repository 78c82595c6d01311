"""What was published and what ran, where rows ask for a practice and not for the setting that demands it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from cnmm_collectors.hosts.facts import Read, Repository, Unread
from cnmm_collectors.signals import Absent, Gap, Observed, Reading, Unknown

PROVENANCE: Final = "host.release_provenance_ratio"
BILL: Final = "host.release_sbom_ratio"
CHECKED: Final = "host.security_check_run_ratio"
SIGNALS: Final = (PROVENANCE, BILL, CHECKED)
RELEASE_DAYS, CHANGE_DAYS = 365, 90
_SIGNED = re.compile(
    r"\.(?:asc|sig|sign|minisig|sigstore|intoto)(?:\.jsonl?)?$|provenance|attestation|in-toto", re.I
)
_BILL = re.compile(r"(?:^|[^a-z])s?bom(?:[^a-z]|$)|\.spdx(?:\.|$)|\.cdx(?:\.|$)|cyclonedx", re.I)
_SIGNS: Final[Mapping[str, tuple[re.Pattern[str], int]]] = {PROVENANCE: (_SIGNED, 0), BILL: (_BILL, 1)}


def practice_readings(one: Repository, words: Iterable[str], as_of: date) -> dict[str, Reading]:
    """Return what a repository's newest release and newest merged change show, by signal."""
    found = {key: _published(one, key, as_of) for key in _SIGNS}
    return {**found, CHECKED: _checked(one, tuple(words), as_of)}


def _published(one: Repository, key: str, as_of: date) -> Reading:
    """Return whether provenance or a bill was published; a repository that publishes nothing shows neither.

    What the host holds proves it alone. That it is missing takes both: all files, and the host's own list.
    """
    pattern, place = _SIGNS[key]
    held = one.attested
    if isinstance(held, Read) and (held.value.provenance, held.value.bill)[place]:
        return Observed(True, held.evidence)
    if isinstance(one.release, Unread):
        return Unknown(one.release.gap, one.release.detail)
    release = one.release.value
    if release is not None and release.at >= _end(as_of):
        return Unknown(Gap.NOT_COLLECTED, "the newest release is younger than the audit")
    fresh = release if release is not None and _within(release.at, as_of, RELEASE_DAYS) else None
    if fresh is not None and any(pattern.search(name) for name in fresh.files):
        return Observed(True, one.release.evidence)
    if fresh is not None and not fresh.whole:
        return Unknown(Gap.NOT_COLLECTED, "the newest release has more files than were listed")
    if isinstance(held, Unread):
        return Unknown(held.gap, held.detail)
    if held is not None and one.moved is not None:
        return Unknown(one.moved.gap, one.moved.detail)
    return Observed(False, (*one.release.evidence, *(held.evidence if held is not None else ())))


def _checked(one: Repository, words: tuple[str, ...], as_of: date) -> Reading:
    if isinstance(one.checked, Unread):
        return Unknown(one.checked.gap, one.checked.detail)
    newest = one.checked.value
    if newest is not None and newest.at >= _end(as_of):
        return Unknown(Gap.NOT_COLLECTED, "the newest merged change is younger than the audit")
    if newest is None or not _within(newest.at, as_of, CHANGE_DAYS):
        return Absent(one.checked.evidence)
    if any(word in plain(name) for name in newest.passed for word in words):
        return Observed(True, one.checked.evidence)
    if not newest.whole:
        return Unknown(Gap.NOT_COLLECTED, "more checks ran on the newest merged change than were listed")
    return Observed(False, one.checked.evidence)


def plain(name: str) -> str:
    """Return the name of a check as it is compared with words."""
    return name.lower().replace("-", " ").replace("_", " ")


def _end(as_of: date) -> datetime:
    return datetime.combine(as_of + timedelta(days=1), time(), UTC)


def _within(at: datetime, as_of: date, days: int) -> bool:
    return _end(as_of) - timedelta(days=days + 1) <= at < _end(as_of)
