"""Access: who holds everything, groups or single people, wildcard roles. Names never leave, only counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from cnmm_collectors.kubernetes import projects
from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.kubernetes.answers.finding import ABSENT, Answer, Finding, share
from cnmm_collectors.kubernetes.semantics import rbac
from cnmm_collectors.kubernetes.shape import text
from cnmm_collectors.kubernetes.view import View
from cnmm_collectors.signals import Interval


def _roles(view: View) -> Mapping[tuple[str, str], rbac.Role]:
    found = {}
    for item in view.items(known.ROLES, known.CLUSTER_ROLES):
        place = text(item, "metadata", "namespace"), text(item, "metadata", "name")
        found[place] = rbac.read_role(item)
    return found


def _bindings(view: View) -> list[rbac.Binding]:
    # Also those the cluster came with: who was added to one of them holds what it gives.
    return [rbac.read_binding(one) for one in view.items(known.ROLE_BINDINGS, known.CLUSTER_ROLE_BINDINGS)]


def people(view: View) -> list[rbac.Holder]:
    """Return the users and groups that a binding lets in, each once, sorted; raises KubeFault, ShapeFault.

    Names stay in the run. Accounts of workloads are answered for with their workload.
    """
    held = {one for binding in _bindings(view) for one in binding.holders if rbac.is_outside(one)}
    return sorted(held, key=lambda one: (one.kind, one.name))


def _administrators(view: View) -> Iterator[Finding]:
    held = rbac.administrators(_bindings(view), _roles(view))
    groups = sum(one.kind == "group" for one in held)
    says = f"{len(held)} users and groups hold everything in the cluster, {groups} of them groups"
    value: int | Interval = len(held)
    if any(one.name in rbac.EVERYBODY for one in held):
        says += ", and everybody is one of them"
        value = Interval(Fraction(len(held)), None)
    yield Finding("k8s.cluster_admin_subject_count", "", value, says, known.RBAC)


def _groups(view: View) -> Iterator[Finding]:
    _roles(view)
    passed, held = rbac.group_share(_bindings(view))
    says = f"{passed} of {held} bound users and groups are groups"
    yield Finding("k8s.rbac_group_subject_ratio", "", share(passed, held), says, known.RBAC)


def _wildcards(view: View) -> Iterator[Finding]:
    bound = rbac.bound_roles(_bindings(view), _roles(view), frozenset(view.tenants()))
    wild = sum(bound.values())
    says = f"{wild} of {len(bound)} roles bound to people or tenants hold * as verb or resource"
    yield Finding("k8s.wildcard_role_ratio", "", share(wild, len(bound)), says, known.RBAC)


def _assistants(view: View) -> Iterator[Finding]:
    roles = _roles(view)
    accounts = set()
    for one in view.all_workloads():
        tools = [projects.of_image(image) for image in one.template.images]
        if any(tool and "aiops" in tool.kinds for tool in tools):
            accounts.add((one.namespace, one.template.account))
    held = any(
        (holder.namespace, holder.name) in accounts
        for binding in _bindings(view)
        if rbac.allows_everything(binding.role, roles)
        for holder in binding.holders
        if holder.kind == "account"
    )
    says = f"{len(accounts)} accounts of AI tools for clusters, {'one' if held else 'none'} holds everything"
    value = held if accounts else ABSENT
    yield Finding("k8s.aiops_admin_present", "", value, says, (*known.RBAC, *known.WORKLOADS))


ANSWERS = (
    Answer(("k8s.cluster_admin_subject_count",), _administrators),
    Answer(("k8s.rbac_group_subject_ratio",), _groups),
    Answer(("k8s.wildcard_role_ratio",), _wildcards),
    Answer(("k8s.aiops_admin_present",), _assistants),
)
