"""What a project published, ran and reused, as its node and its pipelines show it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.details import Detail
from cnmm_collectors.gitlab.projects import Row
from cnmm_collectors.gitlab.rights import Role, Sight
from cnmm_collectors.hosts.facts import Checked, Read, Release, Unread, moment
from cnmm_collectors.signals import Gap

IMAGE, BILL, SHARED = "ci.image_scan_ratio", "ci.sbom_ratio", "ci.shared_workflow_ratio"
COMPONENTS: Final = (IMAGE, BILL, SHARED)
"""Signals of pipelines that the host proves too; that it shows nothing proves nothing."""
USED_DAYS = 90
_NO_CHANGES = Unread(Gap.NOT_PERMITTED, "changes are hidden; needs Reporter")
_NO_RELEASES = Unread(Gap.NOT_PERMITTED, "releases are hidden; needs Reporter")


def read_release(
    client: Client, sight: Sight, row: Row, detail: Detail, role: Role, as_of: date
) -> Read[Release | None] | Unread:
    """Return the newest release that was out at the audit; none where the project has none."""
    found = detail.part("releases", "releases")
    if isinstance(found, Unread):
        return found
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    if not isinstance(nodes, list):
        return _NO_RELEASES
    dated = [
        (at, node) for node in nodes
        if isinstance(node, Mapping) and (at := moment(node.get("releasedAt"))) is not None
    ]  # fmt: skip
    if len(dated) < len(nodes):
        return Unread(Gap.MALFORMED, "a release was withheld or came without a date")
    out = [pair for pair in dated if pair[0].date() <= as_of]
    newest = max(out, key=lambda pair: pair[0]) if out else None
    if newest is None:
        if dated:
            return Unread(Gap.NOT_COLLECTED, "the newest releases are younger than the audit")
        hidden = sight.lacking(role, Role.REPORTER, "releases")
        return hidden or Read(None, (client.cite(f"releases of {row.path}", {"releases": 0}),))
    return _release(client, row, *newest)


def _release(
    client: Client, row: Row, at: datetime, node: Mapping[str, Any]
) -> Read[Release | None] | Unread:
    assets = node.get("assets")
    links = assets.get("links") if isinstance(assets, Mapping) else None
    found = links.get("nodes") if isinstance(links, Mapping) else None
    if not isinstance(links, Mapping) or not isinstance(found, list):
        return _NO_RELEASES
    files = tuple(str(one.get("name", "")) for one in found if isinstance(one, Mapping))
    info = links.get("pageInfo")
    more = not isinstance(info, Mapping) or info.get("hasNextPage") is not False
    shown = {"tag": node.get("tagName"), "released": at.isoformat(), "files": files}
    cite = client.cite(f"newest release of {row.path}", shown)
    return Read(Release(at, files, not more and len(files) == len(found)), (cite,))


def read_checked(client: Client, row: Row, detail: Detail, role: Role) -> Read[Checked | None] | Unread:
    """Return the jobs that passed in the pipeline of the newest merged change."""
    found = detail.part("gate", "merged")
    if isinstance(found, Unread):
        return found
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    if not isinstance(nodes, list) or role < Role.REPORTER:
        return _NO_CHANGES
    newest = nodes[0] if nodes else None
    if newest is None:
        return (
            _NO_CHANGES
            if nodes
            else Read(None, (client.cite(f"merged changes of {row.path}", {"merged": 0}),))
        )
    at = moment(newest.get("mergedAt")) if isinstance(newest, Mapping) else None
    if at is None:
        return Unread(Gap.MALFORMED, "the newest merged change came without a date")
    if newest.get("targetBranch") != row.data.get("default_branch"):
        return Unread(Gap.NOT_COLLECTED, "the newest merged change did not go into the default branch")
    return _jobs(client, row, at, newest)


def _jobs(client: Client, row: Row, at: datetime, newest: Mapping[str, Any]) -> Read[Checked | None] | Unread:
    pipeline = newest.get("headPipeline")
    jobs = pipeline.get("jobs") if isinstance(pipeline, Mapping) else {"nodes": [], "pageInfo": {}}
    found = jobs.get("nodes") if isinstance(jobs, Mapping) else None
    if not isinstance(found, list) or not isinstance(jobs, Mapping):
        return Unread(Gap.NOT_PERMITTED, "the jobs of pipelines are hidden; needs Reporter")
    read = [one for one in found if isinstance(one, Mapping)]
    passed = tuple(sorted(str(one.get("name", "")) for one in read if one.get("status") == "SUCCESS"))
    info = jobs.get("pageInfo")
    whole = len(read) == len(found) and isinstance(info, Mapping) and info.get("hasNextPage") is not True
    shown = {"merged": at.isoformat(), "jobs": len(read), "passed": list(passed)}
    cite = client.cite(f"pipeline of the newest merged change of {row.path}", shown)
    return Read(Checked(at, passed, whole), (cite,))


def shared_by(client: Client, row: Row, detail: Detail, as_of: date) -> dict[str, tuple[Evidence, ...]]:
    """Return the proof that a component of the catalogue was in use lately, empty without one."""
    found = detail.part("components", "componentUsages")
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    days = [
        at.date() for one in (nodes if isinstance(nodes, list) else ())
        if isinstance(one, Mapping) and (at := moment(one.get("lastUsedDate"))) is not None
    ]  # fmt: skip
    recent = [day for day in days if as_of - timedelta(days=USED_DAYS) <= day <= as_of]
    if not recent:
        return {}
    shown = {"project": row.path, "components": len(recent), "last used": str(max(recent))}
    return {SHARED: (client.cite(f"components that pipelines of {row.path} used", shown),)}
