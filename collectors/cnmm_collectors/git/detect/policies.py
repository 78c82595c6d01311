"""Policy as code: which families of rules a repository keeps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from cnmm_collectors.git.detect.manifests import Manifest, could_be_manifest
from cnmm_collectors.git.detect.nodes import Node
from cnmm_collectors.git.detect.readings import (
    Hit,
    cite_hits,
    doubtful,
    of_repository,
    outside_repository,
    plain,
)
from cnmm_collectors.git.detect.survey import Survey, remembered
from cnmm_collectors.git.detect.tables import load_table
from cnmm_collectors.signals import Masses, Observed, Reading, Signal

KEYS = ("git.policy_family",)
WHAT = "policy rules"
_NEEDLE = re.compile(rb"kyverno\.io|gatekeeper\.sh|ValidatingAdmissionPolicy")
_KYVERNO_RULES = frozenset({"ClusterPolicy", "Policy"})
_KYVERNO_WHOLE = re.compile(
    r"(Namespaced)?(ValidatingPolicy|MutatingPolicy|GeneratingPolicy|ImageValidatingPolicy|DeletingPolicy)"
)
_REGO_RULE = re.compile(r"^(deny|violation|warn)(_\w+)?\b[^\n#]*(\{|\bif\b|\bcontains\b)")
_REGO_COMMENT = re.compile(r"^\s*#")


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule that can refuse, change or add something: its family, place, and whether it is explained."""

    family: str
    hit: Hit
    explained: bool
    steers: bool


def find_signals(survey: Survey) -> Iterator[Signal]:
    """Yield the families of rules in the repository, each with its number of rules."""
    yield of_repository(survey, KEYS[0], outside_repository(survey) or _families(survey))


def _families(survey: Survey) -> Reading:
    doubts = survey.doubts(lambda p: could_be_manifest(p) or p.endswith(".rego"), _NEEDLE)
    if doubts:
        return doubtful(survey, doubts, WHAT)
    rules = policy_rules(survey)
    masses = Counter(rule.family for rule in rules)
    evidence = cite_hits(survey, {rule.family: rule.hit for rule in reversed(rules)}.values())
    return Observed(Masses(tuple(sorted(masses.items()))), evidence or (survey.view.cite.tree(WHAT),))


@remembered
def policy_rules(survey: Survey) -> list[PolicyRule]:
    """Return every rule that is not empty."""
    found = [rule for manifest in survey.manifests for rule in _of_manifest(manifest)]
    for path in survey.readable:
        if path.endswith(".rego"):
            found.extend(_of_rego(survey, path))
    return found


def _of_manifest(manifest: Manifest) -> Iterator[PolicyRule]:
    node = manifest.node
    if node is None or not node.entries("spec"):
        return
    if manifest.group == "kyverno.io" and manifest.kind in _KYVERNO_RULES:
        for rule in node.items("spec", "rules"):
            if any(
                rule.entries(action) or rule.items(action)
                for action in ("validate", "mutate", "generate", "verifyImages")
            ):
                yield _rule(manifest, rule, steers=not rule.get("validate"))
    elif manifest.group == "policies.kyverno.io" and _KYVERNO_WHOLE.fullmatch(manifest.kind):
        yield _rule(manifest, node, steers="Validating" not in manifest.kind)
    elif manifest.group in ("constraints.gatekeeper.sh", "mutations.gatekeeper.sh"):
        yield _rule(manifest, node, steers=manifest.group.startswith("mutations"))
    elif manifest.kind == "ValidatingAdmissionPolicy" and node.items("spec", "validations"):
        yield _rule(manifest, node, steers=False)


def _rule(manifest: Manifest, node: Node, *, steers: bool) -> PolicyRule:
    words = [
        manifest.kind,
        *(f"{key} {n.value[:200] if isinstance(n.value, str) else ''}" for key, n in node.walk()),
    ]
    hit = Hit(manifest.path, node.line, node.end, plain(f"{manifest.kind} {manifest.name}"))
    return PolicyRule(family_of(" ".join(words)), hit, _explained(manifest), steers)


def _explained(manifest: Manifest) -> bool:
    node = manifest.node
    if node is None:
        return False
    notes = [n.value for key, n in node.entries("metadata", "annotations") if "description" in key]
    notes += [node.text("spec", "description")]
    return any(isinstance(note, str) and len(note.strip()) >= 20 for note in notes)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table: dict[str, Any] = load_table("policies")["families"]
    return tuple((family, re.compile("|".join(words))) for family, words in table.items())


def family_of(words: str) -> str:
    """Return the family that a rule's words belong to, `other` where none is known."""
    lowered = words[:20_000].lower()
    return next((family for family, pattern in _patterns() if pattern.search(lowered)), "other")


def _of_rego(survey: Survey, path: str) -> Iterator[PolicyRule]:
    lines = survey.lines(path)
    starts = [n for n, line in enumerate(lines) if _REGO_RULE.match(line)]
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else len(lines)
        body = [line for line in lines[start:end] if not _REGO_COMMENT.match(line)]
        explained = start > 0 and _REGO_COMMENT.match(lines[start - 1]) is not None
        hit = Hit(path, start + 1, start + 1, "rego rule")
        yield PolicyRule(family_of("\n".join(body)), hit, explained, steers=False)
