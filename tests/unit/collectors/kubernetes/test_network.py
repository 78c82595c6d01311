"""Network policies: what each API documents as closed by default, and what opens it again."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.kubernetes.semantics import (
    adminpolicy,
    calicopolicy,
    calicoselector,
    ciliumpolicy,
    netpol,
)
from cnmm_collectors.kubernetes.semantics.netpol import Effect, NetworkRule
from cnmm_collectors.kubernetes.shape import ShapeFault
from doubles.kubernetes.objects import custom
from doubles.kubernetes.server import ApiServer
from unit.collectors.kubernetes.conftest import Run

Object = dict[str, Any]
ANYBODY = [{"namespaces": {}}]

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
    "the internet but for some": (
        {"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}]},
        Effect.OPENS,
    ),
    "the internet in halves": (
        {"ingress": [{"from": [{"ipBlock": {"cidr": half}} for half in ("0.0.0.0/1", "128.0.0.0/1")]}]},
        Effect.OPENS,
    ),
    "half of it": ({"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/1"}}]}]}, Effect.DENIES),
    "every pod of the cluster": ({"ingress": [{"from": [{"namespaceSelector": {}}]}]}, Effect.OPENS),
    "some pods of every namespace": (
        {"ingress": [{"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "prom"}}}]}]},
        Effect.DENIES,
    ),
    "every port by its range": ({"ingress": [{"ports": [{"port": 1, "endPort": 65535}]}]}, Effect.OPENS),
    "every TCP port": ({"ingress": [{"ports": [{"protocol": "TCP"}]}]}, Effect.OPENS),
    "every UDP port": ({"ingress": [{"ports": [{"protocol": "UDP"}]}]}, Effect.DENIES),
    "a port for everybody": ({"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]}, Effect.DENIES),
    "same namespace only": ({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}, Effect.DENIES),
    "some pods": ({"podSelector": {"matchLabels": {"app": "web"}}}, Effect.NOTHING),
    "some pods by expression": (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
        Effect.NOTHING,
    ),
    "some pods opened": ({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}]}, Effect.NOTHING),
}
"""kubernetes.io: Network Policies."""


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
    "the cluster": ({"endpointSelector": {}, "ingress": [{"fromEntities": ["cluster"]}]}, Effect.OPENS),
    "every address": (
        {"endpointSelector": {}, "ingress": [{"fromCIDRSet": [{"cidr": "0.0.0.0/0"}]}]},
        Effect.OPENS,
    ),
    "a denial comes first": (
        {
            "endpointSelector": {},
            "ingress": [{"fromEntities": ["all"]}],
            "ingressDeny": [{"fromEntities": ["all"]}],
        },
        Effect.REFUSES,
    ),
    "a denial of somebody": (
        {"endpointSelector": {}, "ingressDeny": [{"fromEntities": ["host"]}]},
        Effect.DENIES,
    ),
    "some endpoints": (
        {"endpointSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}]},
        Effect.NOTHING,
    ),
    "nodes": ({"nodeSelector": {}, "ingress": [{}]}, Effect.NOTHING),
}


@pytest.mark.parametrize("name", CILIUM)
def test_cilium(name: str) -> None:
    spec, effect = CILIUM[name]
    (rule,) = ciliumpolicy.read(custom("cilium.io/v2", "CiliumNetworkPolicy", "p", "shop", spec=spec))
    assert rule.effect is effect


def test_cilium_clusterwide_covers_the_namespaces_it_selects() -> None:
    spec = {"endpointSelector": {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "shop"}}, "ingress": [{}]}
    (rule,) = ciliumpolicy.read(custom("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "p", spec=spec))
    assert rule.covers("shop", {}) and not rule.covers("other", {})
    spec = {
        "endpointSelector": {"matchLabels": {"k8s:io.cilium.k8s.namespace.labels.tier": "app"}},
        "ingress": [{}],
    }
    (rule,) = ciliumpolicy.read(custom("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "p", spec=spec))
    assert rule.covers("shop", {"tier": "app"}) and not rule.covers("shop", {})


def test_cilium_clusterwide_leaves_namespaces_out() -> None:
    """docs.cilium.io: a default denial for all but the system's namespaces."""
    key = "io.kubernetes.pod.namespace"
    chosen = {"matchExpressions": [{"key": key, "operator": "NotIn", "values": ["kube-system"]}]}
    rule = clusterwide(endpointSelector=chosen, ingress=[{}])
    assert rule.effect is Effect.DENIES
    assert rule.covers("shop", {}) and not rule.covers("kube-system", {})
    every = clusterwide(endpointSelector={}, ingress=[{"fromEndpoints": [{}]}])
    assert every.effect is Effect.OPENS, "every endpoint of the cluster"
    some = clusterwide(endpointSelector={"matchLabels": {"app": "web"}}, ingress=[{}])
    assert some.effect is Effect.NOTHING


