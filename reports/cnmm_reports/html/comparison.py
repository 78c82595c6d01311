"""What changed since an earlier scan, and what reviewers marked, as HTML that executes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from cnmm_reports.changes import (
    CAUSES,
    PLAIN,
    SHOWN,
    Diff,
    Names,
    compared,
    finding_words,
    moved,
    reality_first,
    summary,
    test_words,
)
from cnmm_reports.pages.charts import interval_chart
from cnmm_reports.pages.tables import cell, criterion, listed, row, table
from cnmm_reports.review import Marks, mark_said, marks_summary, ordered
from cnmm_reports.titles import subject_title
from cnmm_reports.wording import count, outcome_glyph, outcome_word

_MARKS = {"accepted": "●", "disputed": "≠", "comment": "✎"}


def since(diff: Diff) -> Markup:
    """Return the first page's line about an earlier scan: since when, the headline, the causes."""
    return Markup(
        '<p class="since"><b>Since {}:</b> headline {}. {} <a href="#changes">What changed</a></p>'
    ).format(cell(diff["old"]["as_of"]), cell(moved(diff["headline"])), cell(summary(diff)))


def diff_html(diff: Diff, names: Names = PLAIN) -> Markup:
    """Return a comparison: summary, levels that moved, findings with their causes, rows that came or went."""
    findings = reality_first(diff)
    parts = [
        Markup("<p>{}. {}</p>").format(cell(compared(diff)), cell(summary(diff))),
        table(
            "Levels that moved",
            ("Section", "Before", "Now", "Why"),
            Markup("").join(_section(one, number) for number, one in enumerate(_moving(diff))),
            "stack",
        ),
        table(
            "Findings that changed",
            ("Row", "Subject", "Before", "Now", "Why"),
            Markup("").join(_finding(one, names) for one in findings[:SHOWN]),
            "stack",
        ),
    ]
    if len(findings) > SHOWN:
        parts.append(_aside(f"{SHOWN} of {len(findings):,} shown; `cnmm diff` prints all."))
    for name, words in (("added", "new row"), ("removed", "row no longer judged")):
        rows = diff["rules"][name]
        if rows:
            many = count(len(rows), words, words.replace("row", "rows"))
            parts.append(_aside(f"{many}: {'; '.join(map(names.row, rows))}"))
    parts.extend(_aside(note) for note in diff["notes"])
    return Markup("").join(parts)


def _moving(diff: Diff) -> list[dict[str, Any]]:
    headline = {"title": "Headline", "subject": "organisation", "causes": (), **diff["headline"]}
    return [headline, *diff["sections"][:SHOWN]]


def _section(part: Mapping[str, Any], number: int) -> Markup:
    subject = part["subject"]
    name = part["title"] if subject == "organisation" else f"{subject_title(subject)}: {part['title']}"
    bars = [
        interval_chart(f"d{number}{side}", f"{name}, {words}", part[side][0], part[side][1], height=10)
        for side, words in (("old", "before"), ("new", "now"))
    ]
    return row(name, *bars, moved(part))


def _finding(finding: Mapping[str, Any], names: Names) -> Markup:
    why = Markup('<span class="cause">{}</span>{}').format(
        cell(_causes(finding)), listed("plain", test_words(finding, names))
    )
    name = criterion(finding["criterion"], names.row)
    return row(name, subject_title(finding["subject"]), *map(_outcome, _ends(finding)), why)


def _ends(finding: Mapping[str, Any]) -> tuple[str, str]:
    return finding["old"], finding["new"]


def _outcome(outcome: str) -> Markup:
    word = "not judged" if outcome == "none" else outcome_word(outcome)
    sign = "·" if outcome == "none" else outcome_glyph(outcome)
    return Markup('<span class="nobreak"><span class="glyph" aria-hidden="true">{}</span> {}</span>').format(
        sign, cell(word)
    )


def _causes(finding: Mapping[str, Any]) -> str:
    if len(finding["steps"]) > 1:
        return finding_words(finding).partition(": ")[2]
    return ", ".join(CAUSES[cause] for cause in finding["causes"])


def _aside(words: str) -> Markup:
    return Markup('<p class="aside">{}</p>').format(cell(words))


def marks_html(marks: Marks, names: Names = PLAIN) -> Markup:
    """Return the marks as a table, disputed ones first."""
    rows = Markup("").join(_mark(one, names) for one in ordered(marks)[:SHOWN])
    heads = ("Row", "Subject", "Mark", "By", "Comment")
    said = table("What reviewers said of single findings", heads, rows, "stack")
    left = len(marks["marks"]) - SHOWN
    more = _aside(f"and {count(left, 'more mark')} in the marks file") if left > 0 else Markup("")
    return Markup("<p>{}</p>").format(marks_summary(marks)) + said + more


def _mark(mark: Mapping[str, Any], names: Names) -> Markup:
    said = Markup('<span class="nobreak"><span class="glyph" aria-hidden="true">{}</span> {}</span>').format(
        _MARKS[mark["mark"]], mark_said(mark)
    )
    by = Markup('{}<br><span class="aside nobreak">{}</span>').format(cell(mark["role"]), cell(mark["dated"]))
    name = criterion(mark["criterion"], names.row)
    return row(name, subject_title(mark["subject"]), said, by, mark["comment"])
