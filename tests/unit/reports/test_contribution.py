"""What one repository contributes: its own readings, the thresholds they feed, nothing from a hostile name."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Gap, Observation, State, Tally
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_reports.contribution import Line, contributed, contribution, largest_change
from cnmm_reports.view import ReportView, build_view
from golden.sample import CATALOGUE, document, view

COMPONENT = Subject(SubjectKind.COMPONENT, "acme/shop")


def fed_keys(shown: ReportView) -> list[str]:
    """Return the signals that the sample's findings test, shares first."""
    keys = {
        test["signal"]
        for finding in shown.assessment["findings"]
        if finding["subject"].startswith("org:") and finding["criterion"] in shown.texts
        for test in finding["tests"]
        if test["signal"].partition("{")[0] in CATALOGUE.signals
    }
    return sorted(keys)


def reading(key: str, value: Any, state: State = State.OBSERVED, cited: str = "") -> Observation:
    gap = Gap.NOT_PERMITTED if state is State.UNKNOWN else None
    return Observation(key, COMPONENT, "git", state, value, (cited,) if cited else (), gap)


def lines(*observations: Observation, evidence: Mapping[str, Evidence] | None = None) -> tuple[Line, ...]:
    return contributed(view(), observations, evidence or {}, CATALOGUE.signals)


def test_a_reading_stands_beside_each_threshold_it_feeds() -> None:
    key = fed_keys(view())[0]
    (line,) = lines(reading(key, True))
    assert (line.key, line.reading, line.short) == (key, "yes", False)
    assert line.fed and all(fed.threshold for fed in line.fed)
    text = contribution("acme/shop", (line,))
    assert text.startswith("# What acme/shop contributes\n")
    assert all(fed.row.id in text for fed in line.fed)


def test_each_signal_stands_once_whatever_it_feeds() -> None:
    keys = fed_keys(view())
    found = lines(*(reading(key, False) for key in keys))
    assert any(len(line.fed) > 1 for line in found)
    rows = [row for row in contribution("acme/shop", found).splitlines() if row.startswith("| ")]
    assert len(rows) == len(found) + 2


def test_advice_is_about_the_signal_it_stands_beside() -> None:
    """A row that reads several signals has one next step, and it may be about any of them."""
    record = document()
    changes = [largest_change(lines(reading(key, False))) for key in fed_keys(view())]
    found = [change for change in changes if change is not None]
    assert found
    assert all(change.advice == change.first.row.next_step for change in found)
    for finding in record["findings"]:
        finding["tests"] = [*finding["tests"], {**finding["tests"][0], "signal": "other.signal"}] * bool(
            finding["tests"]
        )
    shown = build_view(record, CATALOGUE)
    for change in found:
        (line,) = contributed(shown, [reading(change.line.key, False)], {}, CATALOGUE.signals)
        mixed = largest_change([line])
        assert mixed is not None
        assert mixed.advice == f"What counts: {CATALOGUE.signals[line.key.partition('{')[0]].definition}"


def test_unread_is_never_a_reading() -> None:
    key = fed_keys(view())[0]
    assert lines(reading(key, None, State.UNKNOWN)) == ()
    assert lines(reading("no.such_signal", True)) == ()


def test_values_in_words() -> None:
    key = fed_keys(view())[0]
    for value, words in ((Fraction(1, 4), "0.25"), (3, "3"), (Tally(1, 2), "1 of 2"), (False, "no")):
        assert lines(reading(key, value))[0].reading == words
    assert lines(reading(key, True), reading(key, False))[0].reading == "1 of 2 yes"


def test_the_largest_change_is_a_shortfall_that_holds_a_row_open() -> None:
    keys = fed_keys(view())
    assert largest_change(lines(*(reading(key, True) for key in keys))) is None
    change = largest_change(lines(*(reading(key, False) for key in keys)))
    assert change is not None and change.line.short
    assert all(fed.open and not fed.counter for fed in change.rows)
    assert change.first.row.level == min(fed.row.level for fed in change.rows)


def test_a_hostile_path_stays_text() -> None:
    key = fed_keys(view())[0]
    digest = "sha256:" + "0" * 64
    evidence = Evidence(
        source="git", locator="x@1:y", query="git show", digest=digest, path="a|b](http://evil)<script>.md",
        captured_at="2026-11-23T00:00:00Z", confirmed_at="2026-11-23T00:00:00Z", collector="git 1",
    )  # fmt: skip
    found = lines(reading(key, True, cited=evidence.id), evidence={evidence.id: evidence})
    text = contribution("<b>@acme|", found)
    assert "<script>" not in text and "://evil" not in text and "<b>" not in text
    rows = [row for row in text.splitlines() if row.startswith("| ")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}
