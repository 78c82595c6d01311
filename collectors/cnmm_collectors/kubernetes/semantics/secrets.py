"""Credentials: which Secret objects a pod consumes, and what hands credentials over without them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cnmm_collectors.kubernetes.semantics.podsecurity import every_container
from cnmm_collectors.kubernetes.shape import Object, flag, mapping, objects, text

INJECTORS = (
    "vault.hashicorp.com/agent-inject", "openbao.openbao.org/agent-inject",
    "vault.security.banzaicloud.io/vault-addr",
    "secrets-webhook.security.bank-vaults.io/provider",
)  # fmt: skip
"""Annotations, as agent-inject/agent/annotations.go of hashicorp/vault-k8s and of openbao/openbao-k8s
names them, and bank-vaults/secrets-webhook with its predecessor."""
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
    """Return the name of the Secret that a tool's object keeps, empty for none; raises ShapeFault.

    A SealedSecret's Secret has its own name, whatever its template says (Unseal in
    pkg/apis/sealedsecrets/v1alpha1/sealedsecret_expansion.go of bitnami-labs/sealed-secrets).
    """
    name = text(item, "metadata", "name")
    spec = mapping(item, "spec")
    if plural == "externalsecrets":
        return "" if _policy(spec) == "None" else text(spec, "target", "name") or name
    if plural == "sealedsecrets":
        return name
    if plural == "certificates":
        return text(spec, "secretName")
    if plural.startswith("vault"):
        # Filled whole whether or not it is created (SyncSecret in hashicorp/vault-secrets-operator).
        return text(spec, "destination", "name")
    return ""


def _policy(spec: Object) -> str:
    return text(spec, "target", "creationPolicy") or "Owner"


NO_VAULT = frozenset({"fake"})
COPIED = frozenset({"kubernetes"})
"""Providers of External Secrets that hold the value themselves, or copy a Secret that somebody made."""
Stores = Mapping[tuple[str, str, str], frozenset[str]]
"""Providers by kind, namespace (empty for a store of the whole cluster) and name of a store."""


def providers(store: Object, kind: str) -> tuple[tuple[str, str, str], frozenset[str]]:
    """Return where a store of External Secrets is, and its providers; raises ShapeFault."""
    place = text(store, "metadata", "namespace") if kind == "SecretStore" else ""
    return (kind, place, text(store, "metadata", "name")), frozenset(mapping(store, "spec", "provider"))


def from_vault(item: Object, stores: Stores) -> bool | None:
    """Say whether all that an ExternalSecret hands over comes from outside; raises ShapeFault.

    None where a store is not known, or copies other Secrets, and where keys are merged into a Secret that
    was there (ExternalSecretCreationPolicy in apis/externalsecrets of external-secrets/external-secrets).
    """
    place, spec = text(item, "metadata", "namespace"), mapping(item, "spec")
    if "Merge" in _policy(spec):
        return None
    parts = [*objects(spec, "data"), *objects(spec, "dataFrom")]
    asked = [mapping(spec, "secretStoreRef"), *(mapping(one, "sourceRef", "storeRef") for one in parts)]
    if any(mapping(one, "sourceRef", "generatorRef") for one in parts) and not any(asked):
        return True
    found: set[str] = set()
    for ref in filter(None, asked):
        kind = text(ref, "kind") or "SecretStore"
        held = stores.get((kind, place if kind == "SecretStore" else "", text(ref, "name")))
        found |= held or COPIED
    if found & NO_VAULT:
        return False
    return None if not found or found & COPIED else True


_DOCUMENTED = {
    # api/v1/cluster_types.go of cloudnative-pg/cloudnative-pg
    "clusters": ("-app", "-superuser", "-ca", "-server", "-replication"),
    # KafkaResources.java of strimzi/strimzi-kafka-operator
    "kafkas": ("-cluster-ca-cert", "-clients-ca-cert", "-cluster-ca", "-clients-ca"),
    # "Configuring user authentication" of Strimzi's documentation: the user's own name
    "kafkausers": ("",),
    # internal/resource/default_user_secret.go of rabbitmq/cluster-operator
    "rabbitmqclusters": ("-default-user",),
    # pkg/apis/elasticsearch/v1/name.go and pkg/controller/common/certificates of elastic/cloud-on-k8s
    "elasticsearches": (
        "-es-elastic-user", "-es-http-certs-public", "-es-http-certs-internal", "-es-http-ca-internal",
    ),
}  # fmt: skip
"""What the name of a Secret adds to that of the object it is made for, and where that is said."""
_PASSWORD = re.compile(r"^\s*default_pass\s*=", re.MULTILINE)


def made_by_operator(item: Object, plural: str) -> Iterator[str]:
    """Yield the Secrets that an operator makes for what it runs, without those it is given; raises
    ShapeFault.
    """
    name, spec = text(item, "metadata", "name"), mapping(item, "spec")
    made = {f"{name}{suffix}" for suffix in _DOCUMENTED[plural]}
    yield from sorted(made - set(_GIVEN[plural](name, spec)))


def _given_to_postgres(name: str, spec: Object) -> Iterator[str]:
    """Yield the Secrets that a cluster names instead of those its operator would make."""
    yield text(spec, "superuserSecret", "name")
    for way in ("initdb", "recovery", "pg_basebackup"):
        yield text(spec, "bootstrap", way, "secret", "name")
    for use in ("serverCASecret", "serverTLSSecret", "clientCASecret", "replicationTLSSecret"):
        yield text(spec, "certificates", use)


def _given_to_kafka(name: str, spec: Object) -> Iterator[str]:
    for field, suffix in (("clusterCa", "-cluster-ca"), ("clientsCa", "-clients-ca")):
        if flag(spec, field, "generateCertificateAuthority") is False:
            yield from (f"{name}{suffix}", f"{name}{suffix}-cert")


def _given_to_user(name: str, spec: Object) -> Iterator[str]:
    """Yield the user's own name where the operator makes no credential, or is given the password."""
    kind = text(spec, "authentication", "type")
    if kind not in ("tls", "scram-sha-512") or mapping(spec, "authentication", "password"):
        yield name


