"""Pods and workloads: Pod Security controls, credentials, writers, requests and probes."""

from __future__ import annotations

from typing import Any

import pytest

from cnmm_collectors.kubernetes.objects import read_template, read_workload
from cnmm_collectors.kubernetes.semantics.changes import Writer, last_writer
from cnmm_collectors.kubernetes.semantics.podsecurity import LABEL, breaches, enforces_baseline, is_hardened
from cnmm_collectors.kubernetes.semantics.secrets import consumed
from doubles.kubernetes.objects import container, manager, settled, workload

Object = dict[str, Any]


def spec(context: Object | None = None, **fields: Any) -> Object:
    return {"containers": [container(**({"securityContext": context} if context else {}))], **fields}


BREACHES: dict[str, tuple[Object, tuple[str, ...]]] = {
    "nothing set": (spec(), ()),
    "host network": (spec(hostNetwork=True), ("host-namespaces",)),
    "host pid": (spec(hostPID=True), ("host-namespaces",)),
    "host path": (spec(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), ("host-path",)),
    "privileged": (spec({"privileged": True}), ("privileged",)),
    "allowed capability": (spec({"capabilities": {"add": ["NET_BIND_SERVICE"]}}), ()),
    "other capability": (spec({"capabilities": {"add": ["NET_RAW"]}}), ("capabilities",)),
    "host port": ({"containers": [container(ports=[{"containerPort": 1, "hostPort": 1}])]}, ("host-ports",)),
    "host port 0": ({"containers": [container(ports=[{"containerPort": 1, "hostPort": 0}])]}, ()),
    "proc mount": (spec({"procMount": "Unmasked"}), ("proc-mount",)),
    "seccomp unconfined": (spec(securityContext={"seccompProfile": {"type": "Unconfined"}}), ("seccomp",)),
    "seccomp unset": (spec(securityContext={}), ()),
    "apparmor unconfined": (spec({"appArmorProfile": {"type": "Unconfined"}}), ("apparmor",)),
    "selinux type": (spec({"seLinuxOptions": {"type": "spc_t"}}), ("selinux",)),
    "selinux container type": (spec({"seLinuxOptions": {"type": "container_init_t"}}), ()),
    "selinux role": (spec({"seLinuxOptions": {"role": "r"}}), ("selinux",)),
    "safe sysctl": (spec(securityContext={"sysctls": [{"name": "net.ipv4.tcp_syncookies"}]}), ()),
    "other sysctl": (spec(securityContext={"sysctls": [{"name": "kernel.msgmax"}]}), ("sysctls",)),
    "windows host process": (spec({"windowsOptions": {"hostProcess": True}}), ("host-process",)),
    "probe of another host": (
        {"containers": [container(livenessProbe={"httpGet": {"host": "10.0.0.1", "port": 1}})]},
        ("host-probes",),
    ),
    "init container": (
        {"initContainers": [container(securityContext={"privileged": True})], "containers": []},
        ("privileged",),
    ),
    "added container": (
        {"containers": [], "ephemeralContainers": [container(securityContext={"privileged": True})]},
        ("privileged",),
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_baseline(name: str) -> None:
    found, controls = BREACHES[name]
    assert breaches(found, {}) == controls


def test_baseline_reads_the_older_annotation() -> None:
    key = "container.apparmor.security.beta.kubernetes.io/app"
    assert breaches(spec(), {key: "unconfined"}) == ("apparmor",)
    assert breaches(spec(), {key: "localhost/own"}) == ()


ROOT: dict[str, tuple[Object, Object, bool | None]] = {
    "only the image says": (spec(), {}, None),
    "non-root by pod": (spec(securityContext={"runAsNonRoot": True}), {}, True),
    "container undoes the pod": (
        spec({"runAsNonRoot": False}, securityContext={"runAsNonRoot": True}),
        {},
        None,
    ),
    "user of the pod": (spec(securityContext={"runAsUser": 1000}), {}, True),
    "user 0": (spec({"runAsUser": 0}), {}, False),
    "container's user counts": (spec({"runAsUser": 0}, securityContext={"runAsUser": 1000}), {}, False),
    "the kubelet reports root": (
        spec(),
        {"containerStatuses": [{"name": "app", "user": {"linux": {"uid": 0}}}]},
        False,
    ),
    "the kubelet reports another": (
        spec(),
        {"containerStatuses": [{"name": "app", "user": {"linux": {"uid": 7}}}]},
        True,
    ),
    "a breach decides without it": (spec(hostPID=True), {}, False),
}


@pytest.mark.parametrize("name", ROOT)
def test_hardened(name: str) -> None:
    found, status, verdict = ROOT[name]
    assert is_hardened(found, {}, status) is verdict


@pytest.mark.parametrize(
    ("label", "verdict"),
    [(None, None), ("privileged", False), ("baseline", True), ("restricted", True), ("strict", True)],
)
def test_namespace_label(label: str | None, verdict: bool | None) -> None:
    assert enforces_baseline({} if label is None else {LABEL: label}) is verdict


WRITERS = {
    "edit": ([manager("kubectl-edit")], Writer.HAND),
    "patch": ([manager("kubectl-patch")], Writer.HAND),
    "set": ([manager("kubectl-set")], Writer.HAND),
    "rollout": ([manager("kubectl-rollout")], Writer.HAND),
    "create": ([manager("kubectl-create")], Writer.HAND),
    "scale": ([manager("kubectl", spec=False, subresource="scale")], Writer.HAND),
    "autoscaler": (
        [
            manager("helm"),
            manager("kube-controller-manager", "2026-02-01T00:00:00Z", spec=False, subresource="scale"),
        ],
        Writer.APPLY,
    ),
    "apply by a pipeline or a person": ([manager("kubectl-client-side-apply")], Writer.APPLY),
    "server-side apply": ([manager("kubectl")], Writer.APPLY),
    "a laptop's helm": ([manager("helm")], Writer.APPLY),
    "reconciler": ([manager("argocd-controller")], Writer.MACHINE),
    "edit, then reconciled": (
        [manager("kubectl-edit"), manager("argocd-controller", "2026-02-01T00:00:00Z")],
        Writer.MACHINE,
    ),
    "reconciled, then edited": (
        [manager("argocd-controller"), manager("kubectl-edit", "2026-02-01T00:00:00Z")],
        Writer.HAND,
    ),
    "status does not count": (
        [
            manager("argocd-controller"),
            manager("kubectl-edit", "2026-02-01T00:00:00Z", spec=False, subresource="status"),
        ],
        Writer.MACHINE,
    ),
    "stripped": ([], Writer.UNTOLD),
}


@pytest.mark.parametrize("name", WRITERS)
def test_last_writer(name: str) -> None:
    entries, writer = WRITERS[name]
    assert last_writer({"metadata": {"managedFields": entries}}) is writer


def test_credentials_by_every_way_in() -> None:
    found = consumed(
        {
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [
                {"name": "a", "secret": {"secretName": "mounted"}},
                {"name": "b", "projected": {"sources": [{"secret": {"name": "projected"}}]}},
                {"name": "c", "csi": {"driver": "secrets-store.csi.k8s.io"}},
                {
                    "name": "d",
                    "projected": {"sources": [{"serviceAccountToken": {"audience": "sts.amazonaws.com"}}]},
                },
            ],
            "containers": [
                container(
                    env=[{"name": "K", "valueFrom": {"secretKeyRef": {"name": "read"}}}],
                    envFrom=[{"secretRef": {"name": "all"}}],
                )
            ],
        },
        {},
        {"vault.hashicorp.com/agent-inject": "true"},
    )
    assert found.secrets == {"mounted", "projected", "read", "all"}
    assert found.tools == {"csi:secrets-store.csi.k8s.io", "workload-identity", "injector"}


def test_requests_and_probes() -> None:
    limited = settled(resources={"limits": {"cpu": "1", "memory": "1Gi"}})
    unprobed = {key: value for key, value in settled().items() if key != "readinessProbe"}
    found = read_template("shop", {}, {"containers": [settled(), limited, unprobed, container()]}, {})
    assert (found.settled, found.containers) == (2, 4)


def test_no_value_of_a_variable_is_kept() -> None:
    item = workload("shop", "web", container(env=[{"name": "OPENAI_API_KEY", "value": "sk-live-123456"}]))
    kept = read_workload(item, "Deployment")
    assert "OPENAI_API_KEY" in kept.template.variables
    assert "sk-live" not in repr(kept)
