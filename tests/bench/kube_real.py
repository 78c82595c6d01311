"""The sample's cluster put into a real API server, read, and held against our double of it. By hand only.

python tests/bench/kube_real.py --server URL --token TOKEN --narrow TOKEN --nobody TOKEN

The tokens are of a cluster administrator, of a user named `narrow` and of one that nothing lets in. The server
must be empty and disposable; tests/README.md says how to make one.
"""

from __future__ import annotations

import argparse
import json
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "examples" / "acme")]

from recipe import clusters  # noqa: E402

from cnmm_collectors.kubernetes import resources as known  # noqa: E402
from cnmm_collectors.kubernetes.collector import KubernetesCollector  # noqa: E402
from cnmm_collectors.kubernetes.settings import Settings  # noqa: E402
from cnmm_collectors.plugin import LedgerRow, Target, WorkItem, Yield  # noqa: E402
from cnmm_collectors.reader import KubeLimits, SourceKube, SourceReader  # noqa: E402
from cnmm_collectors.signals import Observed, Signal, Unknown  # noqa: E402
from contract.judging import tells_no_more  # noqa: E402
from doubles.kubernetes.server import BUILT_IN, ApiServer, only  # noqa: E402

Object = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"
PARTITIVE = {"Role": "rules", "ClusterRole": "rules"}


class Real:
    """A real API server, written to as an administrator."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._trust = ssl.create_default_context()
        self._trust.check_hostname, self._trust.verify_mode = False, ssl.CERT_NONE

    def ask(self, verb: str, path: str, body: Object | None = None, kind: str = "application/json") -> Object:
        """Return the answer of the server; raises HTTPError."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=verb)  # noqa: S310
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, context=self._trust) as answer:  # noqa: S310
            return json.loads(answer.read())  # type: ignore[no-any-return]

    def put(self, path: str, body: Object) -> None:
        """Create an object, or leave the one that is there."""
        try:
            self.ask("POST", path, body)
        except urllib.error.HTTPError as error:
            said = error.read().decode()
            if error.code != 409:
                raise SystemExit(f"{path}: {said}") from None


def kinds(objects: list[Object]) -> ApiServer:
    """Return the double with the objects, which tells plural and scope of each kind."""
    double = ApiServer()
    double.add(*objects)
    return double


