"""A Kubernetes API server on loopback: discovery, paged lists, metadata only, and faults."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

Object = dict[str, Any]

BUILT_IN = {
    ("", "v1"): {
        "namespaces": ("Namespace", False),
        "nodes": ("Node", False),
        "pods": ("Pod", True),
        "serviceaccounts": ("ServiceAccount", True),
        "services": ("Service", True),
        "resourcequotas": ("ResourceQuota", True),
        "configmaps": ("ConfigMap", True),
        "secrets": ("Secret", True),
    },
    ("apps", "v1"): {
        "deployments": ("Deployment", True),
        "statefulsets": ("StatefulSet", True),
        "daemonsets": ("DaemonSet", True),
    },
    ("autoscaling", "v2"): {"horizontalpodautoscalers": ("HorizontalPodAutoscaler", True)},
    ("networking.k8s.io", "v1"): {"networkpolicies": ("NetworkPolicy", True)},
    ("rbac.authorization.k8s.io", "v1"): {
        "roles": ("Role", True),
        "clusterroles": ("ClusterRole", False),
        "rolebindings": ("RoleBinding", True),
        "clusterrolebindings": ("ClusterRoleBinding", False),
    },
    ("admissionregistration.k8s.io", "v1"): {
        "validatingadmissionpolicies": ("ValidatingAdmissionPolicy", False),
        "validatingadmissionpolicybindings": ("ValidatingAdmissionPolicyBinding", False),
    },
    ("apiextensions.k8s.io", "v1"): {"customresourcedefinitions": ("CustomResourceDefinition", False)},
}

Fault = Callable[["Handler"], bool]


class ApiServer(AbstractContextManager["ApiServer"]):
    """The server and its objects; `faults` maps the end of a path to what answers instead."""

    def __init__(self, *, aggregated: bool = True, tls: tuple[Path, Path] | None = None) -> None:
        self.resources: dict[tuple[str, str], dict[str, tuple[str, bool]]] = {
            group: dict(plurals) for group, plurals in BUILT_IN.items()
        }
        self.objects: dict[tuple[str, str], list[Object]] = {}
        self.raw: dict[tuple[str, str], list[bytes]] = {}
        self.faults: dict[str, Fault] = {}
        self.stale: set[str] = set()
        self.requests: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.expire_once: set[str] = set()
        self.expire_always: set[str] = set()
        self.aggregated = aggregated
        self.strict_authorization: set[str] | None = None
        handler = type("BoundHandler", (Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ApiServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def install(self, group: str, version: str, kind: str, plural: str, namespaced: bool = True) -> None:
        """Serve a custom resource, with its definition."""
        self.resources.setdefault((group, version), {})[plural] = (kind, namespaced)
        self.objects.setdefault(("apiextensions.k8s.io", "customresourcedefinitions"), []).append(
            {"metadata": {"name": f"{plural}.{group}", "creationTimestamp": "2024-01-01T00:00:00Z"}}
        )

    def add(self, *items: Object) -> None:
        """Hold objects with apiVersion and kind, as manifests spell them; what is not served is installed."""
        for item in items:
            group, _, version = item["apiVersion"].rpartition("/")
            plural = self._plural(group, version, item["kind"], "namespace" in item["metadata"])
            body = {key: value for key, value in item.items() if key not in ("apiVersion", "kind")}
            meta = {"resourceVersion": "1", "creationTimestamp": "2024-01-01T00:00:00Z", **body["metadata"]}
            self.objects.setdefault((group, plural), []).append({**body, "metadata": meta})

    def _plural(self, group: str, version: str, kind: str, namespaced: bool) -> str:
        for (held, _), plurals in self.resources.items():
            for plural, (name, _) in plurals.items():
                if held == group and name == kind:
                    return plural
        plural = kind.lower() + ("es" if kind.endswith(("s", "ch")) else "s")
        plural = plural[:-2] + "ies" if kind.endswith("y") else plural
        self.install(group, version, kind, plural, namespaced)
        return plural

    def kubeconfig(self, folder: Path, context: str = "test", user: Mapping[str, Any] | None = None) -> Path:
        """Write a kubeconfig that leads here."""
        path = folder / f"kubeconfig-{context}"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": dict(user or {"token": "loopback-token"})}],
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        }
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path


class Handler(BaseHTTPRequestHandler):
    """Answers as an API server does: authorization before routing, Status objects for refusals."""

    api: ApiServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        return

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.api.requests.append(("GET", self.path))
        self.api.tokens.add(self.headers.get("Authorization", ""))
        for end, fault in self.api.faults.items():
            if parts.path.endswith(end) and fault(self):
                return
        self.route(parts.path)

    def _other(self) -> None:
        self.api.requests.append((self.command, self.path))
        self.status(405, "MethodNotAllowed")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _other

    def send(self, status: int, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def reply(self, content: Mapping[str, Any], status: int = 200) -> None:
        self.send(status, json.dumps(content).encode())

    def status(
        self, code: int, reason: str, message: str = "", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "code": code,
            "reason": reason,
            "message": message or reason,
        }
        self.send(code, json.dumps(body).encode(), headers)

    def route(self, path: str) -> None:
        accept = self.headers.get("Accept", "")
        if path in ("/api", "/apis"):
            self.discovery(path, accept)
            return
        parts = path.strip("/").split("/")
        core = parts[0] == "api"
        group, version, rest = ("", parts[1], parts[2:]) if core else (parts[1], parts[2], parts[3:])
        plurals = self.api.resources.get((group, version))
        if not rest and plurals is not None:
            self.version(group, version, plurals)
            return
        namespace = rest[1] if len(rest) > 2 and rest[0] == "namespaces" else ""
        tail = rest[2:] if namespace else rest
        if plurals is None or not tail or tail[0] not in plurals:
            self.status(404, "NotFound")
        elif len(tail) > 1:
            self.single(group, tail[0], namespace, tail[1])
        else:
            self.listing(group, version, tail[0], namespace, accept)

    def discovery(self, path: str, accept: str) -> None:
        groups: dict[str, list[str]] = {}
        for group, version in self.api.resources:
            if bool(group) == (path == "/apis"):
                groups.setdefault(group, []).append(version)
        if self.api.aggregated and "APIGroupDiscoveryList" in accept:
            self.reply(
                {
                    "kind": "APIGroupDiscoveryList",
                    "apiVersion": "apidiscovery.k8s.io/v2",
                    "metadata": {},
                    "items": [self.group(*one) for one in groups.items()],
                }
            )
        elif path == "/api":
            self.reply({"kind": "APIVersions", "versions": groups[""]})
        else:
            listed = [
                {
                    "name": name,
                    "versions": [{"groupVersion": f"{name}/{one}", "version": one} for one in versions],
                }
                for name, versions in groups.items()
            ]
            self.reply({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})

    def group(self, name: str, versions: list[str]) -> Object:
        return {
            "metadata": {"name": name},
            "versions": [
                {
                    "version": version,
                    "freshness": "Stale" if name in self.api.stale else "Current",
                    "resources": []
                    if name in self.api.stale
                    else [
                        {
                            "resource": plural,
                            "responseKind": {"kind": kind},
                            "scope": "Namespaced" if namespaced else "Cluster",
                            "verbs": ["get", "list"],
                        }
                        for plural, (kind, namespaced) in self.api.resources[name, version].items()
                    ],
                }
                for version in versions
            ],
        }

    def version(self, group: str, version: str, plurals: Mapping[str, tuple[str, bool]]) -> None:
        if group in self.api.stale:
            self.status(503, "ServiceUnavailable")
            return
        listed = [
            {"name": plural, "kind": kind, "namespaced": namespaced, "verbs": ["get", "list"]}
            for plural, (kind, namespaced) in plurals.items()
        ]
        self.reply({"kind": "APIResourceList", "groupVersion": f"{group}/{version}", "resources": listed})

    def single(self, group: str, plural: str, namespace: str, name: str) -> None:
        for item in self.api.objects.get((group, plural), ()):
            if item["metadata"]["name"] == name and item["metadata"].get("namespace", "") == namespace:
                self.reply({"kind": "Object", **item})
                return
        self.status(404, "NotFound")

    def listing(self, group: str, version: str, plural: str, namespace: str, accept: str) -> None:
        start = (
            json.loads(base64.b64decode(self.query["continue"]))["start"] if "continue" in self.query else 0
        )
        if start and (plural in self.api.expire_once or plural in self.api.expire_always):
            self.api.expire_once.discard(plural)
            self.status(410, "Expired")
            return
        limit = int(self.query.get("limit", 0))
        kind = self.api.resources[group, version][plural][0]
        meta: Object = {"resourceVersion": "1000"}
        raw = self.api.raw.get((group, plural))
        items = self.api.objects.get((group, plural), [])
        if namespace:
            items = [one for one in items if one["metadata"].get("namespace") == namespace]
        total = len(raw) if raw is not None else len(items)
        end = start + limit if limit else total
        if end < total:
            meta["continue"] = base64.b64encode(json.dumps({"start": end}).encode()).decode()
            meta["remainingItemCount"] = total - end
        if raw is not None:
            head = json.dumps({"kind": f"{kind}List", "apiVersion": "v1", "metadata": meta})[:-1]
            self.send(200, head.encode() + b', "items": [' + b",".join(raw[start:end]) + b"]}")
            return
        page: list[Object] = items[start:end]
        if "as=PartialObjectMetadataList" in accept:
            kind = "PartialObjectMetadata"
            page = [{"metadata": one["metadata"]} for one in page]
        self.reply({"kind": f"{kind}List", "apiVersion": "v1", "metadata": meta, "items": page})


def refuse(code: int, reason: str = "", message: str = "", headers: Iterable[tuple[str, str]] = ()) -> Fault:
    """Answer with a Status."""

    def fault(handler: Handler) -> bool:
        handler.status(code, reason or str(code), message, headers)
        return True

    return fault


def only(*namespaces: str) -> Fault:
    """Refuse every list of a namespaced kind but those of some namespaces, as role bindings would."""

    def fault(handler: Handler) -> bool:
        parts = urlsplit(handler.path).path.strip("/").split("/")
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        if not rest or rest == ["namespaces"]:
            return False
        held = rest[2:] if rest[0] == "namespaces" and len(rest) > 2 else rest
        version = ("", parts[1]) if parts[0] == "api" else tuple(parts[1:3])
        namespaced = handler.api.resources.get(version, {}).get(held[0], ("", True))[1]  # type: ignore[call-overload]
        if not namespaced or (held is not rest and rest[1] in namespaces):
            return False
        handler.status(403, "Forbidden", "cannot list")
        return True

    return fault


def times(count: int, fault: Fault) -> Fault:
    """Let a fault happen that many times."""
    left = [count]

    def limited(handler: Handler) -> bool:
        left[0] -= 1
        return fault(handler) if left[0] >= 0 else False

    return limited


def garbage(body: bytes = b"<html>gateway</html>") -> Fault:
    """Answer 200 with something else."""

    def fault(handler: Handler) -> bool:
        handler.send(200, body)
        return True

    return fault


def half(handler: Handler) -> bool:
    """Announce a body and send half of it."""
    body = json.dumps(
        {"kind": "List", "metadata": {}, "items": [{"metadata": {"name": "a" * 4000}}]}
    ).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()
    handler.close_connection = True
    handler.connection.close()
    return True


def drip(seconds: float) -> Fault:
    """Send a byte now and then, for that long."""

    def fault(handler: Handler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                break
            time.sleep(0.05)
        handler.close_connection = True
        return True

    return fault
