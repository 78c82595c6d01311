"""Samples are stratified, repeatable and documented; marks are shown and never touch the bundle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_collectors.drawing import allocate, order
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.canonical import digest, record
from cnmm_scanner.cli import run
from cnmm_scanner.sampling import SampleFault, draw
from unit.scanner.small import make


def finding(number: int, outcome: str = "met", section: str = "org") -> dict[str, Any]:
    return {"criterion": f"{section}.L1.row-{number}", "subject": "org:acme", "outcome": outcome}


FINDINGS = [
    *(finding(number) for number in range(60)),
    *(finding(number, "unknown") for number in range(60, 90)),
    *(finding(number, "unmet", "teams") for number in range(9)),
    finding(1, "contested", "ai"),
]


def test_every_stratum_is_drawn_from_in_proportion() -> None:
    sample = draw(FINDINGS, 7, 20)
    assert {name: drawn for name, _, drawn in sample.strata} == {
        ("ai", "contested"): 1, ("org", "met"): 12, ("org", "unknown"): 6, ("teams", "unmet"): 1,
    }  # fmt: skip
    assert (sample.population, len(sample.findings)) == (100, 20)


def test_a_draw_can_be_repeated_by_hand() -> None:
    lines = sorted(record([one["subject"], one["criterion"], one["outcome"]]) for one in FINDINGS)
    whole = "sha256:" + hashlib.sha256(b"".join(lines)).hexdigest()
    sample = draw(list(reversed(FINDINGS)), 7, 30)
    assert sample.population_digest == whole
    unmet = [line for line in lines if b'"unmet"' in line]
    ranked = sorted(unmet, key=lambda line: hashlib.sha256(f"7\n{whole}\n".encode() + line).hexdigest())
    drawn = [one["criterion"] for one in sample.findings if one["outcome"] == "unmet"]
    assert drawn == [json.loads(line)[1] for line in ranked[:2]]


def test_another_seed_draws_others() -> None:
    assert draw(FINDINGS, 1, 20).findings == draw(FINDINGS, 1, 20).findings
    assert draw(FINDINGS, 1, 20).findings != draw(FINDINGS, 2, 20).findings
    assert order("abcdef", 1) == order("fedcba", 1) != order("abcdef", 2)


@given(
    sizes=st.dictionaries(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), st.integers(1, 500), min_size=1
    ),
    size=st.integers(1, 600),
)
def test_an_allocation_adds_up_and_never_exceeds_a_stratum(
    sizes: dict[tuple[str, str], int], size: int
) -> None:
    given_ = allocate(sizes, size)
    assert sum(given_.values()) == min(size, sum(sizes.values()))
    assert all(0 <= given_[name] <= sizes[name] for name in sizes)
    if size >= len(sizes):
        assert all(given_.values())


def test_nothing_to_draw_from_is_said() -> None:
    with pytest.raises(SampleFault):
        draw([], 1, 1)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make(tmp_path / "b.cnmm")


def manifest_of(path: Path) -> str:
    with Bundle(path) as opened:
        return digest(opened.manifest_bytes)


def test_the_command_writes_workpapers_and_documents_the_draw(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sample"
    assert run(["sample", str(bundle), "--seed", "3", "--size", "5", "-o", str(folder)]) == 0
    assert "1 of 1 findings" in capsys.readouterr().out
    told = json.loads((folder / "sample.json").read_bytes())
    assert told["size"] == {"asked": 5, "drawn": 1, "population": 1}
    assert told["bundle"] == manifest_of(bundle)
    (item,) = told["items"]
    paper = (folder / item["workpaper"]).read_text()
    for words in (
        "org.L1.flagged",
        "# Workpaper 1: Most carry the flag.",
        "probe:a",
        "## Procedure",
        told["population_digest"][:20],
    ):
        assert words in paper.replace("&#58;", ":"), words
    data = json.loads((folder / item["workpaper"]).with_suffix(".json").read_bytes())
    assert data["conclusion"] == {"mark": None, "role": None, "dated": None, "comment": None}
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "marks.yaml").write_text("mine: 1\n")
    assert run(["sample", str(bundle), "--seed", "3", "--size", "5", "-o", str(folder)]) == 0
    assert (folder / "marks.yaml").read_text() == "mine: 1\n"
    assert all(path.read_bytes() == data for path, data in before.items() if path.name != "marks.yaml")


def write_marks(bundle: Path, *rows: str, of: str = "") -> Path:
    path = bundle.with_name(f"{bundle.name}.marks.yaml")
    marks = "".join(f"\n- {{{row}}}" for row in rows) or " []"
    path.write_text(f"bundle: {of or manifest_of(bundle)}\nmarks:{marks}\n")
    return path


ABOUT = "criterion: org.L1.flagged, subject: 'org:acme', dated: 2026-01-31"


def test_marks_are_shown_and_the_bundle_stays_as_it_was(bundle: Path, tmp_path: Path) -> None:
    write_marks(bundle, f"{ABOUT}, mark: disputed, role: team lead, comment: the flag is old")
    sealed = bundle.read_bytes()
    out = tmp_path / "out"
    assert run(["report", str(bundle), "-o", str(out), "--format", "markdown", "--format", "html"]) == 0
    assert "disputed by team lead on 2026-01-31: the flag is old" in (out / "summary.md").read_text()
    page = (out / "report.html").read_text()
    assert all(words in page for words in ("</span> disputed</span>", ">team lead<br>", ">the flag is old<"))
    assert bundle.read_bytes() == sealed
    with Bundle(bundle) as opened:
        assert (out / "assessment.json").read_bytes() == opened.container.read("assessment.json")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"{ABOUT}, mark: disputed, role: auditor", "without a comment"),
        (f"{ABOUT}, mark: passed, role: auditor", "mark"),
        (f"{ABOUT}, mark: accepted, role: jane@example.org", "write a role"),
        (f"{ABOUT}, mark: comment, role: auditor, comment: ask @jane", "write a role"),
        (f"{ABOUT}, mark: accepted, role: auditor, name: Jane", "unknown key"),
        (f"{ABOUT.replace('flagged', 'other')}, mark: accepted, role: auditor", "holds no finding"),
    ],
)
def test_marks_that_cannot_be_used_say_where(
    bundle: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, row: str, said: str
) -> None:
    path = write_marks(bundle, row)
    assert run(["report", str(bundle), "-o", str(tmp_path / "out"), "--marks", str(path)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert f"{path}:3:" in err
    assert "jane@" not in err


def test_marks_of_another_bundle_are_refused(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_marks(bundle, of="sha256:" + "1" * 64)
    assert run(["report", str(bundle), "-o", str(tmp_path / "out")]) == 2
    assert "another bundle" in capsys.readouterr().err
