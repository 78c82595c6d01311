"""The laws of the architecture page that the rules room must keep, each as a property."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnmm_collectors.signals import Gap, State
from cnmm_rules.assessment import Assessment, Outcome
from cnmm_rules.engine import assess
from cnmm_rules.index import Index
from cnmm_rules.measures import Cache, SubjectMeasures
from cnmm_rules.predicates import evaluate
from cnmm_rules.ranges import Range
from cnmm_rules.rollup import roll
from property.worlds import ORG, SPECS, TEAM, World, sampled, withheld, worlds

EXAMPLES = int(os.environ.get("CNMM_EXAMPLES", "100"))
MANY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def narrower(inner: Range, outer: Range) -> bool:
    """True where inner lies inside outer."""
    return inner.low >= outer.low and (
        outer.high is None or (inner.high is not None and inner.high <= outer.high)
    )


def levels(assessment: Assessment) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (proven, possible) of each section of the organisation and each team."""
    found = {
        ("org", section.id): (section.proven, section.possible)
        for section in assessment.sections
        if section.proven is not None and section.possible is not None
    }
    for team, sections in assessment.teams:
        for section in sections:
            if section.proven is not None and section.possible is not None:
                found[str(team), section.id] = (section.proven, section.possible)
    return found


@MANY
@given(worlds())
def test_law_1_every_answer_cites_evidence_that_resolves(world: World) -> None:
    assessment = assess(world.facts, world.catalogue)
    cited = {item.id for item in assessment.evidence}
    for finding in assessment.findings:
        if finding.outcome in (Outcome.MET, Outcome.UNMET, Outcome.NOT_APPLICABLE):
            assert finding.evidence, finding
        assert set(finding.evidence) <= cited


@MANY
@given(worlds())
def test_law_2_what_may_not_be_looked_at_answers_nothing(world: World) -> None:
    refused = tuple(
        replace(item, state=State.UNKNOWN, value=None, gap=Gap.NOT_PERMITTED)
        for item in world.facts.observations
    )
    assessment = assess(replace(world.facts, observations=refused), world.catalogue)
    for finding in assessment.findings:
        assert finding.outcome not in (Outcome.MET, Outcome.UNMET, Outcome.NOT_APPLICABLE)
        assert finding.possible
        assert not finding.proven


@MANY
@given(worlds(criteria=False), st.data())
def test_law_3_reading_more_always_yields_a_sub_range(world: World, data: st.DataObject) -> None:
    less = Index(data.draw(withheld(world)), SPECS)
    whole = Index(world.facts, SPECS)
    for key in world.keys:
        for scope in (ORG, TEAM):
            partial = roll(less, key, scope, None, None).range
            full = roll(whole, key, scope, None, None).range
            assert narrower(full, partial), f"{key} of {scope}: {full} is not within {partial}"


@settings(MANY, max_examples=4 * EXAMPLES)
@given(worlds(), st.data())
def test_law_4_withholding_never_raises_proven_nor_lowers_possible(world: World, data: st.DataObject) -> None:
    whole = levels(assess(world.facts, world.catalogue))
    partial = levels(assess(data.draw(withheld(world)), world.catalogue))
    for place, (proven, possible) in partial.items():
        if place in whole:
            assert proven <= whole[place][0], place
            assert possible >= whole[place][1], place


@settings(MANY, max_examples=EXAMPLES // 3)
@given(worlds(), st.data())
def test_law_4_a_sample_never_raises_proven_nor_lowers_possible_and_its_estimate_decides_nothing(
    world: World, data: st.DataObject
) -> None:
    said, plain = data.draw(sampled(world))
    whole = levels(assess(world.facts, world.catalogue))
    told, silent = assess(said, world.catalogue), assess(plain, world.catalogue)
    partial = levels(told)
    assert partial == levels(silent)
    assert [one.outcome for one in told.findings] == [one.outcome for one in silent.findings]
    for place, (proven, possible) in partial.items():
        if place in whole:
            assert proven <= whole[place][0], place
            assert possible >= whole[place][1], place


@MANY
@given(worlds())
def test_law_4_proven_never_exceeds_possible(world: World) -> None:
    for proven, possible in levels(assess(world.facts, world.catalogue)).values():
        assert proven <= possible


@MANY
@given(worlds(), st.data())
def test_law_5_a_row_is_met_only_with_its_counter_evidence_read_and_false(
    world: World, data: st.DataObject
) -> None:
    facts = data.draw(withheld(world))
    index = Index(facts, SPECS)
    rows = {row.id: row for row in world.catalogue.criteria}
    for finding in assess(facts, world.catalogue).findings:
        if finding.outcome is not Outcome.MET or finding.implied_by:
            continue
        row = rows[finding.criterion]
        applies = row.team if finding.subject == TEAM else row.organisation
        assert applies is not None
        measures = SubjectMeasures(index, finding.subject, None, Cache(), {})
        for counter in row.counter:
            assert evaluate(counter, measures, applies.min_population).truth is False


@MANY
@given(worlds(), st.randoms(use_true_random=False))
def test_law_7_the_order_of_input_changes_no_byte(world: World, rng: random.Random) -> None:
    observations = list(world.facts.observations)
    memberships = list(world.facts.memberships)
    rng.shuffle(observations)
    rng.shuffle(memberships)
    populations = world.facts.populations[::-1]
    shuffled = replace(
        world.facts,
        observations=tuple(observations),
        memberships=tuple(memberships),
        populations=populations,
    )
    assert _bytes(assess(shuffled, world.catalogue)) == _bytes(assess(world.facts, world.catalogue))


def _bytes(assessment: Assessment) -> str:
    return json.dumps(assessment.to_json(), sort_keys=False)
