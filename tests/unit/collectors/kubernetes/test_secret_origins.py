"""Where the credentials of workloads come from: told by names of Secrets, never by the Secrets themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.signals import Tally
from doubles.kubernetes.objects import custom, workload
from doubles.kubernetes.server import ApiServer, refuse
from unit.collectors.kubernetes.conftest import Run
from unit.collectors.kubernetes.test_manifests import commit, scan

SHOP = "namespace:prod/shop"
KEY = "k8s.credential_by_tool_ratio"
BY_TOOL, BY_HAND, UNTOLD = Tally(1, 1), Tally(0, 1), Tally(0, 0, 1)
Object = dict[str, Any]
CNPG, KAFKA, RABBIT = "postgresql.cnpg.io/v1", "kafka.strimzi.io/v1", "rabbitmq.com/v1beta1"
SCRAM = {"authentication": {"type": "scram-sha-512"}}


def consumer(name: str = "db") -> Object:
    return workload("shop", "app", volumes=[{"name": "s", "secret": {"secretName": name}}])


def external(**spec: Any) -> Object:
    return custom("external-secrets.io/v1", "ExternalSecret", "db", "shop", spec=spec)


def store(provider: str, kind: str = "SecretStore", place: str = "shop") -> Object:
    spec = {"provider": {provider: {}}}
    return custom("external-secrets.io/v1", kind, "main", place if kind == "SecretStore" else "", spec=spec)


REF = {"secretStoreRef": {"name": "main"}}
WIDE = {"secretStoreRef": {"name": "main", "kind": "ClusterSecretStore"}}


@pytest.mark.parametrize(
    ("objects", "told"),
    [
        ([external(**REF), store("vault")], BY_TOOL),
        ([external(**WIDE), store("aws", "ClusterSecretStore")], BY_TOOL),
        ([external(**REF), store("fake")], BY_HAND),
        ([external(**REF), store("kubernetes")], UNTOLD),
        ([external(**REF), store("vault", place="till")], UNTOLD),
        ([external(**WIDE), store("vault")], UNTOLD),
        ([external()], UNTOLD),
        ([external(data=[{"sourceRef": {"storeRef": {"name": "main"}}}]), store("fake")], BY_HAND),
        ([external(dataFrom=[{"sourceRef": {"generatorRef": {"kind": "Password"}}}])], BY_TOOL),
        ([external(**REF, target={"creationPolicy": "None"}), store("vault")], BY_HAND),
        ([external(**REF, target={"creationPolicy": "Merge"}), store("vault")], UNTOLD),
        ([external(**REF, target={"creationPolicy": "Orphan"}), store("vault")], BY_TOOL),
    ],
)
def test_an_external_secret_is_what_its_store_is(
    objects: list[Object], told: Tally, shop: ApiServer, run: Run
) -> None:
    shop.add(consumer(), *objects)
    assert run().value(KEY, SHOP) == told


def test_a_store_that_is_refused_leaves_it_open(shop: ApiServer, run: Run) -> None:
    shop.add(consumer(), external(**REF), store("fake"))
    shop.faults["/secretstores"] = refuse(403)
    assert run().gap(KEY, SHOP) == "not_permitted"


@pytest.mark.parametrize(
    ("decryption", "told"), [({"provider": "sops"}, UNTOLD), ({}, BY_HAND), (None, BY_HAND)]
)
def test_flux_may_have_decrypted_it(
    decryption: Object | None, told: Tally, shop: ApiServer, run: Run
) -> None:
    spec = {} if decryption is None else {"decryption": decryption}
    status = {"inventory": {"entries": [{"id": "shop_db__Secret", "v": "v1"}]}}
    api = "kustomize.toolkit.fluxcd.io/v1"
    shop.add(consumer(), custom(api, "Kustomization", "apps", "flux-system", spec=spec, status=status))
    assert run().value(KEY, SHOP) == told


@pytest.mark.parametrize(
    ("version", "kind", "secret", "spec", "given"),
    [
        (CNPG, "Cluster", "db-app", {}, {"bootstrap": {"initdb": {"secret": {"name": "db-app"}}}}),
        (CNPG, "Cluster", "db-superuser", {}, {"superuserSecret": {"name": "db-superuser"}}),
        (CNPG, "Cluster", "db-ca", {}, {"certificates": {"clientCASecret": "db-ca"}}),
        (KAFKA, "KafkaUser", "db", {"authentication": {"type": "tls"}}, {"authorization": {"type": "simple"}}),
        (KAFKA, "KafkaUser", "db", SCRAM, {"authentication": {"type": "scram-sha-512", "password": {"valueFrom": {}}}}),
        (KAFKA, "KafkaUser", "db", SCRAM, {"authentication": {"type": "tls-external"}}),
        (KAFKA, "Kafka", "db-cluster-ca-cert", {}, {"clusterCa": {"generateCertificateAuthority": False}}),
        (KAFKA, "Kafka", "db-clients-ca", {}, {"clientsCa": {"generateCertificateAuthority": False}}),
        (RABBIT, "RabbitmqCluster", "db-default-user", {"rabbitmq": {"additionalConfig": "x = default_pass"}},
         {"rabbitmq": {"additionalConfig": "a = b\ndefault_pass = x"}}),
        (RABBIT, "RabbitmqCluster", "db-default-user", {}, {"secretBackend": {"externalSecret": {"name": "own"}}}),
        ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "db-es-elastic-user", {}, None),
    ],
)  # fmt: skip
def test_an_operator_makes_what_its_document_says_unless_it_is_given(
    version: str, kind: str, secret: str, spec: Object, given: Object | None, shop: ApiServer, run: Run
) -> None:
    shop.add(consumer(secret))
    assert run().value(KEY, SHOP) == BY_HAND
    shop.add(custom(version, kind, "db", "shop", spec=spec))
    assert run().value(KEY, SHOP) == BY_TOOL
    if given is not None:
        (held,) = (found for name, found in shop.objects.items() if name[0] == version.partition("/")[0])
        held[0]["spec"] = given
        assert run().value(KEY, SHOP) == BY_HAND
    assert not [path for _, path in shop.requests if "/secrets" in path]


def test_a_sealed_secret_has_its_own_name_whatever_its_template_says(shop: ApiServer, run: Run) -> None:
    template = {"template": {"metadata": {"name": "other"}}}
    shop.add(consumer(), custom("bitnami.com/v1alpha1", "SealedSecret", "db", "shop", spec=template))
    assert run().value(KEY, SHOP) == BY_TOOL


@pytest.mark.parametrize(
    "annotation",
    ["vault.hashicorp.com/agent-inject", "openbao.openbao.org/agent-inject",
     "secrets-webhook.security.bank-vaults.io/provider", "vault.security.banzaicloud.io/vault-addr"],
)  # fmt: skip
def test_an_injector_is_known_by_its_annotation(annotation: str, shop: ApiServer, run: Run) -> None:
    made = workload("shop", "app")
    made["spec"]["template"]["metadata"]["annotations"] = {annotation: "true"}
    shop.add(made)
    assert run().value(KEY, SHOP) == BY_TOOL


@pytest.mark.parametrize(("extra", "told"), [({"sops": {"mac": "ENC[x]"}}, BY_TOOL), ({}, BY_HAND)])
def test_what_sops_encrypted_in_git_is_by_a_tool(extra: Object, told: Tally, tmp_path: Path) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, **extra}
    seen = scan(commit(tmp_path / "git", {"clusters/prod/all.yaml": [consumer(), secret]}))
    assert seen.value(KEY, SHOP) == told
