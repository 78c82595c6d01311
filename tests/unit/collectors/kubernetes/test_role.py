"""The shipped role is what the collector reads: not less, not more, and nothing but reading."""

from __future__ import annotations

from pathlib import Path

import yaml

from cnmm_collectors.kubernetes.resources import DOCUMENTS
from cnmm_collectors.kubernetes.role import generate
from doubles.kubernetes.objects import custom
from doubles.kubernetes.server import ApiServer
from unit.collectors.kubernetes.conftest import Run

SHIPPED = Path(__file__).parents[4] / "deploy" / "clusterrole.yaml"


def test_the_shipped_role_is_the_generated_one() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == generate(), "python -m cnmm_collectors.kubernetes.role"


def test_it_allows_reading_and_no_secret() -> None:
    for role in yaml.safe_load_all(generate()):
        for rule in role["rules"]:
            assert set(rule["verbs"]) <= {"get", "list"}
            assert "secrets" not in rule["resources"]
            assert "*" not in rule["apiGroups"]
            assert rule["resources"] != ["*"] or rule["apiGroups"] == ["constraints.gatekeeper.sh"]
            assert "configmaps" not in rule["resources"] or rule["resourceNames"]


def test_nothing_is_read_that_it_does_not_allow(shop: ApiServer, run: Run) -> None:
    cluster = next(yaml.safe_load_all(generate()))
    allowed = {
        (group, name)
        for rule in cluster["rules"]
        for group in rule["apiGroups"]
        for name in rule["resources"]
    }
    shop.add(
        custom("security.istio.io/v1", "PeerAuthentication", "default", "shop"),
        custom("constraints.gatekeeper.sh/v1beta1", "K8sRequiredLabels", "owner"),
    )
    run()
    for _, path in shop.requests:
        parts = path.partition("?")[0].strip("/").split("/")
        if path in {document.path for document in DOCUMENTS} or parts in (["api"], ["apis"]):
            continue
        group, plural = ("", parts[2]) if parts[0] == "api" else (parts[1], parts[3])
        assert (group, plural) in allowed or (group, "*") in allowed, path
