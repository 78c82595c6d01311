"""What to collect next: what holds the headline down comes first, however much else would narrow."""

from __future__ import annotations

from cnmm_collectors.signals import Absence, Disclosure, Rollup, SignalSpec, Source, Unit
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_rules.assessment import Finding, GapNote, NextEvidence, Outcome
from cnmm_rules.criteria import (
    Applies,
    Catalogue,
    Confidence,
    Criterion,
    Present,
    Proof,
    Role,
    Section,
)
from cnmm_rules.levels import infer
from cnmm_rules.next_evidence import rank_next

ORG = Subject(SubjectKind.ORG, "acme")
LOW, HIGH = "low", "high"


def spec(source: str) -> SignalSpec:
    return SignalSpec(
        f"{source}.flag", source, "", Unit.BOOL, SubjectKind.ORG, Rollup.DIRECT, Absence.ZERO,
        Disclosure.STRUCTURAL, (Source(source, 1, "effective", f"read {source}"),),
    )  # fmt: skip


def row(section: str, level: int, source: str) -> Criterion:
    return Criterion(
        id=f"{section}.L{level}.row", section=section, level=level, line=1, statement="s", role=Role.KEY,
        importance=3, confidence=Confidence.STRONG, proof=Proof.MACHINE,
        organisation=Applies(Present(f"{source}.flag")), team=None, applicable=None, counter=(),
        corroboration=None, window_days=None, retires_at=None, implied_by=(), reason="r", sources=(),
        meaning="m", next_step="n", prompts=(),
    )  # fmt: skip


def ranked(open_rows: dict[str, tuple[str, ...]], unmet: tuple[str, ...] = ()) -> tuple[NextEvidence, ...]:
    """Rank where `low` is proven at 1, `high` at 2; open rows wait for the sources named."""
    rows = [row(section, level, "git") for section in (LOW, HIGH) for level in range(1, 6)]
    sources = {source for needs in open_rows.values() for source in needs}
    catalogue = Catalogue(
        id="c", version="1", title="c", sections=tuple(Section(name, name, True, True) for name in (LOW, HIGH)),
        criteria=tuple(rows), signals={f"{name}.flag": spec(name) for name in {*sources, "git"}},
        references={}, deviations=(), not_applicable=None,
    )  # fmt: skip
    proven = {LOW: 1, HIGH: 2}
    findings = {}
    for one in rows:
        outcome = Outcome.MET if one.level <= proven[one.section] else Outcome.UNKNOWN
        outcome = Outcome.UNMET if one.id in unmet else outcome
        gaps = tuple(
            GapNote(f"{source}.flag", "not_collected", 1, "", "") for source in open_rows.get(one.id, ())
        )
        findings[one.id] = Finding(
            one.id, ORG, outcome, outcome is Outcome.MET, outcome is not Outcome.UNMET, "",
            (), (), (), 0, (), gaps,
        )  # fmt: skip
    states = tuple(
        infer(section, catalogue.of_section(section.id), findings) for section in catalogue.sections
    )
    assert [state.proven for state in states] == [1, 2]
    return rank_next(catalogue, findings, states)


WIDE = {f"{HIGH}.L{level}.row": ("survey",) for level in (3, 4, 5)}


def test_what_moves_the_headline_comes_before_what_narrows_more() -> None:
    steps = ranked({**WIDE, f"{LOW}.L2.row": ("kube",)})
    assert [step.source for step in steps] == ["kube", "survey"]
    assert steps[0].blocking == (f"{LOW}.L2.row",)
    assert steps[1].blocking == ()


def test_two_sources_that_together_move_it_come_first() -> None:
    steps = ranked({**WIDE, f"{LOW}.L2.row": ("kube", "hr")})
    assert [step.source for step in steps] == ["kube", "hr", "survey"]
    assert LOW not in steps[0].narrows
    assert LOW in steps[1].narrows
    assert steps[0].blocking == steps[1].blocking == (f"{LOW}.L2.row",)


def test_where_nothing_unread_holds_the_headline_the_widest_comes_first() -> None:
    steps = ranked({**WIDE, f"{LOW}.L4.row": ("kube",)}, unmet=(f"{LOW}.L2.row",))
    assert [step.source for step in steps] == ["survey", "kube"]
    assert not any(step.blocking for step in steps)


def test_what_the_steps_before_decide_stays_decided() -> None:
    """The second step alone proves level 4 of nothing: level 3 hangs on what the first one reads."""
    steps = ranked({f"{HIGH}.L3.row": ("survey",), f"{HIGH}.L4.row": ("hr",)}, unmet=(f"{LOW}.L2.row",))
    assert [(step.source, step.narrows[HIGH]) for step in steps] == [
        ("survey", (2, 5, 3, 2)),
        ("hr", (2, 5, 4, 2)),
    ]
