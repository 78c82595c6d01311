"""Tests in plain words: every form says its measure, number and signal, and no two forms say the same."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnmm_collectors import registry
from cnmm_collectors.signals import Rollup
from cnmm_collectors.subjects import SubjectKind
from cnmm_rules.catalogue import files
from cnmm_rules.catalogue.loader import load
from cnmm_rules.criteria import (
    AgeOf,
    AllOf,
    Change,
    Compare,
    CountOf,
    CriterionRef,
    NOf,
    Present,
    Record,
    RecordKind,
    ShareOf,
    Test,
    TrendOf,
    leaves,
)
from cnmm_rules.criteria import tests_of as every_test_of
from cnmm_rules.ranges import Comparison, Operator
from cnmm_rules.wording import NOUNS, ROLLUPS, lines, words

SIGNALS = registry.load()


def above(bound: str) -> Comparison:
    return Comparison(Operator.ABOVE, Fraction(bound))


def at(operator: Operator, bound: int) -> Comparison:
    return Comparison(operator, Fraction(bound))


MANIFESTS = "git.manifest_repo_ratio"
TITLE = f"“{SIGNALS[MANIFESTS].title}” ({MANIFESTS})"


@pytest.mark.parametrize(
    ("test", "want"),
    [
        (Compare(MANIFESTS, above("0.5")), f"share of components above 0.5 for {TITLE}"),
        (Compare(MANIFESTS, at(Operator.EQUALS, 1), Rollup.ANY), f"at least one component with {TITLE}"),
        (Compare(MANIFESTS, at(Operator.EQUALS, 0), Rollup.ANY), f"no component with {TITLE}"),
        (
            Compare(MANIFESTS, Comparison(Operator.BETWEEN, Fraction(3), Fraction(9)), Rollup.COUNT),
            f"number of components between 3 and 9 for {TITLE}",
        ),
        (Present(MANIFESTS), f"something was found for {TITLE}"),
        (
            ShareOf(MANIFESTS, at(Operator.AT_LEAST, 1), above("0.15")),
            f"share of components whose own {TITLE} is at least 1: above 0.15",
        ),
        (
            CountOf(MANIFESTS, at(Operator.AT_LEAST, 0), at(Operator.AT_LEAST, 1)),
            f"number of components that have a value for {TITLE}: at least 1",
        ),
        (
            TrendOf(MANIFESTS, Change.FALLING, 365, Fraction(1, 10)),
            f"{TITLE} is lower by more than 10 % than 365 days earlier",
        ),
        (
            TrendOf(MANIFESTS, Change.NOT_FALLING, 365, Fraction(1, 20)),
            f"{TITLE} is not lower (5 % is tolerated) than 365 days earlier",
        ),
        (
            Record("exec-sponsor", RecordKind.ARTEFACT, 365),
            "an artefact called exec-sponsor, reviewed, at most 365 days old",
        ),
        (CriterionRef("org.L1.x"), "row org.L1.x is met"),
    ],
)
def test_each_form_is_said_in_words(test: Test, want: str) -> None:
    assert words(test, SIGNALS) == want


def test_an_age_and_a_time_carry_their_unit() -> None:
    assert words(AgeOf("docs.roadmap_date", at(Operator.AT_MOST, 365)), SIGNALS).endswith(
        "last dated at most 365 days before the audit date"
    )
    assert "at most 90 days for" in words(
        Compare("docs.staleness_lag_days", at(Operator.AT_MOST, 90)), SIGNALS
    )


def test_without_declarations_the_key_stands_alone() -> None:
    assert words(Compare(MANIFESTS, above("0.5"))) == f"{MANIFESTS} above 0.5"


def test_a_compound_test_keeps_its_shape_and_what_it_says() -> None:
    one, two = Present("a.b"), Present("c.d", says="the reason")
    test = AllOf((one, NOf(1, (two, NOf(2, (one, two, one))))), says="why")
    assert list(lines(test)) == [
        (0, "all of (why):"),
        (1, "something was found for a.b"),
        (1, "any of:"),
        (2, "something was found for c.d (the reason)"),
        (2, "at least 2 of 3:"),
        (3, "something was found for a.b"),
        (3, "something was found for c.d (the reason)"),
        (3, "something was found for a.b"),
    ]
    assert words(NOf(1, (one, two))) == (
        "any of (something was found for a.b; something was found for c.d (the reason))"
    )


def test_every_rollup_and_every_kind_of_subject_has_a_word() -> None:
    assert set(ROLLUPS) == set(Rollup)
    assert set(NOUNS) == set(SubjectKind)
    assert len(set(ROLLUPS.values())) == len(Rollup)


def test_two_different_tests_of_the_catalogue_never_read_the_same() -> None:
    catalogue = load(files(), SIGNALS)
    said: dict[str, object] = {}
    for row in catalogue.criteria:
        for test in every_test_of(row):
            for leaf in leaves(test):
                text = words(leaf, SIGNALS)
                assert said.setdefault(text, leaf) == leaf, text
