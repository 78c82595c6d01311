"""Moves of a technology radar, decision records and tools in use, as facts for a join.

No person is in them: the pseudonym is empty. Sources: `catalog` and `git`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.subjects import Subject

MOVE = "radar.move"
"""`adopt` or `retire`, the names of what moved, and the links of its entry."""
DECISION = "radar.decision"
"""The path of a decision record of the last 365 days, and the plain names of the known tools in its text."""
TOOL = "radar.tool"
"""The plain name of a tool that a repository in use holds."""
UNSEEN = "radar.unseen"
"""The repository has a file that could show a tool and was not read."""
ATTRIBUTES = (MOVE, DECISION, TOOL, UNSEEN)
WINDOW_DAYS = 365


class Move(NamedTuple):
    """The newest move of a radar's entry: its kind, the plain names of what moved, and its links."""

    kind: str
    names: tuple[str, ...]
    links: tuple[str, ...]


def plain(name: str) -> str:
    """Return a tool's name as names are compared: letters and digits, lower case."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def of_move(organisation: Subject, move: Move) -> PersonFact:
    """Return a move as a fact."""
    told = "\n".join((move.kind, " ".join(move.names), *sorted(set(move.links))))
    return PersonFact("", MOVE, told, "catalog", organisation)


def to_move(value: str) -> Move:
    """Return the move of a fact's value."""
    kind, names, *links = value.split("\n")
    return Move(kind, tuple(names.split()), tuple(links))


def of_decision(repo: Subject, path: str, tools: Iterable[str]) -> PersonFact:
    """Return a decision record of a repository, and the tools it names."""
    return PersonFact(
        "", DECISION, f"{path}\n{' '.join(sorted({plain(name) for name in tools}))}", "git", repo
    )


def of_tools(repo: Subject, tools: Iterable[str], whole: bool) -> Iterator[PersonFact]:
    """Yield the tools of a repository; `whole` is False where a file that could show one was not read."""
    yield from (PersonFact("", TOOL, name, "git", repo) for name in sorted({plain(one) for one in tools}))
    if not whole:
        yield PersonFact("", UNSEEN, "", "git", repo)
