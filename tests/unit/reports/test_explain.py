"""Explanations: what is asked, why, what was seen and what would change it, and nothing hostile in it."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from cnmm_collectors import registry
from cnmm_reports.explain import UnknownName, explain
from cnmm_rules.catalogue import files
from cnmm_rules.catalogue.loader import load
from cnmm_rules.criteria import Catalogue
from golden import sample


@cache
def catalogue() -> Catalogue:
    return load(files(), registry.load())


@cache
def sealed() -> dict[str, Any]:
    document: dict[str, Any] = sample.document()
    return document


def test_every_row_and_signal_can_be_explained() -> None:
    for row in catalogue().criteria:
        text = explain(catalogue(), row.id)
        assert row.statement in text
        assert row.reason in text
        assert row.next_step in text
        assert all(f"[{key}] " in text for key in row.sources)
    for key, spec in catalogue().signals.items():
        text = explain(catalogue(), key)
        assert spec.definition in text
        assert all(source.permission in text for source in spec.sources)


def test_a_signal_names_the_rows_that_ask_for_it() -> None:
    text = explain(catalogue(), "ci.shared_workflow_ratio")
    assert "org.L3.practices-encoded (organisation): ci.shared_workflow_ratio above 0.5" in text


def test_a_name_nobody_has_gets_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"did you mean org\.L1\.effort-started"):
        explain(catalogue(), "org.L1.effort-startd")
    with pytest.raises(UnknownName, match="no criterion and no signal"):
        explain(catalogue(), "zzzz")


@pytest.mark.parametrize("outcome", ["met", "unmet", "unknown", "contested", "claimed", "not_applicable"])
def test_each_outcome_says_what_would_change_it(outcome: str) -> None:
    document = deepcopy(sealed())
    own = [finding for finding in document["findings"] if finding["subject"].startswith("org:")]
    found = next(finding for finding in own if finding["outcome"] == outcome)
    text = explain(sample.CATALOGUE, found["criterion"], document)
    seen, _, change = text.partition("What would change it")
    assert f": {outcome.replace('_', ' ').replace('unmet', 'not met')}; " in seen
    assert change.strip()
    for gap in found["gaps"]:
        assert gap["signal"] in change


def test_nothing_invisible_from_an_assessment_gets_through() -> None:
    for row in sample.CATALOGUE.criteria:
        text = explain(sample.CATALOGUE, row.id, sealed())
        assert not any(bad in text for bad in ("\x1b", "\u202e", "\u2028", "\x00", "\x07"))


def test_many_teams_are_counted_and_not_listed() -> None:
    document = deepcopy(sealed())
    own = next(finding for finding in document["findings"] if finding["subject"].startswith("team:"))
    copies = [{**own, "subject": f"team:acme/t{number}"} for number in range(200)]
    document["findings"] = [f for f in document["findings"] if f["subject"].startswith("org:")] + copies
    text = explain(sample.CATALOGUE, own["criterion"], document)
    assert "200 teams" in text
    assert "and 195 more" in text
    assert "acme/t77" not in text


def test_a_row_that_holds_a_section_back_says_so() -> None:
    section = next(s for s in sealed()["sections"] if s["blocking"] and s["proven"] is not None)
    text = explain(sample.CATALOGUE, section["blocking"][0], sealed())
    assert f"It keeps {section['title']} from a proven level {section['proven'] + 1}." in text


def test_the_sources_of_a_row_are_named_where_nothing_was_scanned() -> None:
    text = explain(catalogue(), "org.L3.practices-encoded")
    assert "What it takes" in text
    assert "ci.shared_workflow_ratio from git: clone (contents: read)" in text
    assert "What was seen" not in text
