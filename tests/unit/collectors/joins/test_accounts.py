"""Accounts matched with the lists that answer for them: `nobody is left over` only where all was listed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnmm_collectors import accounts
from cnmm_collectors.joins.accounts import AccountsJoin
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.reader.people import pseudonym
from cnmm_collectors.signals import Interval, Observed, Reading, Unknown
from cnmm_collectors.subjects import Subject

ORG = Subject.parse("org:acme")
CLUSTER = Subject.parse("cluster:prod-eu")
SOURCES = ("host", "kubernetes", "roster", "vendors", "services")


def listed(*partial: str) -> list[PersonFact]:
    return [accounts.listed(one, ORG, one not in partial) for one in SOURCES]


def staff(*logins: str) -> list[PersonFact]:
    """Return roster facts of people known by an address and a login."""
    return [
        fact
        for login in logins
        for fact in (
            PersonFact(pseudonym(f"address:{login}@acme.example"), "roster.member", "1", "roster", ORG),
            PersonFact(
                pseudonym(f"address:{login}@acme.example"),
                "roster.alias",
                pseudonym(f"login:{login}"),
                "roster",
                ORG,
            ),
        )
    ]


def judge(facts: list[PersonFact], **context: object) -> Reading:
    told = {"organisation": ORG, "now": "2026-11-23T00:00:00Z", "k": 5, **context}
    (signal,) = AccountsJoin().join(facts, told)
    return signal.reading


LOGINS = ("ada", "bea", "cay", "dot", "eve")


def held() -> list[PersonFact]:
    """Return a host's accounts and the register of its robot, under the key of this moment."""
    return [*accounts.holders(LOGINS, ["release-robot"], True, ORG), robot()]


def robot() -> PersonFact:
    return PersonFact(pseudonym("login:release-robot"), accounts.ANSWERED, "1", "services", ORG)


def test_none_is_left_over_once_every_list_was_read() -> None:
    reading = judge([*listed(), *held(), *staff(*LOGINS)])
    assert isinstance(reading, Observed)
    assert reading.value == Interval(Fraction(0), Fraction(0))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_some_left_over_are_told_apart_from_none_and_not_counted(count: int) -> None:
    reading = judge([*listed(), *held(), *staff(*LOGINS[count:])])
    one = judge([*listed(), *held(), *staff(*LOGINS[1:])])
    assert isinstance(reading, Observed)
    assert isinstance(reading.value, Interval)
    assert reading.value.low > 0
    assert isinstance(one, Observed)
    assert reading.value == one.value


@pytest.mark.parametrize("name", ["eve@acme.example", "oidc:eve@acme.example", "https://login.example/#eve"])
def test_a_user_of_a_cluster_is_found_by_address_or_login(name: str) -> None:
    found = [*held(), *accounts.user(name, "kubernetes", CLUSTER)]
    reading = judge([*listed(), *found, *staff(*LOGINS)])
    assert isinstance(reading, Observed)
    assert reading.value == Interval(Fraction(0), Fraction(0))


def test_a_leaver_who_is_only_in_a_cluster_is_found() -> None:
    found = [*held(), *accounts.user("oidc:gone@acme.example", "kubernetes", CLUSTER)]
    reading = judge([*listed(), *found, *staff(*LOGINS)])
    assert isinstance(reading, Observed)
    assert isinstance(reading.value, Interval)
    assert reading.value.low > 0


@pytest.mark.parametrize("partial", SOURCES)
def test_a_list_read_in_part_answers_nothing(partial: str) -> None:
    found = [fact for fact in held() if fact.attribute != accounts.LISTED]
    reading = judge([*listed(partial), *found, *staff(*LOGINS)])
    assert isinstance(reading, Unknown)
    assert partial in reading.detail


def test_a_group_nobody_resolves_leaves_it_open_and_a_directory_closes_it() -> None:
    let_in = accounts.group("oidc:platform-admins", "kubernetes", CLUSTER)
    facts = [*listed(), *held(), *staff(*LOGINS), let_in]
    assert isinstance(judge(facts), Unknown)
    inside = PersonFact(
        pseudonym("login:ada"), accounts.IN_GROUP, accounts.group_tag("platform-admins"), "directory", ORG
    )
    assert isinstance(judge([*facts, inside]), Observed)


def test_a_scan_that_did_not_finish_answers_nothing() -> None:
    assert isinstance(judge([*listed(), *held(), *staff(*LOGINS)], settled=False), Unknown)
