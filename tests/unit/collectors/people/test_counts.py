"""Rows that are missing: what a cut-off export may still say, by declared counts and without."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.plugin import LedgerRow, PersonFact, Population, Yield
from cnmm_collectors.signals import Observed, Signal, Unknown
from cnmm_collectors.tables.counts import Counts
from contract.judging import tells_no_more
from unit.collectors.people.test_signals import collect, reading, roster, value, write

COURSES = ("Kubernetes Fundamentals (LFS258)", "Secure coding with OWASP", "Microservices in practice")
UNDECLARED: dict[str, Any] = {"headcount": 0, "rows": {}}
DECLARED: dict[str, Any] = {
    "headcount": 80,
    "rows": {"training": 60, "certifications": 30, "openings": 20},
    "surveys": {"survey.csv": {"invited": 60, "answered": 50, "scale": 7}},
}
Kept = Callable[[Sequence[str]], Sequence[str]]


def everything(folder: Path, kept: dict[str, Kept] | None = None) -> None:
    """Write every kind of export, of those named in `kept` the rows that it leaves."""
    roster(folder)
    people = (folder / "roster.csv").read_text().splitlines()
    tables: dict[str, tuple[str, list[str]]] = {
        "roster": (people[0], people[1:]),
        "training": (
            "Email,Course Title,Provider,Status,Completion Date",
            [f"p{n % 50}@corp.example,{COURSES[n % 3]},Internal Academy,Completed,2026-05-0{n % 9 + 1}" for n in range(60)],
        ),
        "certifications": (
            "Email,Badge Name,Issuer,Issued At Date,Certificate ID",
            [
                f"p{n}@corp.example,{'CKA: Certified Kubernetes Administrator' if n % 2 else 'CKS'},"
                f"The Linux Foundation,2025-06-01,LF-{n:010d}"
                for n in range(30)
            ],
        ),
        "survey": (
            "Timestamp,Department,[load],[cn-comfort]",
            [f"2026-09-01,{'Engineering' if n % 2 else 'Product'},{n % 7 + 1},{n % 3 + 4}" for n in range(50)],
        ),
        "openings": (
            "Job title,Posted on,Job description",
            [f"Engineer {n},2026-09-01,{'Kubernetes' if n % 2 else 'Desktop'}" for n in range(20)],
        ),
    }  # fmt: skip
    for name, (header, rows) in tables.items():
        write(folder, f"{name}.csv", header, (kept or {}).get(name, list)(rows))


def some(seed: str) -> Kept:
    rng = random.Random(seed)
    return lambda rows: [rows[n] for n in sorted(rng.sample(range(len(rows)), len(rows) // 2))]


HALVES: dict[str, Kept] = {
    "last": lambda rows: rows[len(rows) // 2 :],
    "all but one": lambda rows: rows[:-1],
    "drawn": some("a"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    folder = tmp_path_factory.mktemp("whole")
    everything(folder)
    return told(collect(folder, DECLARED))


def told(found: list[Yield]) -> dict[tuple[str, str], Any]:
    return {(one.key, str(one.subject)): one.reading for one in found if isinstance(one, Signal)}


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("kind", ["roster", "training", "certifications", "survey", "openings"])
def test_less_of_an_export_tells_nothing_more(
    tmp_path: Path, whole: dict[tuple[str, str], Any], kind: str, half: str
) -> None:
    """With counts declared: whatever is missing, each reading is as wide or wider, never another one."""
    everything(tmp_path, {kind: HALVES[half]})
    assert sum(isinstance(one, Observed) for one in whole.values()) > 40
    for place, reading_ in told(collect(tmp_path, DECLARED)).items():
        if place in whole:
            assert tells_no_more(reading_, whole[place]), place
        else:
            assert isinstance(reading_, Unknown), place


@pytest.mark.parametrize("kind", ["roster", "training", "certifications", "survey", "openings"])
def test_whoever_declares_no_count_is_told_less_and_why(
    tmp_path: Path, whole: dict[tuple[str, str], Any], kind: str
) -> None:
    everything(tmp_path)
    settings = {name: dict(held) if isinstance(held, dict) else held for name, held in DECLARED.items()}
    match kind:
        case "roster":
            settings["headcount"] = 0
        case "survey":
            settings["surveys"] = {"survey.csv": {"invited": 60, "scale": 7}}
        case _:
            del settings["rows"][kind]
    less = collect(tmp_path, settings)
    for place, reading_ in told(less).items():
        assert tells_no_more(reading_, whole[place]), place
    if kind != "survey":
        said = [one.detail for one in less if isinstance(one, LedgerRow) and one.unit == "count"]
        assert len(said) == 1
        assert "set headcount" in said[0] if kind == "roster" else f"{kind}: NUMBER" in said[0]


def test_without_any_count_nothing_is_ruled_out_and_what_was_seen_still_counts(tmp_path: Path) -> None:
    everything(tmp_path)
    found = collect(tmp_path, UNDECLARED)
    # Five hold one, and thirty people of the roster exist at least: that needs no count.
    assert value(found, "training.cert_active_count{cert=cka-or-ckad}").low == 10  # type: ignore[attr-defined]
    assert value(found, "roster.role_filled{role=platform}") is True
    assert value(found, "training.source_diversity_count").high == 3  # type: ignore[attr-defined]
    for key in (
        "roster.role_filled{role=trust-safety}",
        "training.active_learner_ratio_365d",
        "training.cert_holder_ratio{cert=cka,population=platform}",
        "training.cert_team_spread_ratio{cert=cka-or-ckad}",
        "training.cks_record_gap_at_least_5",
        "hr.cn_opening_ratio",
        "roster.team_size_p50",
    ):
        assert isinstance(reading(found, key), Unknown), key
    teams = next(one for one in found if isinstance(one, Population))
    assert teams.count is None
    assert teams.members
    listed = {
        one.source: one.value
        for one in found
        if isinstance(one, PersonFact) and one.attribute == "account.listed"
    }
    assert listed == {"roster": "partial", "training": "partial"}


@pytest.mark.parametrize(
    ("declared", "listed", "missing"), [(60, 60, 0), (60, 61, 0), (60, 59, 5), (60, 54, 10)]
)
def test_what_is_missing_is_told_in_steps(declared: int, listed: int, missing: int) -> None:
    counts = Counts({"training": declared}, 5, listed={"training": listed})
    assert counts.missing("training") == missing
    assert counts.missing("certifications") is None


def test_rows_that_were_set_aside_are_not_missing(tmp_path: Path) -> None:
    everything(tmp_path, {"training": lambda rows: [*rows[:-1], "short"]})
    found = collect(tmp_path, DECLARED)
    assert not [one for one in found if isinstance(one, LedgerRow) and one.unit == "count"]
    cell = value(found, "training.active_learner_ratio_365d")
    assert cell.high - cell.low < Fraction(1, 4)  # type: ignore[attr-defined]
