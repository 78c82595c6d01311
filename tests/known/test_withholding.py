"""Withholding never pays: over known organisations, less evidence never proves more nor rules out more."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from cnmm_collectors import registry
from cnmm_collectors.signals import split_key
from cnmm_rules.assessment import Assessment, Outcome
from cnmm_rules.catalogue.overlay import apply
from cnmm_rules.catalogue.positions import CatalogueError
from cnmm_rules.criteria import RATING_ROLES, Criterion, Role
from cnmm_rules.engine import assess
from cnmm_rules.measures import Workings
from known.known_answers import Interval, answers, assessed, intervals, lean, outcome, published

VARIED = (
    *("whole-5", "almost-5-groups", "every-marker", "small", "contradicted"),
    *("gitlab-free", "hosted-api", "paper-cluster", "targets-known", "way-3"),
)
"""Organisations that between them hold every kind of row, outcome and source."""


@cache
def before(name: str) -> Assessment:
    """Return the assessment of everything an organisation shows."""
    return assess(lean(name), published())


def assert_not_narrower(first: dict[str, Interval], after: dict[str, Interval], what: str) -> None:
    """Fail where a section's proven rose or its possible fell."""
    for section, (proven, possible) in first.items():
        less, more = after[section]
        if proven is None or possible is None:
            continue
        assert less is not None
        assert more is not None
        assert less <= proven, f"{what}: {section} proven rose from {proven} to {less}"
        assert more >= possible, f"{what}: {section} possible fell from {possible} to {more}"


@pytest.mark.parametrize("name", VARIED)
def test_hiding_a_source_proves_and_rules_out_nothing(name: str) -> None:
    whole = lean(name)
    for source in sorted({item.source for item in whole.observations}):
        left = tuple(item for item in whole.observations if item.source != source)
        after = intervals(assess(replace(whole, observations=left), published()))
        assert_not_narrower(intervals(before(name)), after, f"{name} without {source}")


def test_two_equal_sources_that_differ_are_shown_as_a_contest_and_prove_nothing() -> None:
    """The one thing withholding can still do is documented: it can hide that there is a contest."""
    whole = assessed("two-catalogues")
    contested = {finding.criterion for finding in whole.findings if finding.outcome is Outcome.CONTESTED}
    assert "org.L4.platforms-and-value-streams" in contested
    assert intervals(whole)["org"] == answers()["two-catalogues"].levels["org"]


def test_hiding_whatever_a_source_answers_best_proves_and_rules_out_nothing() -> None:
    whole = lean("paper-cluster")
    specs = registry.load()

    def best(key: str) -> set[str]:
        sources = specs[split_key(key)[0]].sources
        least = min(item.rank for item in sources)
        return {item.name for item in sources if item.rank == least}

    for source in sorted({item.source for item in whole.observations}):
        left = tuple(item for item in whole.observations if source not in best(item.key))
        after = intervals(assess(replace(whole, observations=left), published()))
        assert_not_narrower(intervals(before("paper-cluster")), after, f"without the best of {source}")


def test_hiding_the_cluster_does_not_let_the_manifests_speak_for_it() -> None:
    whole = lean("paper-cluster")
    left = tuple(item for item in whole.observations if item.source != "kubernetes")
    after = assess(replace(whole, observations=left), published())
    assert outcome(after, "security.L4.default-deny") == "unknown"
    assert (intervals(after)["security"][0] or 0) <= 2


@pytest.mark.parametrize("name", ["whole-5", "outside-git", "hosted-api-governed"])
def test_dropping_a_single_record_proves_and_rules_out_nothing(name: str) -> None:
    whole = lean(name)
    records = [item for item in whole.observations if ".record{" in item.key]
    assert records
    for record in records:
        left = tuple(item for item in whole.observations if item is not record)
        after = intervals(assess(replace(whole, observations=left), published()))
        assert_not_narrower(intervals(before(name)), after, f"{name} without {record.key}")


@pytest.mark.parametrize("name", ["almost-3", "every-marker"])
def test_dropping_a_whole_signal_proves_and_rules_out_nothing(name: str) -> None:
    whole = lean(name)
    families = sorted({split_key(item.key)[0].rpartition("_")[0] for item in whole.observations})
    for family in families[::10]:
        left = tuple(item for item in whole.observations if not item.key.startswith(family))
        after = intervals(assess(replace(whole, observations=left), published()))
        assert_not_narrower(intervals(before(name)), after, f"{name} without {family}")


@pytest.mark.parametrize("name", ["whole-5", "targets-known", "small"])
def test_hiding_who_counts_the_repositories_proves_and_rules_out_nothing(name: str) -> None:
    whole = lean(name)
    for fact in whole.populations:
        left = tuple(item for item in whole.populations if item is not fact)
        after = intervals(assess(replace(whole, populations=left), published()))
        assert_not_narrower(intervals(before(name)), after, f"{name}: nobody counts {fact.kind}")


def rating() -> tuple[Criterion, ...]:
    rated = {section.id for section in published().sections if section.rated}
    return tuple(
        row
        for row in published().criteria
        if row.section in rated and row.role in RATING_ROLES | {Role.MARKER}
    )


@pytest.mark.parametrize("name", ["hosted-api", "contradicted"])
def test_declaring_a_row_not_applicable_never_proves_more(name: str) -> None:
    first, made = intervals(before(name)), Workings.of(lean(name), published().signals)
    for row in rating():
        if outcome(before(name), row.id) == "met":
            continue
        declared = replace(published(), not_applicable={row.id: "it does not fit us (head of platform)"})
        after = intervals(assess(lean(name), declared, made))
        assert_raised_nowhere(first, after, f"{name} without {row.id}")


@pytest.mark.parametrize("name", VARIED)
def test_declaring_every_row_but_the_keys_not_applicable_never_proves_more(name: str) -> None:
    rows = {row.id: "it does not fit us (head of platform)" for row in rating() if row.role is not Role.KEY}
    after = intervals(assess(lean(name), replace(published(), not_applicable=rows)))
    assert_raised_nowhere(intervals(before(name)), after, name)


def assert_raised_nowhere(first: dict[str, Interval], after: dict[str, Interval], what: str) -> None:
    """Fail where a section's proven rose."""
    for section, (proven, _) in first.items():
        less = after[section][0]
        assert (less or 0) <= (proven or 0), f"{what}: {section} proven rose from {proven} to {less}"


def test_an_overlay_says_the_same_and_refuses_a_single_key() -> None:
    text = (
        "title: a\nchanges: [{criterion: %s, not_applicable: true, reason: not for us at all, role: head}]\n"
    )
    for row in rating():
        raw = (text % row.id).encode()
        if row.role is Role.KEY:
            with pytest.raises(CatalogueError, match="key row"):
                apply(published(), "overlay.yaml", raw)
        elif row.section == "org" and row.level == 2:
            after = intervals(assess(lean("almost-3"), apply(published(), "overlay.yaml", raw)))
            assert_raised_nowhere(intervals(before("almost-3")), after, row.id)
