"""Populations: the groups of people that shares are about, as sets of person numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cnmm_collectors.people import titles
from cnmm_collectors.people.roster import Person, Roster
from cnmm_collectors.tables.cast import to_flag


@dataclass(frozen=True, slots=True)
class Groups:
    """The declared populations by name, and the teams that do engineering work."""

    by_name: Mapping[str, frozenset[int]]
    teams: Mapping[str, frozenset[int]]

    def get(self, name: str) -> frozenset[int]:
        """Return a population, empty where nobody belongs to it."""
        return self.by_name.get(name, frozenset())


def make_groups(roster: Roster) -> Groups:
    """Return the populations of a roster: by what it declares, else by role family and team."""
    found: dict[str, set[int]] = {}
    for number, person in roster.people.items():
        for name in _names(
            person.families,
            frozenset(person.populations),
            "manager" in person.flags,
            "uses_ai" in person.flags,
        ):
            found.setdefault(name, set()).add(number)
    whole = {name: frozenset(members) for name, members in found.items()}
    engineers = whole.get("engineers", frozenset())
    return Groups(
        {**whole, "cloud-native": _cloud_native(roster) & engineers},
        _teams(roster, engineers),
    )


@lru_cache(maxsize=10_000)
def _names(
    families: tuple[str, ...], populations: frozenset[str], manages: bool, uses_ai: bool
) -> frozenset[str]:
    """Return the populations that somebody of these role families and declared groups belongs to."""

    def within(wanted: frozenset[str], name: str) -> bool:
        return name in populations or bool(wanted & set(families))

    engineer = bool({"engineers", "engineer"} & populations or titles.ENGINEERING & set(families[:1]))
    platform = within(titles.PLATFORM, "platform") and engineer
    operations = within(titles.OPERATIONS, "operations")
    told = {
        "engineers": engineer,
        "developers": within(frozenset({"developer"}), "developers"),
        "platform": platform,
        "operations": operations,
        "platform-or-operations": platform or operations,
        "security-or-platform": platform or within(titles.SECURITY, "security"),
        "ml": within(titles.ML, "ml"),
        "managers": manages or "engineering_manager" in families,
        "ai-users": uses_ai,
    }
    return frozenset(name for name, belongs in told.items() if belongs)


def _where(roster: Roster, test: Callable[[Person], bool]) -> frozenset[int]:
    return frozenset(number for number, person in roster.people.items() if test(person))


def _cloud_native(roster: Roster) -> frozenset[int]:
    declared = frozenset(
        number
        for number, person in roster.people.items()
        if {"cloud-native", "cloud native", "cloudnative"} & person.populations
        or any(to_flag(text) for text in person.populations)
    )
    if declared or "population" in roster.columns:
        return declared
    return _where(
        roster,
        lambda p: (
            bool(titles.CLOUD_NATIVE & set(p.families))
            or any("cloud-native" in roster.tasks.get(team, ()) for team in p.teams)
        ),
    )


def _teams(roster: Roster, engineers: frozenset[int]) -> dict[str, frozenset[int]]:
    """Return the members of each team in which engineers are the half or more, whoever was not seen."""
    members: dict[str, set[int]] = {}
    for number, person in roster.people.items():
        for team in person.teams:
            members.setdefault(team, set()).add(number)
    return {
        team: frozenset(found)
        for team, found in sorted(members.items())
        if 2 * len(found & engineers) >= len(found) + roster.unread
    }
