"""Admission policies: which rules are enforced, of what family, over which namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnmm_collectors.kubernetes.shape import Object, mapping, matches, objects, text, texts

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
        r"pod-?security|psp|escalation|drop-(?:cap|all)|sock-mount|procmount|sysctl|read-?only|probe|automount|"
        r"volume", re.I)),
)  # fmt: skip


Where = Mapping[str, Any]
"""Namespaces: `names` and `only` are patterns, `selector` is one over labels; all that is there must hold."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An enforced admission rule; `namespaces` says where it applies, `kinds` are lower case.

    `family` is `other` where its intent cannot be told from its names. `verifies` where images need a
    verified signature, `whole` where that is every image. `simple` is False where an engine's conditions
    narrow it beyond what is read.
    """

    name: str
    family: str
    kinds: frozenset[str]
    verifies: bool = False
    whole: bool = False
    baseline: bool = False
    simple: bool = True
    include: tuple[Where, ...] = ()
    exclude: tuple[Where, ...] = ()

    def covers(self, namespace: str, carried: Mapping[str, str]) -> bool:
        """True where the rule applies to objects of a namespace; raises ShapeFault."""
        if any(_meets(one, namespace, carried) for one in self.exclude):
            return False
        return not self.include or any(_meets(one, namespace, carried) for one in self.include)

    @property
    def on_workloads(self) -> bool:
        """True where the rule matches pods or what makes them."""
        return not self.kinds or bool(self.kinds & WORKLOAD_KINDS)


def _meets(one: Where, namespace: str, carried: Mapping[str, str]) -> bool:
    for key in ("names", "only"):
        if key in one and not any(_glob(pattern, namespace) for pattern in texts(one, key)):
            return False
    named = {"kubernetes.io/metadata.name": namespace, **carried}
    return "selector" not in one or matches(mapping(one, "selector"), named)


def _glob(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), name) is not None


def family_of(*words: str) -> str:
    """Return the family that a rule's names speak of, `other` for none of them."""
    joined = " ".join(words)
    return next((family for family, pattern in _WORDS if pattern.search(joined)), "other")


def constraints(holder: Object) -> tuple[frozenset[str], tuple[Where, ...], bool]:
    """Return the kinds a policy checks when they are made or changed, the namespaces, and whether nothing
    narrows it further; raises ShapeFault.
    """
    plurals = [
        plural
        for rule in objects(holder, "resourceRules")
        if _is_for_writes(rule)
        for plural in texts(rule, "resources")
    ]
    kinds = frozenset(plural.removesuffix("/*").lower() for plural in plurals)
    selector = mapping(holder, "namespaceSelector")
    narrowed = any(holder.get(key) for key in ("objectSelector", "excludeResourceRules"))
    narrowed = narrowed or any(one.get("resourceNames") for one in objects(holder, "resourceRules"))
    return kinds or frozenset(("",)), ({"selector": selector},) if selector else (), not narrowed


def _is_for_writes(rule: Object) -> bool:
    named = texts(rule, "operations")
    return not named or bool({"*", "CREATE", "UPDATE"} & set(named))


IGNORED = {"matchExpressions": [{"key": "admission.gatekeeper.sh/ignore", "operator": "Exists"}]}
"""Namespaces whose label keeps Gatekeeper from them."""
_AT_ADMISSION = ("*", "validation.gatekeeper.sh")


