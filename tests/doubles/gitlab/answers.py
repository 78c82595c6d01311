"""What the invented group answers to GraphQL questions, by tier and by the reader's role."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from graphql import GraphQLError, execute, parse, validate
from graphql.language import DocumentNode, FieldNode, Node, Visitor, visit

from doubles.gitlab.organisation import (
    DEVELOPER,
    MAINTAINER,
    OWNER,
    PREMIUM,
    REPORTER,
    ULTIMATE,
    Organisation,
    Row,
    bot,
)
from doubles.gitlab.schema import schema

Lazy = Callable[..., Any]


def answer(org: Organisation, query: str, variables: Row) -> Row:
    """Return the whole answer to a question, or why the host does not understand it."""
    document, faults = _understood(org.enterprise, query)
    if faults:
        return {"errors": [_fault(one) for one in faults]}
    found = execute(schema(org.enterprise), document, Root(org).fields(), variable_values=variables)
    answered: Row = {"data": found.data}
    if found.errors:
        answered["errors"] = [one.formatted for one in found.errors]
    return answered


@lru_cache(maxsize=64)
def _understood(enterprise: bool, query: str) -> tuple[DocumentNode, tuple[GraphQLError, ...]]:
    document = parse(query)
    return document, tuple(validate(schema(enterprise), document))


def _fault(error: GraphQLError) -> Row:
    """Return a fault of validation as the host words it: where, and which name it does not know."""
    node = error.nodes[0] if error.nodes else None
    name = node.name.value if isinstance(node, FieldNode) else ""
    start = node.loc.start if node is not None and node.loc else -1
    path = _path_to(parse(error.source), start) if error.source else []
    return {
        "message": f"Field '{name}' doesn't exist", "path": ["query", *path],
        "extensions": {"code": "undefinedField", "typeName": "?", "fieldName": name},
    }  # fmt: skip


def _path_to(document: Node, start: int) -> list[str]:
    here: list[str] = []
    found: list[str] = []

    class Walk(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            here.append(node.alias.value if node.alias else node.name.value)
            if node.loc and node.loc.start == start:
                found.extend(here)

        def leave_field(self, *_: Any) -> None:
            here.pop()

    visit(document, Walk())
    return found


def connection(rows: list[Any], count: int | None = None, make: Lazy = lambda row: row) -> Lazy:
    """Return rows as a connection that is read page by page, each made when its page is asked for."""

    def page(_: Any, first: int | None = None, after: str | None = None, **__: Any) -> Row:
        start = int(after or 0)
        end = start + (first or 100)
        info = {"hasNextPage": end < len(rows), "endCursor": str(end) if end < len(rows) else None}
        nodes = [make(row) for row in rows[start:end]]
        return {"nodes": nodes, "pageInfo": info, "count": len(rows) if count is None else count}

    return page


class Root:
    """The group and its projects as the reader may see them."""

    def __init__(self, org: Organisation) -> None:
        self.org = org
        self.level = 60 if org.administrator else org.role

    def fields(self) -> Row:
        """Return the fields of the root."""
        return {"group": self._group_at, "project": self._project_at}

    def _group_at(self, _: Any, fullPath: str) -> Row | None:
        if fullPath == self.org.path:
            return self._organisation()
        inner = fullPath.removeprefix(f"{self.org.path}/")
        found = next((one for one in self.org.groups if one["path"] == inner), None)
        return self._inside(found) if found else None

    def _project_at(self, _: Any, fullPath: str) -> Row | None:
        found = self.org.find(fullPath)
        return self._project(found) if found else None

    def _full(self, name: str) -> str:
        return f"{self.org.path}/{name}" if name else self.org.path

    def _organisation(self) -> Row:
        org = self.org
        assistant = {"duoUsedCount": org.assistant} if org.has(PREMIUM) and self.level >= OWNER else None
        shown = org.has(ULTIMATE) and self.level >= DEVELOPER
        return {
            "fullPath": org.path, "visibility": "private", "groupMembers": self._members(org.members),
            "descendantGroups": connection(org.groups, make=self._inside),
            "projects": connection(org.projects, make=self._project),
            "mergeRequests": lambda info, **asked: self._changes(None, info, **asked),
            "issues": lambda info, **asked: self._issues(None, info, **asked),
            "vulnerabilities": connection(org.vulnerabilities, make=self._finding) if shown else None,
            "aiMetrics": assistant if org.assistant is not None else None,
            "valueStreams": connection([{"name": name} for name in (org.streams or ["default"])])
            if org.has(PREMIUM) and self.level >= REPORTER else None,
        }  # fmt: skip

    def _inside(self, group: Row) -> Row:
        inner = f"{group['path']}/"
        projects = [one for one in self.org.projects if one["name"].startswith(inner)]
        groups = [one for one in self.org.groups if one["path"].startswith(inner)]
        return {
            "fullPath": self._full(group["path"]), "visibility": "private",
            "groupMembers": self._members(group["members"]),
            "descendantGroups": connection(groups, make=self._inside),
            "projects": connection(projects, make=self._project),
            "mergeRequests": lambda info, **asked: self._changes(inner, info, **asked),
            "issues": lambda info, **asked: self._issues(inner, info, **asked),
            "vulnerabilities": None, "aiMetrics": None,
        }  # fmt: skip

    def _members(self, members: dict[str, int]) -> Lazy | None:
        if self.level < 10:
            return None
        return connection(
            [
                {"accessLevel": {"integerValue": level}, "user": user(login)}
                for login, level in members.items()
            ]
        )

    def _project(self, one: Row) -> Row:
        org, name = self.org, one["name"]
        reports, maintains = self.level >= REPORTER, self.level >= MAINTAINER
        policies = one["policies"] if org.has(ULTIMATE) and self.level >= DEVELOPER else []
        return {
            "fullPath": self._full(name),
            "branchRules": connection(self._rules(one) if maintains else []),
            "repository": self._repository(one) if reports else None,
            "environments": connection([self._environment(each) for each in one["environments"]]) if reports else None,
            "projectMembers": self._members(one["members"]),
            "releases": connection([_release(each) for each in one["releases"]]) if reports else None,
            "componentUsages": lambda info, **page: self._usage(one)(info, **page),
            "dora": {"metrics": lambda info, **_: [one["figures"]] if one["figures"] else []}
            if org.has(ULTIMATE) and reports else None,
            "approvalPolicies": connection(policies) if org.has(ULTIMATE) else None,
            "pipelines": lambda info, ref="", updatedAfter="", **page: connection(
                [pipeline(each) for each in one["pipelines"] if each["ref"] == ref and each["createdAt"] >= updatedAfter]
                if reports else []
            )(info, **page),
            "mergeRequests": lambda info, **asked: self._changes(name, info, **asked),
            "issues": lambda info, **asked: self._issues(name, info, **asked),
            "mergeRequest": lambda _, iid: self._brought(name, iid) if reports else None,
        }  # fmt: skip

    def _brought(self, project: str, iid: str) -> Row | None:
        """Return a change that brought a statement."""
        one = next((each for each in brought_to(self.org, project) if each["iid"] == iid), None)
        if one is None:
            return None
        commits = [
            {"message": one["message"], "author": user(who) if who else None} for who in one["writers"]
        ]
        return {
            "author": user(one["author"]), "commits": connection(commits),
            "committers": connection([user(who) for who in one["writers"] if who]),
            "approvedBy": connection([user(who) for who, _ in one["approved"]]),
            "notes": connection([note(who, at, "approved") for who, at in one["approved"]]),
        }  # fmt: skip

    def _usage(self, one: Row) -> Lazy:
        if not self.org.shares_usage:
            raise GraphQLError("The resource that you are attempting to access does not exist")
        return connection([{"lastUsedDate": day} for day in one["components"]])

    def _rules(self, one: Row) -> list[Row]:
        licensed = self.org.has(PREMIUM)
        rules = connection(one["approvals"]) if licensed else None
        checks = connection([{"name": name} for name in one["checks"]]) if self.org.has(ULTIMATE) else None
        shown = [
            {
                "name": each["name"], "isProtected": True,
                "isDefault": each["name"] == one["branch"],
                "branchProtection": {
                    "allowForcePush": each["force"],
                    "pushAccessLevels": connection([{"accessLevel": each["push"]}]),
                },
                "approvalRules": None, "externalStatusChecks": checks,
            }
            for each in one["rules"]
        ]  # fmt: skip
        every = {"name": "All branches", "isProtected": False, "isDefault": False, "branchProtection": None,
                 "approvalRules": rules, "externalStatusChecks": None}  # fmt: skip
        return [*shown, every] if licensed and one["approvals"] else shown

    def _repository(self, one: Row) -> Row:
        held = one["owners"]
        blobs = (
            [
                {
                    "path": held["path"],
                    "oid": "0" * 40,
                    "rawSize": len(held["text"]),
                    "rawTextBlob": held["text"],
                }
            ]
            if held
            else []
        )
        return {
            "empty": one["empty"],
            "blobs": lambda info, paths, ref="", **page: connection(
                [
                    blob for blob in (*blobs, *filed_at(self.org, one["name"], ref))
                    if any(fnmatchcase(blob["path"], path) for path in paths)
                ]
            )(info, **page),
            "validateCodeownerFile": lambda _, ref, path="": {
                "total": len(held["faults"]), "validationErrors": held["faults"],
            } if held and held["path"] == path and self.org.has(PREMIUM) else None,
        }  # fmt: skip

    def _environment(self, one: Row) -> Row:
        rules = [
            {"requiredApprovals": each["requiredApprovals"],
             "group": {"fullPath": each["group"]} if each.get("group") else None,
             "accessLevel": None, "user": user("eve-e") if each.get("user") else None}
            for each in one.get("approvals", [])
        ]  # fmt: skip
        guarded = [{"requiredApprovalCount": 0, "approvalRules": connection(rules)}] if rules else []
        shown = self.org.has(PREMIUM) and self.level >= MAINTAINER
        return {
            "name": one["name"], "tier": one.get("tier"),
            "protectedEnvironments": connection(guarded if shown else []),
        }  # fmt: skip

    def _finding(self, one: Row) -> Row:
        return {**one, "project": {"fullPath": self._full(one["project"])}}

    def _changes(self, scope: str | None, info: Any, state: str = "", **asked: Any) -> Row:
        rows = self.org.opened if state == "opened" else self.org.changes
        if scope is not None:
            rows = [
                one
                for one in rows
                if one["project"] == scope or (scope.endswith("/") and one["project"].startswith(scope))
            ]
        if state == "merged":
            low, high = asked.get("mergedAfter") or "", asked.get("mergedBefore") or "9"
            rows = [one for one in rows if low <= one["mergedAt"] <= high]
        if self.level < REPORTER:
            rows = []
        project = self.org.find(self._full(scope)) if scope else None
        if state == "merged" and asked.get("sort") == "MERGED_AT_DESC" and project is not None:
            return connection(
                [self._gate(project)] if project["pipeline"] and self.level >= REPORTER else []
            )(info, **asked)
        count = project["open"] if state == "opened" and project is not None and "sort" not in asked else None
        make = self._blocked if state == "opened" else self._change
        return connection(rows, count, make)(info, **asked)

    def _issues(self, scope: str | None, info: Any, state: str = "", **asked: Any) -> Row | None:
        if self.level < 10:
            return None
        rows = [
            one for one in self.org.issues
            if scope is None or one["project"] == scope or (scope.endswith("/") and one["project"].startswith(scope))
        ]  # fmt: skip
        rows = [one for one in rows if one["updatedAt"] >= (asked.get("updatedAfter") or "")]
        rows = [one for one in rows if one["createdAt"] >= (asked.get("createdAfter") or "")]
        names = set((asked.get("or") or {}).get("labelNames") or ())
        if names:
            rows = [one for one in rows if names & {label.lower() for label in one["labels"]}]
        if state == "opened":
            rows = [one for one in rows if one["closedAt"] is None]
        page = {key: value for key, value in asked.items() if key in ("first", "after")}
        found: Row = connection(rows, make=self._issue)(info, **page)
        return found

    def _issue(self, one: Row) -> Row:
        by = one["by_change"]
        closing = (
            [{**note(by, one["closedAt"], "closed"), "body": "closed via merge request !7"}] if by else []
        )
        comments = [note(login, one["createdAt"], "") for login in one["replies"]]
        return {
            **one, "webPath": f"/{self._full(one['project'])}/-/issues/{one['iid']}", "author": user(one["author"]),
            "labels": connection([{"title": label} for label in one["labels"]]),
            "notes": lambda info, filter="", **page: connection(
                closing if filter == "ONLY_ACTIVITY" else comments
            )(info, first=100),
        }  # fmt: skip

    def _gate(self, project: Row) -> Row:
        failed = project.get("failed", ())
        jobs = [
            {"name": name, "allowFailure": may, "status": "FAILED" if name in failed else "SUCCESS"}
            for name, may in project["jobs"]
        ]
        return {"iid": "1", "targetBranch": project.get("target", project["branch"]),
            "title": "A change", "createdAt": "2026-10-01T00:00:00Z", "mergedAt": "2026-10-01T00:00:00Z",
                "headPipeline": {"createdAt": "2026-10-01T00:00:00Z", "jobs": connection(jobs)}}  # fmt: skip

    def _change(self, one: Row) -> Row:
        notes = [note(login, at, "approved") for login, at in one["approvals"].items()]
        return {
            **one, "project": {"fullPath": self._full(one["project"])}, "author": user(one["author"]),
            "mergeUser": user(one["merger"] or one["author"]),
            "labels": connection([{"title": label} for label in one["labels"]]),
            "commits": lambda info, last=1: {"nodes": [{"authoredDate": one["begun"]}]},
            "approvedBy": connection([user(login) for login in one["approvals"]]),
            "reviewers": connection(
                [{**user(login), "mergeRequestInteraction": {"reviewed": True, "reviewState": "REVIEWED"}}
                 for login in one["reviewers"]]
            ),
            "notes": connection(notes),
        }  # fmt: skip

    def _blocked(self, one: Row) -> Row:
        return {
            "project": {"fullPath": self._full(one["project"])}, "createdAt": one["createdAt"], "iid": "9",
            "title": "A change",
            "reviewers": connection(
                [{**user(login), "mergeRequestInteraction": {"reviewed": True, "reviewState": "REQUESTED_CHANGES"}}
                 for login in one["blocked"]]
            ),
            "notes": connection([note(login, at, "requested_changes") for login, at in one["blocked"].items()]),
        }  # fmt: skip


def _release(one: Row) -> Row:
    links = connection([{"name": name} for name in one["files"]])
    return {"tagName": one["tagName"], "releasedAt": one["releasedAt"], "assets": {"links": links}}


def user(login: str) -> Row:
    """Return an account as the host lists it."""
    return {"id": f"gid://gitlab/User/{number_of(login)}", "username": login, "bot": bot(login)}


def number_of(login: str) -> int:
    """Return the number of an account."""
    return int.from_bytes(login.encode()[:6], "big")


def brought_to(org: Organisation, project: str) -> list[Row]:
    """Return the changes that brought a project's statements."""
    return [one for (name, _), filed in org.statements.items() if name == project for one in filed["changes"]]


def filed_at(org: Organisation, project: str, commit: str) -> list[Row]:
    """Return the statements that lie in a project at a commit."""
    found = []
    for (name, path), filed in org.statements.items():
        for one in filed["changes"] if name == project else ():
            blob = {**one["blobs"], one["left"]: one["blob"]}.get(commit)
            found += [{"path": path, "oid": blob, "rawSize": 1, "rawTextBlob": ""}] if blob else []
    return found


def note(login: str, at: str, action: str) -> Row:
    """Return what the host notes of an action by itself."""
    told = {"createdAt": at, "author": user(login), "systemNoteMetadata": {"action": action}}
    return {"body": "", **told}


def pipeline(one: Row) -> Row:
    """Return a pipeline with the kinds of its reports."""
    return {"createdAt": one["createdAt"], "jobArtifacts": [{"fileType": kind} for kind in one["artifacts"]]}
