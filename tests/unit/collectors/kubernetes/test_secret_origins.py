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
    ("version", "kind", "secret"),
    [
        ("postgresql.cnpg.io/v1", "Cluster", "db-app"),
        ("kafka.strimzi.io/v1", "KafkaUser", "db"),
        ("kafka.strimzi.io/v1", "Kafka", "db-cluster-ca-cert"),
        ("rabbitmq.com/v1beta1", "RabbitmqCluster", "db-default-user"),
        ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "db-es-elastic-user"),
    ],
)
def test_an_operator_makes_what_its_document_says(
    version: str, kind: str, secret: str, shop: ApiServer, run: Run
) -> None:
    shop.add(consumer(secret))
    assert run().value(KEY, SHOP) == BY_HAND
    shop.add(custom(version, kind, "db", "shop"))
    assert run().value(KEY, SHOP) == BY_TOOL
    assert not [path for _, path in shop.requests if "/secrets" in path]


@pytest.mark.parametrize(("extra", "told"), [({"sops": {"mac": "ENC[x]"}}, BY_TOOL), ({}, BY_HAND)])
def test_what_sops_encrypted_in_git_is_by_a_tool(extra: Object, told: Tally, tmp_path: Path) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}, **extra}
    seen = scan(commit(tmp_path / "git", {"clusters/prod/all.yaml": [consumer(), secret]}))
    assert seen.value(KEY, SHOP) == told
