"""The laws of the architecture page that the rules room must keep, each as a property."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from typing import Any

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
from property.worlds import ORG, SPECS, TEAM, World, crowded, withheld, worlds

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


@settings(MANY, max_examples=2 * EXAMPLES)
@given(worlds(), st.data())
def test_law_4_withholding_changes_no_answer_and_raises_no_level(world: World, data: st.DataObject) -> None:
    """Rows are held to it one by one: a level hides most of what changes below it."""
    whole = assess(world.facts, world.catalogue)
    partial = assess(data.draw(withheld(world)), world.catalogue)
    truth = {(finding.criterion, finding.subject): finding for finding in whole.findings}
    for finding in partial.findings:
        known = truth.get((finding.criterion, finding.subject))
        if known is not None and finding.outcome in _ANSWERS and not known.implied_by:
            assert known.outcome is finding.outcome, finding
    known_levels = levels(whole)
    for place, (proven, possible) in levels(partial).items():
        if place in known_levels:
            assert proven <= known_levels[place][0], place
            assert possible >= known_levels[place][1], place


_ANSWERS = (Outcome.MET, Outcome.UNMET, Outcome.NOT_APPLICABLE)


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
@given(crowded(), st.integers(0, 2**32 - 1))
def test_law_7_the_order_of_input_changes_no_byte(world: World, seed: int) -> None:
    """Where it is hard: sources overlap, lists are not whole, and people said things twice."""
    facts, rng = world.facts, random.Random(seed)
    mixed: dict[str, list[Any]] = {}
    for name in _ORDERED:
        mixed[name] = list(getattr(facts, name))
        rng.shuffle(mixed[name])
    evidence = list(facts.evidence.items())
    rng.shuffle(evidence)
    shuffled = replace(facts, evidence=dict(evidence), **{name: tuple(held) for name, held in mixed.items()})
    assert _bytes(assess(shuffled, world.catalogue)) == _bytes(assess(facts, world.catalogue))


_ORDERED = ("observations", "memberships", "populations", "claims", "waivers", "adjudications", "ledger")


def _bytes(assessment: Assessment) -> str:
    return json.dumps(assessment.to_json(), sort_keys=False)
