"""Each change is put down to reality, rules or visibility, and a loss of sight alone stops no gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnmm_reports.changes import diff_lines
from cnmm_reports.html.comparison import diff_html
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.cli import run
from cnmm_scanner.diff.compare import compare_files, regressions
from cnmm_scanner.diff.sides import DiffFault
from unit.scanner.diff.worlds import Flags, assessment_of, build
from unit.scanner.small import SECTION

MOST: Flags = {"a": True, "b": True, "c": True, "d": False}
FEW: Flags = {"a": True, "b": False, "c": False, "d": False}
HALF_SEEN: Flags = {"a": True, "b": None, "c": None, "d": False}


def pair(folder: Path, old: dict[str, Any], new: dict[str, Any]) -> tuple[Path, Path]:
    return build(folder / "old.cnmm", **old), build(folder / "new.cnmm", **{"as_of": "2026-12-22", **new})


def told(folder: Path, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return compare_files(*pair(folder, old, new))


def said(diff: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    return [(one["old"], one["new"], one["causes"]) for one in diff["findings"]]


CASES = {
    "nothing": (MOST, {}, MOST, {}, []),
    "reality": (MOST, {}, FEW, {}, [("met", "unmet", ["reality"])]),
    "rules": (MOST, {}, MOST, {"above": "0.8"}, [("met", "unmet", ["rules"])]),
    "sight lost": (MOST, {}, HALF_SEEN, {}, [("met", "unknown", ["visibility"])]),
    "sight won": (HALF_SEEN, {}, MOST, {}, [("unknown", "met", ["visibility"])]),
    "sight won, bad news": (HALF_SEEN, {}, FEW, {}, [("unknown", "unmet", ["visibility"])]),
    "a repository that was never read": (
        {"a": True, "b": True}, {}, {"a": True}, {"listed": ["a", "b"]}, [("met", "unknown", ["visibility"])],
    ),
    "repositories that came": ({"a": True}, {}, {"a": True, "b": False}, {}, [("met", "unmet", ["reality"])]),
    "repositories that went": ({"a": True, "b": False}, {}, {"a": True}, {}, [("unmet", "met", ["reality"])]),
    "reality hidden by sight": (
        MOST, {}, {"a": False, "b": True, "c": True, "d": None}, {},
        [("met", "unknown", ["reality", "visibility"])],
    ),
    "rules, then reality": (
        MOST, {}, {"a": True, "b": True, "c": True, "d": True}, {"above": "0.8"}, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_two_bundles_separate_the_causes(tmp_path: Path, case: Any) -> None:
    old, old_more, new, new_more, want = case
    diff = told(tmp_path, {"flags": old, **old_more}, {"flags": new, **new_more})
    assert (diff["method"], said(diff)) == ("derived", want)


def test_causes_that_cancel_out_stay_visible_in_the_levels(tmp_path: Path) -> None:
    better = {"a": True, "b": True, "c": True, "d": True}
    diff = told(tmp_path, {"flags": MOST}, {"flags": better, "above": "0.8"})
    (section,) = diff["sections"]
    assert section["old"] == section["new"] == [1, 1]
    assert [(step["cause"], step["to"]) for step in section["steps"]] == [
        ("rules", [0, 0]),
        ("reality", [1, 1]),
    ]


@pytest.mark.parametrize(
    ("new", "more", "want"),
    [
        (FEW, {}, [("met", "unmet", ["reality"])]),
        (HALF_SEEN, {}, [("met", "unknown", ["visibility"])]),
        (MOST, {"above": "0.8"}, [("met", "unmet", ["rules"])]),
        (MOST, {}, []),
    ],
)
def test_assessments_alone_say_what_their_ranges_allow(
    tmp_path: Path, new: Flags, more: dict[str, Any], want: Any
) -> None:
    old_path, new_path = pair(tmp_path, {"flags": MOST}, {"flags": new, **more})
    diff = compare_files(assessment_of(old_path), assessment_of(new_path))
    assert (diff["method"], said(diff)) == ("documents", want)
    assert "two bundles separate causes" in diff["notes"][0]
    assert said(compare_files(old_path, assessment_of(new_path))) == want


@pytest.mark.parametrize("documents", [False, True])
@pytest.mark.parametrize(
    ("new", "more", "stopped"),
    [(FEW, {}, True), (HALF_SEEN, {}, False), (MOST, {"above": "0.8"}, False), (MOST, {}, False)],
)
def test_only_reality_is_a_regression(
    tmp_path: Path, new: Flags, more: dict[str, Any], stopped: bool, documents: bool
) -> None:
    paths = pair(tmp_path, {"flags": MOST}, {"flags": new, **more})
    diff = compare_files(*map(assessment_of, paths)) if documents else compare_files(*paths)
    assert list(regressions(diff)) == (["regression: proven level of org was 1, is 0"] if stopped else [])


def test_the_readings_behind_a_change_are_counted(tmp_path: Path) -> None:
    diff = told(tmp_path, {"flags": MOST}, {"flags": {"a": True, "b": None, "c": False, "e": True}})
    (readings,) = diff["readings"]
    kinds = {
        name: readings[name] for name in ("changed", "appeared", "gone", "became_known", "became_unknown")
    }
    assert kinds == {"changed": 1, "appeared": 1, "gone": 1, "became_known": 0, "became_unknown": 1}


def test_evidence_that_grew_old_between_scans_is_not_blamed_on_reality(tmp_path: Path) -> None:
    section = SECTION.replace(b"test: {", b"window_days: 20, test: {")
    rules = {"catalogue/rules/org.yaml": section}
    old = {"flags": MOST, "changes": rules}
    sealed = build(tmp_path / "probe.cnmm", **old)
    with Bundle(sealed) as bundle:
        aged = {**rules, "evidence/probe.ndjson": bundle.container.read("evidence/probe.ndjson")}
    diff = told(tmp_path, old, {"flags": MOST, "changes": aged})
    assert said(diff) == [("met", "unknown", ["visibility"])]


def test_a_bundle_of_facts_alone_is_judged_first(tmp_path: Path) -> None:
    diff = told(tmp_path, {"flags": MOST, "judged": False}, {"flags": FEW})
    assert said(diff) == [("met", "unmet", ["reality"])]
    assert "seals no assessment" in diff["notes"][0]


def test_what_cannot_be_compared_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = pair(tmp_path, {"flags": MOST}, {"flags": FEW})
    with pytest.raises(DiffFault, match="older"):
        compare_files(new, old)
    for text in ("{}", "[]", "no json", '{"organisation": 1}'):
        (tmp_path / "odd").write_text(text)
        with pytest.raises(DiffFault):
            compare_files(old, tmp_path / "odd")
    other = json.loads(assessment_of(old).read_bytes()) | {"organisation": "another"}
    (tmp_path / "other.json").write_text(json.dumps(other))
    assert run(["diff", str(tmp_path / "other.json"), str(new)]) == 2
    assert "different organisations" in capsys.readouterr().err


def test_the_command_prints_text_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = map(str, pair(tmp_path, {"flags": MOST}, {"flags": FEW}))
    assert run(["diff", old, new]) == 0
    text = capsys.readouterr().out
    assert "org.L1.flagged (org:acme): met to not met: reality changed" in text
    assert "0.75 (true), now 0.25 (false)" in text
    assert run(["diff", old, new, "--format", "json"]) == 0
    diff = json.loads(capsys.readouterr().out)
    assert (diff["schema"], diff["counts"]) == ("cnmm/diff/1", {"rules": 0, "reality": 1, "visibility": 0})
    assert list(diff_lines(diff)) == text.splitlines()


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    diff = told(tmp_path, {"flags": MOST}, {"flags": FEW})
    diff["findings"][0]["criterion"] = "<script>alert(1)</script>\x1b[31m"
    diff["sections"][0]["title"] = "<img src=x>"
    page = diff_html(diff)
    assert "<script>" not in page
    assert "<img" not in page
    assert "\x1b" not in page


def test_a_report_shows_what_changed_against_an_earlier_bundle(tmp_path: Path) -> None:
    old, new = pair(tmp_path, {"flags": MOST}, {"flags": FEW})
    out = tmp_path / "out"
    wanted = ["--format", "markdown", "--format", "html"]
    assert run(["report", str(new), "--against", str(old), "-o", str(out), *wanted]) == 0
    assert "met to not met: reality changed" in (out / "summary.md").read_text()
    assert '<section id="changes"' in (out / "report.html").read_text()
