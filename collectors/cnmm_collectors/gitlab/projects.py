"""The projects of a group as the REST listing shows them: what each is, and what of it is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.gitlab.client import Client, path_of
from cnmm_collectors.hosts.asking import Listing
from cnmm_collectors.hosts.facts import Standing
from cnmm_collectors.hosts.outcomes import Kind, Outcome

_PAGED: dict[str, Any] = {"order_by": "id", "sort": "asc"}
_BELOW: dict[str, Any] = {"include_subgroups": "true", "with_shared": "false"}
_KEYSET: dict[str, Any] = {"pagination": "keyset", **_PAGED}
_SHOWN = (
    "id", "path_with_namespace", "archived", "empty_repo", "mirror", "visibility", "default_branch",
    "marked_for_deletion_on", "repository_access_level", "merge_requests_access_level", "builds_access_level",
    "service_desk_enabled", "topics", "compliance_frameworks", "issues_access_level",
    "only_allow_merge_if_pipeline_succeeds", "secret_push_protection_enabled",
    "pre_receive_secret_detection_enabled", "only_allow_merge_if_all_status_checks_passed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One project: its name below the organisation, its full path, its row, and what cites it."""

    name: str
    path: str
    data: Mapping[str, Any]
    cite: Evidence

    @property
    def container(self) -> str:
        """The full path of the group it is in."""
        return self.path.rpartition("/")[0]

    @property
    def standing(self) -> Standing:
        """Whether the project is in use."""
        return standing(self.data)


def read_projects(client: Client, group: str) -> Listing:
    """Return the rows of a group's projects, those of its sub-groups too; by keyset where the host has it.

    Keyset pages tell no total, so the host is asked for it by itself; it tells none above 10,000.
    """
    path = path_of("groups", group, "projects")
    found = client.listing(path, **_BELOW, **_KEYSET)
    if found.miss is not None and not found.rows and found.miss.status in (400, 405):
        return client.listing(path, **_BELOW, **_PAGED)
    return replace(found, total=count_projects(client, group)) if found.miss is None else found


def count_projects(client: Client, group: str) -> int | None:
    """Return how many projects the host counts below a group, None where it does not say."""
    _, outcome = client.get(path_of("groups", group, "projects"), per_page=1, **_BELOW)
    return client.counted() if outcome.kind is Kind.PRESENT else None


def row_of(client: Client, organisation: str, data: Any, path: str) -> Row | None:
    """Return a row of the listing, None where it is no project below the organisation."""
    if not isinstance(data, Mapping) or not isinstance(data.get("id"), int):
        return None
    full = data.get("path_with_namespace")
    if not isinstance(full, str) or not full.startswith(f"{organisation}/"):
        return None
    if not isinstance(data.get("archived"), bool) or not isinstance(data.get("visibility"), str):
        return None
    name = full.removeprefix(f"{organisation}/")
    shown = {key: data[key] for key in _SHOWN if key in data}
    shown |= {"forked": isinstance(data.get("forked_from_project"), Mapping), "shared_with": _shares(data)}
    note = f"{name}: {standing(data).value}; visibility {data['visibility']}"
    return Row(name, full, data, client.cite(f"project {full}", shown, path=path, note=note))


def standing(data: Mapping[str, Any]) -> Standing:
    """Return whether a project is in use, from its row."""
    if data.get("marked_for_deletion_on") or data.get("repository_access_level") == "disabled":
        return Standing.DISABLED
    if data["archived"]:
        return Standing.ARCHIVED
    if data.get("empty_repo") is True:
        return Standing.EMPTY
    if isinstance(data.get("forked_from_project"), Mapping):
        return Standing.FORK
    if data.get("mirror") is True:
        return Standing.MIRROR
    return Standing.ACTIVE


def _shares(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"group": path, "level": level} for path, level in sorted(shared_with(data).items())
    ]  # fmt: skip


def shared_with(data: Mapping[str, Any]) -> dict[str, int]:
    """Return the paths of the groups a project or group is shared with, each with its level."""
    rows = data.get("shared_with_groups")
    found = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and isinstance(row.get("group_full_path"), str):
            level = row.get("group_access_level")
            found[row["group_full_path"]] = level if isinstance(level, int) else 0
    return found


def read_one_row(client: Client, organisation: str, full_path: str) -> tuple[Row | None, Outcome]:
    """Return the row of a single project, None with the reason."""
    path = path_of("projects", full_path)
    data, outcome = client.get(path)
    if outcome.kind is not Kind.PRESENT:
        return None, outcome
    row = row_of(client, organisation, data, path)
    return row, outcome if row is not None else Outcome(Kind.MALFORMED, "the host gave no project")
