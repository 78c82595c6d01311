"""Roster, training and Git joined: a lower end that is proven, and nothing about small groups."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from cnmm_collectors import placement
from cnmm_collectors.joins.practice import PracticeJoin
from cnmm_collectors.joins.skills import SkillsJoin
from cnmm_collectors.placement import Place
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.signals import Interval, Observed, Reading, Unknown
from cnmm_collectors.subjects import Subject

ORG = Subject.parse("org:acme")
REPO = Subject.parse("repo:acme/one")
CONTEXT: dict[str, Any] = {"organisation": ORG, "now": "2026-11-01T00:00:00Z", "k": 5}


def facts(people: int, authors: int, strangers: int = 0, labs: int = 0) -> list[PersonFact]:
    found: list[PersonFact] = []
    for n in range(people):
        found.append(PersonFact(f"id{n}", "roster.member", "1", "roster", ORG))
        found.append(PersonFact(f"id{n}", "roster.alias", f"mail{n}", "roster", ORG))
        found.append(PersonFact(f"id{n}", "roster.population", "engineers", "roster", ORG))
        if n < labs:
            found.append(PersonFact(f"id{n}", "training.lab", "1", "training", ORG))
    for n in range(authors):
        found.append(PersonFact(f"name{n}", "git.author", "1", "git", REPO))
        found.append(PersonFact(f"name{n}", "git.alias", f"mail{n}", "git", REPO))
        found.append(PersonFact(f"name{n}", "git.layer", "platform", "git", REPO))
    found += [PersonFact(f"x{n}", "git.author", "1", "git", REPO) for n in range(strangers)]
    return found


def join(found: list[PersonFact]) -> dict[str, Reading]:
    return {one.key: one.reading for one in PracticeJoin().join(found, CONTEXT)}


def test_hands_on_is_proven_from_below() -> None:
    reading = join(facts(40, 20, labs=30))["training.hands_on_ratio{population=engineers}"]
    assert isinstance(reading, Observed)
    assert isinstance(reading.value, Interval)
    assert Fraction(6, 10) <= reading.value.low <= Fraction(3, 4)
    assert reading.value.high == 1


def test_people_link_by_any_alias_and_too_few_linked_is_unknown() -> None:
    told = join(facts(40, 20, strangers=10))["training.hands_on_ratio{population=engineers}"]
    assert isinstance(told, Unknown)
    assert "four fifths" in told.detail
    assert isinstance(
        join(facts(40, 20, strangers=5))["training.hands_on_ratio{population=engineers}"], Observed
    )


def test_small_groups_and_unjoined_signals_are_unknown_by_name() -> None:
    found = join(facts(4, 4))
    assert isinstance(found["training.hands_on_ratio{population=engineers}"], Unknown)
    assert isinstance(found["git.manifest_author_ratio{discipline=ml}"], Unknown)


def teams(skilled: dict[str, int], places: dict[str, Place], whole: bool = True) -> Reading:
    """Return what is told of teams of seven, so many of each with the skill."""
    found = [placement.of_catalogue(ORG, whole)]
    for team, number in skilled.items():
        found += placement.of_team(Subject.parse(f"team:acme/{team}"), [places.get(team, Place.ABLE)])
        for n in range(7):
            found += [
                PersonFact(f"{team}{n}", "roster.team", team, "roster", ORG),
                PersonFact(f"{team}{n}", "roster.alias", f"mail{team}{n}", "roster", ORG),
            ]
            if n < number:
                found.append(PersonFact(f"mail{team}{n}", "git.layer", "platform", "git", REPO))
    (signal,) = SkillsJoin().join(found, CONTEXT)
    return signal.reading


def test_two_of_a_team_share_a_skill_and_the_share_of_teams_is_proven_from_below() -> None:
    told = teams({"a": 2, "b": 3, "c": 2, "d": 1}, {})
    assert isinstance(told, Observed)
    # Three of four, one team lower.
    assert told.value == Interval(Fraction(1, 2), Fraction(1))


def test_teams_that_run_nothing_in_containers_are_outside_and_those_that_do_not_say_count_against() -> None:
    some = {"a": 2, "b": 3, "c": 2, "d": 2}
    outside = teams(some, {"d": Place.UNABLE})
    silent = teams(some, {"d": Place.UNTOLD})
    assert isinstance(outside, Observed)
    assert isinstance(silent, Observed)
    assert outside.value == Interval(Fraction(666, 1000), Fraction(1))
    assert silent.value == Interval(Fraction(1, 2), Fraction(1))
    assert isinstance(teams(some, {"d": Place.UNABLE, "c": Place.UNABLE}), Unknown)
    assert isinstance(teams(some, {}, whole=False), Unknown)
