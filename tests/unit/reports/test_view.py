"""The view holds the catalogue's words beside the assessment and nothing else."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from cnmm_reports.firstpage import (
    holding_down,
    meaning,
    notes,
    ruling_out,
    scope_line,
    without_decisions,
)
from cnmm_reports.gaps import missing, uncollected
from cnmm_reports.html.rows import stances
from cnmm_reports.nextsteps import next_steps
from cnmm_reports.titles import row_title, signal_title, source_title, subject_title
from cnmm_reports.view import build_view
from golden.sample import CATALOGUE, bare, document, view


def test_tests_are_told_in_words() -> None:
    text = view().texts["org.L3.practices-encoded"]
    assert [depth for depth, _ in text.test] == [0, 1, 1, 2, 2]
    assert "above 0.5 for “Builds through shared workflows”" in text.test[1][1]
    assert "above 0.85" in text.test[3][1]
    assert text.test[4][1].endswith("(a platform runbook)")
    ((_, against),) = text.counter
    assert against.endswith("(copied instead of reused)")
    assert text.judged_for == ("organisation (least population 3)", "team (least population 1)")
    assert text.weight == 3


def test_every_row_and_signal_has_words() -> None:
    shown = view()
    assert set(shown.texts) == {row.id for row in CATALOGUE.criteria}
    assert set(shown.signals) == set(CATALOGUE.signals)
    assert (shown.diff, shown.trend, shown.marks) == (None, None, None)


def test_view_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        view().diff = {}  # type: ignore[misc]


def test_first_page_says_what_it_must() -> None:
    said = " ".join(notes(view())).replace("\u00a0", " ")
    for words in (
        "not CNCF's",
        "cnmm-people 2026.11: 2 deviations",
        "thresholds: 30 %",
        "inference: 5 %",
        "under 1 %",
    ):
        assert words in said
    assert (
        scope_line(view())
        == "Scope: a complete listing by the owner; 8 of 12 repositories read; 31 components"
    )
    assert "given targets" in scope_line(build_view(bare().to_json(), CATALOGUE))


def test_what_decided_the_headline() -> None:
    assert [reason.section for reason in holding_down(view())] == ["Learning", "Culture"]
    (against,) = ruling_out(view())
    assert [name for name, _, _ in against.rows] == ["teams.L3.autonomy"]


def test_next_evidence_says_what_could_narrow() -> None:
    steps = next_steps(view())
    assert steps[0].narrows == ("Learning: could prove level 2 or rule out level 1 and above",)
    assert steps[0].title == "let the scan read an HR export"
    assert next_steps(view(), 2) == steps[:2]


def test_next_evidence_says_what_it_has_to_do_with_the_headline() -> None:
    first = next_steps(view())[0].held
    assert first == "Learning holds the headline down, and 1 row that blocks it waits for this"
    record = document()
    record["next_evidence"][0]["blocking"] += ["culture.L1.talks", "culture.L1.other"]
    assert next_steps(build_view(record, CATALOGUE))[0].held == (
        "Culture and Learning hold the headline down, and 3 rows that block them wait for this"
    )
    for item in record["next_evidence"]:
        item["blocking"] = []
    assert {step.held for step in next_steps(build_view(record, CATALOGUE))} == {
        "What holds the headline down waits for no evidence; this narrows the rest"
    }


def test_a_population_is_declared_not_read() -> None:
    record = document()
    record["next_evidence"][0]["source"] = "scope"
    steps = next_steps(build_view(record, CATALOGUE))
    assert steps[0].title == "declare how many repositories, teams and clusters there are"


def test_gaps_are_grouped_by_source_and_cause() -> None:
    piles = {(pile.source, pile.cause): pile for pile in uncollected(view())}
    assert len(piles["hr", "not_collected"].rows) == 3
    assert piles["kube", "not_permitted"].units == 4
    assert ("artefacts", "stale") in piles


def test_the_headline_is_explained_without_a_grade() -> None:
    said = meaning(view())
    assert said[0] == "This tells what the evidence shows so far, not how well people work."
    assert said[1].startswith("Of 1 key row that level 1 asks for: 0 met, 0 not met, 1 not decided")
    assert said[2] == "Nothing that was read speaks against level 1."


def test_names_are_titles_where_there_is_one() -> None:
    shown = view()
    assert row_title(shown, "org.L1.silos") == "Work waits in queues between silos."
    assert row_title(shown, "org.L9.gone") == "org.L9.gone"
    assert signal_title(shown, "docs.runbook_ratio{kind=service}") == "Has a runbook (service)"
    assert signal_title(shown, "record.either.tech-radar") == "document or statement “tech radar”"
    assert signal_title(shown, "a.b_c") == "a.b_c"
    assert subject_title("team:acme/payments") == "acme/payments"
    assert source_title("hr/roster") == "an HR export or a roster"
    assert source_title("git+roster") == "clones of the repositories with a roster"
    assert source_title("their own") == "their own"


def test_gaps_of_a_row_are_one_for_each_signal_and_cause() -> None:
    gaps = [
        {"signal": "k8s.mtls_ratio", "cause": "stale", "count": 2, "needs": "kube", "detail": "old"},
        {"signal": "k8s.mtls_ratio", "cause": "stale", "count": 3, "needs": "kube"},
        {"signal": "k8s.mtls_ratio", "cause": "malformed", "count": 1, "needs": ""},
    ]
    found = missing(view(), {"gaps": gaps, "tests": []})
    assert [(one.title, one.units, one.details) for one in found] == [
        ("Traffic under mutual TLS", 5, ("old",)),
        ("Traffic under mutual TLS", 1, ()),
    ]


def test_an_auditors_decisions_are_shown_with_and_without() -> None:
    record = document()
    alone = {section["id"]: [section["proven"], section["possible"]] for section in record["sections"]}
    alone["security"] = [0, 3]
    record["without_adjudications"] = {
        "headline": {"proven": 0, "possible": 1, "sections": []},
        "sections": alone,
    }
    shown = build_view(record, CATALOGUE)
    said = "An auditor decided 2 findings; without: no level shown yet; up to level 1 not ruled out."
    assert said in notes(shown)
    told = {section["id"]: without_decisions(shown, section) for section in record["sections"]}
    assert {name: words for name, words in told.items() if words} == {"security": "none yet..3"}
    assert not any(without_decisions(view(), section) for section in document()["sections"])


def test_statements_and_waivers_are_listed_with_their_last_day() -> None:
    record = document()
    claimed = next(one for one in record["findings"] if one["outcome"] == "claimed")
    claimed["statement"] = {"role": "Head of platform", "dated": "2026-10-01", "expires": "2027-09-30"}
    people = stances(build_view(record, CATALOGUE)).people
    assert [(one.kind, one.until) for one in people] == [
        ("decision", ""), ("decision", ""), ("statement", "2027-09-30"), ("waiver", "2027-03-31"),
    ]  # fmt: skip
    assert people[2].words == "stated by Head of platform on 2026-10-01; claimed, and not proven"
    for stated, words in ((True, "met on it, with its document"), (False, "met without it")):
        claimed.update(outcome="met", stated=stated)
        people = stances(build_view(record, CATALOGUE)).people
        assert f"the row is {words}" in people[2].words
