"""The checks themselves can fail: a collector that breaks one law is caught by the check of that law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cnmm_collectors.evidence import Evidence, payload_digest
from cnmm_collectors.plugin import LedgerRow, Target, WorkItem
from cnmm_collectors.signals import (
    Absence,
    Absent,
    Basis,
    Disclosure,
    Gap,
    Interval,
    Observed,
    Reading,
    Rollup,
    Signal,
    SignalSpec,
    Source,
    Tally,
    Unit,
    Unknown,
)
from cnmm_collectors.subjects import Subject, SubjectKind
from contract import test_collectors as checks
from contract.judging import disclosing, misshapen, tells_no_more
from contract.scans import NOW, Scan, digest, run
from contract.worlds import CREDENTIAL, SECRET, World

REPO = Subject(SubjectKind.REPO, "acme/shop")
FLAG = SignalSpec(
    id="probe.flag",
    title="Flag",
    definition="It is so.",
    unit=Unit.BOOL,
    subject=SubjectKind.REPO,
    rollup=Rollup.SHARE,
    absent=Absence.ZERO,
    disclosure=Disclosure.STRUCTURAL,
    sources=(Source("probe", 1, Basis.EFFECTIVE, "read"),),
    high=Fraction(1),
)
PEOPLE = replace(FLAG, id="probe.people_count", unit=Unit.COUNT, disclosure=Disclosure.PEOPLE, high=None)
CITED = (Evidence("probe", "probe:x", "read", payload_digest(b""), NOW, NOW, "probe 1"),)


class Settings(BaseModel):
    """Nothing to set."""


class Probe:
    """A collector that does one thing wrong."""

    name, version, signals, Settings = "probe", "1", (FLAG, PEOPLE), Settings

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong

    def accepts(self, target: Target) -> bool:
        return target.kind == "probe"

    def plan(self, target: Target, settings: Any, reader: Any) -> Iterator[WorkItem]:
        payload = (("token", SECRET),) if self.wrong == "secret" else ()
        yield WorkItem("probe", "shop", target, (REPO,), payload=payload)

    def collect(self, item: WorkItem, settings: Any, reader: Any) -> Iterator[Any]:
        if self.wrong == "crash":
            raise RuntimeError("no")
        if self.wrong == "write":
            Path(item.target.locator).write_text("written")
        answer: Reading = Observed(True, CITED)
        if self.wrong == "canary":
            answer = Unknown(Gap.MALFORMED, "cannot read the line of Planted Canary")
        yield Signal("probe.flag" if self.wrong != "undeclared" else "probe.other", REPO, "probe", answer)
        if self.wrong == "twice":
            yield Signal("probe.flag", REPO, "probe", Observed(False, CITED))
        if self.wrong == "small cell":
            yield Signal("probe.people_count", REPO, "probe", Observed(3, CITED))
        if self.wrong != "no ledger":
            yield LedgerRow("probe", "repository", "shop", 1, 1)


def scan(wrong: str, folder: Path) -> tuple[Scan, World]:
    source = folder / "source"
    source.write_text("as it was")
    world = World((Target("probe", str(source), CREDENTIAL),), trees=(source,), canaries=("Planted Canary",))
    return run(Probe(wrong), world, folder / "cache"), world  # type: ignore[arg-type]


def seen(wrong: str, folder: Path) -> checks.Run:
    before = digest([folder / "source"]) if (folder / "source").exists() else ""
    first, world = scan("", folder)
    before = digest(world.trees)
    second = run(Probe(wrong), world, folder / "cache")  # type: ignore[arg-type]
    return checks.Run(Probe(wrong), second, first, before, digest(world.trees), (), world, ())  # type: ignore[arg-type]


CAUGHT = {
    "crash": checks.test_a_healthy_source_is_read_without_a_crash,
    "undeclared": checks.test_a_healthy_source_is_read_without_a_crash,
    "twice": checks.test_nothing_is_answered_twice,
    "no ledger": checks.test_the_ledger_adds_up_and_holds_every_item,
    "write": checks.test_the_source_is_only_read,
    "secret": checks.test_no_credential_no_person_and_no_small_group_leaves,
    "canary": checks.test_no_credential_no_person_and_no_small_group_leaves,
    "small cell": checks.test_no_credential_no_person_and_no_small_group_leaves,
    "other answer": checks.test_two_scans_yield_the_same,
}


@pytest.mark.parametrize("wrong", CAUGHT)
def test_each_breach_is_caught(wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CREDENTIAL, SECRET)
    CAUGHT[wrong](seen("", tmp_path))
    made = seen(wrong if wrong != "other answer" else "canary", tmp_path)
    with pytest.raises(AssertionError):
        CAUGHT[wrong](made)


def test_a_request_that_writes_is_caught(tmp_path: Path) -> None:
    for request in ("DELETE /x", "POST /api/v1/namespaces", "PATCH /repos"):
        with pytest.raises(AssertionError):
            checks.test_the_source_is_only_read(replace(seen("", tmp_path), asked=(request,)))
    checks.test_the_source_is_only_read(
        replace(seen("", tmp_path), asked=("GET /x", "HEAD /", "POST /graphql teams"))
    )


def test_what_a_fault_may_leave() -> None:
    true, false = Observed(True, CITED), Observed(False, CITED)
    assert tells_no_more(Unknown(Gap.MALFORMED, "x"), true)
    assert tells_no_more(true, true)
    assert not tells_no_more(false, true)
    assert not tells_no_more(Absent(CITED), true)
    assert not tells_no_more(Absent(CITED), None)
    assert not tells_no_more(true, Unknown(Gap.MALFORMED, "x"))
    assert not tells_no_more(Observed(1, CITED), true)
    whole = Observed(Tally(3, 5), CITED)
    assert tells_no_more(Observed(Tally(2, 3, 2), CITED), whole)
    assert not tells_no_more(Observed(Tally(2, 3), CITED), whole)
    wide, narrow = (Observed(Interval(Fraction(n), Fraction(9)), CITED) for n in (1, 5))
    assert tells_no_more(wide, narrow)
    assert not tells_no_more(narrow, wide)


def test_shapes_and_small_cells() -> None:
    assert list(misshapen(2, FLAG))
    assert list(misshapen(Fraction(3, 2), PEOPLE))
    assert list(misshapen("soon", replace(FLAG, unit=Unit.DATE)))
    assert not list(misshapen("2026-01-02", replace(FLAG, unit=Unit.DATE)))
    assert list(misshapen(Interval(Fraction(-1), None), PEOPLE))
    assert [cell for cell in range(7) if list(disclosing(cell, PEOPLE))] == [1, 2, 3, 4]
    assert list(disclosing(Fraction(1, 2), replace(PEOPLE, unit=Unit.RATIO)))
    assert list(disclosing(Tally(9, 10), PEOPLE))
