"""A comparison of two bundles: each cause is a derivation of its own, so that nothing is guessed.

Old facts under old rules, old facts under new rules, the new world as the old scan would have seen it,
new facts: between neighbours only the rules, only reality, only visibility differs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnmm_collectors.signals import Observation, State
from cnmm_rules.facts import Facts
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.diff.document import (
    REALITY,
    RULES,
    VISIBILITY,
    Stage,
    build,
    changed_headline,
    changed_rows,
    changed_sections,
    compared_tests,
    findings_of,
    outcome,
    step_through,
)
from cnmm_scanner.diff.lens import World, seen_differently, through
from cnmm_scanner.diff.sides import Side, facts_of, judge, rules_of

EXAMPLES = 3
READING_KINDS = ("changed", "appeared", "gone", "became_known", "became_unknown")


def compare_bundles(old: Side, new: Side, before: Bundle, after: Bundle) -> dict[str, Any]:
    """Return what changed between two bundles and why; raises Fault where a bundle cannot be derived."""
    catalogue = after.catalogue()
    same = rules_of(before) == rules_of(after)
    was, now = facts_of(before, catalogue.signals), after.facts()
    stages = (
        Stage("", old.assessment),
        Stage(RULES, old.assessment if same else judge(was, catalogue)),
        Stage(REALITY, judge(through(was, now), catalogue)),
        Stage(VISIBILITY, new.assessment),
    )
    readings = _changed_readings(was, now)
    tables = [findings_of(stage.assessment) for stage in stages]
    return build(
        old,
        new,
        "derived",
        headline=changed_headline(stages),
        sections=changed_sections(stages),
        findings=list(_changed_findings(stages, readings)),
        readings=[{"signal": signal, **readings[signal]} for signal in sorted(readings)],
        rules={"changed": not same, **changed_rows(tables[0], tables[-1])},
        notes=[note for note in (old.note, new.note) if note],
    )


def _changed_findings(
    stages: Sequence[Stage], readings: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    tables = [findings_of(stage.assessment) for stage in stages]
    for key in sorted(tables[0].keys() | tables[-1].keys()):
        found = [table.get(key) for table in tables]
        states = [outcome(one) for one in found]
        if states[0] == states[-1]:
            continue
        steps = list(step_through(stages, states))
        signals = {test["signal"] for one in found if one is not None for test in one["tests"]}
        yield {
            "criterion": key[1],
            "subject": key[0],
            "old": states[0],
            "new": states[-1],
            "causes": [step["cause"] for step in steps],
            "steps": steps,
            "why": (found[-1] or found[0] or {"why": ""})["why"],
            "tests": compared_tests(found[0], found[-1]),
            "readings": {signal: readings[signal] for signal in sorted(signals & readings.keys())},
        }


def _changed_readings(was: Facts, now: Facts) -> dict[str, dict[str, Any]]:
    """Return by signal how many readings changed, came or went and became known or unknown, with examples."""
    before, after = World(was), World(now)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    examples: dict[str, list[str]] = defaultdict(list)
    for signal, subject, kind in _kinds(before, after):
        counts[signal][kind] += 1
        if len(examples[signal]) < EXAMPLES:
            examples[signal].append(f"{subject}: {kind.replace('_', ' ')}")
    return {
        signal: {**{kind: number[kind] for kind in READING_KINDS}, "examples": sorted(examples[signal])}
        for signal, number in counts.items()
    }


def _kinds(before: World, after: World) -> Iterator[tuple[str, str, str]]:
    held = {(one.key, one.subject, one.source): one for one in before.facts.observations}
    for now in after.facts.observations:
        was = held.pop((now.key, now.subject, now.source), None)
        if was is not None:
            kind = _kind(was, now)
        elif before.lacks(now.subject, after.parents.get(now.subject)):
            kind = "appeared"
        else:
            kind = "" if now.state is State.UNKNOWN else "became_known"
        if kind:
            yield now.key, str(now.subject), kind
    for was in held.values():
        gone = after.lacks(was.subject, before.parents.get(was.subject))
        if gone or was.state is not State.UNKNOWN:
            yield was.key, str(was.subject), "gone" if gone else "became_unknown"


def _kind(was: Observation, now: Observation) -> str:
    if (was.state, was.value) == (now.state, now.value):
        return ""
    if not seen_differently(was, now):
        return "changed" if State.UNKNOWN not in (was.state, now.state) else ""
    return "became_unknown" if now.state is State.UNKNOWN else "became_known"
