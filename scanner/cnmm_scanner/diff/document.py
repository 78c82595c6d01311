"""The document of a comparison: every change with the steps that lead from the old state to the new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cnmm_scanner.diff.sides import Document, Side

SCHEMA = "cnmm/diff/1"
RULES, REALITY, VISIBILITY = "rules", "reality", "visibility"
CAUSES = (RULES, REALITY, VISIBILITY)
NONE = "none"
"""The outcome of a row that is not judged on one side."""


class Stage(NamedTuple):
    """An assessment on the way from old to new, and the cause that leads to it."""

    cause: str
    assessment: Document


Key = tuple[str, str]


def build(old: Side, new: Side, method: str, **parts: Any) -> dict[str, Any]:
    """Return the document; `parts` are headline, sections, findings, readings, rules and notes."""
    counts = Counter(cause for finding in parts["findings"] for cause in finding["causes"])
    return {
        "schema": SCHEMA,
        "method": method,
        "organisation": new.assessment["organisation"],
        "old": _about(old),
        "new": _about(new),
        "counts": {cause: counts[cause] for cause in CAUSES},
        **parts,
    }


def _about(side: Side) -> dict[str, Any]:
    told = side.assessment
    catalogue = {name: told["catalogue"][name] for name in ("id", "version")}
    kept = {name: told[name] for name in ("as_of", "engine", "complete", "conclusions_digest")}
    return {"name": side.name, "catalogue": catalogue, **kept}


def findings_of(assessment: Document) -> dict[Key, Mapping[str, Any]]:
    """Return the findings by (subject, criterion)."""
    return {(one["subject"], one["criterion"]): one for one in assessment["findings"]}


def outcome(finding: Mapping[str, Any] | None) -> str:
    """Return a finding's outcome, `none` where the row is not judged."""
    return NONE if finding is None else str(finding["outcome"])


def sections_of(assessment: Document) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    """Yield every section of the organisation and of each team, by (subject, section)."""
    for section in assessment["sections"]:
        yield ("organisation", section["id"]), section
    for team in assessment["teams"]:
        for section in team["sections"]:
            yield (team["id"], section["id"]), section


def ends(part: Mapping[str, Any] | None) -> list[int | None]:
    """Return proven and possible; None twice where there is no such section."""
    return [None, None] if part is None else [part["proven"], part["possible"]]


def changed_sections(stages: Sequence[Stage]) -> list[dict[str, Any]]:
    """Return every section whose interval differs at some stage, with the step each cause makes."""
    tables = [dict(sections_of(stage.assessment)) for stage in stages]
    found = []
    for key in dict.fromkeys(key for table in reversed(tables) for key in table):
        states = [ends(table.get(key)) for table in tables]
        steps = list(step_through(stages, states))
        if not steps:
            continue
        title = next(table[key]["title"] for table in reversed(tables) if key in table)
        found.append(
            {
                "subject": key[0],
                "section": key[1],
                "title": title,
                "old": states[0],
                "new": states[-1],
                "steps": steps,
            }
        )
    return found


def changed_headline(stages: Sequence[Stage]) -> dict[str, Any]:
    """Return the headline's interval on both sides, with the step each cause makes."""
    states = [ends(stage.assessment["headline"]) for stage in stages]
    return {"old": states[0], "new": states[-1], "steps": list(step_through(stages, states))}


def step_through(stages: Sequence[Stage], states: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Yield a step for each cause that changes the state."""
    for stage, before, after in zip(stages[1:], states[:-1], states[1:], strict=True):
        if before != after:
            yield {"cause": stage.cause, "from": before, "to": after}


def compared_tests(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the tests whose range or answer differs, old beside new, None where there was no such test."""
    before = {_test_key(test): test for test in (old or {"tests": ()})["tests"]}
    after = {_test_key(test): test for test in (new or {"tests": ()})["tests"]}
    rows = []
    for key in before.keys() | after.keys():
        was, now = _seen(before.get(key)), _seen(after.get(key))
        if was != now:
            rows.append({"signal": key[0], "threshold": key[1], "old": was, "new": now})
    return sorted(rows, key=lambda row: (row["signal"], row["threshold"]))


def _test_key(test: Mapping[str, Any]) -> tuple[str, str, bool]:
    return test["signal"], threshold(test), bool(test.get("counter"))


def threshold(test: Mapping[str, Any]) -> str:
    """Return a test's threshold without the baseline that a trend shows beside it."""
    text = str(test["threshold"])
    return text.partition(" (was ")[0].partition(" (no baseline")[0]


def _seen(test: Mapping[str, Any] | None) -> list[Any] | None:
    return None if test is None else [test["low"], test["high"], test["answer"]]


def changed_rows(old: Iterable[Key], new: Iterable[Key]) -> dict[str, list[str]]:
    """Return the criteria that only one side judges."""
    before, after = {key[1] for key in old}, {key[1] for key in new}
    return {"added": sorted(after - before), "removed": sorted(before - after)}
