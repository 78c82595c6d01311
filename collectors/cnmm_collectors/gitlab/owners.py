"""The ownership file of a project: how many owners it names, and how many the host itself says are none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.details import Detail
from cnmm_collectors.gitlab.projects import Row
from cnmm_collectors.gitlab.rights import Role, Sight, Tier
from cnmm_collectors.hosts.facts import Owners, Read, Unread
from cnmm_collectors.signals import Gap

_FILES = {"CODEOWNERS": "inRoot", "docs/CODEOWNERS": "inDocs", ".gitlab/CODEOWNERS": "inGitlab"}
"""Where the file is looked for, in the host's own order, each with the name of its check."""
_FAULTS = frozenset(
    {"inaccessible_owner", "owner_without_permission", "invalid_entry_owner_format",
     "invalid_section_owner_format", "unqualified_group"}
)  # fmt: skip
_HEADING = re.compile(r"\^?\[[^\]]+\](?:\[[^\]]*\])?(.*)")


def read_owners(
    client: Client, sight: Sight, row: Row, detail: Detail, role: Role
) -> Read[Owners | None] | Unread:
    """Return the owners a project's file names, None where it has no such file."""
    found = detail.part("owners", "repository")
    if isinstance(found, Unread):
        return found
    blobs = found.get("blobs") if isinstance(found, Mapping) else None
    nodes = blobs.get("nodes") if isinstance(blobs, Mapping) else None
    if not isinstance(nodes, list):
        return Unread(Gap.NOT_PERMITTED, "files cannot be read; needs Reporter")
    if not all(isinstance(one, Mapping) for one in nodes):
        return Unread(Gap.NOT_VISIBLE, "a file is withheld")
    held = {str(one.get("path")): one for one in nodes if isinstance(one, Mapping)}
    path = next((path for path in _FILES if path in held), "")
    if not path:
        return sight.lacking(role, Role.REPORTER, "files") or Read(None, (row.cite,))
    text = held[path].get("rawTextBlob")
    if not isinstance(text, str):
        return Unread(Gap.UNSUPPORTED, "the ownership file is too large, or no text")
    checked = _checked(sight, detail, _FILES[path])
    if isinstance(checked, Unread):
        return checked
    owners = judge(text, checked)
    shown = {"path": path, "oid": held[path].get("oid"), "checked": checked}
    note = f"{path}: {owners.entries} owners, {owners.invalid} invalid"
    return Read(owners, (client.cite(f"ownership file of {row.path}", shown, note=note),))


def _checked(sight: Sight, detail: Detail, key: str) -> Mapping[str, Any] | Unread:
    """Return what the host says of a file; without the licence for it, owners bind nobody."""
    lacking = sight.subscription.lacking(Tier.PREMIUM, "owners that must approve")
    if lacking is not None and lacking.gap is Gap.NOT_LICENSED:
        return lacking
    checked = detail.part("validation", "validation")
    if isinstance(checked, Unread):
        return checked
    result = checked.get(key) if isinstance(checked, Mapping) else None
    if not isinstance(result, Mapping) or not isinstance(result.get("validationErrors"), list):
        return lacking or Unread(Gap.NOT_VISIBLE, "the host did not check the ownership file")
    if not all(isinstance(one, Mapping) for one in result["validationErrors"]):
        return Unread(Gap.NOT_VISIBLE, "an error in the ownership file is withheld")
    return result


def judge(text: str, checked: Mapping[str, Any]) -> Owners:
    """Return the owners of a file, each owner of each rule once, with those the host found fault with.

    The host names lines: on a line of several owners one at least is meant, and all may be.
    """
    lines = {number: count_owners(line) for number, line in enumerate(text.splitlines(), 1)}
    faulty = {
        line
        for error in checked["validationErrors"]
        if isinstance(error, Mapping) and error.get("code") in _FAULTS
        for line in error.get("lines") or ()
        if isinstance(line, int) and lines.get(line, 0)
    }
    return Owners(sum(lines.values()), len(faulty), sum(lines[line] for line in faulty))


def count_owners(line: str) -> int:
    """Return how many owners a line names: behind a path, or as the defaults of a section."""
    line = line.strip()
    if not line or line.startswith(("#", "!")):
        return 0
    heading = _HEADING.fullmatch(line)
    rest = heading[1] if heading else "".join(re.split(r"(?<!\\)\s+", line, maxsplit=1)[1:])
    return sum("@" in token for token in rest.split())
