"""Role-based access: who holds everything, people or groups, and which roles are wildcards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cnmm_collectors.kubernetes.shape import Object, labels, objects, text, texts

_PROVIDER = re.compile(
    r"^(?:system:|eks:|gke-|gke:|aks-|aks:|aksService|masterclient|clusterUser|clusterAdmin)"
)
_MACHINE = re.compile(r"\.gserviceaccount\.com$|^arn:aws:(?:iam|sts)::\d+:(?:role|assumed-role)/")
EVERYBODY = frozenset(
    ("system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts")
)
"""Subjects that stand for everybody with, or without, any account."""
_BOOTSTRAP = "kubernetes.io/bootstrapping"


@dataclass(frozen=True, slots=True)
class Role:
    """A role: whether it allows everything, and whether it holds * as verb or resource."""

    everything: bool
    wildcard: bool
    system: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A binding's subject, `kind` user, group or account; the name stays in the run."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding of a role to holders; `namespace` is empty for a cluster-wide one."""

    namespace: str
    role: tuple[str, str]
    holders: tuple[Holder, ...]


def read_role(item: Object) -> Role:
    """Return what a role allows, merged rules of aggregated ones included; raises ShapeFault."""
    everything = wildcard = False
    for rule in objects(item, "rules"):
        stars = ["*" in texts(rule, name) for name in ("verbs", "resources", "apiGroups")]
        everything |= all(stars)
        wildcard |= stars[0] or stars[1]
    return Role(everything, wildcard, _is_system(item))


def _is_system(item: Object) -> bool:
    marked = labels(item, "metadata", "labels").get(_BOOTSTRAP) == "rbac-defaults"
    return marked or text(item, "metadata", "name").startswith(("system:", "eks:", "gke:", "aks-"))


def read_binding(item: Object) -> Binding:
    """Return who holds which role; a role is (namespace or empty, name); raises ShapeFault."""
    own = text(item, "metadata", "namespace")
    scope = own if text(item, "roleRef", "kind") == "Role" else ""
    holders = []
    for subject in objects(item, "subjects"):
        name, kind = text(subject, "name"), text(subject, "kind")
        if kind == "User" and name.startswith("system:serviceaccount:"):
            _, _, place, account = (*name.split(":", 3), "")[:4]
            holders.append(Holder("account", place, account))
        elif kind == "ServiceAccount":
            holders.append(Holder("account", text(subject, "namespace") or own, name))
        else:
            holders.append(Holder(kind.lower(), "", name))
    return Binding(own, (scope, text(item, "roleRef", "name")), tuple(holders))


def is_person(holder: Holder) -> bool:
    """True for a user or group that is neither the system's nor a provider's nor a known machine's."""
    if holder.kind not in ("user", "group"):
        return False
    return not _PROVIDER.match(holder.name) and not _MACHINE.search(holder.name)


def is_outside(holder: Holder) -> bool:
    """True for a user, machine or group that comes from outside, neither the system's nor a provider's."""
    return holder.kind in ("user", "group") and not _PROVIDER.match(holder.name)


def administrators(bindings: Iterable[Binding], roles: Mapping[tuple[str, str], Role]) -> frozenset[Holder]:
    """Return the users and groups bound cluster-wide to a role that allows everything, everybody included."""
    return frozenset(
        holder
        for binding in bindings
        if not binding.namespace and allows_everything(binding.role, roles)
        for holder in binding.holders
        if is_person(holder) or holder.name in EVERYBODY
    )


def allows_everything(role: tuple[str, str], roles: Mapping[tuple[str, str], Role]) -> bool:
    """True for cluster-admin and for a role whose rule has * for verb, resource and group."""
    found = roles.get(role)
    return role == ("", "cluster-admin") or (found is not None and found.everything)


def group_share(bindings: Iterable[Binding]) -> tuple[int, int]:
    """Return how many bound people are groups, of how many users and groups are bound."""
    held = [holder for binding in bindings for holder in binding.holders if is_person(holder)]
    return sum(holder.kind == "group" for holder in held), len(held)


def bound_roles(
    bindings: Iterable[Binding], roles: Mapping[tuple[str, str], Role], tenants: frozenset[str]
) -> Mapping[tuple[str, str], bool]:
    """Return, for each role bound to people or to accounts of tenant namespaces, whether it is a wildcard."""
    found: dict[tuple[str, str], bool] = {}
    for binding in bindings:
        role = roles.get(binding.role)
        known = binding.role == ("", "cluster-admin") or (role is not None and not role.system)
        if known and any(is_person(one) or one.namespace in tenants for one in binding.holders):
            found[binding.role] = allows_everything(binding.role, roles) or (
                role is not None and role.wildcard
            )
    return found
