"""What an assessment saw of a row or a signal, in lines: the organisation in full, many teams in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnmm_collectors.signals import SignalSpec
from cnmm_reports.wording import estimate, observed, outcome_word, population
from cnmm_rules.criteria import Criterion

Document = Mapping[str, Any]
"""An assessment in the form of the output contract."""
Findings = list[Mapping[str, Any]]

CITED = 3
"""How many citations are shown for a finding."""
TEAMS = 5
"""How many teams are shown in full; more are counted by outcome."""
_ANSWERS = {"true": "yes", "false": "no", "unknown": "open"}


def of_row(findings: Findings, document: Document, row: Criterion) -> Iterator[str]:
    """Yield what was found for a row, with ranges beside thresholds and the first citations."""
    if not findings:
        yield "This assessment does not judge the row."
    evidence = {item["id"]: item for item in document["evidence"]}
    shown = in_full(findings)
    for finding in shown:
        yield from _finding(finding, evidence)
    yield from _others(findings, shown)
    if any(finding["subject"].startswith("org:") for finding in findings):
        yield from _held(row, document)


def in_full(findings: Findings) -> Findings:
    """Return the findings that are shown in full: the organisation's, and a handful of teams'."""
    own = [finding for finding in findings if finding["subject"].startswith("org:")]
    teams = [finding for finding in findings if not finding["subject"].startswith("org:")]
    return own + (teams if len(teams) <= TEAMS else [])


def _others(findings: Findings, shown: Findings) -> Iterator[str]:
    piles: dict[str, list[str]] = {}
    for finding in findings:
        if finding not in shown:
            piles.setdefault(finding["outcome"], []).append(finding["subject"])
    for outcome, names in sorted(piles.items()):
        more = f" and {len(names) - TEAMS} more" if len(names) > TEAMS else ""
        yield f"{len(names)} teams {outcome_word(outcome)}: {', '.join(names[:TEAMS])}{more}"


def _finding(finding: Mapping[str, Any], evidence: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"{finding['subject']}: {outcome_word(finding['outcome'])}; {finding['why']}"
    yield from (f"  {_test(test)}" for test in finding["tests"])
    yield from _cites(finding, evidence)
    if finding.get("conflict"):
        yield f"  conflict: {finding['conflict']}"
    if "waiver" in finding:
        waiver = finding["waiver"]
        yield f"  accepted as a risk until {waiver['expires']}: {waiver['reason']} (no pass)"


def _test(test: Mapping[str, Any]) -> str:
    mark = "against: " if test.get("counter") else ""
    range_ = observed(test["low"], test["high"])
    read = "; ".join(filter(None, (population(test["seen"], test["declared"]), estimate(test))))
    return f"{_ANSWERS[test['answer']]}: {mark}{test['signal']} {test['threshold']}, seen {range_} ({read})"


def _cites(finding: Mapping[str, Any], evidence: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    shown = [evidence[item] for item in finding["evidence"][:CITED] if item in evidence]
    for item in shown:
        extra = [item.get(part, "") for part in ("path", "lines")]
        place = " ".join(part for part in extra if part and part not in item["locator"])
        yield f"  cites {item['locator']} {place}".rstrip()
    left = finding["evidence_total"] - len(shown)
    if shown and left > 0:
        yield f"  and {left} more"


def _held(row: Criterion, document: Document) -> Iterator[str]:
    for section in document["sections"]:
        if row.id in section["blocking"] and section["proven"] is not None:
            yield f"It keeps {section['title']} from a proven level {section['proven'] + 1}."


def of_signal(spec: SignalSpec, document: Document) -> Iterator[str]:
    """Yield the range that each test of any row saw for a signal."""
    shown: dict[str, dict[str, None]] = {}
    for finding in document["findings"]:
        for test in finding["tests"]:
            if test["signal"].partition("{")[0] == spec.id:
                shown.setdefault(finding["subject"], {})[_test(test)] = None
    if not shown:
        yield "This assessment asks nothing of it."
    teams = [subject for subject in shown if not subject.startswith("org:")]
    for subject, texts in shown.items():
        if len(teams) <= TEAMS or subject not in teams:
            yield from (f"{subject}: {text}" for text in texts)
    if len(teams) > TEAMS:
        yield f"and for {len(teams)} teams, which the report lists"
