"""Network policies: what each API documents as closed by default, and what opens it again."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.kubernetes.semantics import netpol
from cnmm_collectors.kubernetes.semantics.netpol import Effect
from doubles.kubernetes.objects import custom

Object = dict[str, Any]

NATIVE: dict[str, tuple[Object, Effect]] = {
    "empty selector, ingress by default": ({"podSelector": {}}, Effect.DENIES),
    "no selector at all": ({}, Effect.DENIES),
    "said so": ({"podSelector": {}, "policyTypes": ["Ingress"]}, Effect.DENIES),
    "empty rules": ({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": []}, Effect.DENIES),
    "egress only": ({"podSelector": {}, "policyTypes": ["Egress"]}, Effect.NOTHING),
    "egress rules without types still close ingress": ({"podSelector": {}, "egress": [{}]}, Effect.DENIES),
    "an empty rule admits everything": ({"podSelector": {}, "ingress": [{}]}, Effect.OPENS),
    "the whole internet": (
        {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]},
        Effect.OPENS,
    ),
    "a port for everybody": ({"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]}, Effect.DENIES),
    "same namespace only": ({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}, Effect.DENIES),
    "some pods": ({"podSelector": {"matchLabels": {"app": "web"}}}, Effect.NOTHING),
    "some pods by expression": (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
        Effect.NOTHING,
    ),
    "some pods opened": ({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}]}, Effect.NOTHING),
}


@pytest.mark.parametrize("name", NATIVE)
def test_native(name: str) -> None:
    spec, effect = NATIVE[name]
    assert (
        netpol.native(custom("networking.k8s.io/v1", "NetworkPolicy", "p", "shop", spec=spec)).effect
        is effect
    )


CILIUM: dict[str, tuple[Object, Effect]] = {
    "an empty rule denies": ({"endpointSelector": {}, "ingress": [{}]}, Effect.DENIES),
    "no rules have no effect": ({"endpointSelector": {}, "ingress": []}, Effect.NOTHING),
    "no ingress at all": ({"endpointSelector": {}, "egress": [{}]}, Effect.NOTHING),
    "restrictive": ({"endpointSelector": {}, "ingress": [{"fromEndpoints": [{}]}]}, Effect.DENIES),
    "default deny switched off": (
        {"endpointSelector": {}, "ingress": [{}], "enableDefaultDeny": {"ingress": False}},
        Effect.NOTHING,
    ),
    "everybody": ({"endpointSelector": {}, "ingress": [{"fromEntities": ["all"]}]}, Effect.OPENS),
    "some endpoints": (
        {"endpointSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}]},
        Effect.NOTHING,
    ),
    "nodes": ({"nodeSelector": {}, "ingress": [{}]}, Effect.NOTHING),
}


@pytest.mark.parametrize("name", CILIUM)
def test_cilium(name: str) -> None:
    spec, effect = CILIUM[name]
    (rule,) = netpol.cilium(custom("cilium.io/v2", "CiliumNetworkPolicy", "p", "shop", spec=spec))
    assert rule.effect is effect


def test_cilium_clusterwide_covers_the_namespaces_it_selects() -> None:
    spec = {"endpointSelector": {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "shop"}}, "ingress": [{}]}
    (rule,) = netpol.cilium(custom("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "p", spec=spec))
    assert rule.covers("shop", {}) and not rule.covers("other", {})
    spec = {
        "endpointSelector": {"matchLabels": {"k8s:io.cilium.k8s.namespace.labels.tier": "app"}},
        "ingress": [{}],
    }
    (rule,) = netpol.cilium(custom("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "p", spec=spec))
    assert rule.covers("shop", {"tier": "app"}) and not rule.covers("shop", {})


def test_cilium_lists_of_rules() -> None:
    specs = [
        {"endpointSelector": {}, "ingress": [{}]},
        {"endpointSelector": {"matchLabels": {"a": "b"}}, "ingress": [{}]},
    ]
    rules = list(netpol.cilium(custom("cilium.io/v2", "CiliumNetworkPolicy", "p", "shop", specs=specs)))
    assert [rule.effect for rule in rules] == [Effect.DENIES, Effect.NOTHING]


CALICO: dict[str, tuple[Object, Effect]] = {
    "no rules": ({"selector": "all()", "types": ["Ingress", "Egress"]}, Effect.DENIES),
    "only deny": ({"types": ["Ingress"], "ingress": [{"action": "Deny"}]}, Effect.DENIES),
    "egress only": ({"types": ["Egress"]}, Effect.NOTHING),
    "allow everything": ({"types": ["Ingress"], "ingress": [{"action": "Allow"}]}, Effect.OPENS),
    "allow some": (
        {"types": ["Ingress"], "ingress": [{"action": "Allow", "source": {"selector": "a == 'b'"}}]},
        Effect.DENIES,
    ),
    "some endpoints": ({"selector": "app == 'web'", "types": ["Ingress"]}, Effect.NOTHING),
}


@pytest.mark.parametrize("name", CALICO)
def test_calico(name: str) -> None:
    spec, effect = CALICO[name]
    assert (
        netpol.calico(custom("crd.projectcalico.org/v1", "GlobalNetworkPolicy", "p", spec=spec)).effect
        is effect
    )


ANYBODY = [{"namespaces": {}}]
BASELINE: dict[str, tuple[str, Object, Effect]] = {
    "baseline deny": (
        "BaselineAdminNetworkPolicy",
        {"ingress": [{"action": "Deny", "from": ANYBODY}]},
        Effect.DENIES,
    ),
    "no rules have no effect": ("BaselineAdminNetworkPolicy", {}, Effect.NOTHING),
    "allow before deny": (
        "BaselineAdminNetworkPolicy",
        {"ingress": [{"action": "Allow", "from": ANYBODY}, {"action": "Deny", "from": ANYBODY}]},
        Effect.OPENS,
    ),
    "an administrator's allow overrides": (
        "AdminNetworkPolicy",
        {"ingress": [{"action": "Allow", "from": ANYBODY}]},
        Effect.OPENS,
    ),
    "an administrator's pass": (
        "AdminNetworkPolicy",
        {"ingress": [{"action": "Pass", "from": ANYBODY}]},
        Effect.NOTHING,
    ),
    "one API, baseline tier": (
        "ClusterNetworkPolicy",
        {"tier": "Baseline", "ingress": [{"action": "Deny", "from": ANYBODY}]},
        Effect.DENIES,
    ),
    "one API, accept": (
        "ClusterNetworkPolicy",
        {"tier": "Admin", "ingress": [{"action": "Accept", "from": ANYBODY}]},
        Effect.OPENS,
    ),
    "from some": (
        "BaselineAdminNetworkPolicy",
        {"ingress": [{"action": "Deny", "from": [{"namespaces": {"matchLabels": {"a": "b"}}}]}]},
        Effect.NOTHING,
    ),
}


@pytest.mark.parametrize("name", BASELINE)
def test_cluster_wide(name: str) -> None:
    kind, spec, effect = BASELINE[name]
    item = custom(
        "policy.networking.k8s.io/v1alpha1", kind, "default", spec={"subject": {"namespaces": {}}, **spec}
    )
    assert netpol.baseline(item, kind).effect is effect


def test_policies_add_up() -> None:
    deny = netpol.native(custom("networking.k8s.io/v1", "NetworkPolicy", "deny", "shop", spec={}))
    wide = netpol.native(
        custom("networking.k8s.io/v1", "NetworkPolicy", "open", "shop", spec={"ingress": [{}]})
    )
    assert netpol.denies_by_default([deny]) == (True, deny)
    assert netpol.denies_by_default([deny, wide]) == (False, wide)
    assert netpol.denies_by_default([]) == (False, None)
