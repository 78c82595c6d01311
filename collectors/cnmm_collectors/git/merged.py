"""Commits put together as they were merged: what came in through one merge is one change."""

from __future__ import annotations

from collections.abc import Sequence

from cnmm_collectors.git.history import Change


def merged_changes(changes: Sequence[Change]) -> list[list[Change]]:
    """Return the changes grouped by the mainline merge that brought them in, newest group first.

    The mainline follows first parents from the newest commit; a commit on it that is no merge is a group
    of its own.
    """
    by_sha = {change.sha: change for change in changes}
    mainline = _mainline(changes, by_sha)
    taken = {change.sha for change in mainline}
    groups: dict[bytes, list[Change]] = {change.sha: [change] for change in mainline}
    # Oldest merge first: a commit reachable from two merges came in with the older one.
    for merge in reversed(mainline):
        todo = list(merge.parents[1:])
        while todo:
            sha = todo.pop()
            change = by_sha.get(sha)
            if change is None or sha in taken:
                continue
            taken.add(sha)
            groups[merge.sha].append(change)
            todo.extend(change.parents)
    rest = [[change] for change in changes if change.sha not in taken]
    return [*groups.values(), *rest]


def _mainline(changes: Sequence[Change], by_sha: dict[bytes, Change]) -> list[Change]:
    line: list[Change] = []
    current = changes[0] if changes else None
    while current is not None:
        line.append(current)
        current = by_sha.get(current.parents[0]) if current.parents else None
    return line
