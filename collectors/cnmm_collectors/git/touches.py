"""The changes of the windows, divided over components: who touched which paths of which component."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cnmm_collectors.git.history import Change, History
from cnmm_collectors.git.merged import merged_changes
from cnmm_collectors.git.model import Component


@dataclass(frozen=True, slots=True)
class Touch:
    """One human change as one component sees it: persons by number, path numbers, git's status letters."""

    when: int
    people: tuple[int, ...]
    ids: tuple[int, ...]
    letters: bytes


@dataclass(frozen=True, slots=True)
class Touches:
    """Human changes by component position: each commit, and commits as they were merged; newest first.

    `merged` holds beside its own paths those of the remainder that no component claims. Bulk edits and
    bots are left out.
    """

    commits: tuple[list[Touch], ...]
    merged: tuple[list[tuple[Touch, Touch]], ...]


def place_paths(paths: Sequence[str], components: Sequence[Component]) -> list[int]:
    """Return for each path the position of the component with the longest root that holds it, -1 for none."""
    roots = {component.root: position for position, component in enumerate(components)}
    known: dict[str, int] = {}

    def find(folder: str) -> int:
        position = known.get(folder)
        if position is None:
            position = roots.get(folder, -1)
            if position < 0 and folder:
                position = find(folder.rpartition("/")[0])
            known[folder] = position
        return position

    return [find(path.rpartition("/")[0]) for path in paths]


def divide_changes(history: History, components: Sequence[Component]) -> Touches:
    """Return who touched what, for each component in the order given."""
    places = place_paths(history.paths, components)
    rest = next((i for i, component in enumerate(components) if not component.root), -1)
    commits: tuple[list[Touch], ...] = tuple([] for _ in components)
    alone = {change.sha: _split([change], places, history.people.root) for change in history.changes}
    for touches in alone.values():
        for position, touch in touches:
            if position >= 0:
                commits[position].append(touch)
    merged: tuple[list[tuple[Touch, Touch]], ...] = tuple([] for _ in components)
    for group in merged_changes(history.changes):
        single = alone[group[0].sha] if len(group) == 1 else None
        split = dict(_split(group, places, history.people.root) if single is None else single)
        shared = split.get(rest) or Touch(group[0].when, (), (), b"")
        for position, touch in split.items():
            if position >= 0:
                merged[position].append((touch, shared))
    return Touches(commits, merged)


def _split(
    group: Sequence[Change], places: Sequence[int], root: Callable[[int], int]
) -> Sequence[tuple[int, Touch]]:
    if len(group) == 1 and len(positions := {places[number] for number in group[0].ids}) == 1:
        # Most commits change one component: nothing is to be sorted.
        change = group[0]
        if not change.people or change.bulk:
            return ()
        people = tuple(dict.fromkeys(map(root, change.people)))
        return ((positions.pop(), Touch(change.when, people, tuple(change.ids), change.letters)),)
    found: dict[int, tuple[dict[int, None], list[int], bytearray]] = {}
    for change in group:
        if not change.people or change.bulk:
            continue
        roots = dict.fromkeys(map(root, change.people))
        seen: set[int] = set()
        for number, letter in zip(change.ids, change.letters, strict=True):
            position = places[number]
            entry = found.get(position)
            if entry is None:
                entry = found[position] = ({}, [], bytearray())
            if position not in seen:
                seen.add(position)
                entry[0].update(roots)
            entry[1].append(number)
            entry[2].append(letter)
    # A merge dates what it brought in: that is when the component changed.
    return [
        (position, Touch(group[0].when, tuple(persons), tuple(ids), bytes(letters)))
        for position, (persons, ids, letters) in found.items()
    ]
