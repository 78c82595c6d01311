"""What a pipeline runs, whichever dialect it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """One enabled step: an action by reference, or shell commands.

    `blocking` is false where a failure is allowed. `inputs` are the action's `with` entries. `commands` are
    (true line number, command); `line` is where `uses` stands.
    """

    uses: str
    commands: tuple[tuple[int, str], ...]
    inputs: tuple[tuple[str, str], ...]
    blocking: bool
    line: int


@dataclass(frozen=True, slots=True)
class Include:
    """A reference to a pipeline kept elsewhere; `local` is a path of this repository."""

    kind: Literal["workflow", "action", "component", "project", "template", "remote", "local"]
    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One definition with its enabled steps; `runs` is false where nothing starts it or no job is enabled.

    `only` holds the path patterns that limit it, empty where it runs for every change. `overrides` are jobs
    of included templates that this file makes blocking. `understood` is false for other dialects; `called` is
    true where it runs only because another one calls it.
    """

    path: str
    dialect: Literal["github", "gitlab", "other"]
    runs: bool
    steps: tuple[Step, ...]
    includes: tuple[Include, ...]
    only: tuple[str, ...]
    first: int
    last: int
    overrides: tuple[str, ...] = ()
    understood: bool = True
    called: bool = False
