"""Rosters that are no table, and two states of one roster."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cnmm_collectors.people.exports import Exports
from cnmm_collectors.people.settings import Settings
from cnmm_collectors.signals import Interval

AS_OF = date(2026, 11, 1)
OWNERS = """
approvers: [alice-a, bob, platform-leads]
reviewers:
  - carol
emeritus_approvers: [dave]
filters:
  "\\\\.go$":
    approvers: [erin]
"""
ALIASES = "aliases:\n  platform-leads: [alice-a, frank]\n"
MAINTAINERS = """
# Maintainers

| Name | GitHub | Affiliation |
| --- | --- | --- |
| Canary One | [@alice-a](https://github.com/alice-a) | Acme |
| Canary Two | bob | Acme |

## Reviewers

* Canary Three <three@corp.example> (@carol)
- [Canary Four](https://github.com/frank)

## Emeritus Maintainers

- [Canary Five](https://github.com/dave)
"""
TEAMS = """
teams:
  - name: Payments
    mission: run the kubernetes platform
    maintainers: [alice-a]
    members:
      - bob
      - {github: carol, role: Senior Platform Engineer}
  - name: Web
    members: [frank, three@corp.example]
"""
ORG = """
orgs:
  acme:
    members: [zoe]
    teams:
      payments:
        maintainers: [alice-a]
        members: [bob]
        teams:
          cards: {members: [carol]}
"""
LADDER = """
- {github: alice-a, ladder level: senior, team: Payments}
- {github: bob, ladder level: junior, team: Payments}
"""


def exports(folder: Path, files: dict[str, str], settings: dict[str, Any] | None = None) -> Exports:
    for name, text in files.items():
        (folder / name).write_text(text)
    found = Exports(Settings.model_validate(settings or {}), AS_OF)
    found.read({"roster": [folder / name for name in files]})
    assert not found.failures, [one.detail for one in found.failures]
    return found


@pytest.mark.parametrize(
    ("files", "people", "leads"),
    [
        ({"OWNERS": OWNERS}, 5, 4),
        ({"OWNERS_ALIASES": ALIASES}, 2, 0),
        ({"OWNERS": OWNERS, "OWNERS_ALIASES": ALIASES}, 5, 3),
        ({"MAINTAINERS.md": MAINTAINERS}, 4, 4),
        (
            {"MAINTAINERS": "alice-a@corp.example\nBob <bob@corp.example>\n\nEmeritus:\nx@corp.example\n"},
            2,
            2,
        ),
        ({"teams.yaml": TEAMS}, 5, 1),
        ({"org.yaml": ORG}, 4, 1),
        ({"ladder.yml": LADDER}, 2, 0),
    ],
)
def test_lists_of_people_are_rosters(tmp_path: Path, files: dict[str, str], people: int, leads: int) -> None:
    found = exports(tmp_path, files)
    assert len(found.roster.people) == people
    assert sum("tech_lead" in one.flags for one in found.roster.people.values()) == leads
    assert "Canary" not in repr(found.roster)


def test_team_files_say_task_team_and_title(tmp_path: Path) -> None:
    roster = exports(tmp_path, {"teams.yaml": TEAMS}).roster
    assert {team for one in roster.people.values() for team in one.teams} == {"Payments", "Web"}
    assert roster.tasks == {"Payments": {"cloud-native"}}
    assert sum(one.standing == "senior" for one in roster.people.values()) == 1
    nested = exports(tmp_path, {"org.yaml": ORG}).roster
    assert {team for one in nested.people.values() for team in one.teams} == {"acme", "payments", "cards"}


def rows(*teams: tuple[str, range], task: str = "") -> str:
    lines = [f"E{n:03d},Software Developer,{team},{task}" for team, people in teams for n in people]
    return "\n".join(["Employee ID,Job Title,Team,Team mission", *lines]) + "\n"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (rows(("a", range(5)), ("b", range(5, 10))), rows(("a", range(5)), ("b", range(5, 10))), 0),
        (rows(("a", range(5)), ("b", range(5, 10))), rows(("A", range(5)), ("bees", range(5, 10))), 0),
        (rows(("a", range(5)), ("b", range(5, 10))), rows(("a", range(10))), 1),
        (rows(("a", range(5)), ("b", range(5, 10))), rows(("c", range(10))), 1),
        (rows(("a", range(6))), rows(("a", range(6)), ("new", range(6, 12))), 1),
        (rows(("a", range(6)), task="billing"), rows(("a", range(6)), task="kubernetes"), 1),
    ],
    ids=["same", "renamed", "taken in", "joined under a new name", "created", "another task"],
)
def test_restructures_between_two_states(tmp_path: Path, before: str, after: str, changed: int) -> None:
    files = {"roster-2025.csv": before, "roster.csv": after}
    found = exports(tmp_path, files, {"mappings": {"roster-2025*": {"state_of": "2025-11-01"}}})
    past = next(iter(found.past.values()))
    assert past.changes(found.roster) == changed
    assert past.told(changed, AS_OF) == changed
    assert len(found.roster.people) == len(after.splitlines()) - 1, "the earlier state adds nobody"


@pytest.mark.parametrize(
    ("day", "told"),
    [("2026-05-01", Interval(Fraction(1), None)), ("2024-05-01", Interval(Fraction(0), Fraction(1)))],
)
def test_a_younger_or_older_state_leaves_an_end_open(tmp_path: Path, day: str, told: Interval) -> None:
    files = {"old.csv": rows(("a", range(6))), "roster.csv": rows(("a", range(6)), ("n", range(6, 12)))}
    found = exports(tmp_path, files, {"mappings": {"old.csv": {"state_of": day}}})
    past = next(iter(found.past.values()))
    assert past.told(past.changes(found.roster), AS_OF) == told
