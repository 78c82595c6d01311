"""What every human report says first: the range, what decided it, what to read next, and on which terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnmm_reports.titles import row_title, signal_title
from cnmm_reports.view import ReportView
from cnmm_reports.wording import (
    count,
    estimate,
    gap_words,
    interval,
    observed,
    outcome_word,
    percent,
    short_interval,
)

_SHOWN_ROWS = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """A row that holds a section down or rules a level out, with its one-line reason."""

    section: str
    words: str
    rows: tuple[tuple[str, str, str], ...]
    """(criterion id, statement, outcome and why)"""
    more: int


def org_findings(view: ReportView) -> dict[str, Mapping[str, Any]]:
    """Return the organisation's findings by criterion id, in the order of the assessment."""
    return {
        finding["criterion"]: finding
        for finding in view.assessment["findings"]
        if finding["subject"].startswith("org:")
    }


def headline(view: ReportView) -> str:
    """Return the headline interval in words."""
    top = view.assessment["headline"]
    return interval(top["proven"], top["possible"])


def meaning(view: ReportView) -> tuple[str, ...]:
    """Return what the headline says and what it does not, with the counts behind it."""
    top = view.assessment["headline"]
    said = tuple(_next_level(view, top["proven"] + 1, set(top["sections"])))
    if top["proven"] == 0:
        return "This tells what the evidence shows so far, not how well people work.", *said
    return f"Every section of the headline shows level {top['proven']} by evidence.", *said


def _next_level(view: ReportView, level: int, sections: set[str]) -> Iterator[str]:
    """Yield how the key rows of the level that is not proven stand, where it is not proven."""
    found = org_findings(view)
    rows = [
        (text.role == "key", found[text.id]["outcome"])
        for text in view.texts.values()
        if text.weight and text.level == level and text.section in sections and text.id in found
    ]
    keys = Counter(outcome for key, outcome in rows if key)
    asked = keys.total() - keys["not_applicable"]
    if not asked:
        return
    met, against = keys["met"], keys["unmet"]
    parts = [f"{met} met", f"{against} not met", f"{asked - met - against} not decided by what was read"]
    yield f"Of {count(asked, 'key row')} that level {level} asks for: {', '.join(parts)}."
    if not any(outcome in ("unmet", "contested") for _, outcome in rows):
        yield f"Nothing that was read speaks against level {level}."


def section_words(section: Mapping[str, Any]) -> str:
    """Return how a section stands, in words."""
    if excused(section):
        return "Not applicable"
    proven, cap = section["proven"], len(section["levels"]) or 5
    enough = section["sufficient"] or proven is None
    return interval(proven, section["possible"], cap=cap, sufficient=enough)


def level_words(section: Mapping[str, Any]) -> str:
    """Return the interval of a section in words, without what they rest on."""
    return section_words({**section, "sufficient": True})


def without_decisions(view: ReportView, section: Mapping[str, Any]) -> str:
    """Return a section's interval without an auditor's decisions, nothing where it is the same."""
    sections = view.assessment.get("without_adjudications", {}).get("sections", {})
    alone = sections.get(section["id"])
    if alone is None or alone == [section["proven"], section["possible"]]:
        return ""
    return short_interval(*alone)


def excused(section: Mapping[str, Any]) -> bool:
    """Return whether every row of a section is not applicable."""
    return set(section["outcomes"]) == {"not_applicable"}


def ends(section: Mapping[str, Any]) -> tuple[int | None, int | None, int]:
    """Return what a chart shows: proven, possible (None without a level) and the section's highest level."""
    cap = len(section["levels"]) or 5
    return (None, None, cap) if excused(section) else (section["proven"], section["possible"], cap)


def coverage(section: Mapping[str, Any]) -> str:
    """Return the share of the rated weight that is decided, a dash where nothing is rated."""
    return "–" if excused(section) else percent(section["coverage"])


def scope_line(view: ReportView) -> str:
    """Return what was read and who says how large the organisation is."""
    scope = view.assessment["scope"]
    said = str(scope.get("declared_by") or "given targets")
    words = {
        "enumeration": "a complete listing by the owner",
        "scope": "declared in the settings",
        "given targets": "given targets (nobody declares how large the organisation is)",
    }.get(said, said)
    parts = [f"Scope: {words}"]
    if (repositories := scope.get("repositories")) is not None:
        whole = count(repositories, "repository", "repositories")
        read = scope.get("repositories_read", repositories)
        parts.append(f"{read:,} of {whole} read" if said != "given targets" else f"{whole} seen")
    if (components := scope.get("components")) is not None:
        parts.append(count(components, "component"))
    return "; ".join(parts)


