"""Network policies: what denies ingress by default, and what opens everything again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cnmm_collectors.kubernetes.shape import Object, flag, mapping, matches, objects, selects_all, text, texts


class Effect(StrEnum):
    """What one policy does to the ingress of a namespace as a whole."""

    DENIES = "denies"
    OPENS = "opens"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class NetworkRule:
    """A policy's effect on ingress; `namespaces` None is one namespace, else a selector over them.

    `whole` where it selects every pod.
    """

    kind: str
    namespace: str
    name: str
    effect: Effect
    selector: Mapping[str, object] | None = None

    def covers(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """True where the policy applies to a namespace; raises ShapeFault."""
        if self.namespace:
            return self.namespace == namespace
        named = {"kubernetes.io/metadata.name": namespace, **labels}
        return self.selector is None or matches(self.selector, named)


def native(item: Object) -> NetworkRule:
    """Return the effect of a networking.k8s.io NetworkPolicy; raises ShapeFault."""
    spec = mapping(item, "spec")
    types = texts(spec, "policyTypes") or ("Ingress",)
    effect = Effect.NOTHING
    if "Ingress" in types:
        rules = objects(spec, "ingress")
        if any(_admits_all(rule) for rule in rules):
            effect = Effect.OPENS
        elif selects_all(mapping(spec, "podSelector")):
            # Any policy that selects a pod isolates it: rules beside it only add what may enter.
            effect = Effect.DENIES
    if effect is Effect.OPENS and not selects_all(mapping(spec, "podSelector")):
        effect = Effect.NOTHING
    return _rule("NetworkPolicy", item, effect)


def _admits_all(rule: Object) -> bool:
    if objects(rule, "ports"):
        return False
    sources = objects(rule, "from")
    return not sources or any(_is_anybody(peer) for peer in sources)


def _is_anybody(peer: Object) -> bool:
    return text(peer, "ipBlock", "cidr") in ("0.0.0.0/0", "::/0") and not texts(peer, "ipBlock", "except")


def _rule(kind: str, item: Object, effect: Effect, selector: Object | None = None) -> NetworkRule:
    meta = mapping(item, "metadata")
    return NetworkRule(kind, text(meta, "namespace"), text(meta, "name"), effect, selector)


def cilium(item: Object) -> Iterator[NetworkRule]:
    """Yield the effect of each rule of a Cilium policy: an empty rule denies there; raises ShapeFault."""
    clusterwide = not text(item, "metadata", "namespace")
    kind = "CiliumClusterwideNetworkPolicy" if clusterwide else "CiliumNetworkPolicy"
    single = mapping(item, "spec")
    for spec in (*([single] if single else []), *objects(item, "specs")):
        selector = _namespaces_of(mapping(spec, "endpointSelector")) if clusterwide else {}
        effect = Effect.NOTHING
        if selector is not None and "endpointSelector" in spec:
            whole = clusterwide or selects_all(mapping(spec, "endpointSelector"))
            effect = _cilium_effect(spec) if whole else Effect.NOTHING
        yield _rule(kind, item, effect, selector if clusterwide else None)


def _namespaces_of(selector: Object) -> Object | None:
    """Return a selector over namespaces where an endpoint selector selects by namespace only, else None."""
    prefixes = ("k8s:io.cilium.k8s.namespace.labels.", "io.cilium.k8s.namespace.labels.")
    names = ("k8s:io.kubernetes.pod.namespace", "io.kubernetes.pod.namespace")
    if objects(selector, "matchExpressions"):
        return None
    wanted = {}
    for key, value in mapping(selector, "matchLabels").items():
        prefix = next((one for one in prefixes if key.startswith(one)), "")
        if key not in names and not prefix:
            return None
        wanted["kubernetes.io/metadata.name" if key in names else key.removeprefix(prefix)] = value
    return {"matchLabels": wanted}


def _cilium_effect(spec: Object) -> Effect:
    if "ingress" not in spec and "ingressDeny" not in spec:
        return Effect.NOTHING
    rules = objects(spec, "ingress")
    if any(_cilium_admits_all(rule) for rule in rules):
        return Effect.OPENS
    if flag(spec, "enableDefaultDeny", "ingress") is False or not (rules or objects(spec, "ingressDeny")):
        return Effect.NOTHING
    return Effect.DENIES


def _cilium_admits_all(rule: Object) -> bool:
    if objects(rule, "toPorts"):
        return False
    everybody = {"all", "world"} & set(texts(rule, "fromEntities"))
    return bool(everybody) or any(cidr in ("0.0.0.0/0", "::/0") for cidr in texts(rule, "fromCIDR"))


_ALL = ("", "all()")
_NAMESPACE_IS = re.compile(
    r"^(?:projectcalico\.org/name|kubernetes\.io/metadata\.name)\s*==\s*['\"]([\w.-]+)['\"]$"
)


def calico(item: Object) -> NetworkRule:
    """Return the effect of a Calico policy or global policy; raises ShapeFault."""
    spec = mapping(item, "spec")
    types = texts(spec, "types") or (
        ("Egress",) if "egress" in spec and "ingress" not in spec else ("Ingress",)
    )
    rules = objects(spec, "ingress")
    chosen = text(spec, "namespaceSelector").strip()
    named = _NAMESPACE_IS.match(chosen)
    understood = text(spec, "selector").strip() in _ALL and (chosen in _ALL or named is not None)
    effect = Effect.NOTHING
    if "Ingress" in types and understood:
        if any(text(rule, "action") == "Allow" and not _calico_narrow(rule) for rule in rules):
            effect = Effect.OPENS
        else:
            effect = Effect.DENIES
    selector = {"matchLabels": {"kubernetes.io/metadata.name": named[1]}} if named else None
    local = bool(text(item, "metadata", "namespace"))
    return _rule("NetworkPolicy (Calico)" if local else "GlobalNetworkPolicy", item, effect, selector)


def _calico_narrow(rule: Object) -> bool:
    source, to = mapping(rule, "source"), mapping(rule, "destination")
    return bool(source) or bool(to.get("ports")) or bool(rule.get("protocol"))


def baseline(item: Object, kind: str) -> NetworkRule:
    """Return the effect of a cluster-wide policy of policy.networking.k8s.io; raises ShapeFault.

    Only the baseline tier is a default: an administrator's own Deny is a rule above it.
    """
    spec = mapping(item, "spec")
    selector = mapping(spec, "subject").get("namespaces")
    tier = text(spec, "tier") or ("Baseline" if kind == "BaselineAdminNetworkPolicy" else "Admin")
    effect = Effect.NOTHING
    if isinstance(selector, dict) and objects(spec, "ingress"):
        effect = _first_for_everybody(objects(spec, "ingress"), tier)
    return _rule(kind, item, effect, selector if isinstance(selector, dict) else None)


def _first_for_everybody(rules: Sequence[Object], tier: str) -> Effect:
    for rule in rules:
        wide = any(_whole_cluster(peer) for peer in objects(rule, "from"))
        if wide and not rule.get("ports") and not rule.get("protocols"):
            action = text(rule, "action")
            if action == "Deny" and tier == "Baseline":
                return Effect.DENIES
            if action in ("Allow", "Accept"):
                return Effect.OPENS
    return Effect.NOTHING


def _whole_cluster(peer: Object) -> bool:
    chosen = peer.get("namespaces")
    return isinstance(chosen, dict) and selects_all(chosen)


def denies_by_default(rules: Sequence[NetworkRule]) -> tuple[bool, NetworkRule | None]:
    """Say whether the rules that cover a namespace deny ingress by default, and the one that decided it.

    Policies are additive: one that opens everything undoes any number that deny.
    """
    opening = next((rule for rule in rules if rule.effect is Effect.OPENS), None)
    if opening is not None:
        return False, opening
    denying = next((rule for rule in rules if rule.effect is Effect.DENIES), None)
    return denying is not None, denying
