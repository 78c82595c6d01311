"""Level inference on small catalogues whose answer is worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.assessment import Finding, Outcome
from cnmm_rules.criteria import Applies, Confidence, Criterion, Present, Proof, Role, Section
from cnmm_rules.levels import infer

ORG = Subject(SubjectKind.ORG, "acme")
SECTION = Section("s", "Section", rated=True, in_headline=True)


def row(name: str, role: Role = Role.RATED, importance: int = 2, retires_at: int | None = None) -> Criterion:
    level = int(name[1])
    return Criterion(
        id=f"s.L{level}.{name[3:]}",
        section="s",
        level=level,
        line=1,
        statement="stated",
        role=role,
        importance=importance,
        confidence=Confidence.STRONG,
        proof=Proof.MACHINE,
        organisation=Applies(Present("t.any")),
        team=None,
        applicable=None,
        counter=(),
        corroboration=None,
        window_days=None,
        retires_at=retires_at,
        implied_by=(),
        reason="reason",
        sources=(),
        meaning="meaning",
        next_step="next",
        prompts=(),
    )


def finding(name: str, outcome: Outcome) -> Finding:
    possible = outcome not in (Outcome.UNMET, Outcome.NOT_APPLICABLE)
    met = outcome is Outcome.MET
    return Finding(name, ORG, outcome, met, possible, "", (), (), (), 0, (), ())


def interval(rows: list[Criterion], outcomes: dict[str, Outcome]) -> tuple[int | None, int | None]:
    found = {item.id: finding(item.id, outcomes.get(item.id, Outcome.MET)) for item in rows}
    state = infer(SECTION, tuple(rows), found)
    return state.proven, state.possible


LADDER = [
    row("L1-key", Role.KEY, 3),
    row("L1-a"),
    row("L1-b"),
    row("L2-key", Role.KEY, 3),
    row("L2-a"),
    row("L3-key", Role.KEY, 3),
]
U, X, N = Outcome.UNKNOWN, Outcome.UNMET, Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({}, (3, 3)),
        ({"s.L3.key": U}, (2, 3)),
        ({"s.L3.key": X}, (2, 2)),
        ({"s.L1.key": X}, (0, 0)),
        ({"s.L1.key": U}, (0, 3)),
        # one open non-key row below is a minor weakness; two leave 3 of 7, not even level 1
        ({"s.L1.a": X}, (3, 3)),
        ({"s.L1.a": X, "s.L1.b": X}, (0, 0)),
        # level 2 on its own: the key is 3 of 5
        ({"s.L2.a": X, "s.L3.key": X}, (2, 2)),
        ({"s.L1.a": N, "s.L1.b": N}, (3, 3)),
        ({"s.L1.a": Outcome.CONTESTED, "s.L1.b": Outcome.CLAIMED}, (0, 3)),
    ],
)
def test_the_interval_by_hand(outcomes: dict[str, Outcome], expected: tuple[int, int]) -> None:
    assert interval(LADDER, outcomes) == expected


def test_an_open_row_beside_a_failed_one_keeps_the_upper_level_possible_only() -> None:
    # proven: 3 of 7 at level 1; possible: 5 of 7, and below level 3 only one row stays open
    assert interval(LADDER, {"s.L1.a": X, "s.L1.b": U}) == (0, 3)


def test_exactly_one_half_is_enough_at_the_tested_level() -> None:
    rows = [row("L1-key", Role.KEY, 2), row("L1-a")]
    assert interval(rows, {"s.L1.a": X}) == (1, 1)


def test_a_retired_row_no_longer_blocks() -> None:
    rows = [row("L1-key", Role.KEY, 3), row("L1-a", retires_at=2), row("L1-b", retires_at=2)]
    rows.append(row("L2-key", Role.KEY, 3))
    # level 1 misses half its weight, but level 2 is tested without the two rows
    assert interval(rows, {"s.L1.a": X, "s.L1.b": X}) == (2, 2)


def test_a_level_where_nothing_applies_cannot_be_held_but_can_be_passed_over() -> None:
    rows = [row("L1-key", Role.KEY), row("L2-a"), row("L3-key", Role.KEY)]
    assert interval(rows, {"s.L2.a": N}) == (3, 3)
    assert interval(rows, {"s.L2.a": N, "s.L3.key": X}) == (1, 1)


def test_a_level_without_a_key_passes_on_its_share() -> None:
    rows = [row("L1-key", Role.KEY), row("L2-a"), row("L2-b")]
    assert interval(rows, {"s.L2.b": X}) == (2, 2)


def test_the_cap_ends_the_ladder() -> None:
    rows = [row(f"L{level}-key", Role.KEY) for level in range(1, 6)]
    found = {item.id: finding(item.id, Outcome.MET) for item in rows}
    assert infer(replace(SECTION, cap=4), tuple(rows), found).proven == 4


def test_support_counts_half_and_markers_nothing() -> None:
    rows = [row("L1-key", Role.KEY, 2), row("L1-a", Role.SUPPORT, 2), row("L1-m", Role.MARKER, 3)]
    found = {item.id: finding(item.id, X) for item in rows} | {"s.L1.key": finding("s.L1.key", Outcome.MET)}
    level = infer(SECTION, tuple(rows), found).levels[0]
    assert level.share_proven == Fraction(2, 3)
    assert level.weight == 3


def test_a_marker_two_levels_below_the_proven_one_is_a_contradiction() -> None:
    rows = [*LADDER, row("L1-island", Role.MARKER), row("L2-copies", Role.MARKER)]
    found = {item.id: finding(item.id, Outcome.MET) for item in rows}
    assert infer(SECTION, tuple(rows), found).contradictions == ("s.L1.island",)


def test_coverage_looks_no_further_than_the_next_level() -> None:
    found = {item.id: finding(item.id, Outcome.UNKNOWN) for item in LADDER}
    for name in ("s.L1.key", "s.L1.a", "s.L1.b"):
        found[name] = finding(name, Outcome.MET)
    state = infer(SECTION, tuple(LADDER), found)
    assert state.proven == 1
    assert state.coverage == Fraction(7, 12)
    assert state.sufficient


def test_without_a_key_row_no_level_is_inferred() -> None:
    rows = [row("L1-a"), row("L1-b")]
    assert interval(rows, {}) == (None, None)


def test_what_blocks_is_listed_keys_first() -> None:
    outcomes = {"s.L2.key": X, "s.L1.a": U}
    found = {item.id: finding(item.id, outcomes.get(item.id, Outcome.MET)) for item in LADDER}
    assert infer(SECTION, tuple(LADDER), found).blocking == ("s.L2.key", "s.L1.a")
