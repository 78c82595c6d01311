"""Clusters through the command line: several at once, and beside what Git says of them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnmm_collectors.subjects import Subject
from cnmm_rules.index import Index
from cnmm_rules.rollup import roll
from cnmm_scanner.bundle import Bundle
from doubles.kubernetes.objects import custom, namespace, pod, workload
from doubles.kubernetes.server import ApiServer, Handler

CLOSED = custom("networking.k8s.io/v1", "NetworkPolicy", "closed", "shop", spec={"podSelector": {}})
OBJECTS = [namespace("shop"), workload("shop", "web", labels={"team": "shop"})]


@dataclass
class Scanned:
    """One scan of two clusters, and when each of them was asked."""

    assessment: dict[str, Any]
    index: Index
    asked: list[list[float]]


def slow(times: list[float]) -> Any:
    """Note when a request came, and answer it a little later."""

    def fault(_: Handler) -> bool:
        times.append(time.monotonic())
        time.sleep(0.05)
        return False

    return fault


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    home = tmp_path_factory.mktemp("clusters")
    repo = home / "repos" / "infra"
    (repo / "prod").mkdir(parents=True)
    (repo / "prod" / "all.yaml").write_text(yaml.safe_dump_all([*OBJECTS, CLOSED]), encoding="utf-8")
    git = ["git", "-C", str(repo), "-c", "user.name=n", "-c", "user.email=e@x.invalid"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *arguments], check=True)
    asked: list[list[float]] = [[], []]
    with ApiServer() as prod, ApiServer() as lab:
        for api, times in zip((prod, lab), asked, strict=True):
            api.add(*OBJECTS, pod("shop", "web"))
            api.faults[""] = slow(times)
        settings(home, {"prod": prod.url, "lab": lab.url})
        command = [str(Path(sys.executable).parent / "cnmm"), "scan", "-c", str(home / "cnmm.yaml")]
        done = subprocess.run(
            [*command, "-o", str(home / "out")], capture_output=True, timeout=120, check=False
        )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    with Bundle(home / "out" / "bundle.cnmm") as bundle:
        yield Scanned(
            json.loads((home / "out" / "assessment.json").read_bytes()),
            Index(bundle.facts(), bundle.signals()),
            asked,
        )


def settings(home: Path, servers: dict[str, str]) -> None:
    config = {
        "apiVersion": "v1", "kind": "Config", "users": [{"name": "u", "user": {"token": "t"}}],
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in servers.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "u"}} for name in servers],
    }  # fmt: skip
    (home / "kubeconfig").write_text(yaml.safe_dump(config), encoding="utf-8")
    clusters = [{"context": name, "env": "production"} for name in servers]
    chosen = {
        "organisation": "acme", "as_of": "2026-11-01", "targets": ["repos", *(f"kube:{name}" for name in servers)],
        "formats": ["json"],
        "collectors": {
            "kubernetes": {"organisation": "acme", "clusters": clusters, "kubeconfig": str(home / "kubeconfig")},
            "manifests": {"clusters": [{"name": "prod", "paths": ["prod/*"]}]},
        },
    }  # fmt: skip
    (home / "cnmm.yaml").write_text(yaml.safe_dump(chosen), encoding="utf-8")


def test_clusters_are_read_at_once(scanned: Scanned) -> None:
    first, second = scanned.asked
    assert max(first[0], second[0]) < min(first[-1], second[-1]), "one cluster waited for the other"


def test_what_takes_effect_counts_and_what_git_says_otherwise_is_shown(scanned: Scanned) -> None:
    rolled = roll(scanned.index, "k8s.default_deny_ns_ratio", Subject.parse("org:acme"), None, None)
    assert (rolled.range.low, rolled.range.high) == (0, 0), "Git has a policy that no cluster has"
    assert rolled.conflict
    agreed = roll(scanned.index, "k8s.requests_probes_ratio", Subject.parse("org:acme"), None, None)
    assert not agreed.conflict
    row = next(
        one
        for one in scanned.assessment["findings"]
        if one["criterion"] == "security.L4.default-deny" and one["subject"] == "org:acme"
    )
    assert row["outcome"] == "unmet"
    assert row["conflict"] == (
        "contested by a weaker source: of 1 namespace what somebody wrote down says otherwise than what takes "
        "effect, which counts: k8s.default_deny_ns_ratio"
    )
