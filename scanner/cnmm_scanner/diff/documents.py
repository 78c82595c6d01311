"""A comparison of two assessments without their facts: causes follow from the ranges that each row saw.

A reading that becomes known leaves a range within the earlier one, one that becomes unknown a range around
it. A range that does neither moved because reality did; a row that asks something else changed by its rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cnmm_scanner.diff.document import (
    REALITY,
    RULES,
    VISIBILITY,
    Key,
    build,
    changed_rows,
    compared_tests,
    ends,
    findings_of,
    outcome,
    sections_of,
    threshold,
)
from cnmm_scanner.diff.sides import Document, Side

Findings = Mapping[Key, Mapping[str, Any]]
_UNBOUNDED = float("inf")
_CAREFUL = (
    "compared without facts: a cause is what the ranges of both sides are consistent with; "
    "two bundles separate causes by derivation"
)


def compare_documents(old: Side, new: Side) -> dict[str, Any]:
    """Return what changed between two assessments, and which causes their ranges are consistent with."""
    before, after = findings_of(old.assessment), findings_of(new.assessment)
    rules_changed = _rules(old.assessment) != _rules(new.assessment)
    findings = list(_changed_findings(before, after, rules_changed))
    return build(
        old,
        new,
        "documents",
        headline=_headline(old.assessment, new.assessment),
        sections=_sections(old.assessment, new.assessment, findings),
        findings=findings,
        readings=[],
        rules={"changed": rules_changed, **changed_rows(before, after)},
        notes=[_CAREFUL, *(note for note in (old.note, new.note) if note)],
    )


def _rules(document: Document) -> tuple[Any, ...]:
    catalogue = document["catalogue"]
    own = catalogue.get("deviations", []), catalogue.get("not_applicable", {})
    return document["engine"], catalogue["id"], catalogue["version"], *own


def _headline(old: Document, new: Document) -> dict[str, Any]:
    return {"old": ends(old["headline"]), "new": ends(new["headline"]), "steps": []}


def _sections(old: Document, new: Document, findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    before, after = dict(sections_of(old)), dict(sections_of(new))
    found: list[dict[str, Any]] = []
    for key in dict.fromkeys([*after, *before]):
        was, now = ends(before.get(key)), ends(after.get(key))
        if was != now:
            title = (after.get(key) or before[key])["title"]
            moved = {"subject": key[0], "section": key[1], "title": title, "old": was, "new": now}
            found.append({**moved, "steps": [], "causes": _section_causes(key, findings)})
    return found


def _section_causes(key: Key, findings: list[dict[str, Any]]) -> list[str]:
    said = {
        cause
        for one in findings
        if one["criterion"].partition(".")[0] == key[1] and _about(one["subject"]) == key[0]
        for cause in one["causes"]
    }
    return [cause for cause in (RULES, REALITY, VISIBILITY) if cause in said]


def _about(subject: str) -> str:
    return "organisation" if subject.startswith("org:") else subject


def _changed_findings(before: Findings, after: Findings, rules_changed: bool) -> Iterator[dict[str, Any]]:
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if outcome(was) == outcome(now):
            continue
        causes = [_Causes(before, after, rules_changed).of(key)]
        yield {
            "criterion": key[1],
            "subject": key[0],
            "old": outcome(was),
            "new": outcome(now),
            "causes": causes,
            "steps": [],
            "why": (now or was or {"why": ""})["why"],
            "tests": compared_tests(was, now),
            "readings": {},
        }


@dataclass(frozen=True, slots=True)
class _Causes:
    before: Findings
    after: Findings
    rules_changed: bool

    def of(self, key: Key, seen: frozenset[Key] = frozenset()) -> str:
        """Return the cause of one change; a row that follows another row changed for that row's reason."""
        was, now = self.before.get(key), self.after.get(key)
        if was is None or now is None:
            # A team that came or went changed in reality; a row that others have on both sides did not.
            return RULES if _only_on_one_side(key[1], self.before, self.after) else REALITY
        old, new = _tests(was), _tests(now)
        # Under the same rules a row lists more tests once its first ones are true, and never others.
        nested = old.keys() <= new.keys() or new.keys() <= old.keys()
        if not nested or (self.rules_changed and old.keys() != new.keys()):
            return RULES
        moved = [_moved(old[asked], new[asked]) for asked in old.keys() & new.keys()]
        if REALITY in moved:
            return REALITY
        carried = self._carried(key, was, now, seen | {key})
        for cause in (RULES, REALITY, VISIBILITY):
            if cause in carried:
                return cause
        return VISIBILITY if VISIBILITY in moved else REALITY

    def _carried(
        self, key: Key, was: Mapping[str, Any], now: Mapping[str, Any], seen: frozenset[Key]
    ) -> list[str]:
        leads = [(key[0], name) for name in _leads(was, now) if (key[0], name) not in seen]
        return [
            self.of(lead, seen)
            for lead in leads
            if outcome(self.before.get(lead)) != outcome(self.after.get(lead))
        ]


def _only_on_one_side(criterion: str, before: Findings, after: Findings) -> bool:
    return any(key[1] == criterion for key in before) != any(key[1] == criterion for key in after)


def _tests(finding: Mapping[str, Any]) -> dict[tuple[str, str, bool], Mapping[str, Any]]:
    return {(test["signal"], threshold(test), bool(test.get("counter"))): test for test in finding["tests"]}


def _leads(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield the rows that this one follows: those that imply it, and those its tests name."""
    for one in (was, now):
        if one.get("implied_by"):
            yield one["implied_by"]
        yield from (test["signal"] for test in one["tests"] if test["threshold"] == "met")


def _moved(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return visibility for a range within or around the earlier one, reality for another, else nothing."""
    old, new = _range(was), _range(now)
    if old == new:
        answers = {was["answer"], now["answer"]}
        return VISIBILITY if len(answers) == 2 and "unknown" in answers else ""
    within = old[0] <= new[0] and new[1] <= old[1]
    around = new[0] <= old[0] and old[1] <= new[1]
    return VISIBILITY if within or around else REALITY


def _range(test: Mapping[str, Any]) -> tuple[float, float]:
    return test["low"], _UNBOUNDED if test["high"] is None else test["high"]