def _given_to_rabbit(name: str, spec: Object) -> Iterator[str]:
    chosen = _PASSWORD.search(text(spec, "rabbitmq", "additionalConfig"))
    if chosen or mapping(spec, "secretBackend", "externalSecret") or mapping(spec, "secretBackend", "vault"):
        yield f"{name}-default-user"


_GIVEN: Mapping[str, Callable[[str, Object], Iterator[str]]] = {
    "clusters": _given_to_postgres,
    "kafkas": _given_to_kafka,
    "kafkausers": _given_to_user,
    "rabbitmqclusters": _given_to_rabbit,
    "elasticsearches": lambda name, spec: iter(()),
}


def decrypted(item: Object) -> Iterator[tuple[str, str]]:
    """Yield namespace and name of the Secrets of a Flux Kustomization that decrypts; raises ShapeFault.

    Each of them may have been encrypted in Git, or lain there in the clear beside others.
    """
    if not text(item, "spec", "decryption", "provider") or mapping(item, "spec", "kubeConfig"):
        return
    for one in objects(item, "status", "inventory", "entries"):
        # namespace_name_group_kind; a name has no underscore, nor has Kubernetes' own group a name.
        parts = text(one, "id").split("_")
        if len(parts) == 4 and parts[2:] == ["", "Secret"]:
            yield parts[0], parts[1]


def synced_by_class(item: Object) -> tuple[str, ...]:
    """Return the Secrets that a SecretProviderClass keeps in step; raises ShapeFault."""
    found = (text(one, "secretName") for one in objects(item, "spec", "secretObjects"))
    return tuple(name for name in found if name)
