"""Network policies: what closes a namespace's ingress by default, what opens it, and in which order."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from cnmm_collectors.kubernetes.shape import (
    Object,
    ShapeFault,
    mapping,
    number,
    objects,
    selects_all,
    text,
    texts,
)


class Effect(StrEnum):
    """What one policy does to the ingress of a namespace as a whole.

    `denies` is isolation: what no rule admits stays outside. `refuses` and `opens` are rules for everybody.
    """

    DENIES = "denies"
    REFUSES = "refuses"
    OPENS = "opens"
    PASSES = "passes"
    NOTHING = "nothing"


class Tier(IntEnum):
    """When a policy is asked: what an administrator sets, then policies of namespaces, then the baseline."""

    ADMIN = 0
    NETWORK = 1
    BASELINE = 2


ORDER = 1000.0
"""Where native policies stand among those that carry an order."""
Reach = Callable[[str, Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class NetworkRule:
    """A policy's effect on ingress; `reach` says which namespaces, given a name and labels, None for all.

    Of two rules of a tier the one with the lower order is asked first.
    """

    kind: str
    namespace: str
    name: str
    effect: Effect
    reach: Reach | None = None
    tier: Tier = Tier.NETWORK
    order: float = ORDER

    def covers(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """True where the policy applies to a namespace; raises ShapeFault."""
        if self.namespace and self.namespace != namespace:
            return False
        return self.reach is None or self.reach(namespace, labels)


def native(item: Object) -> NetworkRule:
    """Return the effect of a networking.k8s.io NetworkPolicy; raises ShapeFault.

    Any policy that selects a pod isolates it: rules beside it only add what may enter.
    """
    spec = mapping(item, "spec")
    meta = mapping(item, "metadata")
    effect = Effect.NOTHING
    if "Ingress" in (texts(spec, "policyTypes") or ("Ingress",)) and selects_all(
        mapping(spec, "podSelector")
    ):
        opened = any(_admits_all(rule) for rule in objects(spec, "ingress"))
        effect = Effect.OPENS if opened else Effect.DENIES
    return NetworkRule("NetworkPolicy", text(meta, "namespace"), text(meta, "name"), effect)


def _admits_all(rule: Object) -> bool:
    ports, sources = objects(rule, "ports"), objects(rule, "from")
    if ports and not any(_is_every_port(port) for port in ports):
        return False
    blocks = [text(peer, "ipBlock", "cidr") for peer in sources]
    return not sources or is_everywhere(filter(None, blocks)) or any(_is_cluster(peer) for peer in sources)


def _is_every_port(port: Object) -> bool:
    if port.get("port") is None:
        return text(port, "protocol") in ("", "TCP")
    return port["port"] in (0, 1) and number(port, "endPort") == 65535


def _is_cluster(peer: Object) -> bool:
    """True for a peer that is every pod of every namespace."""
    everywhere = "namespaceSelector" in peer and selects_all(mapping(peer, "namespaceSelector"))
    return everywhere and selects_all(mapping(peer, "podSelector"))


def is_everywhere(blocks: Iterable[str]) -> bool:
    """True where address blocks together are a whole address family, exceptions inside them or not; raises
    ShapeFault.
    """
    families: dict[int, list[ipaddress.IPv4Network | ipaddress.IPv6Network]] = {4: [], 6: []}
    for block in blocks:
        try:
            network = ipaddress.ip_network(block, strict=False)
        except ValueError:
            raise ShapeFault("an address block is none") from None
        families[network.version].append(network)
    return any(
        one.prefixlen == 0
        for networks in families.values()
        for one in ipaddress.collapse_addresses(networks)  # type: ignore[type-var]
    )


UNORDERED = frozenset({"AdminNetworkPolicy", "ClusterNetworkPolicy"})
"""Kinds whose API lets an engine take any of the policies that share a priority."""


def denies_by_default(rules: Sequence[NetworkRule]) -> tuple[bool | None, NetworkRule | None]:
    """Say whether the rules that cover a namespace deny ingress by default, and the one that decided it.

    Tier after tier: the first rule for everybody decides; then isolation by any policy of the tier does. None
    where two of one priority differ and either may be the first.
    """
    for tier in Tier:
        own = sorted((one for one in rules if one.tier is tier), key=lambda one: (one.order, one.name))
        deciding = (Effect.REFUSES, Effect.OPENS, Effect.PASSES)
        first = next((one for one in own if one.effect in deciding), None)
        beside = [one for one in own if first is not None and one.order == first.order]
        rivals = {one.effect for one in beside if one.kind in UNORDERED and one.effect in deciding}
        if first is not None and first.kind in UNORDERED and len(rivals) > 1:
            return None, first
        if first is not None and first.effect is not Effect.PASSES:
            return first.effect is Effect.REFUSES, first
        isolating = next((one for one in own if one.effect is Effect.DENIES), None)
        if isolating is not None and first is None:
            return True, isolating
    return False, None
