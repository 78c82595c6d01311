"""A reviewer's marks beside an assessment: shown with every report, without any effect on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from cnmm_reports.inert import line
from cnmm_reports.wording import count

Marks = Mapping[str, Any]

SHOWN = 200
_CELL = 400
_VERDICTS = {"accepted": "accepted", "disputed": "disputed", "comment": "commented on"}


def marks_summary(marks: Marks) -> str:
    """Return how many rows were accepted, disputed and commented on, in one line."""
    rows = marks["marks"]
    parts = [
        f"{sum(row['mark'] == name for row in rows)} {words}"
        for name, words in _VERDICTS.items()
        if any(row["mark"] == name for row in rows)
    ]
    return f"{count(len(rows), 'mark')} of reviewers, without effect on any level: {', '.join(parts)}."


def mark_words(row: Mapping[str, Any]) -> str:
    """Return one mark in a line: what, by which role, when, and the comment."""
    comment = f": {row['comment']}" if row["comment"] else ""
    return f"{_VERDICTS[row['mark']]} by {row['role']} on {row['dated']}{comment}"


def mark_lines(marks: Marks) -> Iterator[str]:
    """Yield the marks as lines of text, disputed ones first."""
    yield marks_summary(marks)
    for row in _ordered(marks)[:SHOWN]:
        yield f"{row['criterion']} ({row['subject']}): {mark_words(row)}"


def _ordered(marks: Marks) -> list[Mapping[str, Any]]:
    return sorted(
        marks["marks"], key=lambda row: (row["mark"] != "disputed", row["criterion"], row["subject"])
    )


def marks_html(marks: Marks) -> Markup:
    """Return the marks as an HTML fragment, nothing executable."""
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>').format(
            *(line(cell, _CELL) for cell in (row["criterion"], row["subject"], mark_words(row)))
        )
        for row in _ordered(marks)[:SHOWN]
    )
    return Markup(
        '<p>{s}</p><div class="scroll" tabindex="0" role="region" aria-label="Marks, scrolls sideways">'
        '<table><caption>What reviewers said of single findings</caption><thead><tr><th scope="col">Row</th>'
        '<th scope="col">Subject</th><th scope="col">Mark</th></tr></thead><tbody>{r}</tbody></table></div>'
    ).format(s=marks_summary(marks), r=rows)
