"""GitHub on loopback: an invented organisation over REST and GraphQL, with a switch for every fault."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from doubles.github import files
from doubles.github.faults import fail, send
from doubles.github.organisation import Organisation
from doubles.github.versions import only, refuse
from doubles.serving import Asked, serving

Row = dict[str, Any]
_OPERATIONS = (
    ("latestOpinionatedReviews", "statement"),
    ("membersWithRole", "organisation"), ("... on Environment", "environments"), ("fragment Described", ""),
    ("projectsV2(first", "boards"),
    ("team(slug", "team"), ("teams(first", "teams"), ("CHANGES_REQUESTED", "stalled"),
    ("reviews(first", "changes"), ("comments(first", "replies"),
    ("$stages", "deployments"), ("nameWithOwner } }", "places"), ("projectItems(first", "issues"), ("id title mergedAt\n", "upstream"),
    ("fragment Content", "contents"), ("fragment Work", "work"), ("issueCount", "count"),
)  # fmt: skip


_DESCRIPTIONS = ("organisation", "inventory", "repository")
_SEARCHES = ("count", "changes", "stalled", "issues", "replies", "upstream")


@dataclass(kw_only=True)
class Double(Asked):
    """A served organisation, what was asked of it, and the faults that are on."""

    organisation: Organisation = field(default_factory=Organisation)
    extra: dict[str, str] = field(default_factory=dict)
    """Headers sent with every answer."""
    schema: Any = None
    """What the host's version knows of an organisation and its repositories, None for all that is asked."""


@contextmanager
def serve(organisation: Organisation) -> Iterator[Double]:
    """Serve an organisation, and a second host that must never see a credential."""
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
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/access_tokens"):
            self.double.tokens.append((self.host, self.headers.get("Authorization", "")))
            given = self.double.organisation.installation
            self._send(201 if given else 404, given or {"message": "Not Found"}, {})
        else:
            self._serve(raw)

    def _serve(self, raw: bytes) -> None:
        self.double.tokens.append((self.host, self.headers.get("Authorization", "")))
        name, variables = _operation(raw) if raw else ("", {})
        request = f"{self.command} {urlsplit(self.path).path} {name}".strip()
        self.double.asked.append(request)
        fault = self.double.faults.pick(request)
        time.sleep(self.double.latency)
        if self.host == "other":
            send(self, 200, b"[]", {"Content-Type": "application/json"})
        elif not (fault and fail(self, fault, self.double.elsewhere)):
            self._answer(name, variables, fault, json.loads(raw).get("query", "") if raw else "")

    def _answer(self, name: str, variables: Row, fault: str, query: str) -> None:
        old = self.double.schema if name in _DESCRIPTIONS else None
        refused = refuse(old, query) if old else None
        if refused is not None:
            return self._send(200, refused, {})
        if name:
            found: Any = _spoil(graphql(self.double.organisation, name, variables), name, fault)
            if old:
                found = {**found, "data": only(query, found["data"])}
            return self._send(200, found, {})
        status, found, headers = rest(self.double, self.path, fault)
        return self._send(status, found, headers)

    def _send(self, status: int, found: Any, headers: dict[str, str]) -> None:
        body = json.dumps(found).encode()
        etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        headers = {"Content-Type": "application/json", **headers, **self.double.extra, "ETag": etag}
        if self.command == "GET" and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        send(self, status, body, headers)

    def log_message(self, *_: Any) -> None:
        """Keep tests quiet."""


def _operation(raw: bytes) -> tuple[str, Row]:
    asked = json.loads(raw)
    query = asked.get("query", "")
    name = next((name for sign, name in _OPERATIONS if sign in query), "?")
    if "fragment Described" in query:
        name = "repository" if "repository(owner" in query else "inventory"
    if name == "team":
        name = "team members" if "members(first" in query else "team repositories"
    if name == "deployments" and "node(id" in query:
        name = "more deployments"
    variables = asked.get("variables", {})
    return name, {**variables, "query": query} if name == "contents" else variables


