"""Cilium's network policies: an empty rule denies, no rule does nothing, and denials come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnmm_collectors.kubernetes.semantics.netpol import Effect, NetworkRule, Reach, is_everywhere
from cnmm_collectors.kubernetes.shape import Object, flag, mapping, matches, objects, selects_all, text, texts

_NAME = "kubernetes.io/metadata.name"
_PLACES = ("k8s:io.kubernetes.pod.namespace", "io.kubernetes.pod.namespace")
_LABELS = ("k8s:io.cilium.k8s.namespace.labels.", "io.cilium.k8s.namespace.labels.")
_EVERYBODY = {"all", "world", "cluster"}
_DENIED_FIRST = -1.0


def read(item: Object) -> Iterator[NetworkRule]:
    """Yield the effect of each rule of a Cilium policy on ingress; raises ShapeFault."""
    place, name = text(item, "metadata", "namespace"), text(item, "metadata", "name")
    kind = "CiliumNetworkPolicy" if place else "CiliumClusterwideNetworkPolicy"
    for spec in specs(item):
        effect, reach = Effect.NOTHING, None
        if "endpointSelector" in spec:
            chosen = mapping(spec, "endpointSelector")
            wide, reach = (selects_all(chosen), None) if place else _reach(chosen)
            effect = _effect(spec, bool(place)) if wide else Effect.NOTHING
        order = _DENIED_FIRST if effect is Effect.REFUSES else 0.0
        yield NetworkRule(kind, place, name, effect, reach, order=order)


def specs(item: Object) -> list[Object]:
    """Return the rules of a policy, which may hold one or a list; raises ShapeFault."""
    single = mapping(item, "spec")
    return [*([single] if single else []), *objects(item, "specs")]


def _reach(selector: Object) -> tuple[bool, Reach | None]:
    """Say whether an endpoint selector selects by namespace alone, and which ones; raises ShapeFault."""
    exact = mapping(selector, "matchLabels").items()
    terms = [{"key": key, "operator": "In", "values": [value]} for key, value in exact]
    terms += [dict(one) for one in objects(selector, "matchExpressions")]
    wanted: list[Mapping[str, Any]] = []
    for term in terms:
        key = text(term, "key")
        prefix = next((one for one in _LABELS if key.startswith(one)), "")
        if key not in _PLACES and not prefix:
            return False, None
        wanted.append({**term, "key": _NAME if key in _PLACES else key.removeprefix(prefix)})
    chosen = {"matchExpressions": wanted}
    return True, lambda name, labels: matches(chosen, {_NAME: name, **labels})


def _effect(spec: Object, local: bool) -> Effect:
    rules, denials = objects(spec, "ingress"), objects(spec, "ingressDeny")
    if any(_is_for_everybody(rule, local) for rule in denials):
        return Effect.REFUSES
    if any(_is_for_everybody(rule, local) for rule in rules):
        return Effect.OPENS
    if flag(spec, "enableDefaultDeny", "ingress") is False or not (rules or denials):
        return Effect.NOTHING
    return Effect.DENIES


def _is_for_everybody(rule: Object, local: bool) -> bool:
    if objects(rule, "toPorts"):
        return False
    blocks = [*texts(rule, "fromCIDR"), *(text(one, "cidr") for one in objects(rule, "fromCIDRSet"))]
    if _EVERYBODY & set(texts(rule, "fromEntities")) or is_everywhere(filter(None, blocks)):
        return True
    # In a namespace an empty peer is its own pods; in a cluster-wide policy it is every pod.
    return not local and any(selects_all(peer) for peer in objects(rule, "fromEndpoints"))
