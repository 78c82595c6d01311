"""Calico's policies: asked by order, the first rule for everybody decides, what was selected is isolated."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cnmm_collectors.kubernetes.semantics import calicoselector
from cnmm_collectors.kubernetes.semantics.netpol import Effect, NetworkRule, Reach, Tier, is_everywhere
from cnmm_collectors.kubernetes.shape import Object, ShapeFault, mapping, objects, text, texts

_OF_NAMESPACE = ("projectcalico.org/namespace", "projectcalico.org/orchestrator")
_PREFIX = "pcns."
_BASELINE = ("kube-baseline", "baselineadminnetworkpolicy", "baseline")
_ALL = ("", "all()")


def read(item: Object) -> NetworkRule:
    """Return the effect of a Calico policy or global policy on ingress; raises ShapeFault."""
    spec, place = mapping(item, "spec"), text(item, "metadata", "namespace")
    types = texts(spec, "types") or (
        ("Egress",) if "egress" in spec and "ingress" not in spec else ("Ingress",)
    )
    wide, reach = _reach(spec, bool(place))
    effect = _effect(spec, bool(place)) if wide and "Ingress" in types else Effect.NOTHING
    tier = text(spec, "tier") or "default"
    asked = Tier.NETWORK if tier == "default" else Tier.BASELINE if tier in _BASELINE else Tier.ADMIN
    kind = "NetworkPolicy (Calico)" if place else "GlobalNetworkPolicy"
    return NetworkRule(kind, place, text(item, "metadata", "name"), effect, reach, asked, _order(spec))


def _order(spec: Object) -> float:
    order = spec.get("order")
    if order is None:
        return math.inf
    if isinstance(order, bool) or not isinstance(order, int | float):
        raise ShapeFault("order is not a number")
    return float(order)


def _reach(spec: Object, local: bool) -> tuple[bool, Reach | None]:
    """Say whether a policy selects every pod of the namespaces it selects, and which; raises ShapeFault."""
    pods = calicoselector.parse(text(spec, "selector"))
    if any(label not in _OF_NAMESPACE and not label.startswith(_PREFIX) for label in pods.labels):
        return False, None
    rooms = calicoselector.parse(text(spec, "namespaceSelector"))
    if local:
        return True, lambda name, labels: pods.ask(_carried(name, labels))
    return True, lambda name, labels: rooms.ask(_room(name, labels)) and pods.ask(_carried(name, labels))


def _room(name: str, labels: Mapping[str, str]) -> Mapping[str, str]:
    return {"projectcalico.org/name": name, "kubernetes.io/metadata.name": name, **labels}


def _carried(name: str, labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return what every pod of a namespace carries for Calico."""
    own = {"projectcalico.org/namespace": name, "projectcalico.org/orchestrator": "k8s"}
    return {**{f"{_PREFIX}{key}": value for key, value in _room(name, labels).items()}, **own}


def _effect(spec: Object, local: bool) -> Effect:
    actions = {"Deny": Effect.REFUSES, "Allow": Effect.OPENS, "Pass": Effect.PASSES}
    for rule in objects(spec, "ingress"):
        effect = actions.get(text(rule, "action"))
        if effect is not None and _is_for_everybody(rule, local):
            return effect
    return Effect.DENIES


def _is_for_everybody(rule: Object, local: bool) -> bool:
    if any(rule.get(key) for key in ("protocol", "notProtocol", "icmp", "http", "destination")):
        return False
    source = {key: value for key, value in mapping(rule, "source").items() if value}
    pods, rooms = source.pop("selector", ""), source.pop("namespaceSelector", "")
    blocks = source.pop("nets", [])
    if source or pods not in _ALL or rooms not in _ALL:
        return False
    if blocks:
        return not pods and not rooms and is_everywhere(str(block) for block in blocks)
    # In a namespace, a selector of pods alone is its own pods.
    return not (local and pods and not rooms)
