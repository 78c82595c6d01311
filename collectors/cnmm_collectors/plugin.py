"""The plug-in contract: what a collector or a join is given, and all it may yield."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from cnmm_collectors.doors import (
    FileDoor,
    HttpDoor,
    HttpReply,
    HttpSession,
    Kept,
    KubeCluster,
    KubeDoor,
    Reader,
)
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.gitdoors import GitDeposit, GitDoor, GitRepository, Given, GivenEntry, Wanted
from cnmm_collectors.signals import Gap, Signal, SignalSpec
from cnmm_collectors.subjects import Subject, SubjectKind

__all__ = [
    "CONTRACT",
    "Collected",
    "Collector",
    "FileDoor",
    "GitDeposit",
    "GitDoor",
    "GitRepository",
    "Given",
    "GivenEntry",
    "HttpDoor",
    "HttpReply",
    "HttpSession",
    "Join",
    "JoinNeeds",
    "Kept",
    "KubeCluster",
    "KubeDoor",
    "LedgerRow",
    "Membership",
    "PersonFact",
    "Population",
    "Probe",
    "Probing",
    "Reader",
    "Sourced",
    "Stated",
    "Target",
    "Wanted",
    "Wanting",
    "WorkItem",
    "Yield",
]

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
    `seen` is what tells cheaply that the source has changed since, such as times of files: a resumed run then
    reads anew. What a later scan may use goes by `Stated.state` instead, whatever `seen` says.
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
    seen: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Population:
    """How many subjects of a kind exist within an organisation, team or repository, and who says so.

    `declared_by` is `enumeration` (a complete listing by the owner) or `scope` (the settings); `members`
    lists those that are known by name, at most `count`, which is None where nobody says how many there are.
    `drawn` are the members of a random sample where only that was read, None where everything was.
    """

    within: Subject
    kind: SubjectKind
    count: int | None
    members: tuple[Subject, ...]
    declared_by: Literal["enumeration", "scope"]
    evidence: tuple[Evidence, ...] = ()
    drawn: tuple[Subject, ...] | None = None


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


QUARANTINED = "quarantined"
"""The cause of rows that a reader set aside as broken: the next reading of the same file will do the same."""


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
class Spelling(Protocol):
    """What a collector may offer besides, where its source takes a name in any case."""

    def spelling(self, target: Target, settings: Any, reader: Reader) -> str:
        """Return the target's locator as its source spells it; empty for a target of which it cannot say."""
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
