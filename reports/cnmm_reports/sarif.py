"""Findings that cite a line of a repository, as SARIF 2.1.0 for hosts that show results beside code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from cnmm_reports.canonical import write_document
from cnmm_reports.inert import line
from cnmm_reports.places import Place, place_of
from cnmm_reports.selection import by_id, citations, select
from cnmm_reports.view import CriterionText, ReportView
from cnmm_reports.wording import CAUSES, cause_words, count, outcome_word

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 25_000
"""Results a host accepts in one run."""
MAX_LOCATIONS = 1_000
"""Locations a host accepts in one result."""
MAX_TAGS = 10
MAX_BYTES = 10_000_000
"""Uncompressed; hosts count compressed bytes."""

_STEPS = ((MAX_LOCATIONS, MAX_RESULTS), (1, MAX_RESULTS), (1, 5_000), (1, 500))
"""(locations of a result, results), from all to what always fits."""
_MAX_NOTIFICATIONS = 500
_TEXT = 1_000
_KINDS = {"met": "pass", "unmet": "fail", "not_applicable": "notApplicable"}
_LEVELS = {"key": "error", "rated": "warning"}
_REFUSED = frozenset({"not_permitted", "not_visible", "unreachable", "rate_limited", "malformed"})
"""Causes that mean a source was asked and did not answer; the others say that nobody asked."""
_MARKED = str.maketrans({"\\": r"\\", "[": r"\[", "]": r"\]", "{": "{{", "}": "}}"})

Record = dict[str, Any]


class SarifRenderer:
    """Writes `findings.sarif`, within the limits of hosts, first with fewer locations, then fewer teams."""

    def render(self, view: ReportView) -> Mapping[str, bytes]:
        """Return the one file, at most 10,000,000 bytes."""
        places = _places(view)
        located = [finding for finding in view.assessment["findings"] if _cited(finding, places)]
        data = b""
        for locations, results in _STEPS:
            data = write_document(_log(view, places, located, (locations, results)))
            if len(data) <= MAX_BYTES:
                break
        return {"findings.sarif": data}


def message(text: object) -> Record:
    """Return a plain-text message in which nothing becomes a link or a placeholder."""
    return {"text": (line(text, _TEXT) or "–").translate(_MARKED)}


def _places(view: ReportView) -> dict[str, Place]:
    found = {key: place_of(item) for key, item in by_id(view.assessment["evidence"]).items()}
    return {key: place for key, place in found.items() if place is not None}


def _cited(finding: Mapping[str, Any], places: Mapping[str, Place]) -> bool:
    return any(identity in places for _, identity in citations(finding))


def _log(
    view: ReportView,
    places: Mapping[str, Place],
    located: Sequence[Mapping[str, Any]],
    limits: tuple[int, int],
) -> Record:
    chosen = select(located, limits[1])
    rules = {
        name: index for index, name in enumerate(sorted({item["criterion"] for item in chosen.findings}))
    }
    used = {places[key].root for item in chosen.findings for _, key in citations(item) if key in places}
    bases = _bases(used)
    causes = _causes(view)
    document = view.assessment
    run = {
        "tool": {"driver": _driver(view, rules, causes)},
        "automationDetails": {"id": _automation(document)},
        "columnKind": "unicodeCodePoints",
        "defaultEncoding": "utf-8",
        "invocations": [_invocation(view, causes, chosen.left_out)],
        "originalUriBaseIds": {name: _root(*root) for root, name in bases.items()},
        "versionControlProvenance": list(_provenance(bases)),
        "results": [_result(view, item, rules, places, bases, limits[0]) for item in chosen.findings],
        "properties": {
            "asOf": document["as_of"],
            "conclusionsDigest": document["conclusions_digest"],
            "headlineProven": document["headline"]["proven"],
            "headlinePossible": document["headline"]["possible"],
            "resultsLeftOut": chosen.left_out,
            "findingsWithoutLocation": len(document["findings"]) - len(located),
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
        "defaultConfiguration": {"level": _LEVELS.get(text.role, "note")},
        "properties": {"tags": tags[:MAX_TAGS], "precision": "high"},
    }


def _bases(roots: set[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    if len(roots) == 1:
        return dict.fromkeys(roots, "%SRCROOT%")
    return {root: f"REPO{position}" for position, root in enumerate(sorted(roots), 1)}


def _root(repository: str, commit: str, base: str) -> Record:
    words = message(f"{repository} at {commit}")
    return {"uri": base, "description": words} if base else {"description": words}


def _provenance(bases: Mapping[tuple[str, str, str], str]) -> Iterator[Record]:
    for (repository, commit, base), name in bases.items():
        if base:
            yield {"repositoryUri": repository, "revisionId": commit, "mappedTo": {"uriBaseId": name}}


def _result(
    view: ReportView,
    finding: Mapping[str, Any],
    rules: Mapping[str, int],
    places: Mapping[str, Place],
    bases: Mapping[tuple[str, str, str], str],
    limit: int,
) -> Record:
    name, outcome = finding["criterion"], finding["outcome"]
    text = view.texts.get(name)
    kind = _kind(outcome, text.role if text else "")
    pro = [places[key] for key in finding["evidence"] if key in places]
    contra = [places[key] for key in finding["counter_evidence"] if key in places]
    if not pro:
        pro, contra = contra, []
    mark = hashlib.sha256(f"{name}\n{finding['subject']}".encode("utf-8", "surrogatepass")).hexdigest()
    record: Record = {
        "ruleId": name,
        "ruleIndex": rules[name],
        "kind": kind,
        "level": _LEVELS.get(text.role if text else "", "note") if kind == "fail" else "none",
        "message": message(f"{finding['subject']}: {outcome_word(outcome)}; {finding['why']}"),
        "locations": [_location(place, bases) for place in _distinct(pro)[:limit]],
        "partialFingerprints": {"cnmmFinding/v1": mark, "primaryLocationLineHash": f"{mark[:16]}:1"},
        "properties": _properties(finding, text),
    }
    if contra:
        record["relatedLocations"] = [_location(place, bases) for place in _distinct(contra)[:limit]]
    if "waiver" in finding:
        record["suppressions"] = [_suppression(finding["waiver"])]
    return record


def _kind(outcome: str, role: str) -> str:
    """A symptom that is absent is no failure, and one that is present no pass."""
    kind = _KINDS.get(outcome, "review")
    return "informational" if role == "marker" and kind in ("pass", "fail") else kind


def _distinct(places: Iterable[Place]) -> list[Place]:
    return list(dict.fromkeys(places))


def _location(place: Place, bases: Mapping[tuple[str, str, str], str]) -> Record:
    where: Record = {"artifactLocation": {"uri": place.uri, "uriBaseId": bases[place.root]}}
    if place.lines:
        where["region"] = {"startLine": place.lines[0], "endLine": place.lines[1]}
    return {"physicalLocation": where}


def _properties(finding: Mapping[str, Any], text: CriterionText | None) -> Record:
    record: Record = {
        "subject": finding["subject"],
        "outcome": finding["outcome"],
        "evidenceTotal": finding["evidence_total"],
        "gaps": len(finding["gaps"]),
    }
    if text is not None:
        record.update({"section": text.section, "cnmmLevel": text.level, "role": text.role})
    for key in ("adjudicated", "conflict", "implied_by"):
        if finding.get(key):
            record[key] = line(finding[key], _TEXT)
    return record


def _suppression(waiver: Mapping[str, Any]) -> Record:
    """A suppression has no expiry of its own, and a waiver never is a pass: both are said in properties."""
    shown = {key: line(waiver[key], _TEXT) for key in ("owner", "approver", "expires")}
    return {
        "kind": "external",
        "status": "accepted",
        "justification": line(waiver["reason"], _TEXT),
        "properties": {**shown, "countsAsMet": False},
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
