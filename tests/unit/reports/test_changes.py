"""Reports show what changed, how levels moved and what reviewers marked, where there is any of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cnmm_reports.changes import diff_lines, reality_first, trend_lines
from cnmm_reports.html import HtmlRenderer
from cnmm_reports.html.comparison import diff_html, marks_html
from cnmm_reports.markdown import MarkdownRenderer
from cnmm_reports.pages.trend import trend_html
from cnmm_reports.review import mark_lines
from cnmm_reports.terminal import TerminalRenderer
from golden.sample import HOSTILE, view

SIDE = {"as_of": "2026-01-01", "catalogue": {"id": "people", "version": "1.0"}, "name": "old"}
FINDING = {
    "criterion": "org.L1.a", "subject": "org:acme", "old": "met", "new": "unknown",
    "causes": ["reality", "visibility"],
    "steps": [
        {"cause": "reality", "from": "met", "to": "unmet"},
        {"cause": "visibility", "from": "unmet", "to": "unknown"},
    ],
    "why": "unread", "readings": {},
    "tests": [{"signal": "x.flag", "threshold": "> 0.5", "old": [0.75, 0.75, "true"], "new": None}],
}  # fmt: skip
DIFF: dict[str, Any] = {
    "method": "derived", "organisation": "acme", "old": SIDE, "new": {**SIDE, "as_of": "2026-02-01"},
    "counts": {"rules": 0, "reality": 1, "visibility": 1},
    "headline": {"old": [1, 2], "new": [0, 2], "steps": [{"cause": "reality", "from": [1, 2], "to": [0, 2]}]},
    "sections": [
        {"subject": "organisation", "section": "org", "title": HOSTILE, "old": [1, 2], "new": [0, 2],
         "steps": [], "causes": ["reality"]},
    ],
    "findings": [FINDING],
    "readings": [], "rules": {"changed": False, "added": ["org.L2.new"], "removed": []},
    "notes": ["careful"],
}  # fmt: skip


def point(day: str, proven: int, **more: Any) -> dict[str, Any]:
    section = {"id": "org", "title": HOSTILE, "proven": proven, "possible": 4, "coverage": 0.5}
    about = {"as_of": day, "complete": True, "catalogue": SIDE["catalogue"], "headline": [proven, 4]}
    return {**about, "sections": [section], **more}


TREND = {
    "organisation": "acme", "subject": "organisation", "sections": [{"id": "org", "title": HOSTILE}],
    "points": [point("2026-01-01", 1), point("2026-02-01", 0, complete=False)],
}  # fmt: skip
MARKS = {
    "marks": [
        {"criterion": "org.L1.a", "subject": "org:acme", "mark": "accepted", "role": "lead auditor",
         "dated": "2026-02-02", "comment": HOSTILE},
        {"criterion": "org.L2.b", "subject": "org:acme", "mark": "disputed", "role": "team",
         "dated": "2026-02-02", "comment": ""},
    ]
}  # fmt: skip


def test_a_change_is_told_with_its_causes_in_order() -> None:
    text = "\n".join(diff_lines(DIFF))
    assert "acme: 2026-01-01 to 2026-02-01, people 1.0" in text
    assert "1 finding changed: 1 because reality changed, 1 because more or less was read." in text
    assert "met to unknown: not met as reality changed; then unknown as more or less was read" in text
    assert "Headline: 1..2 to none yet..2 (reality changed)" in text
    assert "x.flag > 0.5: 0.75 (true), now not asked" in text
    assert "new rows: org.L2.new" in text
    assert "note: careful" in text


def test_what_reality_changed_comes_first() -> None:
    quiet = {**FINDING, "criterion": "org.L1.b", "causes": ["visibility"], "steps": []}
    team = {**FINDING, "criterion": "org.L1.c", "subject": "team:acme/a", "causes": ["reality"]}
    listed = reality_first({**DIFF, "findings": [quiet, team, FINDING]})
    assert [one["criterion"] for one in listed] == ["org.L1.a", "org.L1.c", "org.L1.b"]


def test_a_trend_is_a_table_of_equal_columns() -> None:
    lines = list(trend_lines(TREND))
    assert [line[:10] for line in lines] == ["As of     ", "2026-01-01", "2026-02-01"]
    assert lines[2].endswith("people 1.0, incomplete")
    assert not any(character in "".join(lines) for character in "\x1b\x00\x07")


def test_fragments_execute_nothing() -> None:
    for page in (diff_html(DIFF), trend_html(TREND), marks_html(MARKS)):
        assert "<script" not in page
        assert "<img" not in page
        assert "\x1b" not in page
    assert trend_html(TREND).count("<svg") == 2
    assert trend_html({**TREND, "points": TREND["points"][:1]}).count("<svg") == 0


def test_disputed_marks_come_first() -> None:
    lines = list(mark_lines(MARKS))
    assert "2 marks of reviewers, without effect on any level: 1 accepted, 1 disputed." in lines[0]
    assert lines[1] == "org.L2.b (org:acme): disputed by team on 2026-02-02"


def test_every_human_report_shows_them() -> None:
    plain = view()
    full = replace(plain, diff=DIFF, trend=TREND, marks=MARKS)
    for renderer, words in (
        (HtmlRenderer(), ("What changed", "Levels over time", "Reviewers&#39; marks")),
        (MarkdownRenderer(), ("## What changed", "## Levels over time", "## Reviewers' marks")),
        (TerminalRenderer(), ("Since the last complete scan", "Reviewers' marks")),
    ):
        (before,) = renderer.render(plain).values()
        (after,) = renderer.render(full).values()
        for word in words:
            shown = word.encode(), word.replace("&#39;", "'").encode()
            assert any(one in after for one in shown), word
            assert not any(one in before for one in shown), word
