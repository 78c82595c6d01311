"""One finding in OSCAL: its observation, its verdict where it is proven, its risk where it is waived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnmm_reports.inert import is_link, line
from cnmm_reports.oscal.terms import (
    TOOL,
    Record,
    identify,
    instant,
    markup,
    method_of,
    organisation_of,
    prop,
    token,
)
from cnmm_reports.selection import citations
from cnmm_reports.view import ReportView
from cnmm_reports.wording import estimate, observed, outcome_word, population

Finding = Mapping[str, Any]

_MAX_PROPS = 50
"""Tests, and gaps, of one observation; more are counted."""


def observation(
    view: ReportView, root: str, finding: Finding, evidence: Mapping[str, Mapping[str, Any]]
) -> Record:
    """Return what was observed of a row for a subject, with its citations."""
    text = view.texts.get(finding["criterion"])
    cited = [(stance, evidence[key]) for stance, key in citations(finding) if key in evidence]
    day = instant(view.assessment["as_of"])
    record: Record = {
        "uuid": _identify(root, "observation", finding),
        "title": markup(finding["criterion"]),
        "description": markup(_said(view, finding)),
        "props": list(_props(finding, text.role if text else "none")),
        "methods": [method_of(text.proof if text else "", finding["outcome"])],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": TOOL}]}],
        "subjects": [{"subject-uuid": _party(view, finding), "type": "party"}],
        "collected": max((item["captured_at"] for _, item in cited), default=day),
    }
    if cited:
        record["relevant-evidence"] = [_citation(stance, item) for stance, item in cited]
    return record


def verdict(view: ReportView, root: str, finding: Finding) -> Record:
    """Return the finding of a row that is proven met or proven not met."""
    met = finding["outcome"] == "met"
    role = view.texts[finding["criterion"]].role if finding["criterion"] in view.texts else "none"
    record: Record = {
        "uuid": _identify(root, "finding", finding),
        "title": markup(finding["criterion"]),
        "description": markup(_said(view, finding)),
        "props": [prop("subject", finding["subject"]), prop("role", role)],
        "target": {
            "type": "objective-id",
            "target-id": token(finding["criterion"]),
            "status": {
                "state": "satisfied" if met else "not-satisfied",
                "reason": "pass" if met else "fail",
            },
        },
        "related-observations": [{"observation-uuid": _identify(root, "observation", finding)}],
    }
    if "waiver" in finding:
        record["related-risks"] = [{"risk-uuid": _identify(root, "risk", finding)}]
    return record


def risk(view: ReportView, root: str, finding: Finding) -> Record:
    """Return an accepted risk with its log; it changes no verdict."""
    waiver = finding["waiver"]
    identity = _identify(root, "risk", finding)
    return {
        "uuid": identity,
        "title": markup(f"Accepted for {finding['subject']}: {finding['criterion']}"),
        "description": markup(_said(view, finding)),
        "statement": markup(waiver["reason"]),
        "props": [prop("owner", waiver["owner"]), prop("approver", waiver["approver"])],
        "status": "deviation-approved",
        "deadline": instant(waiver["expires"]),
        "risk-log": {
            "entries": [
                {
                    "uuid": identify(identity, "log"),
                    "title": markup("Seen in force on the audit date"),
                    "start": instant(view.assessment["as_of"]),
                    "status-change": "deviation-approved",
                }
            ]
        },
        "related-observations": [{"observation-uuid": _identify(root, "observation", finding)}],
    }


def resource(item: Mapping[str, Any]) -> Record:
    """Return a citation; its hash is of the sealed payload, not of what a link shows today."""
    payload = item["digest"].removeprefix("sha256:")
    links: list[Record] = [
        {"href": f"urn:cnmm:payload:sha256:{payload}", "hashes": [{"algorithm": "SHA-256", "value": payload}]}
    ]
    if is_link(item["locator"]):
        links.insert(0, {"href": item["locator"]})
    known = ("source", "locator", "query", "captured_at", "confirmed_at", "collector")
    parts = ("path", "commit", "lines", "native_id")
    names = [*known, *(name for name in parts if item.get(name))]
    return {
        "uuid": _resource(item),
        "title": markup(line(item.get("path") or item["locator"], 200)),
        "description": markup(item.get("excerpt") or "No excerpt."),
        "props": [
            prop("citation", item["id"]),
            *(prop(name.replace("_", "-"), item[name]) for name in names),
        ],
        "rlinks": links,
    }


def _identify(root: str, kind: str, finding: Finding) -> str:
    return identify(root, kind, finding["criterion"], finding["subject"])


def _resource(item: Mapping[str, Any]) -> str:
    return identify("citation", item["id"])


def _party(view: ReportView, finding: Finding) -> str:
    subject = finding["subject"]
    return identify("party", subject) if subject.startswith("team:") else organisation_of(view.assessment)


def _said(view: ReportView, finding: Finding) -> str:
    text = view.texts.get(finding["criterion"])
    statement = f" {text.statement}" if text else ""
    return f"{outcome_word(finding['outcome'])}: {finding['why']}.{statement}"


def _citation(stance: str, item: Mapping[str, Any]) -> Record:
    return {
        "href": f"#{_resource(item)}",
        "description": markup(f"{stance}: {line(item['locator'], 300)}"),
        "props": [prop("stance", stance)],
    }


def _props(finding: Finding, role: str) -> Iterator[Record]:
    yield prop("outcome", finding["outcome"])
    yield prop("subject", finding["subject"])
    yield prop("role", role)
    yield prop("citations", finding["evidence_total"])
    for key in ("implied_by", "conflict", "adjudicated"):
        if finding.get(key):
            yield prop(key.replace("_", "-"), finding[key])
    yield from _some("test", [_test(test) for test in finding["tests"]])
    yield from _some("gap", [_gap(gap) for gap in finding["gaps"]])


def _some(name: str, pairs: list[tuple[str, str]]) -> Iterator[Record]:
    yield from (prop(name, words, kind) for kind, words in pairs[:_MAX_PROPS])
    if len(pairs) > _MAX_PROPS:
        yield prop(f"{name}s-left-out", len(pairs) - _MAX_PROPS)


def _test(test: Mapping[str, Any]) -> tuple[str, str]:
    against = "counter-test " if test.get("counter") else ""
    seen = "; ".join(filter(None, (population(test["seen"], test["declared"]), estimate(test))))
    words = f"{against}{test['signal']} {test['threshold']}: {observed(test['low'], test['high'])}; {seen}"
    return f"answer-{test['answer']}", words


def _gap(gap: Mapping[str, Any]) -> tuple[str, str]:
    return gap["cause"], f"{gap['signal']} ({gap['count']}): needs {gap['needs']}"