def from_gatekeeper(item: Object, plural: str, exempt: Sequence[str] = ()) -> Iterator[Rule]:
    """Yield a Gatekeeper constraint where it denies, which is what it does unless told otherwise; `exempt`
    are namespaces its configuration leaves out; raises ShapeFault.
    """
    spec = mapping(item, "spec")
    if not _denies(spec):
        return
    match = mapping(spec, "match")
    kinds = frozenset(kind.lower() for one in objects(match, "kinds") for kind in texts(one, "kinds"))
    include: dict[str, Any] = {}
    if texts(match, "namespaces"):
        include["names"] = list(texts(match, "namespaces"))
    if mapping(match, "namespaceSelector"):
        include["selector"] = mapping(match, "namespaceSelector")
    excluded = [*texts(match, "excludedNamespaces"), *exempt]
    name = text(item, "metadata", "name")
    narrowed = any(match.get(key) for key in ("labelSelector", "name", "source"))
    yield Rule(
        f"{plural}/{name}",
        family_of(plural, name),
        kinds,
        verifies=plural.startswith("ratify"),
        simple=not narrowed and text(match, "scope") != "Cluster",
        include=(include,) if include else (),
        exclude=({"selector": IGNORED}, *([{"names": excluded}] if excluded else ())),
    )


def _denies(spec: Object) -> bool:
    action = text(spec, "enforcementAction") or "deny"
    if action != "scoped":
        return action == "deny"
    return any(
        text(one, "action") == "deny"
        and any(text(point, "name") in _AT_ADMISSION for point in objects(one, "enforcementPoints"))
        for one in objects(spec, "scopedEnforcementActions")
    )


def exempted(item: Object) -> tuple[str, ...]:
    """Return the namespaces that Gatekeeper's configuration leaves out at admission; raises ShapeFault."""
    return tuple(
        name
        for one in objects(item, "spec", "match")
        if {"*", "webhook"} & set(texts(one, "processes"))
        for name in texts(one, "excludedNamespaces")
    )


def from_admission(policies: Iterable[Object], bindings: Iterable[Object]) -> Iterator[Rule]:
    """Yield the built-in admission policies that a binding enforces; raises ShapeFault."""
    bound: dict[str, list[Object]] = {}
    for binding in bindings:
        spec = mapping(binding, "spec")
        if "Deny" in texts(spec, "validationActions"):
            bound.setdefault(text(spec, "policyName"), []).append(mapping(spec, "matchResources"))
    for policy in policies:
        name = text(policy, "metadata", "name")
        kinds, wide, plain = constraints(mapping(policy, "spec", "matchConstraints"))
        for narrowed in bound.get(name, ()):
            _, own, also = constraints(narrowed)
            simple = plain and also and not objects(narrowed, "resourceRules") and not (own and wide)
            simple = simple and not objects(policy, "spec", "matchConditions")
            yield Rule(name, family_of(name), kinds, simple=simple, include=own or wide)


def from_kubewarden(item: Object) -> Iterator[Rule]:
    """Yield a Kubewarden policy in the mode that protects, which is the default; raises ShapeFault."""
    spec, own = mapping(item, "spec"), text(item, "metadata", "namespace")
    served = text(item, "status", "policyStatus") in ("", "active")
    if (text(spec, "mode") or "protect") != "protect" or not served:
        return
    kinds, selected, simple = constraints({**spec, "resourceRules": list(objects(spec, "rules"))})
    name, module = text(item, "metadata", "name"), text(spec, "module")
    yield Rule(
        name,
        family_of(name, module.rpartition("/")[2]),
        kinds,
        verifies="verify-image-signatures" in module,
        simple=simple and not objects(spec, "matchConditions"),
        include=({"names": [own]},) if own else selected,
    )


def from_sigstore(item: Object) -> Iterator[Rule]:
    """Yield a policy-controller image policy for the namespaces that opted in; raises ShapeFault.

    An authority that passes everything verifies nothing.
    """
    if (text(item, "spec", "mode") or "enforce") != "enforce":
        return
    selector = {"matchLabels": {"policy.sigstore.dev/include": "true"}}
    authorities = objects(item, "spec", "authorities")
    passing = any(text(one, "static", "action") == "pass" for one in authorities)
    yield Rule(
        text(item, "metadata", "name"),
        "image",
        frozenset(("pods",)),
        verifies=bool(authorities) and not passing,
        whole=any(text(one, "glob") in ("**", "*") for one in objects(item, "spec", "images")),
        include=({"selector": selector},),
    )
