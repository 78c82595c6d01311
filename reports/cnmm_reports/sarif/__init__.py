"""Findings that cite a line of a repository, as SARIF 2.1.0 for hosts that show results beside code.

A run says nothing of where the tool is described (`informationUri`): nobody who runs it has said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from cnmm_reports.canonical import measure, write_document
from cnmm_reports.inert import line
from cnmm_reports.sarif.results import LEVELS, MAX_LOCATIONS, Record, Results, message
from cnmm_reports.selection import by_id
from cnmm_reports.view import CriterionText, ReportView
from cnmm_reports.wording import CAUSES, cause_words, count

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_TAGS = 10
MAX_BYTES = 10_000_000
"""Uncompressed; hosts count compressed bytes."""

_MAX_NOTIFICATIONS = 500
_REFUSED = frozenset({"not_permitted", "not_visible", "unreachable", "rate_limited", "malformed"})
"""Causes that mean a source was asked and did not answer; the others say that nobody asked."""


class SarifRenderer:
    """Writes `findings.sarif`, within the limits of hosts, first with fewer locations, then fewer teams."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file, at most 10,000,000 bytes."""
        results = Results(view.texts, view.assessment["findings"], by_id(view.assessment["evidence"]))
        room = MAX_BYTES - measure(_log(view, results))
        results.fill(MAX_LOCATIONS, room)
        if results.left_out:
            results.fill(1, room)
        return {"findings.sarif": write_document(_log(view, results))}


def _log(view: ReportView, results: Results) -> Record:
    causes = _causes(view)
    document = view.assessment
    run = {
        "tool": {"driver": _driver(view, results.rules, causes)},
        "automationDetails": {"id": _automation(document)},
        "columnKind": "unicodeCodePoints",
        "defaultEncoding": "utf-8",
        "invocations": [_invocation(view, causes, results.left_out)],
        **results.roots(),
        "results": results.kept,
        "properties": {
            "asOf": document["as_of"],
            "conclusionsDigest": document["conclusions_digest"],
            "headlineProven": document["headline"]["proven"],
            "headlinePossible": document["headline"]["possible"],
            "resultsLeftOut": results.left_out,
            "findingsWithoutLocation": len(document["findings"]) - results.located,
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _automation(document: Mapping[str, Any]) -> str:
    parts = (document["organisation"], document["catalogue"]["id"], document["as_of"])
    return "/".join(("cnmm", *(quote(line(part, 100), safe="") for part in parts)))


def _driver(view: ReportView, rules: Iterable[str], causes: Iterable[str]) -> Record:
    catalogue = view.assessment["catalogue"]
    return {
        "name": "cnmm",
        "version": f"{view.assessment['engine']} ({catalogue['id']} {catalogue['version']})",
        "rules": [_rule(name, view.texts.get(name)) for name in rules],
        "notifications": [{"id": cause, "shortDescription": message(cause_words(cause))} for cause in causes],
        "properties": {
            "engine": view.assessment["engine"],
            "catalogue": catalogue["id"],
            "catalogueVersion": catalogue["version"],
        },
    }


def _rule(name: str, text: CriterionText | None) -> Record:
    if text is None:
        return {"id": name, "shortDescription": message(name)}
    tags = ["cnmm", text.section, f"level-{text.level}", text.role, f"proof-{text.proof}"]
    return {
        "id": name,
        "shortDescription": message(text.statement),
        "fullDescription": message(text.meaning),
        "help": message(f"{text.next_step} {text.reason}"),
        "defaultConfiguration": {"level": LEVELS.get(text.role, "note")},
        "properties": {"tags": tags[:MAX_TAGS], "precision": "high"},
    }


def _causes(view: ReportView) -> dict[str, int]:
    seen = {gap["cause"] for finding in view.assessment["findings"] for gap in finding["gaps"]}
    ordered = [cause for cause in CAUSES if cause in seen] + sorted(seen - set(CAUSES))
    return {cause: index for index, cause in enumerate(ordered)}


def _invocation(view: ReportView, causes: Mapping[str, int], left_out: int) -> Record:
    document = view.assessment
    said = list(_notifications(view, causes))
    failed = document["ledger"]["failed"]
    whole = document["complete"] and not failed and not (_REFUSED & set(causes))
    if not document["complete"]:
        said.insert(0, _notice("error", "The collection was interrupted: this assessment is incomplete."))
    if failed:
        said.insert(0, _notice("error", f"{count(failed, 'requested item')} could not be had."))
    if left_out:
        said.insert(
            0, _notice("warning", f"{count(left_out, 'finding')} left out; assessment.json holds all.")
        )
    return {"executionSuccessful": whole, "toolExecutionNotifications": said[:_MAX_NOTIFICATIONS]}


def _notice(level: str, words: str) -> Record:
    return {"level": level, "message": message(words)}


def _notifications(view: ReportView, causes: Mapping[str, int]) -> Iterator[Record]:
    """Yield one notice for each signal and cause, with the largest number of units any finding misses."""
    seen: dict[tuple[str, str], tuple[int, str]] = {}
    for finding in view.assessment["findings"]:
        for gap in finding["gaps"]:
            key = gap["signal"], gap["cause"]
            seen[key] = max(seen.get(key, (0, "")), (gap["count"], gap["needs"]))
    for (signal, cause), (units, needs) in sorted(seen.items()):
        level = "warning" if cause in _REFUSED else "note"
        words = f"{signal}: {cause_words(cause)} ({count(units, 'unit')}); needs {needs}"
        yield {**_notice(level, words), "descriptor": {"id": cause, "index": causes[cause]}}
