"""Overlays: every deviation is in the open, and none loosens a threshold by accident."""

from __future__ import annotations

import pytest

from cnmm_rules.catalogue.loader import load
from cnmm_rules.catalogue.overlay import apply
from cnmm_rules.catalogue.positions import CatalogueError
from cnmm_rules.criteria import Catalogue, Compare
from property.worlds import SPECS

MAIN = b"""id: t
version: 1.0.0
title: Test
sections: [{id: s, title: Section, rated: true}]
"""
ROW = """  - id: s.L1.{name}
    level: 1
    line: 1
    statement: Something is so.
    role: {role}
    importance: 2
    confidence: strong
    proof: machine
    applies: {{organisation: {{min_population: 3}}}}
    test: {{signal: t.share, above: 0.5}}
    reason: A number with a reason.
    meaning: What it means to you.
    next_step: The cheapest next step.
"""
WHY = 'reason: "a reason of ours", role: head of platform'


def published() -> Catalogue:
    text = "section: s\ncriteria:\n" + ROW.format(name="key", role="key") + ROW.format(name="a", role="rated")
    return load({"catalogue.yaml": MAIN, "s.yaml": text.encode()}, SPECS)


def tailored(changes: str) -> Catalogue:
    return apply(published(), "overlay.yaml", f"title: ours\nchanges:\n  - {{{changes}, {WHY}}}\n".encode())


def test_a_stricter_threshold_is_taken_and_listed() -> None:
    changed = tailored("criterion: s.L1.a, test: {signal: t.share, above: 0.85}")
    row = next(row for row in changed.criteria if row.id == "s.L1.a")
    assert row.organisation is not None
    assert isinstance(row.organisation.test, Compare)
    assert str(row.organisation.test.comparison) == "> 0.85"
    assert changed.deviations == ("s.L1.a: threshold changed by head of platform: a reason of ours",)


def test_a_looser_one_is_refused_until_it_says_so() -> None:
    with pytest.raises(CatalogueError, match=r"overlay.yaml:3:5: .*loosens: true"):
        tailored("criterion: s.L1.a, test: {signal: t.share, above: 0.15}")
    with pytest.raises(CatalogueError, match="loosens: true"):
        tailored("criterion: s.L1.a, min_population: 1")
    loosened = tailored("criterion: s.L1.a, loosens: true, test: {signal: t.share, above: 0.15}")
    assert "LOOSENED" in loosened.deviations[0]


def test_a_row_is_switched_off_or_declared_away_with_a_reason() -> None:
    assert [row.id for row in tailored("criterion: s.L1.a, off: true").criteria] == ["s.L1.key"]
    waived = tailored("criterion: s.L1.a, not_applicable: true")
    assert waived.not_applicable == {"s.L1.a": "a reason of ours (head of platform)"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("criterion: s.L1.key, not_applicable: true", "key row"),
        ("criterion: s.L1.gone, off: true", "no row"),
        ("criterion: s.L1.a, off: true, not_applicable: true", "exactly one of"),
        ("criterion: s.L1.a", "exactly one of"),
        ("criterion: s.L1.a, test: {signal: t.nope, above: 0.9}, loosens: true", "no collector declares"),
    ],
)
def test_bad_overlays_say_where(change: str, says: str) -> None:
    with pytest.raises(CatalogueError, match=says):
        tailored(change)


def test_rows_of_ones_own_join_a_section_of_ones_own() -> None:
    own = (
        ROW.format(name="own", role="rated")
        .replace("s.L1", "ours.L1")
        .replace("level: 1", "level: 1\n    section: ours")
    )
    text = "title: ours\nsections: [{id: ours, title: Ours, rated: true}]\ncriteria:\n" + own
    changed = apply(published(), "overlay.yaml", text.encode())
    assert changed.criteria[-1].id == "ours.L1.own"
    assert changed.sections[-1].id == "ours"
    assert changed.deviations == ("ours.L1.own: a row of the organisation's own",)
