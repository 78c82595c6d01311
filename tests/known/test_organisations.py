"""Known organisations: what the model says of each was written down first, and is compared here."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from cnmm_collectors.signals import SignalError
from cnmm_rules import criteria
from cnmm_rules.catalogue.overlay import apply
from cnmm_rules.engine import assess
from cnmm_rules.facts import Adjudication
from known.generator import AS_OF, facts, spread
from known.known_answers import answers, assessed, intervals, lean, outcome, published, sealed
from known.organisations import Organisation, ProfileError, organisation, profiles

PATCHES = {"ai-none"}
"""Profiles that are only ever part of another."""


def test_every_profile_has_an_answer_and_every_answer_a_profile() -> None:
    assert set(answers()) == set(profiles()) - PATCHES
    rated = {section.id for section in published().sections if section.rated}
    assert all(set(answer.levels) == rated for answer in answers().values())


@pytest.mark.parametrize("name", [name for name in answers() if name != "ten-thousand"])
def test_the_answer_is_what_was_written_down(name: str) -> None:
    answer, got = answers()[name], intervals(assessed(name))
    right = answer.levels
    assert {section: got[section] for section in right} == right, answer.why
    assert {row: outcome(assessed(name), row) for row in answer.rows} == answer.rows, answer.why
    shown = {row for section in assessed(name).sections for row in section.contradictions}
    assert answer.contradictions is None or shown == set(answer.contradictions)


def test_counting_the_teams_only_changes_nothing_for_the_organisation() -> None:
    for name in ("whole-5", "small", "targets-known", "almost-3"):
        assert intervals(assess(lean(name), published())) == answers()[name].levels


def test_ten_thousand_repositories_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    made = sealed("ten-thousand")
    begin = time.perf_counter()
    assessment = assess(made, published())
    took = time.perf_counter() - begin
    with capsys.disabled():
        count = len(tuple(made.observations))
        print(f"\n10,000 repositories, {count} observations assessed in {took:.1f} s")
    assert intervals(assessment) == answers()["ten-thousand"].levels


def test_the_headline_is_the_lowest_section_and_never_ai() -> None:
    assert assessed("wireguard").headline == {"proven": 3, "possible": 3, "sections": ["security"]}
    assert assessed("assistants-only").headline["proven"] == 5
    assert assessed("no-access").headline["proven"] == 0


def test_a_decided_first_level_stands_whatever_its_coverage() -> None:
    section = next(item for item in assessed("security-1-only").sections if item.id == "security")
    assert (section.proven, section.possible) == (1, 5)
    assert 6 * section.coverage > 1  # of levels 1 and 2; over all five it was a ninth


def declared_away() -> str:
    rows = "".join(
        f"  - {{criterion: {row.id}, not_applicable: true, reason: we use no AI at all, role: head}}\n"
        for row in published().of_section("ai")
    )
    return f"title: without AI\nchanges:\n{rows}"


def test_ai_declared_away_waits_for_an_auditor_and_is_refused_where_ai_was_seen() -> None:
    overlay = apply(published(), "overlay.yaml", declared_away().encode())
    without = sealed("no-ai")
    accepted = tuple(
        Adjudication(row.id, without.org, "accept", "nothing found", AS_OF)
        for row in overlay.of_section("ai")
    )
    assert intervals(assess(without, overlay))["ai"] == (0, 4)
    agreed = assess(replace(without, adjudications=accepted), overlay)
    assert {outcome(agreed, row.id) for row in overlay.of_section("ai")} == {"not_applicable"}
    told = agreed.to_json()
    assert told["without_adjudications"]["sections"]["ai"] == [0, 4]
    assert told["without_adjudications"]["headline"] == assess(without, overlay).headline
    assert "without_adjudications" not in assess(without, overlay).to_json()
    seen = assess(replace(sealed("assistants-only"), adjudications=accepted), overlay)
    assert outcome(seen, "ai.L1.first-use") == "met"


def test_the_floor_answers_every_signal_the_catalogue_asks_for() -> None:
    asked = {
        key
        for row in published().criteria
        for test in criteria.tests_of(row)
        for key in criteria.keys_of(test)
    }
    unanswered = {key for key in asked if ".record{" not in key} - set(organisation("floor").values)
    assert not unanswered


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("catalog.slo_ratio", 0.51),
        ("catalog.slo_ratio", 1.1),
        ("survey.construct_mean{construct=load}", 8),
        ("survey.construct_mean{construct=load}", 0.5),
        ("roster.role_profile_ratio", "half"),
        ("roster.role_profile_ratio", -0.1),
        ("host.mfa_enforced", 2),
        ("k8s.cluster_count", 3),
        ("k8s.cluster_count{env=moon}", 1),
        ("git.no_such_signal", 1),
    ],
)
def test_an_impossible_value_is_refused(key: str, value: object) -> None:
    with pytest.raises((ProfileError, SignalError)):
        facts(_with({key: value}))


def _with(values: dict[str, object]) -> Organisation:
    return replace(organisation("floor"), values=values)


def test_every_reading_cites_evidence_of_its_source() -> None:
    made = sealed("whole-5")
    for item in made.observations:
        assert item.evidence
        assert {made.evidence[cited].source for cited in item.evidence} == {item.source}
    assert spread("x", published().signals["catalog.slo_ratio"], 0.25, 4).count(True) == 1
