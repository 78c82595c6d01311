"""Facts that any Git host can give, each either read with its citation or not read with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.signals import Gap

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Read(Generic[Value]):
    """A fact that was read, with what cites it."""

    value: Value
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that was not read, and why; `detail` is one line without persons or secrets."""

    gap: Gap
    detail: str


NOT_ASKED = Unread(Gap.NOT_COLLECTED, "not asked for")


HIDDEN_RULES = Unread(Gap.NOT_PERMITTED, "part of the branch's rules is hidden; needs administration: read")


class Standing(StrEnum):
    """Whether a repository is in use; only `active` is in the population that ratios are about."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    FORK = "fork"
    TEMPLATE = "template"
    EMPTY = "empty"
    MIRROR = "mirror"
    DISABLED = "disabled"


class Right(StrEnum):
    """A right on a repository, in rising order; the hosts' own roles are mapped to it."""

    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def reaches(self, other: Right) -> bool:
        """True where this right includes the other."""
        order = list(Right)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the default branch effectively demands, all layers of rules merged.

    None is not known: a layer was hidden, and no layer that was read decides it; `why` says why, `why_checks`
    why there may be other checks than those that were read.
    """

    refuses_force: bool | None
    refuses_deletion: bool | None
    approvals: bool | None
    checks: tuple[str, ...]
    checks_complete: bool
    why: Unread = HIDDEN_RULES
    why_checks: Unread = HIDDEN_RULES

    @property
    def rests_on_changes(self) -> bool:
        """True where the plan knows no rule of approval, so that what was merged says whether it is kept."""
        refused = self.refuses_force is True and self.refuses_deletion is True
        return refused and self.approvals is None and self.why.gap is Gap.NOT_LICENSED


@dataclass(frozen=True, slots=True)
class Owners:
    """The entries of an ownership file, and how many of them the host calls invalid.

    `most` is how many may be invalid where the host names lines of several owners; None is `invalid`.
    """

    entries: int
    invalid: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """Who must approve before a production environment is deployed to; teams by name."""

    approval: bool
    teams: frozenset[str]
    persons: bool


@dataclass(frozen=True, slots=True)
class Persons:
    """How many grants of a repository go to persons; `high` counts what was not read as well."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Release:
    """The newest release: when it was published, the names of its files, and whether those are all."""

    at: datetime
    files: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Attested:
    """Whether the host holds attestations that a repository made: of provenance, and bills of materials."""

    provenance: bool
    bill: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """The checks that passed on the newest merged change, and whether those that ran were all read."""

    at: datetime
    passed: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository as its host describes it; `name` is without the organisation."""

    name: str
    key: str
    standing: Standing
    clone_url: str
    branch: str
    cite: tuple[Evidence, ...]
    visible_inside: Read[bool] | Unread = NOT_ASKED
    rules: Read[Rules] | Unread = NOT_ASKED
    owners: Read[Owners | None] | Unread = NOT_ASKED
    dependency_alerts: Read[bool] | Unread = NOT_ASKED
    secret_scanning: Read[bool] | Unread = NOT_ASKED
    push_protection: Read[bool] | Unread = NOT_ASKED
    code_scanning: Read[bool] | Unread = NOT_ASKED
    persons: Read[Persons] | Unread = NOT_ASKED
    production: tuple[str, ...] | Unread = NOT_ASKED
    gates: Read[tuple[Gate, ...]] | Unread = NOT_ASKED
    release: Read[Release | None] | Unread = NOT_ASKED
    attested: Read[Attested] | Unread | None = None
    """None where the host keeps no list of who attested."""
    checked: Read[Checked | None] | Unread = NOT_ASKED
    proofs: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    """What cites that a practice of its pipelines was seen, by signal; nothing says that one is missing."""
    open_changes: int | None = None
    archived_at: datetime | None = None
    stages: tuple[str, ...] = ()
    """The names of its production environments."""
    debt: tuple[int, int] | None = None
    """How many issues of technical debt are open, and how many there are; None where not counted."""
    tip: tuple[str, str] = ("", "")
    """The ids of the default branch's commit and of its tree, both empty where files cannot be read."""
    marks: tuple[tuple[str, str], ...] = ()
    """Topics and custom properties that its owners gave it."""
    moved: Unread | None = None
    """Why lists that were read after the inventory may not name it as the inventory does."""
    why: Mapping[str, Unread] = field(default_factory=dict)
    """Why its `changes`, its `issues` or its `key` are not known, where the host says why."""

    @property
    def rests_on_changes(self) -> bool:
        """True where merged changes answer whether the branch is protected, for no rule of approval can."""
        return isinstance(self.rules, Read) and self.rules.value.rests_on_changes


