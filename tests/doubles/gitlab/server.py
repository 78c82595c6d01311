"""GitLab on loopback: REST as rows of JSON, GraphQL by its own schema, with a switch for every fault."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from doubles.github.faults import fail, send
from doubles.gitlab.answers import answer, brought_to, number_of
from doubles.gitlab.organisation import (
    DEVELOPER,
    MAINTAINER,
    OWNER,
    PREMIUM,
    REPORTER,
    ULTIMATE,
    Organisation,
    Row,
)
from doubles.serving import Asked, serving

_OPERATIONS = (
    ("aiMetrics", "assistant"), ("valueStreams", "value streams"), ("dora {", "figures"), ("ONLY_COMMENTS", "replies"), ("webPath", "issues"), ("vulnerabilities(", "vulnerabilities"), ("descendantGroups", "groups"),
    ("reviewState", "stalled"), ("approvedBy", "changes"), ("jobArtifacts", "pipelines"),
    ("fragment Checked", "projects"), ("mergeRequest(iid", "statement"), ("r0: blobs", "statement files"),
    ("branchRules(first: 100)", "branch rules"), ("branchRules", "projects"), ("groupMembers", "members"),
    ("projectMembers(first: $n", "members"), ("mergeRequests", "count"),
)  # fmt: skip
_ERRORS = {
    "all forbidden": "forbidden",
    "not found": "not found",
    "rate limited": "rate limit exceeded",
    "timed out": "Timeout",
}
READER = 77


@dataclass(kw_only=True)
class Double(Asked):
    """A served group, what was asked of it, and the faults that are on."""

    organisation: Organisation = field(default_factory=Organisation)
    addresses: list[str] = field(default_factory=list)
    """Each request's path with its query."""


@contextmanager
def serve(organisation: Organisation) -> Iterator[Double]:
    """Serve a group, and a second host that must never see a credential."""
    double = Double(organisation=organisation)
    with serving(double, _Handler):
        yield double


class _Handler(BaseHTTPRequestHandler):
    double: ClassVar[Double]
    host: ClassVar[str]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _serve(self, raw: bytes) -> None:
        self.double.tokens.append((self.host, self.headers.get("Authorization", "")))
        query = json.loads(raw) if raw else {}
        text = str(query.get("query", ""))
        name = next((name for sign, name in _OPERATIONS if sign in text), "?") if raw else ""
        request = f"{self.command} {urlsplit(self.path).path} {name}".strip()
        self.double.asked.append(request)
        self.double.addresses.append(self.path)
        fault = self.double.faults.pick(request)
        time.sleep(self.double.latency)
        if self.host == "other":
            send(self, 200, b"[]", {"Content-Type": "application/json"})
        elif not (fault and fail(self, fault, self.double.elsewhere)):
            self._answer(text, query.get("variables") or {}, fault)

    def _answer(self, query: str, variables: Row, fault: str) -> None:
        if query:
            found: Any = _spoil(answer(self.double.organisation, query, variables), fault)
            return self._send(200, found, {})
        status, found, headers = rest(self.double, self.path, fault)
        return self._send(status, found, headers)

    def _send(self, status: int, found: Any, headers: dict[str, str]) -> None:
        body = json.dumps(found).encode()
        etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        headers = {"Content-Type": "application/json", **headers, "ETag": etag}
        if self.command == "GET" and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        send(self, status, body, headers)

    def log_message(self, *_: Any) -> None:
        """Keep tests quiet."""


def _spoil(found: Row, fault: str) -> Row:
    """Return the answer with a fault of GraphQL's own kind."""
    data = found.get("data") or {}
    if fault in _ERRORS:
        code = "RATE_LIMITED" if fault == "rate limited" else _ERRORS[fault].upper().replace(" ", "_")
        error = {"message": _ERRORS[fault], "path": [*data][:1], "extensions": {"code": code}}
        return {"data": None if fault == "rate limited" else dict.fromkeys(data), "errors": [error]}
    if fault == "partial forbidden":
        return {**found, "errors": list(_forbid(data, []))}
    for place in _connections(data):
        if fault == "withheld":
            place["nodes"] = [None] * len(place.get("nodes") or [])
        if fault in ("endless", "same page"):
            place["pageInfo"] = {"hasNextPage": True, "endCursor": "0" if fault == "same page" else "1"}
    return found


def _connections(data: Row) -> Iterator[Row]:
    for top in data.values():
        for inner in top.values() if isinstance(top, dict) else ():
            if isinstance(inner, dict) and "nodes" in inner:
                yield inner


