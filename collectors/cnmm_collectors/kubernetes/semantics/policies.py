"""Admission policies: which rules are enforced, of what family, over which namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnmm_collectors.kubernetes.shape import Object, flag, mapping, matches, objects, text, texts

FAMILIES = ("workload", "image", "network", "ownership", "quota", "other")
WORKLOAD_KINDS = frozenset(
    ("pod", "pods", "deployment", "deployments", "statefulset", "statefulsets", "daemonset", "daemonsets",
     "replicaset", "replicasets", "*")
)  # fmt: skip

_WORDS = (
    ("image", re.compile(r"image|registr|signature|cosign|attest|notary|digest|tag\b|repos\b", re.I)),
    ("network", re.compile(r"network-?polic|ingress|hostport|loadbalancer|nodeport|external-?ip", re.I)),
    ("ownership", re.compile(r"requiredlabel|require-?labels?|owner|cost|team-?label|labels?\b", re.I)),
    ("quota", re.compile(
        r"quota|limitrange|resources?-?(?:limit|request)|containerlimit|requests-?limits|replicalimit",
        re.I)),
    ("workload", re.compile(
        r"privileg|capabilit|hostpath|hostnamespace|host-?network|non-?root|run-?as|seccomp|apparmor|selinux|"
        r"pod-?security|psp|escalation|procmount|sysctl|read-?only|probe|automount|volume", re.I)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """An enforced admission rule; `namespaces` says where it applies, `kinds` are lower case.

    `family` is `other` where its intent cannot be told from its names. `verifies` where only images with
    a verified signature pass. `simple` is False where an engine's conditions narrow it beyond what is read.
    """

    name: str
    family: str
    kinds: frozenset[str]
    verifies: bool = False
    baseline: bool = False
    simple: bool = True
    include: tuple[Mapping[str, Any], ...] = field(default=())
    exclude: tuple[Mapping[str, Any], ...] = field(default=())

    def covers(self, namespace: str, carried: Mapping[str, str]) -> bool:
        """True where the rule applies to objects of a namespace; raises ShapeFault."""
        if any(_meets(one, namespace, carried) for one in self.exclude):
            return False
        return not self.include or any(_meets(one, namespace, carried) for one in self.include)

    @property
    def on_workloads(self) -> bool:
        """True where the rule matches pods or what makes them."""
        return not self.kinds or bool(self.kinds & WORKLOAD_KINDS)


def _meets(one: Mapping[str, Any], namespace: str, carried: Mapping[str, str]) -> bool:
    names = texts(one, "names")
    if names and not any(_glob(pattern, namespace) for pattern in names):
        return False
    named = {"kubernetes.io/metadata.name": namespace, **carried}
    return "selector" not in one or matches(mapping(one, "selector"), named)


def _glob(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), name) is not None


def family_of(*words: str) -> str:
    """Return the family that a rule's names speak of, `other` for none of them."""
    joined = " ".join(words)
    return next((family for family, pattern in _WORDS if pattern.search(joined)), "other")


def from_kyverno(item: Object) -> Iterator[Rule]:
    """Yield the enforced rules of a Kyverno policy; raises ShapeFault."""
    spec, meta = mapping(item, "spec"), mapping(item, "metadata")
    own, name = text(meta, "namespace"), text(meta, "name")
    general = text(spec, "validationFailureAction").lower()
    for rule in objects(spec, "rules"):
        validate, images = mapping(rule, "validate"), objects(rule, "verifyImages")
        action = text(validate, "failureAction").lower() or general
        checked = [one for one in images if (text(one, "failureAction").lower() or general) == "enforce"]
        if not (checked if images else validate and action == "enforce"):
            continue
        matched, excluded = _kyverno_blocks(rule, "match"), _kyverno_blocks(rule, "exclude")
        kinds = frozenset(
            kind.rpartition("/")[2].lower()
            for block in matched
            for kind in texts(block, "resources", "kinds")
        )
        families = [text(mapping(meta), "name"), text(rule, "name")]
        security = mapping(validate, "podSecurity")
        verifies = any(objects(one, "attestors") and flag(one, "required") is not False for one in checked)
        include = ({"names": [own]},) if own else tuple(_where(block) for block in matched)
        yield Rule(
            f"{name}/{text(rule, 'name')}",
            "image" if images else ("workload" if security else family_of(*families)),
            kinds, verifies, text(security, "level") in ("baseline", "restricted"),
            not rule.get("preconditions") and all(_is_plain(block) for block in matched),
            tuple(one for one in include if one) if all(include) else (),
            tuple(one for one in (_where(block) for block in excluded) if one),
        )  # fmt: skip


_PLAIN = {"kinds", "namespaces", "namespaceSelector", "operations"}


def _is_plain(block: Object) -> bool:
    """True where a block selects by kind and namespace alone."""
    return set(block) <= {"resources"} and set(mapping(block, "resources")) <= _PLAIN


def _kyverno_blocks(rule: Object, part: str) -> Sequence[Object]:
    holder = mapping(rule, part)
    return (*objects(holder, "any"), *objects(holder, "all"), *([holder] if "resources" in holder else ()))


