"""Where a citation points inside a repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cnmm_reports.inert import is_link, line

_MAX_PATH = 4_000
_LINES = re.compile(r"L(\d{1,9})(?:-L(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """A file at a commit: its repository, the address its paths start from, the path and the lines."""

    repository: str
    commit: str
    base: str
    uri: str
    lines: tuple[int, int] | None

    @property
    def root(self) -> tuple[str, str, str]:
        """What paths are relative to: repository, commit, address (empty where it has none)."""
        return self.repository, self.commit, self.base


def place_of(item: Mapping[str, Any]) -> Place | None:
    """Return where a citation points inside a repository, None where it names no path pinned to a commit."""
    path, commit, locator = item.get("path", ""), item.get("commit", ""), item["locator"]
    uri = quote(_raw(path.lstrip("/")))
    if not (uri and commit) or len(uri) > _MAX_PATH or ".." in path.split("/"):
        return None
    found = _LINES.fullmatch(item.get("lines", ""))
    first = max(1, int(found[1])) if found else 0
    span = (first, max(first, int((found[2] if found else "") or first))) if first else None
    before, mark, _ = locator.partition(f"/blob/{commit}/")
    if mark and is_link(locator):
        return Place(before.removesuffix("/-"), commit, before + mark, uri, span)
    return Place(line(locator.partition(f"@{commit}")[0], 200), commit, "", uri, span)


def _raw(path: str) -> bytes:
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogatepass")