def _forbid(data: Any, path: list[Any]) -> Iterator[Row]:
    """Take away every list that hangs on a node, each with its error, as a host does for a weak credential."""
    for key, value in data.items() if isinstance(data, dict) else ():
        if key == "nodes" and isinstance(value, list):
            for position, node in enumerate(value):
                for name, inner in list(node.items()) if isinstance(node, dict) else ():
                    if isinstance(inner, dict | list):
                        node[name] = None
                        yield {
                            "message": "no",
                            "path": [*path, key, position, name],
                            "extensions": {"code": "FORBIDDEN"},
                        }
        else:
            yield from _forbid(value, [*path, key])


def rest(double: Double, path: str, fault: str) -> tuple[int, Any, dict[str, str]]:
    """Return status, body and headers of a REST path."""
    org, parts = double.organisation, urlsplit(path)
    if double.rest is not None:
        return *double.rest(parts.path), {}
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    place = parts.path.removeprefix("/api/v4")
    level = 60 if org.administrator else org.role
    if place == "/metadata":
        return 200, {"version": "18.5.0", "enterprise": org.enterprise}, {}
    if place == "/user":
        shown = {"id": READER, "username": "reader-bot", "bot": True}
        return 200, shown | ({"is_admin": True} if org.administrator else {}), {}
    if place == "/application/settings" and org.administrator:
        return 200, {"require_two_factor_authentication": org.demands_second_factor,
                     "password_authentication_enabled_for_web": org.passwords}, {}  # fmt: skip
    if place == f"/namespaces/{org.path}":
        return 200, {"id": 1, "full_path": org.path} | ({"plan": org.tier} if level >= OWNER else {}), {}
    group = re.fullmatch(r"/groups/([^/]+)(/.*)?", place)
    if group:
        return _group(double, unquote(group[1]), group[2] or "", query, fault)
    project = re.fullmatch(r"/projects/([^/]+)(/.*)?", place)
    one = org.find(unquote(project[1])) if project else None
    if project is None or one is None:
        return 404, {"message": "404 Not Found"}, {}
    return _of_project(org, one, project[2] or "", level)


def _of_project(org: Organisation, one: Row, place: str, level: int) -> tuple[int, Any, dict[str, str]]:
    if not place:
        return 200, row(org, one), {}
    if place == "/push_rule" and org.has(PREMIUM) and level >= MAINTAINER:
        return 200, one["push_rule"], {}
    told = _of_statement(org, one, place) if level >= REPORTER else None
    if told is not None:
        return 200, told, {}
    deployed = re.fullmatch(r"/deployments(?:/(\d+))?", place)
    if deployed is None or level < REPORTER:
        return 404, {"message": "404 Not Found"}, {}
    rows = [_deployment(each) for each in one["deployments"]]
    if deployed[1]:
        return 200, next((each for each in rows if each["id"] == int(deployed[1])), None), {}
    shown = [{key: each[key] for key in each if key != "approvals"} for each in rows]
    return 200, shown, {"X-Total": str(len(rows))}


def _of_statement(org: Organisation, one: Row, place: str) -> Any:
    """Return a file that states something, which change brought it, its versions, or a member; else None."""
    if file := re.fullmatch(r"/repository/files/([^/]+)", place):
        filed = org.statements.get((one["name"], unquote(file[1])))
        return {"blob_id": filed["blob"], "last_commit_id": "c" * 40} if filed else None
    if re.fullmatch(r"/repository/commits/[0-9a-f]{40}/merge_requests", place):
        own = row(org, one)["id"]
        return [
            {
                "iid": int(each["iid"]), "state": each["state"], "target_branch": each["target_branch"],
                "target_project_id": 7 if each["elsewhere"] else own, "merge_commit_sha": each["left"],
                "squash_commit_sha": None, "sha": "e" * 40,
                "web_url": f"https://gitlab.com/{org.path}/{one['name']}/-/merge_requests/{each['iid']}",
            }
            for each in brought_to(org, one["name"])
        ]  # fmt: skip
    if change := re.fullmatch(r"/merge_requests/(\d+)/versions", place):
        found = next((each for each in brought_to(org, one["name"]) if each["iid"] == change[1]), None)
        return found and [{"head_commit_sha": sha, "created_at": at} for sha, at in found["versions"]]
    if member := re.fullmatch(r"/members/all/(\d+)", place):
        low = {number_of(login) for login in org.guests}
        return {"id": int(member[1]), "access_level": REPORTER if int(member[1]) in low else DEVELOPER}
    return None


def _deployment(one: Row) -> Row:
    approvals = [{"status": "approved", "created_at": one["approved"]}] if one["approved"] else []
    return {
        "id": one["id"], "sha": one["sha"], "status": one["status"], "created_at": one["at"],
        "user": {"username": one["user"], "bot": one["user"].endswith("-bot")},
        "deployable": {"finished_at": one["at"]}, "approvals": approvals,
    }  # fmt: skip


