"""The plug-in contract: what a collector or a join is given, and all it may yield."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Gap, Signal, SignalSpec
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

    `lane` is `api` (threads of the run's process), `local` (processes of its machine, whose files it reads)
    or `analysis` (any executor, on any machine that sees the target's locator). `calls` is the predicted
    number of requests, `later` that of the work which the targets it finds will need. `payload` holds
    plain picklable values, never a secret. `personal` is false only where it can yield no person fact.
    """

    collector: str
    key: str
    target: Target
    subjects: tuple[Subject, ...]
    lane: Literal["api", "analysis", "local"] = "analysis"
    calls: int = 0
    payload: tuple[tuple[str, Any], ...] = ()
    later: int = 0
    personal: bool = True


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


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a credential may read what answers a group of signals; `needs` is the least that would do.

    `signals` are ids, or keys where a source answers some parameters alone; `gap` is why it is not readable,
    where the collector knows; `detail` says so, or how a readable source was recognised.
    """

    group: str
    signals: tuple[str, ...]
    readable: bool
    detail: str = ""
    needs: str = ""
    gap: Gap | None = None


Yield = Signal | Target | Population | Membership | PersonFact | LedgerRow


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


class FileDoor(Protocol):
    """The only way to files that are not in a repository."""

    def list(self, folder: Path, pattern: str) -> Sequence[Path]:
        """Return regular files below the folder, sorted, links out of it left out."""
        ...

    def read(self, path: Path, limit: int = ...) -> bytes:
        """Return the file's bytes, at most `limit`; raises FileFault."""
        ...


class HttpReply(Protocol):
    """A whole answer of a web API; `kept` where the host said that it has not changed."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def url(self) -> str: ...
    @property
    def kept(self) -> bool: ...

    def json(self) -> Any:
        """Return the body as JSON; raises HttpFault."""
        ...


class HttpSession(Protocol):
    """Requests to one origin: limits, retries, deadlines and the cache of unchanged answers are inside."""

    @property
    def count(self) -> Any:
        """`.calls` on the network, `.kept` unchanged, `.waited` seconds."""
        ...

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, keep: bool = True) -> HttpReply:
        """Return the answer to a GET of a path or URL of this origin; raises HttpFault."""
        ...

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> HttpReply:
        """Return the answer to a POST that reads, such as a GraphQL query; raises HttpFault."""
        ...


class Kept(Protocol):
    """Answers kept from one scan to the next, encrypted under the credential they were given for."""

    def recall(self, name: str) -> Any:
        """Return the JSON value remembered under a name, None for none."""
        ...

    def remember(self, name: str, answer: Any) -> None:
        """Keep a JSON value under a name."""
        ...


class HttpDoor(Protocol):
    """The only way to web APIs; `credential` is the variable's name."""

    @property
    def credential(self) -> str:
        """The NAME of the credential's variable, empty for none."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Return the values of the credential, for authorising requests and nothing else."""
        ...

    def keeping(self, secret: str) -> Kept:
        """Return the store of answers kept between scans under a credential's value."""
        ...

    def session(
        self,
        base: str,
        keys: Sequence[tuple[str, Callable[[], Mapping[str, str]]]] = (),
        limits: Any = None,
    ) -> HttpSession:
        """Open an origin, each key a name and what authorises a request by it; raises HttpFault."""
        ...


class KubeCluster(Protocol):
    """A cluster opened to be read: GET only, Secret objects refused, tries and deadlines inside."""

    @property
    def calls(self) -> int:
        """How many requests were made."""
        ...

    def get(self, path: str, query: Sequence[tuple[str, str]] = (), accept: str = ...) -> Mapping[str, Any]:
        """Return the JSON object at a path; raises KubeFault."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class KubeDoor(Protocol):
    """The only way to clusters."""

    def open(self, context: str, kubeconfig: Path | None = None, *, programs: bool = False) -> KubeCluster:
        """Open a kubeconfig context, or `in-cluster`; raises KubeFault."""
        ...


class Reader(Protocol):
    """The only door out, made for one collector and one work item; stamps evidence and keeps the ledger."""

    @property
    def as_of(self) -> date:
        """The audit date."""
        ...

    @property
    def now(self) -> str:
        """The start of the run, `YYYY-MM-DDTHH:MM:SSZ`."""
        ...

    @property
    def git(self) -> GitDoor:
        """The door to git."""
        ...

    @property
    def files(self) -> FileDoor:
        """The door to files."""
        ...

    @property
    def http(self) -> HttpDoor:
        """The door to web APIs."""
        ...

    @property
    def kube(self) -> KubeDoor:
        """The door to clusters."""
        ...

    def wants(self, names: Sequence[str], contents: Mapping[str, bytes]) -> Wanted | None:
        """Return what this run's reader of files wants of a repository with these files, of which these
        contents are known; None where this run reads no files.
        """
        ...

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


@runtime_checkable
class Probing(Protocol):
    """What a collector may offer besides: a look at what a credential can read, for `cnmm doctor`."""

    def probe(self, target: Target, settings: Any, reader: Reader) -> Iterable[Probe]:
        """Yield one answer for each group of signals; writes nothing."""
        ...


@runtime_checkable
class Sourced(Protocol):
    """What a collector of `sources:` may offer besides: the ids of the signals that each kind answers."""

    answers: ClassVar[Mapping[str, tuple[str, ...]]]


@runtime_checkable
class Stated(Protocol):
    """What a collector may offer besides: to say cheaply what state its source is in."""

    def state(self, item: WorkItem, settings: Any, reader: Reader) -> str:
        """Return the state on which the item's whole reading depends, such as the commit of a repository.

        It must be seen with the item's own credential. Empty where the source cannot say: the item is read.
        """
        ...


@runtime_checkable
class Wanting(Protocol):
    """What a reader of repositories may offer besides: what it wants of one that only an API gives."""

    def wants(
        self, names: Sequence[str], contents: Mapping[str, bytes], settings: Any, as_of: date
    ) -> Wanted:
        """Return what is wanted of regular files with these names; contents known so far may ask for more."""
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
