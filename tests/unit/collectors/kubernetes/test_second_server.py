"""The collector against a second server, which nobody here wrote: kmock, through the official client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.signals import Unknown
from doubles.kubernetes.objects import namespace, node, pod, workload
from doubles.kubernetes.second import SecondServer
from doubles.kubernetes.server import ApiServer
from unit.collectors.kubernetes.conftest import Run, Seen

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "acme"))
from recipe import clusters

SHOP = "namespace:prod/shop"


@contextmanager
def second(api: ApiServer, monkeypatch: pytest.MonkeyPatch, **answers: Any) -> Iterator[SecondServer]:
    """Serve what the double holds by kmock, and lead the runs there."""
    with SecondServer(api, answers) as server, monkeypatch.context() as patch:
        patch.setattr(ApiServer, "url", server.url)
        yield server


@pytest.fixture
def acme(api: ApiServer) -> ApiServer:
    """The sample organisation's larger cluster."""
    api.add(*clusters.PROD)
    return api


def test_both_servers_give_the_same_readings(
    acme: ApiServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = run(page=3, **settings())
    with second(acme, monkeypatch) as server:
        theirs = run(page=3, **settings())
    assert len([one for one in ours.signals if not isinstance(one.reading, Unknown)]) > 200
    assert theirs.yields == ours.yields
    assert {method for method, _ in server.requests} == {"GET"}
    assert not [path for _, path in server.requests if "/secrets" in path]


def settings() -> dict[str, Any]:
    return {key: value for key, value in clusters.SETTINGS.items() if key != "clusters"}


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "a list": ({"list v1/pods": 403}, "not_permitted"),
    "a list that hides": ({"list v1/pods": 404}, "not_visible"),
    "a list that is down": ({"list v1/pods": 503}, "unreachable"),
    "a list of another shape": ({"list v1/pods": {"kind": "PodList", "items": 7}}, "malformed"),
    "nobody": ({"get": 401}, "not_permitted"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_kmock_refuses_is_unknown(
    name: str, api: ApiServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, gap = REFUSALS[name]
    api.add(namespace("shop"), node("n"), workload("shop", "web"), pod("shop", "web"))
    with second(api, monkeypatch, **answers):
        seen = run()
    if name == "nobody":
        assert {one.reading.gap.value for one in seen.signals if isinstance(one.reading, Unknown)} == {gap}
        assert all(isinstance(one.reading, Unknown) for one in seen.signals)
        return
    assert seen.gap("k8s.hardened_pod_ratio", SHOP) == gap
    assert seen.value("k8s.requests_probes_ratio", SHOP).passed == 1


def test_what_kmock_does_not_serve_is_absent_and_a_group_it_hides_is_not(
    api: ApiServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.add(namespace("shop"), workload("shop", "web"), pod("shop", "web"))
    api.install("kyverno.io", "v1", "ClusterPolicy", "clusterpolicies", False)
    with second(api, monkeypatch):
        assert served(run())
    with second(api, monkeypatch, **{"get /apis/kyverno.io/v1": 404}):
        assert run().gap("k8s.policy_exception_count", SHOP) == "not_visible"


def served(seen: Seen) -> bool:
    return seen.absent("k8s.policy_exception_count", SHOP)
