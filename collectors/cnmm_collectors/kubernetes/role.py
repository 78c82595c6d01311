"""The least role the collector needs, generated from the reads it declares."""

from __future__ import annotations

from cnmm_collectors.kubernetes.resources import DOCUMENTS, EVERYTHING, GATEKEEPER_GROUP

NAME = "cnmm-auditor"
_HEAD = f"""\
# Generated: python -m cnmm_collectors.kubernetes.role > deploy/clusterrole.yaml
# get and list only: no watch, no Secret, no log, no exec. Add a rule for each API group whose instances are
# the platform's own offers (composite resources, generated kinds), so that claims can be counted.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {NAME}
rules:
"""
_ROLE = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}
  namespace: {namespace}
rules:
  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: [{documents}]
    verbs: [get]
"""


def generate() -> str:
    """Return the role and the roles for single ConfigMaps as YAML, sorted and stable."""
    groups: dict[str, set[str]] = {GATEKEEPER_GROUP: {'"*"'}}
    for resource in EVERYTHING:
        groups.setdefault(resource.group, set()).add(resource.plural)
    rules = "".join(
        f'  - apiGroups: ["{group}"]\n    resources: [{", ".join(sorted(plurals))}]\n    verbs: [get, list]\n'
        for group, plurals in sorted(groups.items())
    )
    places: dict[str, list[str]] = {}
    for document in DOCUMENTS:
        places.setdefault(document.namespace, []).append(document.name)
    roles = "".join(
        _ROLE.format(name=NAME, namespace=place, documents=", ".join(sorted(names)))
        for place, names in sorted(places.items())
    )
    return _HEAD + rules + roles


if __name__ == "__main__":
    print(generate(), end="")  # noqa: T201 - what this module prints is its product
