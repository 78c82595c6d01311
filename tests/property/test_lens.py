"""The lens of a comparison: what was not read never looks like a change of reality, nor the reverse."""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnmm_rules.engine import assess
from cnmm_rules.facts import Facts
from cnmm_scanner.diff.lens import through
from property.worlds import World, withheld, worlds

MANY = settings(
    max_examples=int(os.environ.get("CNMM_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def outcomes(facts: Facts, world: World) -> dict[tuple[str, str], str]:
    found = assess(facts, world.catalogue).findings
    return {(one.criterion, str(one.subject)): one.outcome.value for one in found}


@MANY
@given(worlds(), st.data())
def test_two_views_of_one_world_differ_in_nothing_real(world: World, data: st.DataObject) -> None:
    one, other = data.draw(withheld(world)), data.draw(withheld(world))
    assert outcomes(through(one, other), world) == outcomes(one, world)


@MANY
@given(worlds(), st.data())
def test_two_worlds_that_are_fully_read_differ_in_nothing_but_reality(
    world: World, data: st.DataObject
) -> None:
    flipped = tuple(
        replace(one, value=not one.value) if isinstance(one.value, bool) and data.draw(st.booleans()) else one
        for one in world.facts.observations
    )
    later = replace(world.facts, observations=flipped)
    assert outcomes(through(world.facts, later), world) == outcomes(later, world)
