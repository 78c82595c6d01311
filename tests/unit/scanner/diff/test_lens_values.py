"""Which two readings of one thing may differ by sight alone: a wider one and a narrower one inside it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnmm_collectors.signals import (
    Interval,
    Masses,
    Observation,
    State,
    Tally,
    Value,
    value_from_json,
    value_to_json,
)
from cnmm_collectors.subjects import Subject
from cnmm_scanner.diff.lens import seen_differently

CLUSTER = Subject.parse("cluster:prod")
ARGO, BOTH = (("argo-cd", 1),), (("argo-cd", 1), ("flux2", 1))


def read(value: Value) -> Observation:
    return Observation("k8s.cncf_project_count", CLUSTER, "kubernetes", State.OBSERVED, value, ("e",))


@pytest.mark.parametrize(
    ("one", "other", "by_sight"),
    [
        (Masses(ARGO, whole=False), Masses(BOTH), True),
        (Masses(ARGO, whole=False), Masses(ARGO), True),
        (Masses(ARGO), Masses(BOTH), False),
        (Masses(BOTH, whole=False), Masses(ARGO), False),
        (Tally(1, 1, 1), Tally(1, 2), True),
        (Tally(1, 2), Tally(2, 2), False),
        (Interval(Fraction(1), None), Interval(Fraction(2), Fraction(3)), True),
    ],
)
def test_a_wider_reading_is_the_same_seen_less(one: Value, other: Value, by_sight: bool) -> None:
    assert seen_differently(read(one), read(other)) is by_sight
    assert seen_differently(read(other), read(one)) is by_sight


@pytest.mark.parametrize("value", [Masses(ARGO), Masses(ARGO, whole=False), Masses((), whole=False)])
def test_names_are_sealed_with_whether_they_are_all(value: Masses) -> None:
    assert value_from_json(value_to_json(value)) == value
