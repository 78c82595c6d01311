"""Accounts as person facts: what hosts, clusters and lists say of who may log in, for the join of them.

Sources: `host` and `kubernetes` hold accounts, `directory` says who is in a group that a cluster names,
`vendors` and `services` answer for accounts beside the roster. Names become keyed pseudonyms before they
leave a collector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.reader.people import pseudonym
from cnmm_collectors.subjects import Subject

HOLDER = "account.holder"
"""The person holds an account; the value is `person` or `robot`."""
ALIAS = "account.alias"
"""The account goes by another pseudonym as well, which is the value."""
GROUP = "account.group"
"""A cluster lets a group in; the value is the group's pseudonym, the person is empty."""
IN_GROUP = "account.in_group"
"""The account is in the group whose pseudonym is the value."""
ANSWERED = "account.answered"
"""A vendor list or service register answers for the account."""
LISTED = "account.listed"
"""What a source lists is `whole` or `partial`; the person is empty, the subject what was listed."""

MERGED = "host.merged"
"""The account's first change that was merged in the window; the value is its day."""
CHANGES = "host.changes"
"""A host's changes were read `whole` or `partial` since a day, which follows; the person is empty."""
UPSTREAM = "host.upstream"
"""The account, which agreed to be counted, had a change merged into another organisation's repository."""

_PREFIX = re.compile(r"^.*[#/:]")


def holder(login: str, kind: str, source: str, subject: Subject) -> Iterator[PersonFact]:
    """Yield an account of a host by its login; `kind` is `person` or `robot`."""
    yield PersonFact(pseudonym(f"login:{login}"), HOLDER, kind, source, subject)


def user(name: str, source: str, subject: Subject) -> Iterator[PersonFact]:
    """Yield an account of a cluster: its user name may be an address, a login or an employee id, with a
    prefix of its issuer."""
    bare = _PREFIX.sub("", name.strip())
    person = pseudonym(f"user:{name}")
    yield PersonFact(person, HOLDER, "person", source, subject)
    kinds = ("address",) if "@" in bare else ("login", "employee_id")
    for kind in kinds:
        yield PersonFact(person, ALIAS, pseudonym(f"{kind}:{bare}"), source, subject)


def group(name: str, source: str, subject: Subject) -> PersonFact:
    """Return that a cluster lets a group in."""
    return PersonFact("", GROUP, group_tag(name), source, subject)


def group_tag(name: str) -> str:
    """Return the pseudonym of a group, without the prefix of its issuer."""
    return pseudonym(f"group:{_PREFIX.sub('', name.strip())}")


def listed(source: str, subject: Subject, whole: bool) -> PersonFact:
    """Return whether everything of a kind was listed, without which nobody can be said to be missing."""
    return PersonFact("", LISTED, "whole" if whole else "partial", source, subject)


def merged(
    first: Mapping[str, date], since: date, whole: bool, source: str, subject: Subject
) -> Iterator[PersonFact]:
    """Yield each account's first merge of a window, and since when changes were read."""
    yield PersonFact("", CHANGES, f"{'whole' if whole else 'partial'} {since}", source, subject)
    for login in sorted(first):
        yield PersonFact(pseudonym(f"login:{login}"), MERGED, first[login].isoformat(), source, subject)


def upstream(logins: Iterable[str], source: str, subject: Subject) -> Iterator[PersonFact]:
    """Yield the accounts that worked upstream."""
    for login in sorted(set(logins)):
        yield PersonFact(pseudonym(f"login:{login}"), UPSTREAM, "1", source, subject)


def holders(
    logins: Iterable[str], robots: Iterable[str], whole: bool, subject: Subject
) -> Iterator[PersonFact]:
    """Yield the accounts of a host, and whether that is all of them."""
    yield listed("host", subject, whole)
    for login in sorted(set(logins)):
        yield from holder(login, "person", "host", subject)
    for login in sorted(set(robots)):
        yield from holder(login, "robot", "host", subject)
