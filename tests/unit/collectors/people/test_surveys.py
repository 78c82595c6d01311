"""Surveys: items by key terms and label, turned ones, scales apart, response rates."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from cnmm_collectors.people.constructs import construct_of
from cnmm_collectors.plugin import LedgerRow
from cnmm_collectors.signals import Gap, Interval, Unknown
from unit.collectors.people.test_signals import collect, reading, row, value, write


@pytest.mark.parametrize(
    ("item", "construct", "turned"),
    [
        ("Mistakes are held against people here", "safety", True),
        ("If I make a mistake it is not held against me", "safety", False),
        ("People here sometimes reject others for being different", "safety", True),
        ("It is difficult to ask colleagues for help", "safety", True),
        ("It is not difficult to ask colleagues for help", "safety", False),
        ("I can bring up problems", "safety", False),
        ("Nobody would act to undermine my efforts", "safety", False),
        ("My unique skills and talents are valued", "safety", False),
        ("I feel burned out from work", "burnout", False),
        ("There is a high level of trust here", "trust", False),
        ("There is distrust in my team", "trust", True),
        ("[safety] 3 (R)", "safety", True),
        ("Anything else? Comments", "", False),
    ],
)
def test_items_are_known_by_key_terms_and_their_direction_by_their_words(
    item: str, construct: str, turned: bool
) -> None:
    assert construct_of(item) == (construct, turned)


def answers(folder: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    told = [",".join(["2026-10-01", *map(str, row)]) for row in rows]
    write(folder, "survey.csv", ",".join(["Timestamp", *header]), told)


SETTING = {"surveys": {"survey.csv": {"invited": 40, "answered": 1, "scale": 7}}}


def test_turned_items_count_the_other_way_round(tmp_path: Path) -> None:
    # Safe teams: they agree with what is good and disagree with what is bad.
    answers(tmp_path, ["[safety] 1", "Mistakes are held against people"], [
        (6 + n % 2, 2 - n % 2) for n in range(30)
    ])  # fmt: skip
    told = value(collect(tmp_path, SETTING), "survey.construct_mean{construct=safety}")
    assert isinstance(told, Interval)
    assert told.low >= Fraction(61, 10)
    detail = next(
        one.detail
        for one in collect(tmp_path, SETTING)
        if isinstance(one, LedgerRow) and one.unit == "survey"
    )
    # 30 to 34 answers of 40 to 44 asked, one wider.
    assert detail == "response rate: 65 % to 88 % of those invited"


def test_an_item_that_runs_against_the_others_leaves_its_construct_open(tmp_path: Path) -> None:
    answers(tmp_path, ["[safety] 1", "[safety] 2", "[safety] 3"], [
        (n % 5 + 2, n % 5 + 2, 8 - n % 5 - 2) for n in range(30)
    ])  # fmt: skip
    found = collect(tmp_path, SETTING)
    told = reading(found, "survey.construct_mean{construct=safety}")
    assert isinstance(told, Unknown)
    assert "direction" in told.detail
    assert "an item of safety runs against the others" in row(found, "survey.csv").detail


def test_five_and_seven_points_are_never_pooled(tmp_path: Path) -> None:
    seven = ["somewhat agree", "strongly agree"] * 15
    five = ["not at all", "moderately"] * 15
    answers(tmp_path, ["[burnout] 1", "[burnout] 2"], list(zip(seven, five, strict=True)))
    told = reading(collect(tmp_path, SETTING), "survey.construct_mean{construct=burnout}")
    assert isinstance(told, Unknown)
    assert told.gap is Gap.UNSUPPORTED
    answers(tmp_path, ["[burnout] 1", "[burnout] 2"], [(one, one) for one in five])
    told = reading(collect(tmp_path, SETTING), "survey.construct_mean{construct=burnout}")
    assert isinstance(told, Unknown)
    assert told.gap is Gap.UNSUPPORTED
