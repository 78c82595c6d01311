"""Rows as the page lists them: the matrix of sections and levels, and each criterion with its finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cnmm_reports.firstpage import excused, org_findings
from cnmm_reports.view import CriterionText, ReportView
from cnmm_reports.wording import count, outcome_word

LEVELS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Sign:
    """One criterion in a cell: its id, outcome (`none` where it is not judged), role and what a tip says."""

    id: str
    outcome: str
    key: bool
    tip: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One level of a section: how it stands, what its rows say, and a sign for each of them."""

    level: int
    state: str
    words: str
    rows: str
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One section of the matrix; a level without a cell is beyond the section's highest."""

    id: str
    title: str
    cells: tuple[Cell | None, ...]


Matrix = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A criterion as the page shows it, with the organisation's finding and how many teams say what."""

    text: CriterionText
    finding: Mapping[str, Any] | None
    teams: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one section in catalogue order."""

    id: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """What people declared of one finding: a waiver, a statement or a decision, and until when it holds."""

    criterion: str
    subject: str
    kind: str
    until: str
    words: str


@dataclass(frozen=True, slots=True)
class Stances:
    """Findings that people or other rows bear on; contradictions are (criterion, subject, words)."""

    contradictions: tuple[tuple[str, str, str], ...]
    people: tuple[Declared, ...]
    people_total: int
    markers: tuple[tuple[str, str, str], ...]
    """(criterion, statement, outcome) of every symptom the catalogue lists"""


_SHOWN = 200


def row_order(view: ReportView) -> tuple[str, ...]:
    """Return the criterion ids in the order of the page."""
    return tuple(row.text.id for group in row_groups(view) for row in group.rows)


def row_groups(view: ReportView) -> tuple[Group, ...]:
    """Return every criterion under its section, judged or not."""
    found = org_findings(view)
    teams = _team_outcomes(view)
    groups = []
    for section in view.assessment["sections"]:
        rows = tuple(
            Row(text, found.get(text.id), tuple(sorted(teams.get(text.id, {}).items())))
            for text in view.texts.values()
            if text.section == section["id"]
        )
        groups.append(Group(section["id"], section["title"], rows))
    return tuple(groups)


def _team_outcomes(view: ReportView) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for finding in view.assessment["findings"]:
        if not finding["subject"].startswith("org:"):
            counts.setdefault(finding["criterion"], Counter())[finding["outcome"]] += 1
    return counts


def matrix(view: ReportView) -> Matrix:
    """Return every section with one cell for each of its levels."""
    found = org_findings(view)
    return tuple(_line(view, section, found) for section in view.assessment["sections"])


def _line(view: ReportView, section: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]]) -> Line:
    states = {item["level"]: item for item in section["levels"]}
    cells = tuple(_cell(view, section, states[level], found) if level in states else None for level in LEVELS)
    return Line(section["id"], section["title"], cells)


def _cell(
    view: ReportView,
    section: Mapping[str, Any],
    level: Mapping[str, Any],
    found: Mapping[str, Mapping[str, Any]],
) -> Cell:
    number = level["level"]
    texts = [
        text
        for text in view.texts.values()
        if text.section == section["id"] and text.level == number and text.weight
    ]
    signs = tuple(
        _sign(text, found.get(text.id)) for text in sorted(texts, key=lambda text: text.role != "key")
    )
    judged = [sign.outcome for sign in signs if sign.outcome not in ("none", "not_applicable")]
    state, words = _state(section, level)
    said = f"{judged.count('met')} of {count(len(judged), 'row')} met" if judged else "no rows apply"
    return Cell(number, state, words, said, signs)


def _sign(text: CriterionText, finding: Mapping[str, Any] | None) -> Sign:
    outcome = finding["outcome"] if finding else "none"
    word = outcome_word(outcome) if finding else "not judged"
    key = text.role == "key"
    return Sign(text.id, outcome, key, f"{text.statement} {'Key row, ' if key else ''}{word}")


def _state(section: Mapping[str, Any], level: Mapping[str, Any]) -> tuple[str, str]:
    if section["proven"] is None:
        return "none", "no level inferred"
    if excused(section):
        return "none", "not applicable"
    if not level["weight"] and not level["holds_possible"]:
        return "out", "cannot be shown"
    if level["holds_proven"]:
        return "proven", "proven"
    if level["level"] < section["proven"]:
        return "proven", "passed on the way"
    if not level["holds_possible"]:
        if level["level"] < section["possible"]:
            return "open", "not ruled out"
        return "out", "ruled out"
    if not section["sufficient"] and level["level"] > section["proven"] + 1:
        return "open", "not assessed yet"
    return "open", "not ruled out"


def stances(view: ReportView) -> Stances:
    """Return contradictions and what people declared, the organisation's first."""
    against = [
        (name, "organisation", f"a symptom of a lower level, yet {section['title']} has a level two above")
        for section in view.assessment["sections"]
        for name in section["contradictions"]
    ]
    people: list[Declared] = []
    for finding in view.assessment["findings"]:
        entry = finding["criterion"], finding["subject"]
        if finding["outcome"] == "contested":
            against.append((*entry, f"contested: {finding['why']}"))
        if finding.get("conflict"):
            against.append((*entry, finding["conflict"]))
        people.extend(Declared(*entry, *said) for said in _people(finding))
    people.sort(key=lambda one: (one.kind, one.until or "9999"))
    return Stances(tuple(against[:_SHOWN]), tuple(people[:_SHOWN]), len(people), tuple(_markers(view)))


_SEEN = {"met": "there", "unmet": "not there", "unknown": "not known"}


def _markers(view: ReportView) -> Iterator[tuple[str, str, str]]:
    """Yield every symptom, those that are there first."""
    found = org_findings(view)
    listed = [text for text in view.texts.values() if text.role == "marker" and text.id in found]
    order = list(_SEEN)
    listed.sort(key=lambda text: _rank(order, found[text.id]["outcome"]))
    for text in listed:
        outcome = found[text.id]["outcome"]
        yield text.id, text.statement, _SEEN.get(outcome) or outcome_word(outcome)


def _rank(order: list[str], outcome: str) -> int:
    return order.index(outcome) if outcome in order else len(order)


def _people(finding: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield kind, last day and words of everything that people declared of a finding."""
    if waiver := finding.get("waiver"):
        who = f"owner {waiver['owner']}, approver {waiver['approver']}"
        yield "waiver", waiver["expires"], f"{waiver['reason']} ({who}; never counts as met)"
    if statement := finding.get("statement"):
        who = f"{statement['role']} on {statement['dated']}"
        yield "statement", statement["expires"], f"stated by {who}; {_standing(finding)}"
    elif finding["outcome"] == "claimed":
        yield "claim", "", finding["why"]
    if finding.get("adjudicated"):
        yield "decision", "", f"decided by an auditor: {finding['adjudicated']}"


def _standing(finding: Mapping[str, Any]) -> str:
    if finding["outcome"] == "claimed":
        return "claimed, and not proven"
    if finding.get("stated"):
        return (
            f"the row is {outcome_word(finding['outcome'])} on it, with its document and a trusted signature"
        )
    return f"the row is {outcome_word(finding['outcome'])} without it"
