"""Clusters on loopback, up to 50,000 pods: wall, calls and peak memory against paging with the bare client."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.rows import PEAK, Row, at_most, growth, python, timed

TESTS = Path(__file__).resolve().parents[1]
PODS, NAMESPACES = 10_000, 500
SIZES = ((100, 5), (1_000, 50), (PODS, NAMESPACES), (5 * PODS, 5 * NAMESPACES))
_FIXED = 6
"""Of a hundred pods what every cluster costs once, discovery above all, is most of the time."""

_SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from bench.kube_rows import serve
serve(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
"""
_OURS = (
    PEAK
    + """
import json, sys, time
from datetime import date
from pathlib import Path
from cnmm_collectors.kubernetes.collector import KubernetesCollector
from cnmm_collectors.plugin import Target
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.reader.kube import SourceKube
import cnmm_collectors.kubernetes.findings, kubernetes.client.api_client
begun, used = time.perf_counter(), time.process_time()
opened = []
class Kube(SourceKube):
    def open(self, *arguments, **named):
        opened.append(super().open(*arguments, **named))
        return opened[-1]
collector = KubernetesCollector()
reader = SourceReader(collector="kubernetes", version="1", as_of=date(2026, 6, 1), now="2026-06-01T00:00:00Z")
reader.kube = Kube()
clusters = [{"context": "bench", "env": "production"}]
settings = collector.Settings(kubeconfig=Path(sys.argv[1]), clusters=clusters)
(item,) = [one for one in collector.plan(Target("kube", "bench"), settings, reader) if hasattr(one, "key")]
count = sum(1 for _ in collector.collect(item, settings, reader))
wall, cpu = time.perf_counter() - begun, time.process_time() - used
print(json.dumps({"wall": wall, "cpu": cpu, "yields": count, "peak": peak(), "calls": opened[0].calls}))
"""
)
_BARE = """
import json, sys, time
from kubernetes.config import new_client_from_config
begun, used = time.perf_counter(), time.process_time()
api = new_client_from_config(sys.argv[1], "bench", persist_config=False)
def get(path, query):
    request = api.param_serialize("GET", path, query_params=query, auth_settings=["BearerToken"])
    answer = api.call_api(*request)
    return json.loads(answer.read())
calls = items = 0
for path in sys.argv[2].split(","):
    follow = ""
    while True:
        page = get(path, [("limit", "500")] + ([("continue", follow)] if follow else []))
        calls += 1
        items += len(page["items"])
        follow = page["metadata"].get("continue")
        if not follow:
            break
wall, cpu = time.perf_counter() - begun, time.process_time() - used
print(json.dumps({"wall": wall, "cpu": cpu, "calls": calls, "items": items}))
"""
_LISTS = (
    "/api/v1/namespaces",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/statefulsets",
    "/apis/apps/v1/daemonsets",
    "/api/v1/pods",
    "/api/v1/nodes",
    "/api/v1/serviceaccounts",
    "/api/v1/services",
    "/apis/networking.k8s.io/v1/networkpolicies",
)


