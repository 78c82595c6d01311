"""The plug-in contract: what a collector or a join is given, and all it may yield."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Signal, SignalSpec
from cnmm_collectors.subjects import Subject, SubjectKind

CONTRACT = 1


@dataclass(frozen=True, slots=True)
class Target:
    """Something to read: `kind` (`git`, `github`, `path`, ...), locator, and the NAME of a credential,
    never its value.

    `subject` is what the target is about where its finder knows it; `facts` are declared by the finder
    (default branch, archived, owning teams), each a string.
    """

    kind: str
    locator: str
    credential: str = ""
    subject: Subject | None = None
    facts: tuple[tuple[str, str], ...] = ()

    def fact(self, name: str, default: str = "") -> str:
        """Return the declared fact, or the default."""
        return dict(self.facts).get(name, default)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """An independent, picklable unit of work; `key` is its stable identity in the journal.

    `lane` is `api` (threads of the run's process) or `analysis` (any executor). `calls` is the predicted
    number of
    requests. `payload` holds plain picklable values, never a secret.
    """

    collector: str
    key: str
    target: Target
    subjects: tuple[Subject, ...]
    lane: Literal["api", "analysis"] = "analysis"
    calls: int = 0
    payload: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Population:
    """How many subjects of a kind exist within an organisation, team or repository, and who says so.

    `declared_by` is `enumeration` (a complete listing by the owner) or `scope` (the settings); `members`
    lists
    those that are known by name, at most `count`.
    """

    within: Subject
    kind: SubjectKind
    count: int
    members: tuple[Subject, ...]
    declared_by: Literal["enumeration", "scope"]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """`child` belongs to `parent`: a component to a repository, a repository or component to a team, a
    namespace to a cluster."""

    child: Subject
    parent: Subject
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonFact:
    """One attribute of one person under a keyed pseudonym; lives in the run and its encrypted journal
    only."""

    person: str
    attribute: str
    value: str
    source: str
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What was asked of a source and what came of it; requested = received + skipped + failed.

    `source` and `unit` name what is counted (`git`/`repository`, `git`/`blob`); `about` is the subject or
    locator;
    `cause` and `detail` say why something was skipped or failed, in one line without persons or secrets.
    """

    source: str
    unit: str
    about: str
    requested: int
    received: int
    skipped: int = 0
    failed: int = 0
    cause: str = ""
    detail: str = ""

    def __post_init__(self) -> None:
        if self.requested != self.received + self.skipped + self.failed:
            raise ValueError(f"ledger row {self.source}/{self.unit} {self.about} does not add up")


Yield = Signal | Target | Population | Membership | PersonFact | LedgerRow


class GitRepository(Protocol):
    """A repository opened read-only: no hooks, no configuration of its own, no lazy fetch, caps on time and
    size."""

    path: Path
    web: str  # https://host/owner/name where the remote is known, else ""
    remote: str  # the remote's URL without user information, else ""
    bare: bool
    shallow: bool
    owned: bool  # a clone of ours in the cache, which may be fetched into

    def resolve(self, ref: str = "") -> str:
        """Return the commit that a ref, or HEAD, stands for; empty for an unborn HEAD; raises GitFault."""
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


class GitDoor(Protocol):
    """The only way to git."""

    def open(self, locator: str, seconds: float | None = None) -> GitRepository:
        """Open a local repository in place, or a URL through a blobless bare clone in the cache; raises
        GitFault."""
        ...

    def find(self, folder: str, depth: int = 3) -> Sequence[tuple[str, str]]:
        """Return (locator, remote URL or empty) of the repository a folder is, else of those below it;
        raises GitFault."""
        ...


class FileDoor(Protocol):
    """The only way to files that are not in a repository."""

    def list(self, folder: Path, pattern: str) -> Sequence[Path]:
        """Return regular files below the folder, sorted, links out of it left out."""
        ...

    def read(self, path: Path, limit: int = ...) -> bytes:
        """Return the file's bytes, at most `limit`; raises FileFault."""
        ...


class Reader(Protocol):
    """The only door out, made for one collector and one work item; stamps evidence and keeps the ledger."""

    as_of: date
    now: str
    git: GitDoor
    files: FileDoor

    def cite(
        self,
        *,
        locator: str,
        query: str,
        payload: bytes,
        path: str = "",
        commit: str = "",
        lines: str = "",
        native_id: str = "",
        excerpt: str = "",
    ) -> Evidence:
        """Return evidence stamped with source, time and collector, its excerpt redacted and cut."""
        ...


@runtime_checkable
class Collector(Protocol):
    """Reads one kind of source and yields declared signals, honestly."""

    name: ClassVar[str]
    version: ClassVar[str]
    signals: ClassVar[tuple[SignalSpec, ...]]
    Settings: ClassVar[type[Any]]

    def accepts(self, target: Target) -> bool:
        """True where this collector reads such a target."""
        ...

    def plan(self, target: Target, settings: Any, reader: Reader) -> Iterable[WorkItem | Yield]:
        """Yield the work of a target: cheap, no deep reading; may yield populations and ledger rows too."""
        ...

    def collect(self, item: WorkItem, settings: Any, reader: Reader) -> Iterable[Yield]:
        """Yield signals, populations, memberships, further targets, person facts and ledger rows of one
        item."""
        ...


@dataclass(frozen=True, slots=True)
class JoinNeeds:
    """The facts and sources a join cannot do without."""

    attributes: tuple[str, ...]
    sources: tuple[str, ...]


@runtime_checkable
class Join(Protocol):
    """A pure function from person facts of several sources to group signals."""

    name: ClassVar[str]
    signals: ClassVar[tuple[SignalSpec, ...]]
    needs: ClassVar[JoinNeeds]

    def join(self, facts: Sequence[PersonFact], context: Mapping[str, Any]) -> Iterable[Signal]:
        """Yield group signals; every group below k stays a range."""
        ...


@dataclass(slots=True)
class Collected:
    """Everything one work item yielded, by kind; what the journal keeps."""

    signals: list[Signal] = field(default_factory=list)
    populations: list[Population] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    people: list[PersonFact] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
