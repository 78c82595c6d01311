"""The digest of conclusions: what two assessments share that say the same of the same number of subjects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

_Document = Mapping[str, Any]

_CONCLUDED = ("criterion", "outcome", "tests", "implied_by", "conflict", "stated")
"""What of a finding comes from closed vocabularies and from numbers; reasons, roles and citations do not."""


def conclusions_digest(document: _Document) -> str:
    """Return the SHA-256 over headline, sections, teams and findings without names, times, locators, evidence
    and ledger.

    A subject counts as what is concluded about it. Consistent renaming changes nothing; another range,
    outcome, level, decision or waiver does. Whose conclusions they are the digest does not say.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for finding in document["findings"]:
        rows.setdefault(finding["subject"], []).append(_concluded(finding))
    named = {str(team["id"]): team["sections"] for team in document["teams"]}
    subjects = named.keys() | rows.keys()
    about = sorted(_canonical([_kind(one), named.get(one), _sorted(rows.get(one, ()))]) for one in subjects)
    core = [document["headline"], document["sections"], about]
    return "sha256:" + hashlib.sha256(_canonical(core).encode("ascii")).hexdigest()


def _concluded(finding: _Document) -> dict[str, Any]:
    told = {key: finding[key] for key in _CONCLUDED if key in finding}
    # An estimate concludes nothing.
    told["tests"] = [{key: test[key] for key in test if key != "estimate"} for test in finding["tests"]]
    if finding.get("adjudicated"):
        told["adjudicated"] = True
    if "waiver" in finding:
        told["waived_until"] = finding["waiver"]["expires"]
    return told


def _kind(subject: str) -> str:
    return subject.partition(":")[0]


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=_canonical)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
