"""The results of a SARIF run: findings with places inside repositories, as many as a host accepts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby, islice
from typing import Any

from cnmm_reports.canonical import measure
from cnmm_reports.inert import line
from cnmm_reports.places import Place, place_of
from cnmm_reports.selection import citations
from cnmm_reports.view import CriterionText
from cnmm_reports.wording import outcome_word

MAX_RESULTS = 25_000
"""Results a host accepts in one run."""
MAX_LOCATIONS = 1_000
"""Locations a host accepts in one result."""
LEVELS = {"key": "error", "rated": "warning"}
WHOLE = "the whole file"
_KINDS = {"met": "pass", "unmet": "fail", "not_applicable": "notApplicable"}
_TEXT = 1_000
_MARKED = str.maketrans({"\\": r"\\", "[": r"\[", "]": r"\]", "{": "{{", "}": "}}"})

Record = dict[str, Any]
Finding = Mapping[str, Any]
Root = tuple[str, str, str]
"""(repository, commit, address that paths start from)"""


def message(text: object) -> Record:
    """Return a plain-text message in which nothing becomes a link or a placeholder."""
    return {"text": (line(text, _TEXT) or "–").translate(_MARKED)}


class Results:
    """What a run can hold of an assessment; nothing until `fill` has said how much fits.

    Each place is worked out once and only where it is asked for; each result is weighed before it is kept.
    """

    def __init__(
        self,
        texts: Mapping[str, CriterionText],
        findings: Iterable[Finding],
        cited: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._texts = texts
        self._place = cache(lambda key: place_of(cited[key]) if key in cited else None)
        self._findings = [one for one in findings if any(self._place(key) for _, key in citations(one))]
        self._single = len({item["commit"] for item in cited.values() if item.get("commit")}) == 1
        self.located = len(self._findings)
        names = sorted({one["criterion"] for one in self._findings})
        self.rules = {name: index for index, name in enumerate(names)}
        self.kept: list[Record] = []
        self._bases: dict[Root, str] = {}

    @property
    def left_out(self) -> int:
        """How many findings with a place are not kept."""
        return self.located - len(self.kept)

    def fill(self, locations: int, room: int) -> None:
        """Keep results of at most so many locations in so many bytes: subjects whole, only the first cut."""
        self.kept, self._bases = [], {}
        for _, group in groupby(self._findings, key=lambda finding: finding["subject"]):
            kept, bases = len(self.kept), len(self._bases)
            for finding in group:
                known = len(self._bases)
                record = self._result(finding, locations)
                room -= measure(record) + 1 + self._weight(known)
                if room < 0 or len(self.kept) == MAX_RESULTS:
                    self._forget(kept or len(self.kept), bases if kept else known)
                    return
                self.kept.append(record)

    def _forget(self, kept: int, bases: int) -> None:
        del self.kept[kept:]
        self._bases = dict(islice(self._bases.items(), bases))

    def _weight(self, known: int) -> int:
        """Return the bytes that the roots beyond the first so many add to the run."""
        fresh = dict(islice(reversed(self._bases.items()), len(self._bases) - known))
        return measure(_roots(fresh)) if fresh else 0

    def roots(self) -> Record:
        """Return what the kept results' paths are relative to, as parts of a run."""
        return _roots(self._bases)

    def _base(self, root: Root) -> str:
        number = len(self._bases) + 1
        return self._bases.setdefault(root, "%SRCROOT%" if self._single and number == 1 else f"REPO{number}")

    def _result(self, finding: Finding, limit: int) -> Record:
        name, outcome = finding["criterion"], finding["outcome"]
        text = self._texts.get(name)
        kind = _kind(outcome, text.role if text else "")
        pro, contra = self._places(finding["evidence"]), self._places(finding["counter_evidence"])
        if not pro:
            pro, contra = contra, []
        mark = hashlib.sha256(f"{name}\n{finding['subject']}".encode("utf-8", "surrogatepass")).hexdigest()
        record: Record = {
            "ruleId": name,
            "ruleIndex": self.rules[name],
            "kind": kind,
            "level": LEVELS.get(text.role if text else "", "note") if kind == "fail" else "none",
            "message": message(f"{finding['subject']}: {outcome_word(outcome)}; {finding['why']}"),
            "locations": [self._location(place) for place in pro[:limit]],
            "partialFingerprints": {"cnmmFinding/v1": mark, "primaryLocationLineHash": f"{mark[:16]}:1"},
            "properties": _properties(finding, text),
        }
        if contra:
            record["relatedLocations"] = [self._location(place) for place in contra[:limit]]
        if "waiver" in finding:
            record["suppressions"] = [_suppression(finding["waiver"])]
        return record

    def _places(self, keys: Iterable[str]) -> list[Place]:
        return list(dict.fromkeys(place for key in keys if (place := self._place(key)) is not None))

    def _location(self, place: Place) -> Record:
        """Hosts show a result at a line; where a whole file is cited, that is its first, and it is said."""
        where: Record = {"artifactLocation": {"uri": place.uri, "uriBaseId": self._base(place.root)}}
        if place.lines is None:
            where["region"] = {"startLine": 1}
            return {"physicalLocation": where, "message": message(WHOLE)}
        where["region"] = {"startLine": place.lines[0], "endLine": place.lines[1]}
        return {"physicalLocation": where}


def _roots(bases: Mapping[Root, str]) -> Record:
    return {
        "originalUriBaseIds": {name: _root(*root) for root, name in bases.items()},
        "versionControlProvenance": list(_provenance(bases)),
    }


def _root(repository: str, commit: str, base: str) -> Record:
    words = message(f"{repository} at {commit}")
    return {"uri": base, "description": words} if base else {"description": words}


def _provenance(bases: Mapping[Root, str]) -> Iterator[Record]:
    for (repository, commit, base), name in bases.items():
        if base:
            yield {"repositoryUri": repository, "revisionId": commit, "mappedTo": {"uriBaseId": name}}


def _kind(outcome: str, role: str) -> str:
    """A symptom that is absent is no failure, and one that is present no pass."""
    kind = _KINDS.get(outcome, "review")
    return "informational" if role == "marker" and kind in ("pass", "fail") else kind


def _properties(finding: Finding, text: CriterionText | None) -> Record:
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
