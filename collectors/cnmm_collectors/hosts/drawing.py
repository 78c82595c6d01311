"""A sample of the repositories in use: those of which files, deployments and analyses are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from cnmm_collectors.drawing import allocate, order
from cnmm_collectors.hosts.facts import Draw, Organisation, Repository, Standing

_BUSY = 10


def draw_from(organisation: Organisation, size: int | None, seed: int) -> Organisation:
    """Return the organisation with the repositories that are drawn; as it is where all are read."""
    return replace(organisation, draw=draw(organisation.active, size, seed))


def draw(listed: Iterable[Repository], size: int | None, seed: int) -> Draw | None:
    """Return which of the repositories in use are read, None where all are.

    Strata give in proportion, so that each repository is as likely as any other. They are known of every
    repository: whether it deploys to production, and how many changes are open.
    """
    strata: dict[str, list[str]] = defaultdict(list)
    for one in (one for one in listed if one.standing is Standing.ACTIVE):
        strata[_stratum(one)].append(one.name)
    sizes = {name: len(members) for name, members in strata.items()}
    if size is None or size >= sum(sizes.values()):
        return None
    counts = allocate(sizes, size, least=0)
    names = [one for name, members in strata.items() for one in order(members, seed)[: counts[name]]]
    table = tuple((name, sizes[name], counts[name]) for name in sorted(sizes))
    return Draw(seed, frozenset(names), table)


def _stratum(one: Repository) -> str:
    deploys = "deploys" if one.stages else "does not deploy"
    count = one.open_changes
    if count is None:
        return f"{deploys}, open changes hidden"
    if count == 0:
        return f"{deploys}, no open change"
    return f"{deploys}, {'many' if count >= _BUSY else 'few'} open changes"
