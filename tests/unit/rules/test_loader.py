"""Bad catalogues: one line with file, line and column, and nothing half loaded."""

from __future__ import annotations

import pytest

from cnmm_rules.catalogue.loader import load
from cnmm_rules.catalogue.positions import CatalogueError
from cnmm_rules.criteria import Compare
from cnmm_rules.lint import lint
from property.worlds import SPECS

MAIN = b"""id: t
version: 1.0.0
title: Test
sections:
  - {id: s, title: Section, rated: true}
references: {CITED: somewhere}
"""
ROW = """  - id: s.L1.first
    level: 1
    line: 1
    statement: Something is so.
    role: rated
    importance: 2
    confidence: strong
    proof: machine
    applies: {organisation: {min_population: 3}}
    test: {signal: t.share, above: 0.15}
    reason: A number with a reason.
    sources: [CITED]
    meaning: What it means to you.
    next_step: The cheapest next step.
"""


def section(*rows: str) -> dict[str, bytes]:
    text = "section: s\ncriteria:\n" + "".join(rows)
    return {"catalogue.yaml": MAIN, "s.yaml": text.encode()}


def test_a_good_row_loads_exactly() -> None:
    row = load(section(ROW), SPECS).criteria[0]
    assert row.organisation is not None
    assert isinstance(row.organisation.test, Compare)
    assert str(row.organisation.test.comparison) == "> 0.15"
    assert (row.organisation.test.comparison.bound * 100) == 15
    assert row.where == "s.yaml:3:5"


def swap(old: str, new: str) -> dict[str, bytes]:
    assert old in ROW
    return section(ROW.replace(old, new))


def second(name: str, **changes: str) -> str:
    text = ROW.replace("s.L1.first", name)
    for key, value in changes.items():
        text += f"    {key}: {value}\n"
    return text


@pytest.mark.parametrize(
    ("files", "place", "says"),
    [
        (swap("reason:", "raeson:"), "s.yaml:3:5", "s.yaml:13:5: criteria.raeson: unknown key: did you mean"),
        (swap("above: 0.15", "above: 0.15, below: 1"), "s.yaml:12:", "exactly one of"),
        (swap("above: 0.15", "above: half"), "s.yaml:12:", "above"),
        (swap("signal: t.share", "signel: t.share"), "s.yaml:12:", "exactly one of"),
        (swap("above: 0.15", "above: 0.15, unit: days"), "s.yaml:3:5", "is in bool, not in days"),
        (swap("t.share", "t.nothing"), "s.yaml:3:5", "no collector declares"),
        (swap("t.share,", '"t.share{a=b}",'), "s.yaml:3:5", "no facet"),
        (swap("[CITED]", "[ELSEWHERE]"), "s.yaml:3:5", "does not list"),
        (swap("level: 1", "level: 2"), "s.yaml:3:5", "does not match the id"),
        (swap("importance: 2", "importance: 9"), "s.yaml:8:", "less than or equal to 3"),
        (swap("test: {signal: t.share, above: 0.15}", "test: {at_least: 3, of: [{present: t.any}]}"),
         "s.yaml:12:", "never be true"),
        (section(ROW, ROW), "s.yaml:17:5", "already at s.yaml:3:5"),
        (section(ROW, second("s.L1.second", implied_by="[s.L1.gone]")), "s.yaml:17:5", "no row"),
        (section(second("s.L1.one", implied_by="[s.L1.two]"), second("s.L1.two", implied_by="[s.L1.one]")),
         "s.yaml:3:5", "circle"),
        ({"catalogue.yaml": MAIN}, "s.yaml:1:1", "missing"),
        ({"catalogue.yaml": MAIN, "s.yaml": b"section: s\ncriteria: [\n"}, "s.yaml:3:1", "expected"),
        ({"catalogue.yaml": MAIN, "s.yaml": b"a: &x 1\nb: *x\n"}, "s.yaml:2:4", "aliases are not allowed"),
        ({"catalogue.yaml": MAIN, "s.yaml": b"a: 1\na: 2\n"}, "s.yaml:2:1", "twice"),
        ({"catalogue.yaml": MAIN, "s.yaml": b"\xff\xfe"}, "s.yaml:1:1", "UTF-8"),
        ({"catalogue.yaml": MAIN, "s.yaml": b"#" * 10_000_000}, "s.yaml:1:1", "at most"),
        ({"catalogue.yaml": MAIN, "s.yaml": b"[" * 5000}, "s.yaml:1:41", "nested deeper"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line_with_its_place(files: dict[str, bytes], place: str, says: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        load(files, SPECS)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(place), first
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("above: 0.15", "above: 1"), "always false"),
        (("above: 0.15", "at_least: 0"), "always true"),
        (("{signal: t.share, above: 0.15}", "{age_of: t.share, at_most: 3}"), "needs a date signal"),
        (("{signal: t.share, above: 0.15}", "{criterion: s.L1.first}"), "only derived rows"),
        (
            ("{signal: t.share, above: 0.15}", "{share_of: t.hhi, each: {above: 0.5}, above: 0.5}"),
            "no number",
        ),
        (("confidence: strong", "confidence: weak"), "corroboration"),
        (("    test: {signal: t.share, above: 0.15}\n", ""), "needs a test"),
        (("proof: machine", "proof: machine\n    retires_at: 1"), "retires"),
    ],
)
def test_lint_finds_what_loads_and_is_still_wrong(change: tuple[str, str], says: str) -> None:
    if "retires_at" in change[1]:
        change = ("proof: machine", "proof: machine\n    retires_at: 2")
        files = section(
            ROW.replace(*change).replace("s.L1.first", "s.L2.first").replace("level: 1", "level: 2")
        )
    else:
        files = swap(*change)
    faults = list(lint(load(files, SPECS)))
    assert len(faults) >= 1
    assert faults[0].startswith("s.yaml:3:5: s.L")
    assert says in faults[0]


def test_lint_refuses_an_implication_that_does_not_follow() -> None:
    weaker = second("s.L1.weak", implied_by="[s.L2.strong]").replace("0.15", "0.5")
    stronger = second("s.L2.strong").replace("level: 1", "level: 2").replace("0.15", "0.4")
    faults = list(lint(load(section(weaker, stronger), SPECS)))
    assert any("does not entail" in fault for fault in faults)
    sound = stronger.replace("0.4", "0.85")
    assert not [f for f in lint(load(section(weaker, sound), SPECS)) if "entail" in f]


def test_lint_refuses_a_ladder_that_is_stricter_below() -> None:
    low = second("s.L1.low").replace("0.15", "0.85")
    high = second("s.L2.high").replace("level: 1", "level: 2")
    assert any("stricter" in fault for fault in lint(load(section(low, high), SPECS)))
