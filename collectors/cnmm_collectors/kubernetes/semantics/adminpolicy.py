"""Policies of the whole cluster: those of policy.networking.k8s.io, and Antrea's own."""

from __future__ import annotations

from collections.abc import Sequence

from cnmm_collectors.kubernetes.semantics.netpol import Effect, NetworkRule, Reach, Tier, is_everywhere
from cnmm_collectors.kubernetes.shape import Object, ShapeFault, mapping, matches, objects, selects_all, text

_ACTIONS = {
    "Deny": Effect.REFUSES, "Drop": Effect.REFUSES, "Reject": Effect.REFUSES,
    "Allow": Effect.OPENS, "Accept": Effect.OPENS, "Pass": Effect.PASSES,
}  # fmt: skip
_TIERS = ("emergency", "securityops", "networkops", "platform", "application")


def read(item: Object, kind: str) -> NetworkRule:
    """Return the effect of a policy of policy.networking.k8s.io on ingress; raises ShapeFault.

    The first rule from every namespace decides. A policy without such a rule has none, whatever it selects.
    """
    spec = mapping(item, "spec")
    rooms = _subject(mapping(spec, "subject"))
    baseline = (text(spec, "tier") or kind).startswith("Baseline")
    effect = Effect.NOTHING if rooms is None else _first(objects(spec, "ingress"), _is_cluster)
    order = _priority(spec.get("priority"))
    tier = Tier.BASELINE if baseline else Tier.ADMIN
    return NetworkRule(kind, "", text(item, "metadata", "name"), effect, _reach(rooms), tier, order)


def _subject(subject: Object) -> Object | None:
    """Return a selector over namespaces whose every pod is meant, None where only some pods are."""
    if "namespaces" in subject:
        return mapping(subject, "namespaces")
    pods = mapping(subject, "pods")
    every = "namespaceSelector" in pods and selects_all(mapping(pods, "podSelector"))
    return mapping(pods, "namespaceSelector") if every else None


def _reach(rooms: Object | None) -> Reach | None:
    if rooms is None:
        return None
    return lambda name, labels: matches(rooms, {"kubernetes.io/metadata.name": name, **labels})


def _priority(held: object) -> float:
    if held is None:
        return 0.0
    if isinstance(held, bool) or not isinstance(held, int | float):
        raise ShapeFault("priority is not a number")
    return float(held)


def _first(rules: Sequence[Object], everybody: object) -> Effect:
    for rule in rules:
        peers = objects(rule, "from")
        narrow = any(rule.get(key) for key in ("ports", "protocols", "toServices", "l7Protocols"))
        wide = (not peers and everybody is _is_anybody) or any(everybody(peer) for peer in peers)  # type: ignore[operator]
        if wide and not narrow:
            return _ACTIONS.get(text(rule, "action"), Effect.NOTHING)
    return Effect.NOTHING


def _is_cluster(peer: Object) -> bool:
    if "namespaces" in peer:
        return selects_all(mapping(peer, "namespaces"))
    pods = mapping(peer, "pods")
    every = "namespaceSelector" in pods and selects_all(mapping(pods, "namespaceSelector"))
    return every and selects_all(mapping(pods, "podSelector"))


def antrea(item: Object) -> NetworkRule:
    """Return the effect on ingress of an Antrea policy of a namespace or the cluster; raises ShapeFault."""
    spec, place = mapping(item, "spec"), text(item, "metadata", "namespace")
    tier = (text(spec, "tier") or "application").lower()
    chosen = [_applied(one, bool(place)) for one in objects(spec, "appliedTo")]
    rooms = [one for one in chosen if one is not None]
    effect = _first(objects(spec, "ingress"), _is_anybody) if rooms else Effect.NOTHING
    order = 10_000.0 * (_TIERS.index(tier) if tier in _TIERS else 0) + _priority(spec.get("priority"))
    kind = "NetworkPolicy (Antrea)" if place else "ClusterNetworkPolicy (Antrea)"
    reach: Reach = lambda name, labels: any(  # noqa: E731 - a question, not a function of its own
        matches(one, {"kubernetes.io/metadata.name": name, **labels}) for one in rooms
    )
    asked = Tier.BASELINE if tier == "baseline" else Tier.ADMIN
    return NetworkRule(kind, place, text(item, "metadata", "name"), effect, reach, asked, order)


def _applied(one: Object, local: bool) -> Object | None:
    """Return the namespaces whose every pod an entry of appliedTo means, None where only some pods are."""
    if not selects_all(mapping(one, "podSelector")) or set(one) - {"podSelector", "namespaceSelector"}:
        return None
    if local:
        return {} if "podSelector" in one else None
    return mapping(one, "namespaceSelector")


def _is_anybody(peer: Object) -> bool:
    if set(peer) <= {"podSelector", "namespaceSelector"} and "namespaceSelector" in peer:
        return selects_all(mapping(peer, "namespaceSelector")) and selects_all(mapping(peer, "podSelector"))
    block = text(peer, "ipBlock", "cidr")
    return set(peer) == {"ipBlock"} and bool(block) and is_everywhere([block])