def _group(
    double: Double, path: str, rest_of: str, query: dict[str, str], fault: str
) -> tuple[int, Any, dict[str, str]]:
    org = double.organisation
    inner = next((one for one in org.groups if f"{org.path}/{one['path']}" == path), None)
    if path != org.path and inner is None:
        return 404, {"message": "404 Group Not Found"}, {}
    below = "" if path == org.path else f"{inner['path']}/" if inner else ""
    if not rest_of:
        shares = org.shares if path == org.path else inner["shares"] if inner else {}
        shown = {"id": 5, "full_path": path, "visibility": "private", "shared_with_groups": _shares(shares)}
        return 200, shown | {"require_two_factor_authentication": org.second_factor}, {}
    if rest_of == "/projects":
        if query.get("pagination") == "keyset" and not org.keyset:
            return 405, {"error": "Keyset pagination is not yet available for this type of request"}, {}
        return _listed(
            double, path, query, [one for one in org.projects if one["name"].startswith(below)], fault
        )
    if rest_of == f"/members/all/{READER}" and org.role:
        return 200, {"id": READER, "access_level": org.role}, {}
    if rest_of == "/saml/identities" and org.has(PREMIUM) and org.role >= OWNER:
        return 200, [{"user_id": number} for number in org.identities], {}
    return 404, {"message": "404 Not Found"}, {}


def _shares(shares: dict[str, int]) -> list[Row]:
    return [
        {"group_id": 1, "group_full_path": path, "group_access_level": level}
        for path, level in shares.items()
    ]


def row(org: Organisation, one: Row) -> Row:
    """Return a project as the REST API shows it to this reader."""
    shown: Row = {
        "id": 1000 + org.projects.index(one) if len(org.projects) < 100 else one.get("id", 1),
        "path_with_namespace": f"{org.path}/{one['name']}", "archived": one["archived"],
        "empty_repo": one["empty"], "visibility": one["visibility"], "default_branch": one["branch"],
        "forked_from_project": {"id": 1} if one["fork"] else None, "shared_with_groups": _shares(one["shares"]),
        "marked_for_deletion_on": "2026-12-01" if one["deleted"] else None, "repository_access_level": "enabled",
        "updated_at": one.get("updated", "2024-05-01T00:00:00Z"),
        "builds_access_level": "enabled", "issues_access_level": "enabled", "topics": [], "merge_requests_access_level": "enabled",
        "only_allow_merge_if_pipeline_succeeds": one["pipeline"],
        "only_allow_merge_if_all_status_checks_passed": bool(one["checks"]),
        "permissions": {"project_access": None, "group_access": {"access_level": org.role} if org.role else None},
    }  # fmt: skip
    if org.has(PREMIUM):
        shown |= {"mirror": one["mirror"], "approvals_before_merge": 0}
    if org.has(ULTIMATE) and (org.role >= DEVELOPER or org.administrator):
        shown["secret_push_protection_enabled"] = one["push_protection"]
    return shown


def _listed(
    double: Double, path: str, query: dict[str, str], projects: list[Row], fault: str
) -> tuple[int, Any, dict[str, str]]:
    """Return a page: by cursor where the reader asks for keyset pages, which tell no total, else by number."""
    org = double.organisation
    keyset = query.get("pagination") == "keyset"
    size = min(int(query.get("per_page", 20)), org.most_rows)
    start = _after(query) if keyset else (int(query.get("page", 1)) - 1) * size
    part = projects[start : start + size]
    more = start + size < len(projects)
    step = size if more or fault == "endless" else 0
    if fault == "endless":
        part = projects[:size]
    kept = {key: value for key, value in query.items() if key not in ("page", "cursor")}
    if keyset:
        kept["cursor"] = _cursor(start + step)
    else:
        kept["page"] = str((start + step) // size + 1)
    place = f"{double.url}/api/v4/groups/{path.replace('/', '%2F')}/projects"
    following = step > 0 or fault == "same page"
    link = {"Link": f'<{place}?{urlencode(sorted(kept.items()))}>; rel="next"'} if following else {}
    shown: list[Any] = [None if fault == "withheld" else row(org, one) for one in part]
    total = {} if keyset else {"X-Total": str(len(projects) + org.hidden)}
    return 200, shown, {**link, **total}


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"id": str(start), "_kd": "n"}).encode()).decode()


def _after(query: dict[str, str]) -> int:
    return int(json.loads(base64.urlsafe_b64decode(query["cursor"]))["id"]) if "cursor" in query else 0