def clusterwide(**spec: Any) -> NetworkRule:
    (rule,) = ciliumpolicy.read(custom("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "p", spec=spec))
    return rule


def test_cilium_lists_of_rules() -> None:
    specs = [
        {"endpointSelector": {}, "ingress": [{}]},
        {"endpointSelector": {"matchLabels": {"a": "b"}}, "ingress": [{}]},
    ]
    rules = list(ciliumpolicy.read(custom("cilium.io/v2", "CiliumNetworkPolicy", "p", "shop", specs=specs)))
    assert [rule.effect for rule in rules] == [Effect.DENIES, Effect.NOTHING]


CALICO: dict[str, tuple[Object, Effect]] = {
    "no rules": ({"selector": "all()", "types": ["Ingress", "Egress"]}, Effect.DENIES),
    "only deny": ({"types": ["Ingress"], "ingress": [{"action": "Deny"}]}, Effect.REFUSES),
    "the first rule for everybody decides": (
        {"types": ["Ingress"], "ingress": [{"action": "Deny"}, {"action": "Allow"}]},
        Effect.REFUSES,
    ),
    "a log is no decision": (
        {"types": ["Ingress"], "ingress": [{"action": "Log"}, {"action": "Allow"}]},
        Effect.OPENS,
    ),
    "left to the next tier": ({"types": ["Ingress"], "ingress": [{"action": "Pass"}]}, Effect.PASSES),
    "allow every address": (
        {"types": ["Ingress"], "ingress": [{"action": "Allow", "source": {"nets": ["0.0.0.0/0"]}}]},
        Effect.OPENS,
    ),
    "allow every endpoint": (
        {"types": ["Ingress"], "ingress": [{"action": "Allow", "source": {"selector": "all()"}}]},
        Effect.OPENS,
    ),
    "allow a protocol": (
        {"types": ["Ingress"], "ingress": [{"action": "Allow", "protocol": "ICMP"}]},
        Effect.DENIES,
    ),
    "host endpoints": ({"selector": "has(host-endpoint)", "types": ["Ingress"]}, Effect.NOTHING),
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
        calicopolicy.read(custom("crd.projectcalico.org/v1", "GlobalNetworkPolicy", "p", spec=spec)).effect
        is effect
    )


def test_calico_namespaces_by_selector() -> None:
    """docs.tigera.io: a default denial for namespaces that are not the system's."""
    for spec in (
        {"namespaceSelector": "kubernetes.io/metadata.name not in {'kube-system', \"calico-system\"}"},
        {"namespaceSelector": "has(team) && !(projectcalico.org/name == 'kube-system')"},
        {"selector": "projectcalico.org/namespace != 'kube-system'"},
        {"selector": "pcns.team == 'checkout'"},
    ):
        rule = calicopolicy.read(
            custom(
                "crd.projectcalico.org/v1", "GlobalNetworkPolicy", "p", spec={**spec, "types": ["Ingress"]}
            )
        )
        assert rule.effect is Effect.DENIES
        assert rule.covers("shop", {"team": "checkout"}) and not rule.covers("kube-system", {}), spec


SELECTORS = {
    "": True,
    "all()": True,
    "global()": False,
    "app == 'web'": True,
    "app != 'web'": False,
    "tier != 'web'": True,
    "app in {'web', 'api'}": True,
    "app not in {'web'}": False,
    "tier not in {'web'}": True,
    "has(app) && !has(tier)": True,
    "has(tier) || app starts with 'w'": True,
    "app ends with 'b' && app contains 'e'": True,
    "!(app == 'web' || has(tier))": False,
}


@pytest.mark.parametrize("selector", SELECTORS)
def test_calico_selectors(selector: str) -> None:
    assert calicoselector.parse(selector).ask({"app": "web"}) is SELECTORS[selector]


@pytest.mark.parametrize("selector", ["app ==", "app == web", "(app == 'a'", "app ~ 'a'", "has(app", "a b c"])
def test_a_selector_that_cannot_be_read_is_a_fault(selector: str) -> None:
    with pytest.raises(ShapeFault):
        calicoselector.parse(selector)


def calico(name: str, action: str = "", **spec: Any) -> NetworkRule:
    rules = {"ingress": [{"action": action}]} if action else {}
    given = {"types": ["Ingress"], **rules, **spec}
    return calicopolicy.read(custom("crd.projectcalico.org/v1", "GlobalNetworkPolicy", name, spec=given))


def native(name: str, **spec: Any) -> NetworkRule:
    return netpol.native(custom("networking.k8s.io/v1", "NetworkPolicy", name, "shop", spec=spec))


def admin(kind: str, action: str, **spec: Any) -> NetworkRule:
    given = {"subject": {"namespaces": {}}, "ingress": [{"action": action, "from": ANYBODY}], **spec}
    return adminpolicy.read(custom("policy.networking.k8s.io/v1alpha1", kind, "x", spec=given), kind)


OPEN = native("open", ingress=[{}])
CLOSED = native("closed")
TOGETHER: dict[str, tuple[list[NetworkRule], bool]] = {
    "nothing": ([], False),
    "closed": ([CLOSED], True),
    "policies of namespaces add up": ([CLOSED, OPEN], False),
    "the baseline counts where no policy of a namespace does": (
        [admin("BaselineAdminNetworkPolicy", "Deny")],
        True,
    ),
    "an open policy undoes the baseline": ([admin("BaselineAdminNetworkPolicy", "Deny"), OPEN], False),
    "an open baseline does not undo a policy": ([admin("BaselineAdminNetworkPolicy", "Allow"), CLOSED], True),
    "an administrator's permission undoes everything": (
        [admin("AdminNetworkPolicy", "Allow"), CLOSED],
        False,
    ),
    "an administrator's denial cannot be undone": ([admin("AdminNetworkPolicy", "Deny"), OPEN], True),
    "the lower priority first": (
        [admin("AdminNetworkPolicy", "Deny", priority=20), admin("AdminNetworkPolicy", "Allow", priority=10)],
        False,
    ),
    "a pass leaves it to the namespace": (
        [
            admin("AdminNetworkPolicy", "Pass", priority=1),
            admin("AdminNetworkPolicy", "Deny", priority=2),
            OPEN,
        ],
        False,
    ),
    "calico: the lower order first": ([calico("a", "Allow", order=10), calico("b", "Deny", order=20)], False),
    "calico: a denial before native policies": ([calico("a", "Deny", order=500), OPEN], True),
    "calico: a denial after them": ([calico("a", "Deny", order=2000), OPEN], False),
    "calico: without an order last": ([calico("a", "Deny"), OPEN], False),
    "calico: isolation alone is undone": ([calico("a", order=1), OPEN], False),
    "calico: another tier first": ([calico("a", "Deny", tier="security"), OPEN], True),
}


@pytest.mark.parametrize("other", ["Allow", "Pass"])
@pytest.mark.parametrize("kind", ["AdminNetworkPolicy", "ClusterNetworkPolicy"])
def test_two_that_share_a_priority_and_differ_may_each_be_the_first(kind: str, other: str) -> None:
    same = [admin(kind, "Deny", priority=7), admin(kind, other, priority=7)]
    for rules in (same, same[::-1]):
        assert netpol.denies_by_default(rules)[0] is None
    assert netpol.denies_by_default([*same, admin(kind, "Deny", priority=6)])[0] is True
    assert netpol.denies_by_default([same[0], admin(kind, "Deny", priority=7)])[0] is True


def test_a_namespace_under_two_such_policies_is_not_told(shop: ApiServer, run: Run) -> None:
    for action in ("Deny", "Allow"):
        rule = [{"action": action, "from": ANYBODY}]
        spec = {"priority": 7, "subject": {"namespaces": {}}, "ingress": rule}
        api = "policy.networking.k8s.io/v1alpha1"
        shop.add(custom(api, "AdminNetworkPolicy", action.lower(), spec=spec))
    assert run().gap("k8s.default_deny_ns_ratio", "namespace:prod/shop") == "not_visible"


@pytest.mark.parametrize("name", TOGETHER)
def test_policies_together(name: str) -> None:
    rules, closed = TOGETHER[name]
    assert netpol.denies_by_default(rules)[0] is closed
    assert netpol.denies_by_default(rules[::-1])[0] is closed


ANTREA: dict[str, tuple[Object, bool]] = {
    "a drop for everybody": ({"ingress": [{"action": "Drop"}]}, True),
    "rejected": ({"ingress": [{"action": "Reject", "from": []}]}, True),
    "no rule has no effect": ({}, False),
    "allowed first": ({"ingress": [{"action": "Allow"}, {"action": "Drop"}]}, False),
    "for a port": ({"ingress": [{"action": "Drop", "ports": [{"port": 80}]}]}, False),
    "for some pods": (
        {"appliedTo": [{"podSelector": {"matchLabels": {"a": "b"}}}], "ingress": [{"action": "Drop"}]}, False,
    ),
    "baseline": ({"tier": "baseline", "ingress": [{"action": "Drop"}]}, True),
}  # fmt: skip


@pytest.mark.parametrize("name", ANTREA)
def test_antrea(name: str) -> None:
    spec, closed = ANTREA[name]
    given = {"appliedTo": [{"namespaceSelector": {}}], **spec}
    rule = adminpolicy.antrea(custom("crd.antrea.io/v1beta1", "ClusterNetworkPolicy", "p", spec=given))
    assert netpol.denies_by_default([rule])[0] is closed


BASELINE: dict[str, tuple[str, Object, Effect]] = {
    "baseline deny": (
        "BaselineAdminNetworkPolicy",
        {"ingress": [{"action": "Deny", "from": ANYBODY}]},
        Effect.REFUSES,
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
        Effect.PASSES,
    ),
    "one API, baseline tier": (
        "ClusterNetworkPolicy",
        {"tier": "Baseline", "ingress": [{"action": "Deny", "from": ANYBODY}]},
        Effect.REFUSES,
    ),
    "one API, accept": (
        "ClusterNetworkPolicy",
        {"tier": "Admin", "ingress": [{"action": "Accept", "from": ANYBODY}]},
        Effect.OPENS,
    ),
    "for some pods": (
        "BaselineAdminNetworkPolicy",
        {
            "subject": {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"a": "b"}}}},
            "ingress": [{"action": "Deny", "from": ANYBODY}],
        },
        Effect.NOTHING,
    ),
    "for every pod, said the long way": (
        "BaselineAdminNetworkPolicy",
        {
            "subject": {"pods": {"namespaceSelector": {}, "podSelector": {}}},
            "ingress": [{"action": "Deny", "from": [{"pods": {"namespaceSelector": {}, "podSelector": {}}}]}],
        },
        Effect.REFUSES,
    ),
    "a port": (
        "BaselineAdminNetworkPolicy",
        {"ingress": [{"action": "Deny", "from": ANYBODY, "ports": [{"portNumber": {"port": 80}}]}]},
        Effect.NOTHING,
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
    assert adminpolicy.read(item, kind).effect is effect