def define(real: Real, double: ApiServer) -> None:
    """Create a definition for every kind that no API server has of itself."""
    for (group, version), plurals in double.resources.items():
        for plural, (kind, namespaced) in plurals.items():
            if (group, version) in BUILT_IN:
                continue
            schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
            named = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
            served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            scope = "Namespaced" if namespaced else "Cluster"
            # A group of the project itself asks for a sign of its review.
            meta = {"name": f"{plural}.{group}", "annotations": {"api-approved.kubernetes.io": "unapproved"}}
            spec = {"group": group, "names": named, "scope": scope, "versions": [served]}
            body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                    "metadata": meta, "spec": spec}  # fmt: skip
            real.put("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    time.sleep(5)


def whole(item: Object) -> Object:
    """Return an object with what only a real server asks for."""
    made: Object = json.loads(json.dumps(item))
    spec = made.get("spec", {})
    meta = made["metadata"]
    meta.pop("managedFields", None)
    for owner in meta.get("ownerReferences", ()):
        owner |= {"apiVersion": "apps/v1", "uid": "0"}
    if made["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
        spec["selector"] = {"matchLabels": spec["template"]["metadata"]["labels"]}
        if made["kind"] == "DaemonSet":
            spec.pop("replicas", None)
    if made["kind"] == "HorizontalPodAutoscaler":
        spec["maxReplicas"] = 3
        spec["scaleTargetRef"]["apiVersion"] = "apps/v1"
    if made["kind"] == "Namespace":
        made["spec"] = {}
    for pod in (spec, spec.get("template", {}).get("spec", {})):
        for number, one in enumerate(pod.get("containers", ())):
            one["name"] = f"{one['name']}{number or ''}"
    for one in (made.get("roleRef"), *made.get("subjects", ())):
        if one:
            one["apiGroup"] = RBAC
    return made


def fill(real: Real, double: ApiServer, objects: list[Object]) -> None:
    """Create every object, namespaces first, and the status of pods and nodes."""
    define(real, double)
    for item in sorted(objects, key=lambda one: one["kind"] != "Namespace"):
        body = whole(item)
        group, _, version = body["apiVersion"].rpartition("/")
        plural = next(
            name for name, (kind, _) in double.resources[group, version].items() if kind == body["kind"]
        )
        place = body["metadata"].get("namespace", "")
        resource = known.Resource(group, plural)
        real.put(resource.path(version, place), body)
        if body["kind"] in ("Pod", "Node") and "status" in body:
            path = f"{resource.path(version, place)}/{body['metadata']['name']}/status"
            patch = {"status": {**body["status"], "capacity": body["status"].get("allocatable", {})}}
            real.ask("PATCH", path, patch if body["kind"] == "Node" else {"status": body["status"]},
                     "application/merge-patch+json")  # fmt: skip


def mirror(real: Real) -> ApiServer:
    """Return the double with all that the real server serves and holds, Secrets left out."""
    double = ApiServer()
    double.resources, double.objects = {}, {}
    for group, version in _versions(real):
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        plurals = double.resources.setdefault((group, version), {})
        for one in real.ask("GET", root)["resources"]:
            plural = one["name"]
            if "/" in plural or "list" not in one["verbs"]:
                continue
            plurals[plural] = one["kind"], one["namespaced"]
            if plural != "secrets" and (group, plural) not in double.objects:
                double.objects[group, plural] = real.ask("GET", f"{root}/{plural}")["items"]
    return double


def _versions(real: Real) -> Iterator[tuple[str, str]]:
    yield "", "v1"
    for group in real.ask("GET", "/apis")["groups"]:
        yield from ((group["name"], one["version"]) for one in group["versions"])


def read(url: str, token: str, page: int = 500) -> list[Yield]:
    """Return everything the collector yields of a server."""
    user, cluster = {"token": token}, {"server": url, "insecure-skip-tls-verify": True}
    config = {
        "apiVersion": "v1", "kind": "Config", "users": [{"name": "u", "user": user}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "contexts": [{"name": "real", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "config"
        place.write_text(yaml.safe_dump(config), encoding="utf-8")
        declared = [{"context": "real", "name": "prod", "env": "production"}]
        settings = {**clusters.SETTINGS, "clusters": declared, "kubeconfig": place, "page": page}
        chosen = Settings.model_validate(settings)
        today = date(2026, 11, 1)
        reader = SourceReader(collector="kubernetes", version="1", as_of=today, now=f"{today}T00:00:00Z")
        reader.kube = SourceKube(KubeLimits(pause=0.05))
        collector = KubernetesCollector()
        found: list[Yield] = []
        for one in list(collector.plan(Target("kube", "real"), chosen, reader)):  # type: ignore[arg-type]
            found += collector.collect(one, chosen, reader) if isinstance(one, WorkItem) else [one]  # type: ignore[arg-type]
        return found


def grant(real: Real, user: str, namespaces: tuple[str, ...]) -> None:
    """Let a user list namespaces and cluster-wide kinds everywhere, and the rest in some namespaces."""
    shipped = [one for one in yaml.safe_load_all((ROOT / "deploy/clusterrole.yaml").read_text()) if one]
    for one in shipped:
        place = one["metadata"].get("namespace", "")
        if place and place not in ("kube-system", "istio-system"):
            continue
        plural = {"ClusterRole": "clusterroles", "Role": "roles"}[one["kind"]]
        real.put(known.Resource(RBAC, plural).path("v1", place), one)
    held = [{"kind": "User", "name": user, "apiGroup": RBAC}]
    wide = {("", "namespaces"), ("", "nodes"), (RBAC, "clusterroles"), (RBAC, "clusterrolebindings"),
            ("apiextensions.k8s.io", "customresourcedefinitions")}  # fmt: skip
    rules = [{"apiGroups": [group], "resources": [plural], "verbs": ["list"]} for group, plural in wide]
    api = {"apiVersion": f"{RBAC}/v1"}
    root = f"/apis/{RBAC}/v1"
    real.put(
        f"{root}/clusterroles", {**api, "kind": "ClusterRole", "metadata": {"name": user}, "rules": rules}
    )
    ref = {"apiGroup": RBAC, "kind": "ClusterRole", "name": user}
    real.put(f"{root}/clusterrolebindings", {**api, "kind": "ClusterRoleBinding", "metadata": {"name": user},
             "roleRef": ref, "subjects": held})  # fmt: skip
    for place in namespaces:
        real.put(f"{root}/namespaces/{place}/rolebindings", {**api, "kind": "RoleBinding",
                 "metadata": {"name": user}, "roleRef": {**ref, "name": "cnmm-auditor"}, "subjects": held})  # fmt: skip


def compare(name: str, ours: list[Yield], theirs: list[Yield]) -> None:
    """Print whether two readings are equal, and the first differences where they are not."""
    same = ours == theirs
    print(f"{'equal  ' if same else 'DIFFERS'}  {name}: {told(theirs)}")
    if not same:
        left, right = (Counter(map(repr, one)) for one in (ours, theirs))
        for one in list((left - right).items())[:5] + list((right - left).items())[:5]:
            print("    ", one[0][:400])


def told(found: list[Yield]) -> str:
    """Return how many readings are told, and how the rest is not."""
    signals = [one for one in found if isinstance(one, Signal)]
    gaps = Counter(one.reading.gap.value for one in signals if isinstance(one.reading, Unknown))
    failed = sum(one.failed for one in found if isinstance(one, LedgerRow))
    values = sum(isinstance(one.reading, Observed) for one in signals)
    return f"{len(signals)} readings, {values} observed, unknown {dict(gaps)}; {failed} reads failed"


def readings(found: list[Yield]) -> Mapping[tuple[str, str], Any]:
    """Return readings by key and subject."""
    return {(one.key, str(one.subject)): one.reading for one in found if isinstance(one, Signal)}


def main() -> None:
    """Fill the server, read it in several ways, and print each comparison."""
    parser = argparse.ArgumentParser()
    for name in ("--server", "--token", "--narrow", "--nobody"):
        parser.add_argument(name, required=True)
    chosen = parser.parse_args()
    real = Real(chosen.server, chosen.token)
    objects = list(clusters.PROD)
    fill(real, kinds(objects), objects)
    grant(real, "narrow", ("pay", "store"))
    with mirror(real) as double:
        full = read(real.url, chosen.token)
        compare("the double that holds what the server holds", read(double.url, "t"), full)
        compare("pages of two", full, read(real.url, chosen.token, page=2))
        double.aggregated = False
        compare("discovery, the older way", read(double.url, "t"), full)
        parts = read(real.url, chosen.narrow)
        double.faults[""] = only("pay", "store")
        bold = [
            place
            for place, one in readings(parts).items()
            if not tells_no_more(one, readings(full).get(place))
        ]
        print(f"{'tells no more' if not bold else f'TELLS MORE {bold}'}  some namespaces only: {told(parts)}")
        print(f"nobody: {told(read(real.url, chosen.nobody))}")
        print(f"wrong token: {told(read(real.url, 'wrong'))}")


if __name__ == "__main__":
    main()