def _pod(place: str, owner: str, number: int) -> dict[str, Any]:
    """Return a pod of about the size that real ones have: injected variables, volumes and conditions."""
    variables: list[dict[str, Any]] = [{"name": f"SETTING_{n}", "value": "x" * 40} for n in range(20)]
    variables.append({"name": "KEY", "valueFrom": {"secretKeyRef": {"name": f"{owner}-key", "key": "k"}}})
    fields = {f"f:field-{n}": {"f:inner": {}} for n in range(60)}
    return {
        "metadata": {
            "name": f"{owner}-7d9f-{number}",
            "namespace": place,
            "uid": f"{number:032d}",
            "resourceVersion": "7",
            "creationTimestamp": "2025-01-01T00:00:00Z",
            "labels": {"app": owner, "pod-template-hash": "7d9f", "team": "checkout"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": f"{owner}-7d9f", "controller": True}],
            "managedFields": [{"manager": "kubelet", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields}],
        },
        "spec": {
            "nodeName": f"node-{number % 100}",
            "serviceAccountName": owner,
            "containers": [
                {
                    "name": "app",
                    "image": "registry.example/shop/app:1",
                    "env": variables,
                    "ports": [{"containerPort": 8080}],
                    "readinessProbe": {"httpGet": {"path": "/", "port": 8080}},
                    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
                    "securityContext": {"runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}},
                    "volumeMounts": [{"name": f"v{n}", "mountPath": f"/v/{n}"} for n in range(6)],
                }
            ],
            "volumes": [{"name": f"v{n}", "configMap": {"name": f"c{n}"}} for n in range(6)],
            "tolerations": [{"key": f"node.kubernetes.io/t{n}", "operator": "Exists"} for n in range(4)],
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
                for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "containerStatuses": [
                {
                    "name": "app",
                    "ready": True,
                    "image": "registry.example/shop/app:1",
                    "imageID": "registry.example/shop/app@sha256:" + "a" * 64,
                }
            ],
        },
    }


def serve(folder: Path, pods: int, namespaces: int) -> None:
    """Serve the cluster until the process is ended; the kubeconfig says where."""
    from doubles.kubernetes.objects import custom, namespace, node, workload
    from doubles.kubernetes.server import ApiServer

    with ApiServer() as api:
        api.add(*(node(f"node-{number}") for number in range(100)))
        raw = []
        for number in range(namespaces):
            place = f"team-{number}"
            api.add(
                namespace(place),
                custom("networking.k8s.io/v1", "NetworkPolicy", "default", place, spec={"podSelector": {}}),
            )
            for each in range(2):
                name, chosen = f"app-{each}", {"selector": {"app": f"app-{each}"}}
                api.add(workload(place, name), custom("v1", "ServiceAccount", name, place))
                api.add(custom("v1", "Service", name, place, spec=chosen))
            share = range(number * pods // namespaces, (number + 1) * pods // namespaces)
            raw += [json.dumps(_pod(place, f"app-{one % 2}", one)).encode() for one in share]
        for held, items in list(api.objects.items()):
            api.raw[held] = [json.dumps(one).encode() for one in items]
        api.raw["", "pods"] = raw
        api.kubeconfig(folder, "bench")
        while True:
            time.sleep(3600)


def kube_rows(folder: Path) -> Iterator[Row]:
    """Yield the rows of the Kubernetes collector, a cluster of each size served from its own process."""
    place = folder / "kube"
    place.mkdir(parents=True, exist_ok=True)
    config = place / "kubeconfig-bench"
    walls: list[tuple[int, float]] = []
    for pods, namespaces in SIZES:
        config.unlink(missing_ok=True)
        command = [sys.executable, "-c", _SERVE, str(TESTS), str(place), str(pods), str(namespaces)]
        server = subprocess.Popen(command)
        try:
            while not config.exists():
                time.sleep(0.1)
                if server.poll() is not None:
                    raise RuntimeError("the loopback cluster ended")
            yield from _measure(config, pods, namespaces, walls)
        finally:
            server.kill()
            server.wait()

    steps = "; ".join(f"{pods} pods {wall:.2f} s" for pods, wall in walls)
    yield at_most("kube-growth", growth(walls), 1.1, f"exponent of wall over pods: {steps}")


def _measure(config: Path, pods: int, namespaces: int, walls: list[tuple[int, float]]) -> Iterator[Row]:
    """Yield wall over wall and the peak, best of three, each from behind the imports to its last answer.

    The time of a whole process, of which an empty one's is taken off, would be noise at the smallest size.
    """
    runs = 3 if pods <= PODS else 2
    ours = [json.loads(timed(python(_OURS, str(config))).output) for _ in range(runs)]
    bare = [json.loads(timed(python(_BARE, str(config), ",".join(_LISTS))).output) for _ in range(runs)]
    own, least = (min(found, key=lambda one: float(one["wall"])) for found in (ours, bare))
    walls.append((pods, own["wall"]))
    said = f"{pods} pods, {namespaces} namespaces: {own['wall']:.2f} s for {own['calls']} calls, bare client "
    said += f"{least['wall']:.2f} s for {least['calls']}; processor time {own['cpu']:.2f} against {least['cpu']:.2f} s"
    end = "" if pods == PODS else f"-{pods}"
    yield at_most(f"kube-vs-paging{end}", own["wall"] / least["wall"], 2 if pods > 100 else _FIXED, said)
    peak = f"{own['yields']} yields; the whole process"
    yield at_most(f"kube-peak{end}", own["peak"], 200 if pods <= PODS else 300, peak, "MiB")
