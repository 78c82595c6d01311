"""Intervals, ranges and shares in words: a proven 0 never stands alone, a remainder is never rounded away."""

from __future__ import annotations

import pytest

from cnmm_collectors.signals import Gap
from cnmm_reports.wording import (
    CAUSES,
    OUTCOMES,
    PROOFS,
    ROLES,
    UNCOUNTED,
    bar,
    gap_words,
    interval,
    observed,
    percent,
    population,
    short_interval,
)
from cnmm_rules.assessment import Outcome
from cnmm_rules.criteria import Proof, Role


@pytest.mark.parametrize(
    ("proven", "possible", "words", "short"),
    [
        (0, 4, "No level shown yet; up to level 4 not ruled out", "none yet..4"),
        (0, 0, "No level shown yet, and level 1 is ruled out", "none"),
        (2, 2, "Level 2 proven; a higher level is ruled out", "2"),
        (5, 5, "Level 5 proven", "5"),
        (1, 3, "Level 1 proven; up to level 3 not ruled out", "1..3"),
        (None, None, "No level is inferred for this section", "no level"),
    ],
)
def test_interval_in_words(proven: int | None, possible: int | None, words: str, short: str) -> None:
    assert interval(proven, possible) == words
    assert short_interval(proven, possible) == short


def test_insufficient_evidence_leads() -> None:
    assert interval(0, 5, sufficient=False).startswith("Insufficient evidence. No level shown yet")


def test_bar_shows_three_states() -> None:
    assert bar(1, 3) == "■▨▨□□"
    assert bar(0, 4, 4) == "▨▨▨▨"
    assert bar(None, None) == "·····"


def test_numbers() -> None:
    assert observed(0.25, 0.25) == "0.25"
    assert observed(0, 0.666667) == "0 to 0.6667"
    assert observed(3, None) == "3 or more"
    assert population(6, 10) == "6 of 10 read"
    assert "nobody declares" in population(6, None)


def test_shares_keep_their_remainder() -> None:
    shares = [percent(value).replace("\u00a0", " ") for value in (0, 0.001, 0.5, 0.999, 1)]
    assert shares == ["0 %", "under 1 %", "50 %", "over 99 %", "100 %"]


def test_every_code_of_the_contract_has_words() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(CAUSES) == set(Gap)
    assert set(ROLES) == set(Role)
    assert set(PROOFS) == set(Proof)
    assert len({glyph for glyph, _, _ in OUTCOMES.values()}) == len(OUTCOMES)


def test_a_source_that_was_read_is_never_called_missing() -> None:
    """What was read of an open population lacks a count; only what was not read lacks a source."""
    finding = {"tests": [{"signal": "git.read", "seen": 1}, {"signal": "k8s.unread", "seen": 0}]}

    def words(signal: str, detail: str) -> str:
        return gap_words({"signal": signal, "cause": "not_collected", "detail": detail}, finding)

    assert words("git.read", UNCOUNTED) == UNCOUNTED
    assert words("k8s.unread", UNCOUNTED) == CAUSES["not_collected"]
    assert words("git.read", "not every repository of the population was read") == CAUSES["not_collected"]