def _where(block: Object) -> Mapping[str, Any]:
    resources = mapping(block, "resources")
    found: dict[str, Any] = {}
    if texts(resources, "namespaces"):
        found["names"] = list(texts(resources, "namespaces"))
    if mapping(resources, "namespaceSelector"):
        found["selector"] = mapping(resources, "namespaceSelector")
    return found


def from_cel(item: Object, images: bool) -> Iterator[Rule]:
    """Yield a Kyverno policy in the expression language where it denies; raises ShapeFault."""
    spec = mapping(item, "spec")
    if "Deny" not in (texts(spec, "validationActions") or ("Deny",)):
        return
    kinds, selector = _constraints(mapping(spec, "matchConstraints"))
    name = text(item, "metadata", "name")
    verifies = images and bool(objects(spec, "attestors"))
    yield Rule(name, "image" if images else family_of(name), kinds, verifies, False, True, selector)


def _constraints(holder: Object) -> tuple[frozenset[str], tuple[Mapping[str, Any], ...]]:
    rules = objects(holder, "resourceRules")
    kinds = frozenset(
        plural.partition("/")[0].lower() for rule in rules for plural in texts(rule, "resources")
    )
    selector = mapping(holder, "namespaceSelector")
    return kinds, ({"selector": selector},) if selector else ()


def from_gatekeeper(item: Object, plural: str) -> Iterator[Rule]:
    """Yield a Gatekeeper constraint where it denies, which is what it does unless told otherwise;
    raises ShapeFault.
    """
    spec = mapping(item, "spec")
    action = text(spec, "enforcementAction") or "deny"
    scoped = [text(one, "action") for one in objects(spec, "scopedEnforcementActions")]
    if action != "deny" and not (action == "scoped" and "deny" in scoped):
        return
    match = mapping(spec, "match")
    kinds = frozenset(kind.lower() for one in objects(match, "kinds") for kind in texts(one, "kinds"))
    include: dict[str, Any] = {}
    if texts(match, "namespaces"):
        include["names"] = list(texts(match, "namespaces"))
    if mapping(match, "namespaceSelector"):
        include["selector"] = mapping(match, "namespaceSelector")
    excluded = list(texts(match, "excludedNamespaces"))
    name = text(item, "metadata", "name")
    yield Rule(
        f"{plural}/{name}", family_of(plural, name), kinds, False, False, not mapping(match, "labelSelector"),
        (include,) if include else (), ({"names": excluded},) if excluded else (),
    )  # fmt: skip


def from_admission(policies: Iterable[Object], bindings: Iterable[Object]) -> Iterator[Rule]:
    """Yield the built-in admission policies that a binding enforces; raises ShapeFault."""
    bound: dict[str, list[Object]] = {}
    for binding in bindings:
        spec = mapping(binding, "spec")
        if "Deny" in texts(spec, "validationActions"):
            bound.setdefault(text(spec, "policyName"), []).append(mapping(spec, "matchResources"))
    for policy in policies:
        name = text(policy, "metadata", "name")
        kinds, wide = _constraints(mapping(policy, "spec", "matchConstraints"))
        for narrowed in bound.get(name, ()):
            selector = mapping(narrowed, "namespaceSelector")
            include = ({"selector": selector},) if selector else wide
            simple = not (selector and wide) and not objects(policy, "spec", "matchConditions")
            yield Rule(name, family_of(name), kinds, False, False, simple, include)


def from_kubewarden(item: Object) -> Iterator[Rule]:
    """Yield a Kubewarden policy in the mode that protects, which is the default; raises ShapeFault."""
    spec, own = mapping(item, "spec"), text(item, "metadata", "namespace")
    if (text(spec, "mode") or "protect") != "protect":
        return
    rules = objects(spec, "rules")
    kinds = frozenset(plural.lower() for rule in rules for plural in texts(rule, "resources"))
    name, module = text(item, "metadata", "name"), text(spec, "module")
    selector = mapping(spec, "namespaceSelector")
    include = ({"names": [own]},) if own else (({"selector": selector},) if selector else ())
    verifies = "verify-image-signatures" in module
    yield Rule(name, family_of(name, module.rpartition("/")[2]), kinds, verifies, False, True, include)


def from_sigstore(item: Object) -> Iterator[Rule]:
    """Yield a policy-controller image policy for the namespaces that opted in; raises ShapeFault."""
    if (text(item, "spec", "mode") or "enforce") != "enforce":
        return
    selector = {"matchLabels": {"policy.sigstore.dev/include": "true"}}
    everything = any(text(one, "glob") in ("**", "*") for one in objects(item, "spec", "images"))
    name = text(item, "metadata", "name")
    verifies = everything and bool(objects(item, "spec", "authorities"))
    yield Rule(name, "image", frozenset(("pods",)), verifies, False, True, ({"selector": selector},))


def lifted(item: Object) -> tuple[str, ...]:
    """Return the namespaces a policy exception names, `*` for all of them; raises ShapeFault."""
    blocks = _kyverno_blocks(mapping(item, "spec"), "match")
    names = [name for block in blocks for name in texts(block, "resources", "namespaces")]
    return tuple(names) or ((text(item, "metadata", "namespace") or "*"),)
