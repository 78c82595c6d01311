"""Populations: the groups of people that shares are about, as sets of person numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
    engineers = _where(roster, _is_engineer)
    platform = _where(roster, lambda p: _in(p, titles.PLATFORM, "platform")) & engineers
    operations = _where(roster, lambda p: _in(p, titles.OPERATIONS, "operations"))
    security = _where(roster, lambda p: _in(p, titles.SECURITY, "security"))
    return Groups(
        {
            "engineers": engineers,
            "cloud-native": _cloud_native(roster) & engineers,
            "developers": _where(roster, lambda p: _in(p, frozenset({"developer"}), "developers")),
            "platform": platform,
            "operations": operations,
            "platform-or-operations": platform | operations,
            "security-or-platform": platform | security,
            "ml": _where(roster, lambda p: _in(p, titles.ML, "ml")),
            "managers": _where(roster, lambda p: "manager" in p.flags or "engineering_manager" in p.families),
            "ai-users": _where(roster, lambda p: "uses_ai" in p.flags),
        },
        _teams(roster, engineers),
    )


def _where(roster: Roster, test: Callable[[Person], bool]) -> frozenset[int]:
    return frozenset(number for number, person in roster.people.items() if test(person))


def _is_engineer(person: Person) -> bool:
    if "engineers" in person.populations or "engineer" in person.populations:
        return True
    return bool(titles.ENGINEERING & set(person.families[:1]))


def _in(person: Person, families: frozenset[str], name: str) -> bool:
    return name in person.populations or bool(families & set(person.families))


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
    """Return the members of each team in which engineers are the half or more."""
    members: dict[str, set[int]] = {}
    for number, person in roster.people.items():
        for team in person.teams:
            members.setdefault(team, set()).add(number)
    return {
        team: frozenset(found)
        for team, found in sorted(members.items())
        if 2 * len(found & engineers) >= len(found)
    }
