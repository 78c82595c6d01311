"""The assessment results: an observation for every finding, a finding only where it is proven either way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cnmm_reports.firstpage import excused, headline, notes
from cnmm_reports.oscal.observations import observation, resource, risk, verdict
from cnmm_reports.oscal.terms import (
    OSCAL_VERSION,
    PLAN,
    Record,
    identify,
    instant,
    markup,
    organisation_of,
    prop,
    reviewed,
    string,
)
from cnmm_reports.selection import Selection, by_id, citations, select
from cnmm_reports.view import ReportView


@dataclass(frozen=True, slots=True)
class _Times:
    """First and last time anything cited was read, the audit date where nothing was."""

    first: str
    last: str


def write_results(view: ReportView, limit: int) -> Record:
    """Return the body of the assessment results of a view, with at most `limit` findings."""
    document = view.assessment
    sealed = json.dumps(document, sort_keys=True, separators=(",", ":"))
    root = identify("results", hashlib.sha256(sealed.encode()).hexdigest())
    chosen = select(document["findings"], limit)
    evidence = by_id(document["evidence"])
    times = _times(document)
    cited = dict.fromkeys(key for item in chosen.findings for _, key in citations(item) if key in evidence)
    body: Record = {
        "uuid": root,
        "metadata": _metadata(view, chosen, times),
        "import-ap": {"href": PLAN},
        "results": [_result(view, root, chosen, evidence, times)],
    }
    if cited:
        body["back-matter"] = {"resources": [resource(evidence[key]) for key in cited]}
    return body


def _times(document: Mapping[str, Any]) -> _Times:
    day = instant(document["as_of"])
    read = [item["captured_at"] for item in document["evidence"]]
    seen = [item["confirmed_at"] for item in document["evidence"]]
    return _Times(min(read, default=day), max((*read, *seen), default=day))


def _metadata(view: ReportView, chosen: Selection, times: _Times) -> Record:
    document = view.assessment
    sections = {team["id"]: team["sections"] for team in document["teams"]}
    subjects = dict.fromkeys(
        (f"org:{document['organisation']}", *(item["subject"] for item in chosen.findings))
    )
    subjects = dict.fromkeys(
        name if name.startswith("team:") else f"org:{document['organisation']}" for name in subjects
    )
    return {
        "title": markup(f"Assessment of {document['organisation']}: {headline(view)}"),
        "last-modified": times.last,
        "version": string(document["as_of"]),
        "oscal-version": OSCAL_VERSION,
        "parties": [_party(document, name, sections.get(name, ())) for name in subjects],
    }


def _party(document: Mapping[str, Any], name: str, sections: Any) -> Record:
    own = not name.startswith("team:")
    record: Record = {
        "uuid": organisation_of(document) if own else identify("party", name),
        "type": "organization",
        "name": string(document["organisation"] if own else name),
    }
    if levels := list(_levels(sections)):
        record["props"] = levels
    return record


def _levels(sections: Any) -> Iterator[Record]:
    for section in sections:
        none = "not applicable" if excused(section) else None
        for end in ("proven", "possible"):
            value = "not inferred" if section[end] is None else section[end]
            yield prop(f"{end}-level", none or value, section["id"])
        yield prop("coverage", none or section["coverage"], section["id"])
        if not section["sufficient"]:
            yield prop("insufficient-evidence", "true", section["id"])


def _result(
    view: ReportView,
    root: str,
    chosen: Selection,
    evidence: Mapping[str, Mapping[str, Any]],
    times: _Times,
) -> Record:
    rows = list(dict.fromkeys(item["criterion"] for item in chosen.findings))
    sections = dict.fromkeys(view.texts[row].section for row in rows if row in view.texts)
    observations = [observation(view, root, item, evidence) for item in chosen.findings]
    findings = [verdict(view, root, item) for item in chosen.findings if item["outcome"] in ("met", "unmet")]
    risks = [risk(view, root, item) for item in chosen.findings if "waiver" in item]
    record: Record = {
        "uuid": identify(root, "result"),
        "title": markup(headline(view)),
        "description": markup(" ".join(notes(view))),
        "start": times.first,
        "end": times.last,
        "props": list(_props(view, chosen)),
        "reviewed-controls": reviewed(list(sections), rows),
    }
    parts = {"observations": observations, "risks": risks, "findings": findings}
    record.update({key: items for key, items in parts.items() if items})
    return record


def _props(view: ReportView, chosen: Selection) -> Iterator[Record]:
    document = view.assessment
    yield prop("headline-proven-level", document["headline"]["proven"])
    yield prop("headline-possible-level", document["headline"]["possible"])
    yield from _levels(document["sections"])
    yield prop("conclusions-digest", document["conclusions_digest"])
    yield prop("collection-complete", str(document["complete"]).lower())
    yield prop("period-from", document["period"]["from"])
    yield prop("period-to", document["period"]["to"])
    yield prop("audit-date", document["as_of"])
    for key in ("requested", "received", "skipped", "failed"):
        yield prop("ledger", document["ledger"][key], key)
    for key, share in sorted(document["shares"].items()):
        yield prop("share", share, key)
    for key, value in sorted(document["scope"].items()):
        yield prop("scope", value, key)
    if chosen.left_out:
        yield prop("findings-left-out", chosen.left_out)