@dataclass(frozen=True, slots=True)
class Team:
    """A team: its own grants (not those it inherits) by repository name, and its members.

    `members` are accounts in memory only: nothing outside of the collector ever sees one. None where the
    list was not read whole.
    """

    slug: str
    parent: str
    grants: Mapping[str, Right]
    complete: bool
    size: int
    cite: tuple[Evidence, ...]
    members: frozenset[str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who may log in: logins in memory only, and whether that is everybody; `whole` False for a part."""

    people: frozenset[str] = field(repr=False)
    robots: frozenset[str] = field(repr=False)
    whole: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """Which repositories in use are read for themselves; `strata` are name, size and how many were drawn."""

    seed: int
    names: frozenset[str]
    strata: tuple[tuple[str, int, int], ...]


SAMPLED = Unread(Gap.SAMPLED_OUT, "not sampled (budget)")
"""Why nothing was read of a repository that was not drawn."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """What is set for the whole organisation, and how much of it this credential sees."""

    sees_all_repositories: bool
    sees_all_teams: bool
    why_not: str
    repositories: tuple[Repository, ...]
    listed: int
    complete: bool
    teams: tuple[Team, ...] | Unread
    teams_listed: int
    cite: tuple[Evidence, ...]
    second_factor: Read[bool] | Unread = NOT_ASKED
    linked: Read[tuple[int, int]] | Unread = NOT_ASKED
    assistant: Read[bool] | Unread = NOT_ASKED
    sign_on: Read[bool] | Unread = NOT_ASKED
    streams: Read[bool] | Unread = NOT_ASKED
    """Whether a value stream of its own is followed; never False, since it may be followed elsewhere."""
    accounts: Accounts | Unread = NOT_ASKED

    draw: Draw | None = None

    @property
    def drawn(self) -> tuple[Repository, ...]:
        """The repositories in use that are read for themselves: all of them, or a sample."""
        return tuple(one for one in self.active if not self.leaves_out(one))

    def leaves_out(self, one: Repository) -> bool:
        """True for a repository in use that is not in the sample."""
        return self.draw is not None and one.name not in self.draw.names

    @property
    def active(self) -> tuple[Repository, ...]:
        """The repositories that ratios are about."""
        return tuple(one for one in self.repositories if one.standing is Standing.ACTIVE)


@dataclass(frozen=True, slots=True)
class Alert:
    """One finding of a scanner; `fixed_at` only where it was really fixed, `dismissed` with a reason."""

    repository: str
    critical: bool
    created_at: datetime
    fixed_at: datetime | None
    dismissed: bool


@dataclass(frozen=True, slots=True)
class Review:
    """One review of a change: by whom (in memory only), what it said, when."""

    author: str = field(repr=False)
    human: bool
    approves: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One merged change; `complete` where all of its reviews were read. Accounts stay in memory.

    `merger` is who merged it, `begun_at` the time of its first commit, None where it was not read; `repairs`
    says that it reverts or repairs a release.
    """

    repository: str
    author: str = field(repr=False)
    human: bool
    asked_at: datetime
    merged_at: datetime
    reviews: tuple[Review, ...]
    complete: bool
    merger: str = field(default="", repr=False)
    begun_at: datetime | None = None
    repairs: bool = False


def moment(text: Any) -> datetime | None:
    """Return the moment a host writes, in UTC where it names no zone; None for what is none."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
