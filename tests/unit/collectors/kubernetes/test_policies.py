"""Admission engines: what each one documents as enforced, where, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.kubernetes.semantics import kyverno, policies, rbac
from cnmm_collectors.kubernetes.semantics.policies import Rule
from doubles.kubernetes.objects import custom

Object = dict[str, Any]
PODS: Object = {"any": [{"resources": {"kinds": ["Pod"]}}]}


def covering(rules: list[Rule], namespace: str = "shop", **labels: str) -> list[Rule]:
    return [rule for rule in rules if rule.simple and rule.on_workloads and rule.covers(namespace, labels)]


def policy(rule: Object, *, place: str = "", status: Object | None = None, **spec: Any) -> list[Rule]:
    kind = "Policy" if place else "ClusterPolicy"
    given = {"validationFailureAction": "Enforce", **spec}
    given["rules"] = [{"name": "no-privileged", "match": PODS, "validate": {"pattern": {}}, **rule}]
    item = custom("kyverno.io/v1", kind, "p", place, spec=given, **({"status": status} if status else {}))
    return list(kyverno.read(item))


def override(action: str, *names: str) -> list[Object]:
    return [{"action": action, "namespaces": list(names)}]


KYVERNO: dict[str, tuple[list[Rule], bool]] = {
    "enforced": (policy({}), True),
    "audit is the default": (policy({}, validationFailureAction=""), False),
    "lower case": (policy({}, validationFailureAction="enforce"), True),
    "the rule's own action": (
        policy({"validate": {"failureAction": "Audit", "pattern": {}}}),
        False,
    ),
    "overridden to audit here": (
        policy({}, validationFailureActionOverrides=override("Audit", "sh*")),
        False,
    ),
    "overridden to audit elsewhere": (
        policy({}, validationFailureActionOverrides=override("Audit", "other")),
        True,
    ),
    "overridden to enforce here": (
        policy(
            {}, validationFailureAction="Audit", validationFailureActionOverrides=override("Enforce", "shop")
        ),
        True,
    ),
    "overridden to enforce elsewhere": (
        policy(
            {}, validationFailureAction="Audit", validationFailureActionOverrides=override("Enforce", "other")
        ),
        False,
    ),
    "not at admission": (policy({}, admission=False), False),
    "not ready": (policy({}, status={"conditions": [{"type": "Ready", "status": "False"}]}), False),
    "a mutation enforces nothing": (policy({"validate": {}, "mutate": {"patchStrategicMerge": {}}}), False),
    "of its own namespace": (policy({}, place="shop"), True),
    "of another namespace": (policy({}, place="other"), False),
    "another kind": (policy({"match": {"any": [{"resources": {"kinds": ["Secret"]}}]}}), False),
    "in some namespaces": (
        policy({"match": {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["other"]}}]}}),
        False,
    ),
    "parts that must hold together": (
        policy(
            {"match": {"all": [{"resources": {"kinds": ["Pod"]}}, {"resources": {"namespaces": ["other"]}}]}}
        ),
        False,
    ),
    "by a label of the namespace": (
        policy(
            {
                "match": {
                    "any": [
                        {"resources": {"kinds": ["Pod"], "namespaceSelector": {"matchLabels": {"tier": "x"}}}}
                    ]
                }
            }
        ),
        False,
    ),
    "left out by name": (policy({"exclude": {"any": [{"resources": {"namespaces": ["shop"]}}]}}), False),
    "objects left out by name": (
        policy({"exclude": {"any": [{"resources": {"kinds": ["Pod"], "names": ["debug-*"]}}]}}),
        True,
    ),
    "conditions that are not evaluated": (policy({"preconditions": {"all": [{"key": "{{ x }}"}]}}), False),
    "by name of the object": (
        policy({"match": {"any": [{"resources": {"kinds": ["Pod"], "names": ["web-*"]}}]}}),
        False,
    ),
}


@pytest.mark.parametrize("name", KYVERNO)
def test_kyverno(name: str) -> None:
    rules, enforced = KYVERNO[name]
    assert bool(covering(rules)) is enforced


ATTESTORS = [{"entries": [{"keys": {"publicKeys": "-----"}}]}]


def verifying(*references: str, **fields: Any) -> list[Rule]:
    check = {"imageReferences": list(references), "attestors": ATTESTORS, **fields}
    return policy({"validate": {}, "verifyImages": [check]})


VERIFIED: dict[str, tuple[list[Rule], bool, bool]] = {
    "every image": (verifying("*"), True, True),
    "images of one registry": (verifying("ghcr.io/acme/*"), True, False),
    "some left out": (verifying("*", skipImageReferences=["docker.io/*"]), True, False),
    "nobody attests": (verifying("*", attestors=[]), False, False),
    "attestations attest": (
        verifying("*", attestors=[], attestations=[{"type": "sbom", "attestors": ATTESTORS}]), True, True,
    ),
    "not required": (verifying("*", required=False), False, False),
    "its own action": (verifying("*", failureAction="Audit"), False, False),
}  # fmt: skip


@pytest.mark.parametrize("name", VERIFIED)
def test_kyverno_verifies_images(name: str) -> None:
    rules, verifies, whole = VERIFIED[name]
    assert any(rule.verifies for rule in rules) is verifies
    assert any(rule.verifies and rule.whole for rule in rules) is whole


def expression(images: bool = False, place: str = "", **spec: Any) -> list[Rule]:
    match = {"resourceRules": [{"resources": ["pods"], "operations": ["CREATE"]}]}
    item = custom(
        "policies.kyverno.io/v1", "ValidatingPolicy", "p", place, spec={"matchConstraints": match, **spec}
    )
    return list(kyverno.read_expression(item, images))


EXPRESSIONS: dict[str, tuple[list[Rule], bool]] = {
    "denies unless told otherwise": (expression(), True),
    "warns": (expression(validationActions=["Warn", "Audit"]), False),
    "not at admission": (expression(evaluation={"admission": {"enabled": False}}), False),
    "of another namespace": (expression(place="other"), False),
    "conditions": (expression(matchConditions=[{"name": "x"}]), False),
    "some objects": (
        expression(matchConstraints={
            "resourceRules": [{"resources": ["pods"]}], "objectSelector": {"matchLabels": {"a": "b"}},
        }),
        False,
    ),
    "a part of pods": (expression(matchConstraints={"resourceRules": [{"resources": ["pods/exec"]}]}), False),
    "deletion alone": (
        expression(matchConstraints={"resourceRules": [{"resources": ["pods"], "operations": ["DELETE"]}]}),
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_policies_in_the_expression_language(name: str) -> None:
    rules, enforced = EXPRESSIONS[name]
    assert bool(covering(rules)) is enforced


@pytest.mark.parametrize(("glob", "whole"), [("*", True), ("ghcr.io/acme/*", False)])
def test_image_policies_in_the_expression_language(glob: str, whole: bool) -> None:
    (rule,) = expression(True, attestors=[{"name": "cosign"}], matchImageReferences=[{"glob": glob}])
    assert rule.verifies and rule.whole is whole


def constraint(exempt: tuple[str, ...] = (), **spec: Any) -> list[Rule]:
    item = custom("constraints.gatekeeper.sh/v1beta1", "K8sPSPPrivileged", "p", spec=spec)
    return list(policies.from_gatekeeper(item, "k8spspprivileged", exempt))


def scoped(action: str, point: str) -> Object:
    points = [{"action": action, "enforcementPoints": [{"name": point}]}]
    return {"enforcementAction": "scoped", "scopedEnforcementActions": points}


GATEKEEPER: dict[str, tuple[list[Rule], bool]] = {
    "denies unless told otherwise": (constraint(), True),
    "warns": (constraint(enforcementAction="warn"), False),
    "only tried": (constraint(enforcementAction="dryrun"), False),
    "scoped to admission": (constraint(**scoped("deny", "validation.gatekeeper.sh")), True),
    "scoped to everything": (constraint(**scoped("deny", "*")), True),
    "scoped to the audit": (constraint(**scoped("deny", "audit.gatekeeper.sh")), False),
    "scoped, and warns": (constraint(**scoped("warn", "*")), False),
    "left out": (constraint(match={"excludedNamespaces": ["sh*"]}), False),
    "left out by the configuration": (constraint(("shop",)), False),
    "some objects": (constraint(match={"labelSelector": {"matchLabels": {"a": "b"}}}), False),
    "objects of one name": (constraint(match={"name": "web"}), False),
    "of the cluster only": (constraint(match={"scope": "Cluster"}), False),
    "in other namespaces": (constraint(match={"namespaces": ["other"]}), False),
}


@pytest.mark.parametrize("name", GATEKEEPER)
def test_gatekeeper(name: str) -> None:
    rules, enforced = GATEKEEPER[name]
    assert bool(covering(rules)) is enforced


def test_a_label_keeps_gatekeeper_from_a_namespace() -> None:
    assert not covering(constraint(), **{"admission.gatekeeper.sh/ignore": "yes"})


def test_what_gatekeepers_configuration_leaves_out() -> None:
    match = [
        {"excludedNamespaces": ["kube-*"], "processes": ["*"]},
        {"excludedNamespaces": ["shop"], "processes": ["audit"]},
    ]
    item = custom(
        "config.gatekeeper.sh/v1alpha1", "Config", "config", "gatekeeper-system", spec={"match": match}
    )
    assert policies.exempted(item) == ("kube-*",)


def admitted(binding: Object | None = None, **spec: Any) -> list[Rule]:
    api = "admissionregistration.k8s.io/v1"
    match = {"resourceRules": [{"resources": ["deployments"], "operations": ["CREATE"]}]}
    one = custom(api, "ValidatingAdmissionPolicy", "p", spec={"matchConstraints": match, **spec})
    given = {"policyName": "p", "validationActions": ["Deny"], **(binding or {})}
    return list(
        policies.from_admission([one], [custom(api, "ValidatingAdmissionPolicyBinding", "b", spec=given)])
    )


def here(labels: Object) -> Object:
    return {"matchResources": {"namespaceSelector": {"matchLabels": labels}}}


ADMISSION: dict[str, tuple[list[Rule], bool]] = {
    "bound": (admitted(), True),
    "bound to warn": (admitted({"validationActions": ["Warn", "Audit"]}), False),
    "bound to another policy": (admitted({"policyName": "other"}), False),
    "bound here": (admitted(here({"kubernetes.io/metadata.name": "shop"})), True),
    "bound elsewhere": (admitted(here({"kubernetes.io/metadata.name": "other"})), False),
    "bound to some objects": (
        admitted({"matchResources": {"objectSelector": {"matchLabels": {"a": "b"}}}}),
        False,
    ),
    "conditions": (admitted(matchConditions=[{"name": "x"}]), False),
}


@pytest.mark.parametrize("name", ADMISSION)
def test_admission_policies(name: str) -> None:
    rules, enforced = ADMISSION[name]
    assert bool(covering(rules)) is enforced


def warden(status: str = "active", place: str = "", **spec: Any) -> list[Rule]:
    rules = [{"apiGroups": [""], "resources": ["pods"], "operations": ["CREATE"]}]
    kind = "AdmissionPolicy" if place else "ClusterAdmissionPolicy"
    given = {"module": "registry://ghcr.io/kubewarden/policies/pod-privileged:v1", "rules": rules, **spec}
    item = custom("policies.kubewarden.io/v1", kind, "p", place, spec=given, status={"policyStatus": status})
    return list(policies.from_kubewarden(item))


KUBEWARDEN: dict[str, tuple[list[Rule], bool]] = {
    "protects unless told otherwise": (warden(), True),
    "monitors": (warden(mode="monitor"), False),
    "no server runs it": (warden("unscheduled"), False),
    "of another namespace": (warden(place="other"), False),
    "some objects": (warden(objectSelector={"matchLabels": {"a": "b"}}), False),
}


@pytest.mark.parametrize("name", KUBEWARDEN)
def test_kubewarden(name: str) -> None:
    rules, enforced = KUBEWARDEN[name]
    assert bool(covering(rules)) is enforced


def signed(glob: str = "**", **spec: Any) -> list[Rule]:
    given = {"images": [{"glob": glob}], "authorities": [{"keyless": {}}], **spec}
    return list(
        policies.from_sigstore(custom("policy.sigstore.dev/v1beta1", "ClusterImagePolicy", "p", spec=given))
    )


SIGSTORE: dict[str, tuple[list[Rule], bool]] = {
    "every image": (signed(), True),
    "warns": (signed(mode="warn"), False),
    "some images": (signed("ghcr.io/acme/**"), False),
    "an authority that passes everything": (signed(authorities=[{"static": {"action": "pass"}}]), False),
    "no authority": (signed(authorities=[]), False),
}


@pytest.mark.parametrize("name", SIGSTORE)
def test_policy_controller(name: str) -> None:
    rules, verified = SIGSTORE[name]
    asked = {"policy.sigstore.dev/include": "true"}
    assert any(rule.verifies and rule.whole and rule.covers("shop", asked) for rule in rules) is verified
    assert not any(rule.covers("shop", {}) for rule in rules), "a namespace opts in"


def test_who_is_everybody() -> None:
    subjects = [
        {"kind": "Group", "name": "system:authenticated"},
        {"kind": "Group", "name": "system:masters"},
    ]
    role = {"kind": "ClusterRole", "name": "cluster-admin"}
    item = custom("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "b", roleRef=role, subjects=subjects)
    held = rbac.administrators([rbac.read_binding(item)], {})
    assert [one.name for one in held] == ["system:authenticated"]
