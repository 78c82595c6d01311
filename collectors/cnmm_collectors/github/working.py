"""Whether a person worked on a folder lately, where no history is here: commits by folder, in memory only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cnmm_collectors.github.client import Client
from cnmm_collectors.github.content_queries import paths_of, work_query
from cnmm_collectors.hosts.facts import moment
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.plugin import Wanted

_AT_ONCE, _MOST = 20, 200
"""Folders in one question, and of one repository; what lies beyond stays open."""
_FEW = 10
"""A change of fewer files is never a bulk edit."""


@dataclass(frozen=True, slots=True)
class Worked:
    """By folder whether a person worked there, None where that is open; how it was asked; what was seen.

    `seen` holds by folder the moment of a person's change, and whether nothing else can have been one.
    """

    folders: dict[str, bool | None]
    asked: str
    seen: dict[str, Any]


def read_worked(client: Client, place: str, commit: str, wanted: Wanted, told: Mapping[str, Any]) -> Worked:
    """Return which folders were worked on since the moment that is wanted.

    What was seen of the same commit earlier still holds for a later moment, and is not asked again.
    """
    kept = told.get("seen") if told.get("commit") == commit else None
    seen: dict[str, Any] = dict(kept) if isinstance(kept, Mapping) else {}
    folders = wanted.folders[:_MOST]
    if not all(_still_holds(seen.get(folder), wanted.since) for folder in folders):
        seen = {}
        for start in range(0, len(folders), _AT_ONCE):
            seen |= _ask(client, place, commit, folders[start : start + _AT_ONCE], wanted)
    said = f"POST {client.graphql}: Commit.history of {commit} by folder since {wanted.since:%Y-%m-%d}"
    worked = {folder: _judge(seen.get(folder), wanted.since) for folder in folders}
    return Worked(worked, said, seen)


def _still_holds(row: Any, since: datetime) -> bool:
    asked = moment(row.get("since")) if isinstance(row, Mapping) else None
    return asked is not None and (asked == since or (asked < since and _judge(row, since) is not None))


def _judge(row: Any, since: datetime) -> bool | None:
    if not isinstance(row, Mapping):
        return None
    at = moment(row.get("at"))
    if at is not None and at > since:
        return True
    return False if row.get("clear") is True else None


def _ask(client: Client, place: str, commit: str, folders: Sequence[str], wanted: Wanted) -> dict[str, Any]:
    """Return what is seen of some folders; a question that is too much is asked in halves."""
    organisation, _, name = place.partition("/")
    since = wanted.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer, outcome = client.query(
        work_query(len(folders)), org=organisation, name=name, commit=commit, since=since, **paths_of(folders)
    )
    if answer is None and outcome.kind is Kind.ERROR and len(folders) > 1:
        middle = len(folders) // 2
        halves = (folders[:middle], folders[middle:])
        return {
            folder: row
            for half in halves
            for folder, row in _ask(client, place, commit, half, wanted).items()
        }
    found: dict[str, Any] = {}
    for number, folder in enumerate(folders):
        path = ("repository", "tip", f"f{number}")
        part = answer.at(*path) if answer is not None and answer.miss(*path) is None else None
        if isinstance(part, Mapping):
            found[folder] = {"since": since, **_look(part, wanted)}
    return found


def _look(part: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return the newest moment at which a person surely changed something, and whether nobody else can have.

    Robots are told by the Git collector's own rule. A merge, a change of many files and one without an
    author decide nothing.
    """
    nodes = part.get("nodes")
    rows = [row for row in nodes if isinstance(row, Mapping)] if isinstance(nodes, list) else []
    persons, robots = [], 0
    for row in rows:
        author = row.get("author")
        author = author if isinstance(author, Mapping) else {}
        name, address = author.get("name"), author.get("email")
        if not isinstance(name, str) or not isinstance(address, str):
            continue
        at, files, parents = (
            moment(row.get("committedDate")),
            row.get("changedFilesIfAvailable"),
            row.get("parents"),
        )
        alone = isinstance(parents, Mapping) and parents.get("totalCount") in (0, 1)
        if not wanted.person(name, address):
            robots += 1
        elif at is not None and alone and isinstance(files, int) and files < _FEW:
            persons.append(at)
    # Whoever committed it after the audit day has a broken clock, or the audit looks back.
    persons = [at for at in persons if at <= wanted.until]
    clear = part.get("totalCount") == robots
    return {"at": max(persons).astimezone(UTC).isoformat() if persons else None, "clear": clear}
