"""What the Git collector knows of one repository at one commit, before it becomes signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Gap
from cnmm_collectors.subjects import Subject

OUT_OF_USE = frozenset({"experimental", "deprecated", "archived"})
"""Lifecycles whose components are outside every measured population."""


class PathClass(StrEnum):
    """What a tracked path is for; every path has exactly one."""

    CODE = "code"
    DOCS = "docs"
    INFRA = "infra"
    PLATFORM = "platform"
    CI = "ci"
    SECURITY = "security"
    DATA = "data"
    TEST = "test"
    GENERATED = "generated"
    OTHER = "other"


class TreeEntry(NamedTuple):
    """One tracked file at the scanned commit; `path` decoded with surrogateescape, `mode` as printed."""

    path: str
    mode: str
    oid: str


@dataclass(frozen=True, slots=True)
class Component:
    """One unit of the repository: `root` is its folder (`""`: the whole tree), `kind` how it was found.

    `active` is True/False from human-authored changes in the activity window, None where history is not
    readable.
    `lifecycle` is the declared one (`production`, `experimental`, `deprecated`), `archived`, or empty.
    """

    subject: Subject
    root: str
    kind: str
    active: bool | None
    lifecycle: str = ""


class Cite(Protocol):
    """Makes evidence about this repository; excerpts are redacted by the reader."""

    def file(self, path: str, first: int = 0, last: int = 0, excerpt: str = "") -> Evidence:
        """Cite lines first..last (1-based, 0 for the whole file) of a tracked path at the scanned commit."""
        ...

    def tree(self, what: str) -> Evidence:
        """Cite the listing of all tracked paths, the proof of an absence; `what` says what was looked for."""
        ...

    def history(self, what: str, aggregate: bytes) -> Evidence:
        """Cite a figure over the history by the digest of its aggregate, naming no commit and no person."""
        ...


@dataclass(frozen=True, slots=True)
class RepositoryView:
    """One repository at one commit: what every signal of the collector is derived from.

    `contents` holds the bytes of the wanted paths that were read; `unread` says for each wanted path that
    was not, why. `components` is never empty; every path belongs to the one with the longest root.
    """

    repo: Subject
    head: str
    web: str
    as_of: date
    entries: tuple[TreeEntry, ...]
    components: tuple[Component, ...]
    contents: Mapping[str, bytes]
    unread: Mapping[str, Gap]
    cite: Cite
    by_root: Mapping[str, Component] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_root", {item.root: item for item in self.components})

    def owner_of(self, path: str) -> Component:
        """Return the component with the longest root that holds the path, the first one where none does."""
        root = path
        while True:
            found = self.by_root.get(root)
            if found is not None:
                return found
            if not root:
                return self.components[0]
            root = root.rpartition("/")[0]
