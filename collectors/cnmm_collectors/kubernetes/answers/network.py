"""Network: whether a namespace is closed by default, and whether anything enforces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnmm_collectors.kubernetes import projects
from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import Answer, Finding, Hidden
from cnmm_collectors.kubernetes.semantics import adminpolicy, calicopolicy, ciliumpolicy, netpol
from cnmm_collectors.kubernetes.shape import text
from cnmm_collectors.kubernetes.view import View, need
from cnmm_collectors.reader.kube import KubeFault
from cnmm_collectors.signals import Gap


def rules(view: View) -> list[netpol.NetworkRule]:
    """Return every network policy's effect on ingress; raises KubeFault, ShapeFault."""
    return view.once("network rules", lambda: _read_rules(view))


def _read_rules(view: View) -> list[netpol.NetworkRule]:
    found: list[netpol.NetworkRule] = []
    if _config(view).get("enable-k8s-networkpolicy") != "false":
        found += [netpol.native(one) for one in view.items(known.NETWORK_POLICIES)]
    for item in view.items(known.CILIUM_POLICIES, known.CILIUM_CLUSTER_POLICIES):
        found += ciliumpolicy.read(item)
    # The store and the API show the same policies in two groups; the store also keeps copies of native ones.
    stored = view.serves(known.CALICO_POLICIES, known.CALICO_GLOBAL_POLICIES)
    for item in view.items(*(_STORED if stored else _OWN)):
        if not text(item, "metadata", "name").startswith(("knp.", "kanp.", "kbanp.", "kcnp.")):
            found.append(calicopolicy.read(item))
    for resource, kind in _ADMIN:
        found += [adminpolicy.read(one, kind) for one in view.items(resource)]
    found += [
        adminpolicy.antrea(one) for one in view.items(known.ANTREA_POLICIES, known.ANTREA_CLUSTER_POLICIES)
    ]
    return found


_STORED = (known.CALICO_POLICIES, known.CALICO_GLOBAL_POLICIES)
_OWN = (known.CALICO_OWN_POLICIES, known.CALICO_OWN_GLOBAL_POLICIES)
_ADMIN = (
    (known.ADMIN_POLICIES, "AdminNetworkPolicy"),
    (known.BASELINE_POLICIES, "BaselineAdminNetworkPolicy"),
    (known.CLUSTER_NETWORK_POLICIES, "ClusterNetworkPolicy"),
)


def engine(view: View) -> str | None:
    """Return what enforces network policies, empty where something switched it off, None for nothing known;
    raises KubeFault.
    """
    for one in need(view.workloads[known.DAEMON_SETS]):
        for tool in (projects.of_image(image) for image in one.template.images):
            if tool and "network-engine" in tool.kinds:
                return _switched(view, tool.project.name)
    if any(one.name == "anetd" for one in need(view.workloads[known.DAEMON_SETS])):
        return "cilium of the provider"
    amazon = view.document(known.VPC_CONFIG)
    on = (amazon or {}).get("enable-network-policy-controller") == "true"
    return "amazon-vpc-cni" if on else None


def _switched(view: View, name: str) -> str:
    if name != "cilium":
        return name
    config = _config(view)
    off = config.get("enable-policy") == "never" or config.get("policy-audit-mode") == "true"
    return "" if off else name


def _config(view: View) -> Mapping[str, str]:
    """Return Cilium's configuration; raises KubeFault where Cilium is there and its configuration refused."""
    try:
        return view.document(known.CILIUM_CONFIG) or {}
    except KubeFault:
        if view.serves(known.CILIUM_POLICIES):
            raise
        return {}


_EITHER = Hidden(Gap.NOT_VISIBLE, "policies of one priority differ, and the API lets an engine take either")
_ALWAYS = netpol.NetworkRule("cilium-config", "kube-system", "enable-policy: always", netpol.Effect.DENIES)


def _closed(view: View) -> Iterator[Finding]:
    every = rules(view)
    enforced = engine(view) if view.source == "kubernetes" else "not known from manifests"
    always = enforced == "cilium" and _config(view).get("enable-policy") == "always"
    basis = (*known.NETWORK, known.DAEMON_SETS)
    wide = [one for one in every if not one.namespace]
    local: dict[str, list[netpol.NetworkRule]] = {}
    for one in every:
        local.setdefault(one.namespace, []).append(one)
    for name, room in view.tenants().items():
        covering = [*local.get(name, ()), *(one for one in wide if one.covers(name, room.labels))]
        closed, by = netpol.denies_by_default(covering)
        if by is None and always:
            closed, by = True, _ALWAYS
        said = (
            f"{by.kind} {by.namespace + '/' if by.namespace else ''}{by.name} {by.effect}"
            if by
            else "no policy"
        )
        value: bool | Hidden = _EITHER if closed is None else closed
        if closed and enforced is None:
            value = Hidden(Gap.NOT_VISIBLE, "no engine known to enforce network policies was found")
        elif closed and not enforced:
            value, said = False, f"{said}, and the engine was told not to enforce"
        if view.unread.get(name):
            value = Hidden(Gap.UNSUPPORTED, "some manifests of the namespace could not be read")
        yield Finding(
            "k8s.default_deny_ns_ratio", name, value, f"{said}; engine: {enforced or 'none'}", basis
        )


ANSWERS = (Answer(("k8s.default_deny_ns_ratio",), _closed),)
