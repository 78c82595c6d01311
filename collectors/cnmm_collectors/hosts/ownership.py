"""Which team answers for which repository, from what teams were granted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from cnmm_collectors.hosts.facts import Organisation, Right, Team, Unread
from cnmm_collectors.signals import Gap

FEW_TEAMS = 3


@dataclass(frozen=True, slots=True)
class Ownership:
    """The teams of an organisation that own something.

    `accountable` are the teams with maintain or admin rights, by repository; `belongs` adds, where there is
    none, those that may write. `everywhere` are teams that reach more than half of all repositories.
    `whole` is false where a grant may have been missed.
    """

    teams: tuple[Team, ...]
    everywhere: frozenset[str]
    accountable: Mapping[str, tuple[str, ...]]
    belongs: Mapping[str, tuple[str, ...]]
    granted: Mapping[str, int]
    whole: bool

    def repositories(self, slug: str) -> tuple[str, ...]:
        """Return the repositories that belong to a team, sorted."""
        return tuple(sorted(name for name, teams in self.belongs.items() if slug in teams))


def judge_ownership(organisation: Organisation) -> Ownership | Unread:
    """Return who owns what among the active repositories; Unread where teams could not be listed."""
    if isinstance(organisation.teams, Unread):
        return organisation.teams
    active = {one.name for one in organisation.active}
    everywhere = _everywhere(organisation.teams, active)
    chosen = tuple(team for team in organisation.teams if team.slug not in everywhere)
    strong, writing = _holders(chosen, active, Right.MAINTAIN), _holders(chosen, active, Right.WRITE)
    granted: dict[str, int] = defaultdict(int)
    for team in organisation.teams:
        for name in team.grants:
            granted[name] += 1
    return Ownership(
        teams=chosen,
        everywhere=everywhere,
        accountable=strong,
        belongs={name: strong.get(name) or writing.get(name, ()) for name in active},
        granted=granted,
        whole=organisation.complete
        and organisation.sees_all_teams
        and all(team.complete for team in organisation.teams),
    )


def why_open(organisation: Organisation) -> Unread:
    """Return why ownership is not known for sure."""
    if not organisation.complete:
        return Unread(Gap.NOT_COLLECTED, "not all repositories were listed: who reaches most is not known")
    if not organisation.sees_all_teams:
        return Unread(Gap.NOT_VISIBLE, "secret teams may exist that this credential does not see")
    return Unread(Gap.NOT_COLLECTED, "the grants of a team were not read whole")


def _everywhere(teams: tuple[Team, ...], active: set[str]) -> frozenset[str]:
    if len(teams) < FEW_TEAMS:
        return frozenset()
    return frozenset(team.slug for team in teams if 2 * len(active & team.grants.keys()) > len(active))


def _holders(teams: tuple[Team, ...], active: set[str], least: Right) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for team in teams:
        for name, right in team.grants.items():
            if name in active and right.reaches(least):
                found[name].append(team.slug)
    return {name: tuple(sorted(slugs)) for name, slugs in found.items()}
