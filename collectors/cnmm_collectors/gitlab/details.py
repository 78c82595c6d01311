"""What GraphQL says of each project beside its row, a page of projects in one request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.queries import PARTS, project_query, projects_query
from cnmm_collectors.hosts.asking import Answer, Spare, unread
from cnmm_collectors.hosts.facts import Unread
from cnmm_collectors.hosts.tracker import spellings
from cnmm_collectors.signals import Gap


@dataclass(frozen=True, slots=True)
class Detail:
    """One project's node; `left` are the parts that were not asked for."""

    node: Mapping[str, Any]
    left: Mapping[str, Unread]
    answer: Answer = field(repr=False)
    at: tuple[str | int, ...]

    def part(self, part: str, key: str) -> Any | Unread:
        """Return the value of a part's field, or why it was not given."""
        if part in self.left:
            return self.left[part]
        miss = self.answer.miss(*self.at, key)
        if miss is not None:
            return unread(miss)
        return self.node.get(key)


@dataclass(frozen=True, slots=True)
class Details:
    """The nodes of all projects that were read, by full path; `why` says why one may be missing."""

    nodes: Mapping[str, Detail]
    why: Unread | None

    def of(self, path: str) -> Detail | Unread:
        """Return a project's node, or why it was not given."""
        missing = self.why or Unread(Gap.NOT_VISIBLE, "the host left the project out of the answer")
        return self.nodes.get(path, missing)


def read_details(client: Client, organisation: str, left: Mapping[str, Unread]) -> Details:
    """Return what is asked of every project of an organisation; `left` says why a part is not."""
    parts = [part for part in PARTS if part not in left]
    nodes: dict[str, Detail] = {}
    why: Unread | None = None
    for answer, page in client.connection(
        Spare(projects_query(parts)), ("group", "projects"), client.settings.page, org=organisation,
        **_labels(client, parts),
    ):  # fmt: skip
        why = why or (unread(page.miss) if page.miss is not None else None)
        for position, node in enumerate(page.rows):
            if isinstance(node, Mapping) and isinstance(node.get("fullPath"), str):
                at = ("group", "projects", "nodes", position)
                nodes[node["fullPath"]] = Detail(node, left, answer, at)
    return Details(nodes, why)


def read_detail(client: Client, path: str, left: Mapping[str, Unread]) -> Details:
    """Return what is asked of a single project."""
    parts = [part for part in PARTS if part not in left]
    answer, outcome = client.query(Spare(project_query(parts)), path=path, **_labels(client, parts))
    node = answer.at("project") if answer is not None else None
    if answer is None or not isinstance(node, Mapping):
        return Details({}, unread((answer.miss("project") if answer is not None else None) or outcome))
    return Details({path: Detail(node, left, answer, ("project",))}, None)


def _labels(client: Client, parts: Collection[str]) -> dict[str, Any]:
    return {"debt": spellings(client.settings.tracking.debt)} if "debt" in parts else {}