def graphql(org: Organisation, name: str, variables: Row) -> Row:
    """Return the whole answer to a query of the collector."""
    if name in ("contents", "work"):
        return files.answer(org, name, variables)
    if name == "places":
        return {
            "data": {
                name: [_place(org, key) for key in keys]
                for name, keys in variables.items()
                if name in "abcde"
            }
        }
    if name == "environments":
        return {"data": {"nodes": [_environment(org, key) for key in variables["ids"]]}}
    if name in _SEARCHES:
        return {"data": {"search": _search(org, name, variables)}}
    if name == "deployments":
        return {"data": {"nodes": [_deployed(org, key, variables) for key in variables["ids"]]}}
    if name == "more deployments":
        return {"data": {"node": _deployed(org, variables["id"], variables)}}
    if name == "statement":
        return _statement(org, variables)
    if variables.get("org", "").lower() != org.login.lower():
        error = {
            "type": "NOT_FOUND",
            "path": ["organization"],
            "message": "Could not resolve to an Organization",
        }
        return {"data": {"organization": None}, "errors": [error]}
    if name == "repository":
        node = next((one for one in org.repositories if one["name"] == variables["name"]), None)
        error = {"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}
        return {"data": {"repository": node and _practised(org, node)}} | (
            {} if node else {"errors": [error]}
        )
    return {"data": {"organization": _organisation(org, name, variables)}}


def _statement(org: Organisation, variables: Row) -> Row:
    """Return what a repository's default branch holds at a path, and the changes that brought it there."""
    node = next((one for one in org.repositories if one["name"] == variables["name"]), None)
    if node is None or variables["org"].lower() != org.login.lower():
        error = {"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}
        return {"data": {"repository": None}, "errors": [error]}
    filed = org.statements.get((node["name"], variables["path"]))
    commits = [{"associatedPullRequests": {"nodes": filed["changes"]}}] if filed else []
    tip = {
        "__typename": "Commit", "oid": "c" * 40, "file": {"oid": filed["blob"]} if filed else None,
        "history": {"nodes": commits},
    }  # fmt: skip
    branch = {**node["defaultBranchRef"], "target": tip}
    return {
        "data": {"repository": {"viewerPermission": node["viewerPermission"], "defaultBranchRef": branch}}
    }


def _organisation(org: Organisation, name: str, variables: Row) -> Row:
    if name == "inventory":
        page = _page(org.repositories, variables)
        return {"repositories": {**page, "nodes": [one and _practised(org, one) for one in page["nodes"]]}}
    if name == "teams":
        return {"teams": _page([_team(org, team) for team in org.teams], variables)}
    if name == "boards":
        return {"projectsV2": _page(org.boards, variables)}
    if name in ("team members", "team repositories"):
        team = next(team for team in org.teams if team["slug"] == variables["slug"])
        if name == "team members":
            return {"team": {"members": _page([{"login": login} for login in team["members"]], variables)}}
        return {"team": {"repositories": _edges(org, team, variables)}}
    linked = None if org.linked is None else {"externalIdentities": {"totalCount": org.linked}}
    return {
        "login": org.login, "databaseId": 7, "url": f"https://github.example/{org.login}",
        "viewerCanAdminister": org.viewer_administers, "requiresTwoFactorAuthentication": org.second_factor,
        "repositories": {"totalCount": len(org.repositories)}, "teams": {"totalCount": len(org.teams)},
        "membersWithRole": {"totalCount": org.members}, "samlIdentityProvider": linked,
        "defaults": org.guide and {"contributingGuidelines": org.guide},
    }  # fmt: skip


def _team(org: Organisation, team: Row) -> Row:
    first: Row = {"n": 100, "after": None}
    return {
        "slug": team["slug"], "privacy": "VISIBLE", "url": f"https://github.example/orgs/{org.login}/{team['slug']}",
        "parentTeam": {"slug": team["parent"]} if team["parent"] else None,
        "members": _page([{"login": login} for login in team["members"]], first),
        "repositories": _edges(org, team, first),
    }  # fmt: skip


def _edges(org: Organisation, team: Row, variables: Row) -> Row:
    edges = [
        {"permission": right, "node": {"name": name, "owner": {"login": org.login}}}
        for name, right in team["grants"].items()
    ]
    return _page(edges, variables, "edges")


def _place(org: Organisation, key: str) -> Row | None:
    """Return where a repository is now, by its id."""
    node = next((one for one in org.repositories if one["id"] == key), None)
    place = org.moved.get(key, node and f"{org.login}/{node['name']}")
    return {"__typename": "Repository", "nameWithOwner": place} if place else None


def _environment(org: Organisation, key: str) -> Row | None:
    found = org.environments.get(key)
    if found is None:
        return None
    reviewers = [{"__typename": "Team", "slug": slug} for slug in found["reviewers"]]
    rule = {"type": "REQUIRED_REVIEWERS", "reviewers": {"totalCount": len(reviewers), "nodes": reviewers}}
    rules = [rule] if reviewers else []
    return {
        "__typename": "Environment", "id": key, "name": found["name"],
        "protectionRules": {"totalCount": len(rules), "nodes": rules},
    }  # fmt: skip


def _search(org: Organisation, name: str, variables: Row) -> Row:
    asked = variables["q"]
    fits = _matches(asked)
    rows = [row for row in _found(org, name, asked) if fits(row)]
    if name == "count":
        return {"issueCount": len(rows)}
    page = _page(rows[:1000], variables)
    return {"issueCount": len(rows), "nodes": page["nodes"], "pageInfo": page["pageInfo"]}


def _found(org: Organisation, name: str, asked: str) -> list[Row]:
    if name == "upstream":
        return org.upstream
    if "is:issue" in asked:
        return org.issues
    return org.stalled if name == "stalled" else org.changes


def _matches(asked: str) -> Callable[[Row], bool]:
    """Return whether a row has all that a search asks for, as far as this collector asks for it."""
    places = frozenset(re.findall(r"repo:[\w.-]+/([\w.-]+)", asked))
    authors = frozenset(re.findall(r"author:([\w-]+)", asked))
    spans = [
        (f"{word}At", start, end or "9999")
        for word, start, end in re.findall(r"(merged|updated):(?:>=)?([\d-]+)(?:\.\.([\d-]+))?", asked)
    ]

    def fits(row: Row) -> bool:
        if places and row["repository"]["name"] not in places:
            return False
        if authors and row["author"]["login"] not in authors:
            return False
        # A change of the double last moved when it was merged.
        return all(start <= row.get(key, row.get("mergedAt"))[:10] <= end for key, start, end in spans)

    return fits


def _deployed(org: Organisation, key: str, variables: Row) -> Row | None:
    node = next((one for one in org.repositories if one["id"] == key), None)
    if node is None:
        return None
    rows = [
        {name: value for name, value in row.items() if name != "repository"} for row in org.deployments
        if row["repository"] == node["name"] and row["environment"] in variables["stages"]
    ]  # fmt: skip
    rows.sort(key=lambda row: row["createdAt"], reverse=True)
    return {"__typename": "Repository", "id": key, "deployments": _page(rows, variables)}


def _practised(org: Organisation, node: Row) -> Row:
    """Return a repository with its newest release and its newest merged change."""
    release, newest = org.releases.get(node["name"]), org.newest.get(node["name"])
    contexts = [
        {"__typename": "CheckRun", "name": name, "conclusion": conclusion}
        for name, conclusion in (newest or {}).get("checks", ())
    ]
    rollup = {"contexts": {"totalCount": len(contexts), "nodes": contexts}} if contexts else None
    merged = [] if newest is None else [
        {"mergedAt": newest["at"], "baseRefName": newest.get("base", "main"),
         "commits": {"nodes": [{"commit": {"statusCheckRollup": rollup}}]}}
    ]  # fmt: skip
    files = [{"name": name} for name in (release or {}).get("files", ())]
    shown = release and {
        "tagName": "v1", "publishedAt": release["at"],
        "releaseAssets": {"totalCount": release.get("total", len(files)), "nodes": files},
    }  # fmt: skip
    total = (newest or {}).get("total", len(merged))
    return {**node, "latestRelease": shown, "merged": {"totalCount": total, "nodes": merged}}


def _page(rows: list[Any], variables: Row, key: str = "nodes") -> Row:
    start = int(variables.get("after") or 0)
    end = start + int(variables.get("n") or 100)
    info = {"hasNextPage": end < len(rows), "endCursor": str(end) if end < len(rows) else None}
    return {"totalCount": len(rows), key: rows[start:end], "pageInfo": info}


def _spoil(answer: Row, name: str, fault: str) -> Row:
    """Return the answer with a fault of GraphQL's own kind; the organisation itself stays as it is."""
    answer = json.loads(json.dumps(answer)) if fault else answer
    names = {"inventory": "repositories", "boards": "projectsV2"}
    place = {
        "organisation": ["organization"], "repository": ["repository"], "environments": ["nodes"],
        "places": ["a"], "deployments": ["nodes"], "more deployments": ["node", "deployments"], "statement": ["repository"],
    }.get(name, ["search"] if name in _SEARCHES else ["organization", names.get(name, name)])  # fmt: skip
    errors = {
        "all forbidden": "FORBIDDEN", "not found": "NOT_FOUND", "rate limited": "RATE_LIMITED",
        "timed out": "SERVICE_UNAVAILABLE",
    }  # fmt: skip
    if fault in errors:
        data = {place[0]: None} if fault != "rate limited" else None
        return {"data": data, "errors": [{"type": errors[fault], "path": place[:1], "message": "no"}]}
    found = _at(answer["data"], place)
    if fault == "partial forbidden":
        return _forbid_parts(answer, found, place)
    if isinstance(found, dict) and fault == "withheld":
        found["nodes"] = [None] * len(found.get("nodes") or [])
    if isinstance(found, dict) and "pageInfo" in found and fault in ("endless", "same page"):
        found["pageInfo"] = {"hasNextPage": True, "endCursor": "0" if fault == "same page" else "1"}
    return answer


def _forbid_parts(answer: Row, found: Any, place: list[str]) -> Row:
    """Take a field away from every node, each with its error, as a host does for a weak credential."""
    errors: list[Row] = []
    nodes = found.get("nodes") if isinstance(found, dict) else found if isinstance(found, list) else None
    steps = [*place, "nodes"] if isinstance(found, dict) else place
    for position, node in enumerate(nodes or []):
        for key in (
            "codeowners",
            "collaborators",
            "environments",
            "defaultBranchRef",
            "members",
            "repositories",
            "reviews",
            "openDebt",
            "deployments",
            "teams",
            "labels",
            "latestRelease",
            "merged",
        ):
            if isinstance(node, dict) and key in node:
                node[key] = None
                errors.append(
                    {
                        "type": "FORBIDDEN",
                        "path": [*steps, position, key],
                        "message": "Resource not accessible",
                    }
                )
    if name_of(found):
        found |= {"samlIdentityProvider": None, "requiresTwoFactorAuthentication": None}
        errors += [
            {"type": "FORBIDDEN", "path": ["organization", key], "message": "no"}
            for key in ("samlIdentityProvider", "requiresTwoFactorAuthentication")
        ]
    return {**answer, "errors": errors}


def name_of(found: Any) -> str:
    """Return the login where the value is the organisation itself."""
    return str(found.get("login", "")) if isinstance(found, dict) and "viewerCanAdminister" in found else ""


def _at(data: Any, place: list[str]) -> Any:
    for step in place:
        data = data.get(step) if isinstance(data, dict) else None
    return json.loads(json.dumps(data)) if data is None else data


def rest(double: Double, path: str, fault: str) -> tuple[int, Any, dict[str, str]]:
    """Return status, body and headers of a REST path."""
    org, parts = double.organisation, urlsplit(path)
    if double.rest is not None:
        return *double.rest(parts.path), {}
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    own = f"/orgs/{org.login}"
    # Names are taken in any case.
    parts = parts._replace(
        path=re.sub(f"^/(orgs|repos)/{org.login}(?=/|$)", rf"/\1/{org.login}", parts.path, flags=re.I)
    )
    if parts.path == own:
        private = sum(one["visibility"] != "PUBLIC" for one in org.repositories) + org.hidden
        shown = {"login": org.login, "public_repos": len(org.repositories) + org.hidden - private}
        if org.viewer_administers:
            shown |= {"total_private_repos": private, "default_repository_permission": org.default_right}
            shown["plan"] = {"name": org.plan}
        return 200, shown, {}
    one = next(
        (
            one
            for one in org.repositories
            if parts.path.lower() == f"/repos/{org.login}/{one['name']}".lower()
        ),
        None,
    )
    if one is not None:
        shown = {"name": one["name"], "full_name": f"{org.login}/{one['name']}"}
        return 200, {**shown, "security_and_analysis": org.security_of(one["name"])}, {}
    if parts.path.endswith("/code-scanning/analyses"):
        at = org.analyses.get(parts.path.split("/")[3])
        return (200, [{"created_at": at}], {}) if at else (404, {"message": "no analysis found"}, {})
    if parts.path == f"{own}/copilot/billing":
        return (200, {"seat_breakdown": org.seats}, {}) if org.seats else (404, {"message": "Not Found"}, {})
    if (account := _account(org, parts.path)) is not None:
        return 200, account, {}
    if "/git/trees/" in parts.path:
        return *files.listing(org, parts.path), {}
    rows = _rows(org, parts.path.removeprefix(own), query)
    if rows is None:
        return 404, {"message": "Not Found"}, {}
    return _listed(double, parts.path, query, rows, fault)


def _account(org: Organisation, path: str) -> Row | None:
    """Return an account that is shown by name, or the groups of the provider."""
    if path.startswith("/users/") and path[7:] in org.persons:
        return {"login": path[7:], "type": "User"}
    if path == f"/orgs/{org.login}/external-groups" and org.external_groups:
        return {"groups": [{"group_id": 1, "group_name": name} for name in org.external_groups]}
    return None


def _rows(org: Organisation, path: str, query: dict[str, str]) -> list[Row] | None:
    if path == "/repos":
        return [
            {"name": one["name"], "topics": ["shop"], "custom_properties": {"tech_lead": "Lena Lead", "tier": None},
             **({"security_and_analysis": org.security_of(one["name"])} if org.viewer_administers else {})}
            for one in org.repositories
        ]  # fmt: skip
    if path == "/members":
        names = org.admins if query.get("role") == "admin" else org.people()
        return [{"login": login, "type": "User"} for login in names]
    if path == "/outside_collaborators":
        return [{"login": login, "type": "User"} for login in org.outside]
    if path == "/attestations/repositories" and org.attested is not None:
        return [{"id": 1, "name": name} for name in org.attested.get(query["predicate_type"], [])]
    if path == "/code-security/configurations":
        return [{k: v for k, v in one.items() if k != "repositories"} for one in org.configurations]
    held = re.fullmatch(r"/code-security/configurations/(\d+)/repositories", path)
    if held:
        chosen = next(one for one in org.configurations if one["id"] == int(held[1]))
        return [
            {"status": status, "repository": {"name": name}}
            for name, status in chosen["repositories"].items() if status == query.get("status", status)
        ]  # fmt: skip
    for kind in ("dependabot", "secret-scanning", "code-scanning"):
        if path == f"/{kind}/alerts":
            rows = org.alerts.get(kind, [])
            if kind == "secret-scanning" and query.get("hide_secret") != "true":
                rows = [{**row, "secret": "the-literal-secret"} for row in rows]
            return [
                row
                for row in rows
                if row.get("state", "open") == query.get("state", row.get("state", "open"))
            ]
    return None


def _listed(
    double: Double, path: str, query: dict[str, str], rows: list[Row], fault: str
) -> tuple[int, Any, dict[str, str]]:
    page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
    part = rows[(page - 1) * size : page * size]
    kept = "&".join(f"{key}={value}" for key, value in sorted(query.items()) if key != "page")
    following = (
        page + 1 if page * size < len(rows) or fault == "endless" else page if fault == "same page" else 0
    )
    if fault == "endless":
        part = rows[:size] or [{"name": "again"}]
    link = {"Link": f'<{double.url}{path}?{kept}&page={following}>; rel="next"'} if following else {}
    return 200, part, link
