"""Shared services taken up without a ticket: counted only where claims, requests and owners were all told."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from cnmm_collectors import takeup
from cnmm_collectors.joins.takeup import PAIRS, SERVICES, TakeupJoin
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.signals import Absent, Interval, Observed, Reading, Unknown
from cnmm_collectors.subjects import Subject

ORG, PROD, EAST = (Subject.parse(one) for one in ("org:acme", "cluster:prod", "cluster:east"))
DATABASE, QUEUE = Subject.parse("component:acme/database"), Subject.parse("component:acme/queue")
WEB = Subject.parse("component:acme/web")
TEAMS = tuple(Subject.parse(f"team:acme/{name}") for name in ("a", "b", "c"))
A, B, C = TEAMS
CONTEXT = {"organisation": ORG, "now": "2026-11-23T00:00:00Z", "settled": True, "k": 5}


def facts(
    claims: dict[Subject, str], asked: dict[Subject, str] | None = None, *, whole: bool = True,
    tracked: tuple[str, ...] = ("*",), declared: tuple[Subject, ...] = (PROD,), role: str = "product",
    kinds: tuple[str, ...] = ("databases.x",), members: int = 6, catalogue: bool = True,
    unread: tuple[str, ...] = ("jobs.x", "*.y"),
) -> list[PersonFact]:  # fmt: skip
    made = [(kind, str(team)) for team, named in claims.items() for kind in named.split()]
    return [
        takeup.of_catalogue(ORG, catalogue),
        takeup.of_service(DATABASE, "Data-Base", kinds),
        takeup.of_service(QUEUE, "queue", ("queues.x",)),
        *(takeup.of_team(team, role, members) for team in TEAMS),
        takeup.of_other(WEB),
        *takeup.of_cluster(PROD, whole, made, declared, unread),
        *(takeup.of_request(team, label.split(",")) for team, label in (asked or {}).items()),
        *takeup.of_tracker(ORG, tracked),
    ]


def judge(found: list[PersonFact], key: str, subject: Subject, **context: Any) -> Reading:
    signals = TakeupJoin().join(found, {**CONTEXT, **context})
    return next(one.reading for one in signals if (one.key, one.subject) == (key, subject))


BOTH = {A: "databases.x", B: "databases.x"}


def test_two_teams_that_asked_nobody_are_enough_whatever_else_is_hidden() -> None:
    for hidden in (facts(BOTH), facts(BOTH, whole=False, declared=(), catalogue=False)):
        reading = judge(hidden, SERVICES, DATABASE)
        assert isinstance(reading, Observed)
        assert reading.value is True


def test_a_ticket_takes_its_team_out() -> None:
    reading = judge(facts(BOTH, {A: "request,data base"}), SERVICES, DATABASE)
    assert isinstance(reading, Observed)
    assert reading.value is False
    other = judge(facts(BOTH, {A: "request,queue"}), SERVICES, DATABASE)
    assert isinstance(other, Observed)
    assert other.value is True, "it was about something else"


@pytest.mark.parametrize(
    "found",
    [
        facts({A: "databases.x"}, whole=False),
        facts({A: "databases.x"}, declared=(PROD, EAST)),
        facts({A: "databases.x"}, declared=()),
        facts({A: "databases.x"}, catalogue=False),
        *(facts({A: "databases.x"}, unread=(kind,)) for kind in ("databases.x", "*.x", "*")),
        facts(BOTH, {A: "request"}),
        facts(BOTH, tracked=()),
        facts(BOTH, role="untold"),
        facts(BOTH, kinds=()),
    ],
)
def test_what_is_not_told_decides_nothing(found: list[PersonFact]) -> None:
    assert isinstance(judge(found, SERVICES, DATABASE), Unknown)


def test_what_is_no_shared_service_is_outside() -> None:
    assert isinstance(judge(facts(BOTH), SERVICES, WEB), Absent)


def test_part_of_a_scan_denies_nothing() -> None:
    assert isinstance(judge(facts({A: "databases.x"}), SERVICES, DATABASE, settled=False), Unknown)


def test_pairs_of_a_team_are_those_it_used() -> None:
    used = {A: "databases.x queues.x", B: "queues.x"}
    found = facts(used, {A: "request,queue"})
    reading = judge(found, PAIRS, A)
    assert isinstance(reading, Observed)
    assert reading.value == Fraction(1, 2)
    assert isinstance(judge(found, PAIRS, C), Absent)
    vague = judge(facts(used, {A: "request"}), PAIRS, A)
    assert isinstance(vague, Observed)
    assert vague.value == Interval(Fraction(0), Fraction(1))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"members": 4}, Unknown), ({"role": "untold"}, Unknown), ({"role": "other"}, Absent),
        ({"kinds": ()}, Unknown), ({"whole": False}, Unknown), ({"unread": ("queues.x",)}, Unknown),
    ],
)  # fmt: skip
def test_pairs_are_told_of_product_teams_of_five_or_more(more: dict[str, Any], kind: type[Reading]) -> None:
    assert isinstance(judge(facts(BOTH, **more), PAIRS, A), kind)
