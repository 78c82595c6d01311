"""Repositories that were renamed, transferred or deleted after the inventory, so that later lists miss them.

A search names a repository as it is called when it is asked. One that was renamed in between has no change
under its old name, and one that went to another owner has none at all: neither is one without changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.hosts.facts import Organisation, Repository, Unread
from cnmm_collectors.signals import Gap

LISTS, LONGEST = "abcde", 100
"""The lists of one question, and how many ids each takes."""
BATCH = LONGEST * len(LISTS)
_RENAMED = Unread(Gap.NOT_COLLECTED, "it was renamed or transferred while it was read; read it again")
_GONE = Unread(Gap.NOT_VISIBLE, "it was deleted, transferred or hidden while it was read")


def look_again(client: Client, organisation: Organisation, login: str) -> Organisation:
    """Return the organisation with why a repository in use is no longer what the inventory says; for one call
    for each five hundred of those that are read.
    """
    known = [one for one in organisation.drawn if one.key]
    moved = {one.name: one.why["key"] for one in organisation.drawn if not one.key and "key" in one.why}
    for start in range(0, len(known), BATCH):
        moved |= dict(_moved(client, known[start : start + BATCH], login))
    if not moved:
        return organisation
    every = tuple(replace(one, moved=moved.get(one.name)) for one in organisation.repositories)
    return replace(organisation, repositories=every)


def _moved(client: Client, part: Sequence[Repository], login: str) -> Iterator[tuple[str, Unread]]:
    keys = [one.key for one in part]
    asked = {name: keys[LONGEST * n : LONGEST * (n + 1)] for n, name in enumerate(LISTS)}
    answer, outcome = client.query("places", **asked)
    for position, one in enumerate(part):
        place = LISTS[position // LONGEST], position % LONGEST
        node = answer.at(*place) if answer is not None else None
        if answer is None:
            yield one.name, unread(outcome)
        elif not isinstance(node, Mapping):
            yield one.name, _GONE
        elif str(node.get("nameWithOwner", "")).casefold() != f"{login}/{one.name}".casefold():
            yield one.name, _RENAMED
