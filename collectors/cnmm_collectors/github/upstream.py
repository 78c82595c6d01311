"""Security work merged upstream by those who agreed that it counts: many accounts in one search."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from cnmm_collectors.github.activity import labels_of
from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.github.searching import login_of
from cnmm_collectors.hosts.facts import moment
from cnmm_collectors.plugin import Reader
from cnmm_collectors.reader.files import FileFault
from cnmm_collectors.signals import Gap, Interval, Observed, Reading, Unknown

UPSTREAM = "host.upstream_security_pr_count_12m"
DAYS = 365
_LONGEST = 240
"""Characters of a search, less than the host takes."""
_SECURITY = re.compile(
    r"\b(?:cve-\d{4}-\d+|ghsa-[\w-]+|security|vulnerabilit(?:y|ies)|supply chain|sbom|sigstore|cosign|slsa"
    r"|attestation|hardening|sandbox escape|privilege escalation|xss|csrf|ssrf|sql injection)\b",
    re.I,
)
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")


def upstream_reading(client: Client, organisation: str, reader: Reader) -> tuple[Reading, frozenset[str]]:
    """Return at least how many security changes were merged upstream in a year, and who worked there.

    Advisories may be more. Whoever worked for an organisation counts, not whoever worked for a person; the
    accounts stay in memory.
    """
    authors: set[str] = set()
    return _read(client, organisation, reader, authors), frozenset(authors)


def _read(client: Client, organisation: str, reader: Reader, authors: set[str]) -> Reading:
    place = client.settings.upstream_accounts
    if place is None:
        return Unknown(Gap.NOT_COLLECTED, "no list of accounts that agreed was given")
    try:
        lines = reader.files.read(place).decode("utf-8", "replace").splitlines()
    except FileFault:
        return Unknown(Gap.NOT_COLLECTED, "the list of accounts that agreed cannot be read")
    logins = sorted({line.strip().lstrip("@") for line in lines if line.strip() and not line.startswith("#")})
    if not logins or not all(_LOGIN.fullmatch(login) for login in logins):
        return Unknown(Gap.MALFORMED, "the list of accounts is empty, or a line of it is no account")
    found: set[str] = set()
    for asked in _searches(organisation, logins, reader.as_of):
        for answer, page in client.connection("upstream", ("search",), 100, q=asked):
            miss = page.miss or answer.miss("search", "nodes")
            if miss is not None:
                lost = unread(miss)
                return Unknown(lost.gap, lost.detail)
            found |= {str(row.get("id")) for row in page.rows if _counts(row, reader.as_of)}
            authors |= {login for row in page.rows if (login := _author(row, reader.as_of))}
    cite = client.cite("security changes merged upstream", {"at least": len(found), "days": DAYS})
    return Observed(Interval(Fraction(len(found)), None), (cite,))


def _searches(organisation: str, logins: Sequence[str], as_of: date) -> Iterator[str]:
    """Yield searches, each for as many accounts as one takes: never one for each person."""
    start = as_of - timedelta(days=DAYS)
    head = f"is:pr is:merged is:public -org:{organisation} merged:{start}..{as_of}"
    asked = head
    for login in logins:
        more = f" author:{login}"
        if len(asked) + len(more) > _LONGEST and asked != head:
            yield asked
            asked = head
        asked += more
    yield asked


def _author(row: object, as_of: date) -> str:
    """Return who wrote a change merged into an organisation's repository, else an empty text."""
    if not isinstance(row, Mapping) or not isinstance(row.get("repository"), Mapping):
        return ""
    merged, owner = moment(row.get("mergedAt")), row["repository"].get("owner")
    if merged is None or not as_of - timedelta(days=DAYS) <= merged.date() <= as_of:
        return ""
    shared = isinstance(owner, Mapping) and owner.get("__typename") == "Organization"
    login, human = login_of(row.get("author"), ())
    return login if shared and human else ""


def _counts(row: object, as_of: date) -> bool:
    if not isinstance(row, Mapping):
        return False
    merged = moment(row.get("mergedAt"))
    if merged is None or merged.date() > as_of:
        return False
    words = " ".join((str(row.get("title", "")), *labels_of(row)))
    return _SECURITY.search(words) is not None
