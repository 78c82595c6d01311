"""Network: whether a namespace is closed by default, and whether anything enforces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnmm_collectors.kubernetes import projects
from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import Answer, Finding, Hidden
from cnmm_collectors.kubernetes.semantics import netpol
from cnmm_collectors.kubernetes.view import View, need
from cnmm_collectors.signals import Gap


def rules(view: View) -> list[netpol.NetworkRule]:
    """Return every network policy's effect on ingress; raises KubeFault, ShapeFault."""
    return view.once("network rules", lambda: _read_rules(view))


def _read_rules(view: View) -> list[netpol.NetworkRule]:
    found = [netpol.native(one) for one in view.items(known.NETWORK_POLICIES)]
    for item in view.items(known.CILIUM_POLICIES, known.CILIUM_CLUSTER_POLICIES):
        found += netpol.cilium(item)
    for item in view.items(known.CALICO_POLICIES, known.CALICO_GLOBAL_POLICIES):
        # The store also keeps copies of native policies under this group.
        if not item["metadata"].get("name", "").startswith(("knp.", "kanp.", "kbanp.")):
            found.append(netpol.calico(item))
    for resource, kind in (
        (known.ADMIN_POLICIES, "AdminNetworkPolicy"),
        (known.BASELINE_POLICIES, "BaselineAdminNetworkPolicy"),
        (known.CLUSTER_NETWORK_POLICIES, "ClusterNetworkPolicy"),
    ):
        found += [netpol.baseline(one, kind) for one in view.items(resource)]
    return found


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
    return view.document(known.CILIUM_CONFIG) or {}


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
        value: bool | Hidden = closed
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
