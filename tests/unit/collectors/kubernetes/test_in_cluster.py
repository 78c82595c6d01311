"""The cluster a scan runs in: the service account's token and authority, over TLS, and no kubeconfig."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kubernetes.config import incluster_config

from cnmm_collectors.signals import Unknown
from doubles.kubernetes.objects import namespace, pod, workload
from doubles.kubernetes.server import ApiServer
from e2e.clusters import certificates
from unit.collectors.kubernetes.conftest import Run

HERE = {"clusters": [{"context": "in-cluster", "name": "prod", "env": "production"}], "context": "in-cluster"}
TOKEN = "a-service-account-token"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "tls"
    certificates(folder)
    return folder


@pytest.fixture
def api(keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """The double behind TLS, where the official client looks for the cluster that it is in."""
    with ApiServer(tls=(keys / "cert.pem", keys / "key.pem")) as server:
        place = urlsplit(server.url)
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(place.hostname))
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(place.port))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
        (tmp_path / "token").write_text(TOKEN)
        monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
        monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(keys / "ca.pem"))
        server.add(namespace("shop"), workload("shop", "web"), pod("shop", "web"))
        yield server


def test_a_service_account_reads_the_cluster_it_is_in(api: ApiServer, run: Run) -> None:
    seen = run(**HERE)
    assert seen.value("k8s.requests_probes_ratio", "namespace:prod/shop").passed == 1
    assert api.tokens == {f"bearer {TOKEN}"}
    assert TOKEN not in repr(seen.yields)


def test_a_cluster_of_another_authority_is_not_spoken_to(
    api: ApiServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates(tmp_path / "other")
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "other" / "ca.pem"))
    seen = run(**HERE)
    assert {one.reading.gap.value for one in seen.signals if isinstance(one.reading, Unknown)} == {
        "unreachable"
    }
    assert all(isinstance(one.reading, Unknown) for one in seen.signals)
    assert "its certificate is not trusted: " in repr(seen.yields)
    assert api.tokens == set(), "the token went to a stranger"


@pytest.mark.parametrize(("trust", "read"), [("insecure-skip-tls-verify: true", True), ("{}", False)])
def test_a_kubeconfig_says_whom_to_trust(
    api: ApiServer, run: Run, tmp_path: Path, trust: str, read: bool
) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        f"clusters: [{{name: a, cluster: {{server: '{api.url}', {trust.strip('{}')}}}}}]\n"
        f"users: [{{name: u, user: {{token: {TOKEN}}}}}]\n"
        "contexts: [{name: prod, context: {cluster: a, user: u}}]\n"
    )
    seen = run(clusters=[{"context": "prod", "name": "prod"}], context="prod", kubeconfig=kubeconfig)
    assert api.tokens == ({f"Bearer {TOKEN}"} if read else set())
    assert ("its certificate is not trusted: " in repr(seen.yields)) is not read


def test_outside_of_a_cluster_it_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    assert all(isinstance(one.reading, Unknown) for one in run(**HERE).signals)
