"""The doors to git: repositories that are read, and those of ours that an API fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cnmm_collectors.signals import Gap


@dataclass(frozen=True, slots=True)
class GivenEntry:
    """An entry of a commit's files as a host's API lists them; `size` in bytes, -1 where it is not told."""

    path: str
    mode: str
    kind: str
    oid: str
    size: int = -1


@dataclass(frozen=True, slots=True)
class Given:
    """What a host's API told of a repository that has no history here.

    `worked` says for folders whether a person changed what lies below within the activity window, None where
    that is not known; `asked` is how that was asked. `gap` and `detail` say why a content may be missing.
    """

    commit: str
    tree: str
    worked: Mapping[str, bool | None]
    asked: str
    gap: Gap
    detail: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader of files wants of a repository: contents of paths, and which folders were worked on.

    A change counts after `since` and no later than `until`; `person` says whether an author's name and
    address are a person's.
    """

    paths: frozenset[str]
    folders: tuple[str, ...]
    since: datetime
    until: datetime
    person: Callable[[str, str], bool]


class GitRepository(Protocol):
    """A repository opened read-only: no hooks, no configuration of its own, no lazy fetch, caps on time and
    size."""

    @property
    def path(self) -> Path:
        """The repository's Git folder."""
        ...

    @property
    def web(self) -> str:
        """`https://host/owner/name` where the remote is known, else empty."""
        ...

    @property
    def remote(self) -> str:
        """The remote's URL without user information, else empty."""
        ...

    @property
    def bare(self) -> bool:
        """True for a repository without a work tree."""
        ...

    @property
    def shallow(self) -> bool:
        """True where the history is cut off."""
        ...

    @property
    def owned(self) -> bool:
        """True for a clone of ours in the cache, which may be fetched into."""
        ...

    @property
    def given(self) -> Given | None:
        """What the host told where its API gave the files; None for a repository with commits of its own."""
        ...

    def resolve(self, ref: str = "") -> str:
        """Return the commit that a ref, or HEAD, stands for; empty for an unborn HEAD; raises GitFault."""
        ...

    def tree(self, commit: str) -> str:
        """Return what names the files of a commit to git."""
        ...

    def fetch_blobs(self, oids: Iterable[str]) -> None:
        """Fetch missing blobs in one request where the clone is ours; raises GitFault."""
        ...

    def close(self) -> None:
        """Release what the open repository holds."""
        ...

    def run(self, *arguments: str, stdin: bytes = b"", limit: int = ...) -> bytes:
        """Return git's whole output, at most `limit` bytes; raises GitFault."""
        ...

    def stream(self, *arguments: str, stdin: bytes = b"") -> AbstractContextManager[Iterator[bytes]]:
        """Yield git's output in chunks while git runs; raises GitFault on a non-zero end."""
        ...


class GitDeposit(Protocol):
    """A repository of ours, filled with what a host's API gives; every object is checked against its id."""

    @property
    def locator(self) -> str:
        """The folder, as a target names it."""
        ...

    def told(self) -> Mapping[str, Any]:
        """Return what was written down of the repository, empty where nothing was."""
        ...

    def settle(self, facts: Mapping[str, Any]) -> None:
        """Write down what the host told beside the files."""
        ...

    def holds(self, oid: str) -> bool:
        """True where an object is there already."""
        ...

    def missing(self, oids: Iterable[str]) -> frozenset[str]:
        """Return those of the objects that are not there."""
        ...

    def plant(self, entries: Sequence[GivenEntry], root: str) -> None:
        """Write the trees of a recursive listing; raises GitFault where one has another id than is said."""
        ...

    def entries(self, root: str) -> Sequence[GivenEntry]:
        """Return the files below a tree that is there; raises GitFault."""
        ...

    def add(self, blobs: Mapping[str, bytes]) -> frozenset[str]:
        """Keep contents by their id; return the ids that are true, and keep no other."""
        ...

    def contents(self, oids: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of the blobs that are there."""
        ...


class GitDoor(Protocol):
    """The only way to git."""

    def deposit(self, url: str, seconds: float | None = None) -> GitDeposit:
        """Open the folder in the cache that holds what an API gives of a repository; raises GitFault."""
        ...

    def open(self, locator: str, seconds: float | None = None) -> GitRepository:
        """Open a local repository in place, or a URL through a blobless bare clone in the cache; raises
        GitFault."""
        ...

    def head(self, url: str, seconds: float | None = None) -> str:
        """Return the commit that HEAD of a clone URL names, empty where it has none; one request; raises
        GitFault."""
        ...

    def find(self, folder: str, depth: int = 3) -> Sequence[tuple[str, str]]:
        """Return (locator, remote URL or empty) of the repository a folder is, else of those below it;
        raises GitFault."""
        ...
