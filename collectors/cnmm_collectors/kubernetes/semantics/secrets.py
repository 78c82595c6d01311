"""Credentials: which Secret objects a pod consumes, and what hands credentials over without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cnmm_collectors.kubernetes.semantics.podsecurity import every_container
from cnmm_collectors.kubernetes.shape import Object, mapping, objects, text

INJECTORS = (
    "vault.hashicorp.com/agent-inject", "openbao.org/agent-inject",
    "vault.security.banzaicloud.io/vault-addr",
    "secrets-webhook.security.bank-vaults.io/provider",
)  # fmt: skip
SECRET_DRIVERS = (
    "secrets-store.csi.k8s.io",
    "csi.cert-manager.io",
    "csi.spiffe.io",
    "spiffe.csi.cert-manager.io",
)
IDENTITY_DRIVERS = ("csi.spiffe.io", "spiffe.csi.cert-manager.io")
IDENTITY_ACCOUNTS = (
    "eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id",
)  # fmt: skip
IDENTITY_POD = ("azure.workload.identity/use",)
_IDENTITY_AUDIENCES = ("sts.amazonaws.com", "api://AzureADTokenExchange")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a pod consumes: names of Secret objects, tools that hand over others, CSI drivers mounted."""

    secrets: frozenset[str] = frozenset()
    tools: frozenset[str] = frozenset()
    drivers: frozenset[str] = frozenset()


def consumed(spec: Object, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Credentials:
    """Return the credentials a pod consumes, pull secrets and its own token left out; raises ShapeFault."""
    secrets = set(_mounted(spec))
    for container in every_container(spec):
        secrets.update(_read(container))
    drivers = {text(volume, "csi", "driver") for volume in objects(spec, "volumes")} - {""}
    tools = {f"csi:{name}" for name in drivers if name in SECRET_DRIVERS}
    if any(_on(annotations.get(name)) for name in INJECTORS):
        tools.add("injector")
    if any(labels.get(name) == "true" for name in IDENTITY_POD) or _exchanges(spec):
        tools.add("workload-identity")
    return Credentials(frozenset(secrets), frozenset(tools), frozenset(drivers))


def _on(value: str | None) -> bool:
    return value is not None and value.lower() not in ("", "false", "no", "0", "skip")


def _mounted(spec: Object) -> Iterator[str]:
    for volume in objects(spec, "volumes"):
        yield from _named(text(volume, "secret", "secretName"))
        for source in objects(volume, "projected", "sources"):
            yield from _named(text(source, "secret", "name"))


def _read(container: Object) -> Iterator[str]:
    for one in objects(container, "env"):
        yield from _named(text(one, "valueFrom", "secretKeyRef", "name"))
    for one in objects(container, "envFrom"):
        yield from _named(text(one, "secretRef", "name"))


def _named(name: str) -> Iterator[str]:
    if name:
        yield name


def _exchanges(spec: Object) -> bool:
    sources = (one for volume in objects(spec, "volumes") for one in objects(volume, "projected", "sources"))
    return any(text(one, "serviceAccountToken", "audience") in _IDENTITY_AUDIENCES for one in sources)


def made_by_tool(item: Object, plural: str) -> str:
    """Return the name of the Secret that a tool's object keeps, empty for none; raises ShapeFault."""
    name = text(item, "metadata", "name")
    spec = mapping(item, "spec")
    if plural == "externalsecrets":
        return text(spec, "target", "name") or name
    if plural == "sealedsecrets":
        return text(spec, "template", "metadata", "name") or name
    if plural == "certificates":
        return text(spec, "secretName")
    if plural.startswith("vault"):
        return text(spec, "destination", "name")
    return ""


def synced_by_class(item: Object) -> tuple[str, ...]:
    """Return the Secrets that a SecretProviderClass keeps in step; raises ShapeFault."""
    found = (text(one, "secretName") for one in objects(item, "spec", "secretObjects"))
    return tuple(name for name in found if name)
