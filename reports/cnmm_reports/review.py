"""A reviewer's marks beside an assessment: shown with every report, without any effect on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnmm_reports.wording import count

Marks = Mapping[str, Any]

SHOWN = 200
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


def mark_said(row: Mapping[str, Any]) -> str:
    """Return what kind of mark it is, in a word or two."""
    return _VERDICTS[row["mark"]]


def mark_lines(marks: Marks) -> Iterator[str]:
    """Yield the marks as lines of text, disputed ones first."""
    yield marks_summary(marks)
    for row in ordered(marks)[:SHOWN]:
        yield f"{row['criterion']} ({row['subject']}): {mark_words(row)}"


def ordered(marks: Marks) -> list[Mapping[str, Any]]:
    """Return the marks as reports list them: disputed first, then by row and subject."""
    return sorted(
        marks["marks"], key=lambda row: (row["mark"] != "disputed", row["criterion"], row["subject"])
    )
