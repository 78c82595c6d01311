"""What an ownership file says, whichever dialect it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Dialect = Literal["github", "gitlab", "kubernetes"]
OwnerKind = Literal["team", "person", "email", "role", "group"]

PERSONAL: frozenset[OwnerKind] = frozenset({"person", "email"})


@dataclass(frozen=True, slots=True, repr=False)
class Owner:
    """One owner as written, without its leading `@`; its repr never shows a person."""

    kind: OwnerKind
    handle: str

    def __repr__(self) -> str:
        shown = "<person>" if self.kind in PERSONAL else self.handle
        return f"Owner(kind={self.kind!r}, handle={shown!r})"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line that decides paths: no owners means "nobody", `line` counts from 1, `approvals` is 1
    or more.

    `section` is None outside sections; for Kubernetes files it is `approvers` or `reviewers`.
    """

    line: int
    pattern: str
    owners: tuple[Owner, ...]
    section: str | None = None
    optional: bool = False
    approvals: int = 1


@dataclass(frozen=True, slots=True)
class OwnersError:
    """Something on a line (0: the whole file) that its host would not use or would read otherwise;
    quotes no owner.
    """

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class OwnersFile:
    """One parsed file; `truncated` means it was too large to be read and has no rules."""

    path: str
    dialect: Dialect
    rules: tuple[Rule, ...]
    errors: tuple[OwnersError, ...]
    truncated: bool = False
