"""What a sample says of the whole: intervals that hold, worked out exactly, and no more than they can say."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from cnmm_collectors.signals import Gap
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.conclusions import conclusions_digest
from cnmm_rules.estimates import _highest, _lowest
from cnmm_rules.facts import PopulationFact
from cnmm_rules.numerals import test_to_json as to_json
from cnmm_rules.predicates import Leafed
from cnmm_rules.rollup import Rolled, roll
from property.worlds import ORG
from unit.rules.test_rollup import World

KEY = "t.repo_share"


def repos(count: int) -> tuple[Subject, ...]:
    return tuple(Subject(SubjectKind.REPO, f"acme/r{number:03}") for number in range(count))


def rolled(whole: int, drawn: int, good: int, refused: int = 0) -> Rolled:
    """Return the share where the first are drawn, of which the first are good and the last not readable."""
    world, members = World(), repos(whole)
    for number, one in enumerate(members[:drawn]):
        if number < drawn - refused:
            world.reads(KEY, one, number < good)
        else:
            world.reads(KEY, one, "refused")
    world.populations.append(
        PopulationFact(ORG, SubjectKind.REPO, whole, members, "enumeration", members[:drawn])
    )
    return roll(world.index(), KEY, ORG, None, None)


@pytest.mark.parametrize("whole", [12, 40])
@pytest.mark.parametrize("drawn", [1, 5, 12])
def test_the_interval_holds_the_truth_in_19_of_20_samples_whatever_the_truth_is(
    whole: int, drawn: int
) -> None:
    for among in range(whole + 1):
        ways = held = 0
        for good in range(max(0, drawn - whole + among), min(drawn, among) + 1):
            count = comb(among, good) * comb(whole - among, drawn - good)
            ways += count
            held += count * (_lowest(whole, drawn, good) <= among <= _highest(whole, drawn, good))
        assert ways == comb(whole, drawn)
        assert Fraction(held, ways) >= Fraction(95, 100), among


def test_an_estimate_stands_beside_a_range_that_it_does_not_touch() -> None:
    found = rolled(600, 60, 30)
    assert (found.range.low, found.range.high) == (Fraction(30, 600), Fraction(570, 600))
    assert found.estimate is not None
    assert found.estimate.value == Fraction(1, 2)
    assert (
        Fraction(36, 100)
        < found.estimate.low
        < found.estimate.value
        < found.estimate.high
        < Fraction(64, 100)
    )
    assert (found.estimate.drawn, found.estimate.of) == (60, 600)
    assert {gap: count for gap, count, _ in found.gaps} == {Gap.SAMPLED_OUT: 540}


def test_what_could_not_be_read_of_the_sample_widens_the_interval_at_both_ends() -> None:
    whole, part = rolled(600, 60, 30).estimate, rolled(600, 60, 30, refused=6).estimate
    assert whole is not None
    assert part is not None
    assert part.low <= whole.low
    assert part.high >= whole.high


def test_nothing_is_estimated_where_all_is_read_or_nothing_of_the_sample_was() -> None:
    assert rolled(20, 20, 10).estimate is None
    assert rolled(20, 5, 0, refused=5).estimate is None


def test_conclusions_are_the_same_with_and_without_an_estimate() -> None:
    found = rolled(60, 20, 10)
    leaf = Leafed(KEY, "> 0.5", None, found)
    told = to_json(leaf)
    assert told["estimate"]["confidence"] == 0.95
    bare = {key: value for key, value in told.items() if key != "estimate"}
    digests = {
        conclusions_digest({
            "headline": {}, "sections": [], "teams": [],
            "findings": [{"subject": "org:acme", "criterion": "a.L1.b", "outcome": "unknown", "tests": [test]}],
        })
        for test in (told, bare)
    }  # fmt: skip
    assert len(digests) == 1


def test_a_team_has_no_estimate_for_it_was_not_drawn_for_teams() -> None:
    world, members = World(), repos(20)
    team = Subject(SubjectKind.TEAM, "acme/pay")
    world.has(team, *members[:10])
    for one in members[:5]:
        world.reads(KEY, one, True)
    world.populations += [
        PopulationFact(ORG, SubjectKind.REPO, 20, members, "enumeration", members[:5]),
        PopulationFact(team, SubjectKind.REPO, 10, members[:10], "enumeration"),
    ]
    assert roll(world.index(), KEY, team, None, None).estimate is None
    assert roll(world.index(), KEY, ORG, None, None).estimate is not None