def notes(view: ReportView) -> tuple[str, ...]:
    """Return what every first page must say about the grounds it stands on."""
    catalogue, shares = view.assessment["catalogue"], view.assessment["shares"]
    deviations = catalogue.get("deviations") or ()
    excused = catalogue.get("not_applicable") or {}
    lines = [
        "Thresholds are this project's reading of the model, not CNCF's.",
        f"Catalogue {catalogue.get('id', '')} {catalogue.get('version', '')}: "
        + (count(len(deviations), "deviation") if deviations else "no deviations")
        + (f", {count(len(excused), 'row')} declared not applicable." if excused else "."),
        f"Resting on conventional thresholds: {percent(shares.get('convention', 0))} of the weight; "
        f"on weak inference: {percent(shares.get('weak_inference', 0))}.",
        f"Self-attested: {percent(shares.get('self_attested', 0))} of the weight.",
    ]
    if (drawn := view.assessment["scope"].get("repositories_drawn")) is not None:
        whole = view.assessment["scope"].get("repositories", drawn)
        lines.append(
            f"Files and deployments were read of {drawn:,} of {whole:,} repositories, drawn at random: what "
            "that says of all stands beside a range as an estimate and decides nothing."
        )
    lines.extend(_declared(view))
    if view.plugins:
        lines.append(f"Plug-ins of third parties took part: {', '.join(view.plugins)}.")
    if not view.assessment.get("complete", True):
        lines.append("The collection is incomplete: something failed or was cut short; the ledger says what.")
    return tuple(lines)


def _declared(view: ReportView) -> Iterator[str]:
    """Yield what was waived, with the first end, what an auditor decided, and what is only claimed."""
    findings = view.assessment["findings"]
    ends = sorted(finding["waiver"]["expires"] for finding in findings if finding.get("waiver"))
    if ends:
        yield f"{count(len(ends), 'waiver')} in force, none counts as met; the first ends on {ends[0]}."
    if other := view.assessment.get("without_adjudications"):
        decided = sum(bool(finding.get("adjudicated")) for finding in findings)
        alone = interval(other["headline"]["proven"], other["headline"]["possible"])
        yield f"An auditor decided {count(decided, 'finding')}; without: {alone[:1].lower()}{alone[1:]}."
    if claimed := sum(finding["outcome"] == "claimed" for finding in findings):
        yield f"Claimed and not proven: {count(claimed, 'finding')}."


def holding_down(view: ReportView) -> tuple[Reason, ...]:
    """Return, for each section that sets the headline's proven end, the rows that block its next level."""
    lowest = set(view.assessment["headline"]["sections"])
    found = org_findings(view)
    return tuple(
        _reason(view, found, section, section["blocking"])
        for section in view.assessment["sections"]
        if section["id"] in lowest and section["blocking"]
    )


def ruling_out(view: ReportView) -> tuple[Reason, ...]:
    """Return, for each section that sets the headline's possible end, the rows that are proven not met."""
    top = view.assessment["headline"]["possible"]
    found = org_findings(view)
    reasons = []
    for section in view.assessment["sections"]:
        if not section["in_headline"] or section["possible"] != top or top >= 5:
            continue
        against = [
            text.id
            for text in view.texts.values()
            if text.section == section["id"]
            and 0 < text.level <= top + 1
            and text.weight
            and text.id in found
            and found[text.id]["outcome"] == "unmet"
        ]
        against.sort(key=lambda name: (view.texts[name].role != "key", view.texts[name].level, name))
        if against:
            reasons.append(_reason(view, found, section, against))
    return tuple(reasons)


def _reason(
    view: ReportView,
    found: Mapping[str, Mapping[str, Any]],
    section: Mapping[str, Any],
    rows: Sequence[str],
) -> Reason:
    shown = tuple(_row(view, name, found.get(name)) for name in rows[:_SHOWN_ROWS])
    return Reason(section["title"], section_words(section), shown, max(0, len(rows) - _SHOWN_ROWS))


def _row(view: ReportView, name: str, finding: Mapping[str, Any] | None) -> tuple[str, str, str]:
    text = view.texts.get(name)
    if finding is None:
        return name, text.statement if text else "", "not judged"
    return name, text.statement if text else "", one_line(view, finding)


def estimates(view: ReportView) -> tuple[tuple[str, str, str], ...]:
    """Return what a random sample says beside the open rows of the organisation: row, test, estimate."""
    return tuple(
        (row_title(view, name), f"{signal_title(view, test['signal'])} {test['threshold']}", estimate(test))
        for name, finding in org_findings(view).items()
        if finding["outcome"] == "unknown"
        for test in finding["tests"]
        if test.get("estimate") and test["answer"] == "unknown"
    )


def one_line(view: ReportView, finding: Mapping[str, Any]) -> str:
    """Return an outcome with its reason: the measure that decided it, or the first cause of what is open."""
    words = f"{outcome_word(finding['outcome'])}: {finding['why']}"
    said = _deciding(view, finding) or _first_gap(view, finding)
    return f"{words} ({said})" if said else words


def _deciding(view: ReportView, finding: Mapping[str, Any]) -> str:
    """Return the first test that answers as the outcome does, with its range beside its threshold."""
    answer = {"met": "true", "unmet": "false"}.get(finding["outcome"])
    for test in finding["tests"]:
        if test["answer"] == answer and not test.get("counter"):
            seen = observed(test["low"], test["high"])
            return f"{signal_title(view, test['signal'])}: {seen} against {test['threshold']}"
    return ""


def _first_gap(view: ReportView, finding: Mapping[str, Any]) -> str:
    gaps = finding["gaps"]
    if not gaps or finding["outcome"] in ("met", "unmet"):
        return ""
    more = f" and {count(len(gaps) - 1, 'more gap')}" if len(gaps) > 1 else ""
    return f"{signal_title(view, gaps[0]['signal'])}: {gap_words(gaps[0], finding)}{more}"
