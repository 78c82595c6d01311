"""The worked examples of the inference page are what the engine says."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from cnmm_collectors.evidence import Evidence, payload_digest
from cnmm_collectors.signals import (
    Absence,
    Basis,
    Disclosure,
    Observation,
    Rollup,
    SignalSpec,
    Source,
    State,
    Unit,
)
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.assessment import Finding, Outcome
from cnmm_rules.criteria import Applies, Confidence, Criterion, Proof, Role, Section
from cnmm_rules.facts import Facts, PopulationFact
from cnmm_rules.index import Index
from cnmm_rules.levels import infer
from cnmm_rules.ranges import Comparison, Operator
from cnmm_rules.rollup import roll
from unit.docs.pages import ROOT

TEXT = (ROOT / "docs/explanation/inference.md").read_text("utf-8")
ORG = Subject(SubjectKind.ORG, "acme")
SHARED = SignalSpec(
    id="ci.shared",
    title="shared",
    definition="shared",
    unit=Unit.BOOL,
    subject=SubjectKind.COMPONENT,
    rollup=Rollup.SHARE,
    absent=Absence.INELIGIBLE,
    disclosure=Disclosure.STRUCTURAL,
    sources=(Source("git", 1, Basis.EFFECTIVE, "clone"),),
    high=Fraction(1),
)


def table(head: str) -> list[list[str]]:
    """Return the cells of the table whose first line begins so."""
    lines = TEXT[TEXT.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def cite() -> Evidence:
    return Evidence(
        "git", "x:1", "q", payload_digest(b"x"), "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "git"
    )


def test_the_share_is_what_the_roll_up_gives() -> None:
    cited = cite()
    observations, memberships, repositories = [], [], set()
    for repository, component, shared, _ in table("| repository |"):
        repo = Subject(SubjectKind.REPO, f"acme/{repository}")
        repositories.add(repo)
        if component == "not read":
            continue
        subject = Subject.safe(SubjectKind.COMPONENT, "acme", repository, component)
        memberships.append((subject, repo))
        state = State.ABSENT if shared.startswith("absent") else State.OBSERVED
        value = shared == "yes" if state is State.OBSERVED else None
        observations.append(Observation(SHARED.id, subject, "git", state, value, (cited.id,)))
    facts = Facts(
        organisation="acme",
        as_of=date(2026, 11, 1),
        period=(date(2025, 11, 1), date(2026, 11, 1)),
        observations=tuple(observations),
        populations=(
            PopulationFact(ORG, SubjectKind.REPO, len(repositories), tuple(sorted(repositories)), "scope"),
        ),
        memberships=tuple(memberships),
        evidence={cited.id: cited},
    )
    seen = roll(Index(facts, {SHARED.id: SHARED}), SHARED.id, ORG, None, None).range
    said = re.search(r"the share is \*\*([\d.]+) to ([\d.]+)\*\*", TEXT)
    assert said is not None
    assert (Fraction(said[1]), Fraction(said[2])) == (seen.low, seen.high)
    for bound, want in (("0.5", True), ("0.85", None), ("0.9", False)):
        assert Comparison(Operator.ABOVE, Fraction(bound)).holds(seen) is want


def row(cells: list[str]) -> Criterion:
    name, level, role, importance, _, retires = cells
    return Criterion(
        id=name, section="x", level=int(level), line=1, statement=name, role=Role(role),
        importance=int(importance), confidence=Confidence.STRONG, proof=Proof.MACHINE,
        organisation=Applies(None), team=None, applicable=None, counter=(), corroboration=None,
        window_days=None,
        retires_at=int(retires) if retires else None, implied_by=(), reason="", sources=(), meaning="",
        next_step="", prompts=(),
    )  # fmt: skip


def finding(cells: list[str]) -> Finding:
    outcome = Outcome(cells[4])
    possible = outcome is not Outcome.UNMET
    return Finding(cells[0], ORG, outcome, outcome is Outcome.MET, possible, "", (), (), (), 0, (), ())


def test_the_interval_is_what_inference_gives() -> None:
    cells = table("| row | level |")
    rows = tuple(row(line) for line in cells)
    found = {line[0]: finding(line) for line in cells}
    section = Section("x", "X", True, True)
    state = infer(section, rows, found)
    said = re.search(r"\*\*proven (\d), possible (\d), coverage ([\d.]+)\*\*", TEXT)
    assert said is not None
    assert (state.proven, state.possible) == (int(said[1]), int(said[2]))
    assert round(float(state.coverage), 2) == float(said[3])
    assert state.blocking[0] == re.search(r"What blocks level 3 is `([^`]+)`", TEXT)[1]  # type: ignore[index]
    missing = {**found, "x.L3.encoded": finding(["x.L3.encoded", "3", "key", "3", "unmet", ""])}
    after = infer(section, rows, missing)
    assert (after.proven, after.possible) == (2, 2)
    assert "the answer would be 2 to 2" in TEXT.replace("\n", " ")
