"""Signals about teams: their size, who leads and champions them, which disciplines they hold, silos."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from cnmm_collectors.people import titles
from cnmm_collectors.people.groups import Groups
from cnmm_collectors.people.roster import Person, Roster
from cnmm_collectors.people.telling import DECLARE, Desk
from cnmm_collectors.signals import Gap, Signal
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_collectors.tables.cells import team_share

_LARGE_TEAM = 10
_HIDDEN = f"rows of the roster are unread, or nobody counts its people: {DECLARE}"
_OF_TEAMS = (
    ("roster.team_over9_ratio", "team"),
    ("roster.security_champion_ratio", "champion"),
    ("roster.tech_lead_ratio", "tech_lead"),
)
"""What is asked of engineering teams alone, and the column that answers it."""


@dataclass(frozen=True, slots=True)
class Teams:
    """Answers what is asked of teams; teams below k say nothing of their members."""

    desk: Desk
    roster: Roster
    groups: Groups
    source: str

    def subject(self, team: str) -> Subject:
        """Return a team as a subject: `team:ORG/name`, lower case, blanks as hyphens."""
        slug = "-".join(team.casefold().split())
        prefix = f"{self.desk.org.name}/"
        return Subject.safe(SubjectKind.TEAM, *(prefix + slug.removeprefix(prefix)).split("/"))

    def signals(self) -> Iterator[Signal]:
        """Yield the signals of teams, and those of the organisation that are about its teams."""
        if "team" not in self.roster.columns:
            for key in ("roster.team_size_p50", "roster.team_discipline_p50", "hr.silo_index"):
                yield self.desk.untold(key, self.source, "the roster has no team column")
            return
        for team, members in self.groups.teams.items():
            yield from self._team(self.subject(team), [self.roster.people[number] for number in members])
        yield from self._others()
        yield from self._sizes()

    def _others(self) -> Iterator[Signal]:
        """Yield that a team in which engineers are the fewer is none of those asked about.

        Another list may name it as a team; without this it would be one more that nobody has read.
        """
        if self.roster.hides:
            return
        own = {self.subject(team) for team in self.groups.teams}
        for team in sorted({self.subject(name) for name in self.roster.members()} - own):
            for key, column in _OF_TEAMS:
                if column in self.roster.columns:
                    yield self.desk.absent(key, self.source, self.roster.files, "engineering teams", team)

    def _team(self, team: Subject, members: list[Person]) -> Iterator[Signal]:
        files, desk = self.roster.files, self.desk
        large = len(members) >= _LARGE_TEAM
        whole = self.roster.counted and len(members) + self.roster.unread < _LARGE_TEAM
        if large or whole:
            yield desk.told("roster.team_over9_ratio", self.source, large, files, "members of the team", team)
        for key, flag, column in (
            ("roster.security_champion_ratio", "champion", "champion"),
            ("roster.tech_lead_ratio", "tech_lead", "tech_lead"),
        ):
            if column not in self.roster.columns:
                yield desk.untold(key, self.source, f"the roster does not mark {column}", subject=team)
            elif len(members) < desk.cells.k:
                why = f"the team is smaller than {desk.cells.k}: not told"
                yield desk.untold(key, self.source, why, Gap.NOT_VISIBLE, team)
            else:
                held = any(flag in person.flags for person in members)
                if not held and self.roster.hides:
                    yield desk.untold(key, self.source, _HIDDEN, subject=team)
                    continue
                yield desk.told(key, self.source, held, files, f"{column} of the team", team)

    def _sizes(self) -> Iterator[Signal]:
        files, k = self.roster.files, self.desk.cells.k
        if self.roster.hides:
            for key in ("roster.team_size_p50", "roster.team_discipline_p50", "hr.silo_index"):
                yield self.desk.untold(key, self.source, f"{_HIDDEN}: any team may be larger")
            return
        members = [[self.roster.people[n] for n in found] for found in self.groups.teams.values()]
        few = "fewer than three teams"
        if len(members) < 3:
            yield self.desk.untold("roster.team_size_p50", self.source, few)
        else:
            median = statistics.median_low(len(found) for found in members)
            value = self.desk.cells.count(median)
            yield self.desk.told("roster.team_size_p50", self.source, value, files, "sizes of teams")
        told = [found for found in members if len(found) >= k]
        if len(told) < 3:
            for key in ("roster.team_discipline_p50", "hr.silo_index"):
                yield self.desk.untold(
                    key, self.source, f"fewer than three teams of {k} or more", Gap.NOT_VISIBLE
                )
            return
        widths = [len(_disciplines(found)) for found in told]
        yield self.desk.told(
            "roster.team_discipline_p50",
            self.source,
            statistics.median_low(widths),
            files,
            "disciplines of teams",
        )
        if "manager" not in self.roster.columns:
            yield self.desk.untold("hr.silo_index", self.source, "no reporting lines in the roster")
            return
        silos = sum(
            len(_disciplines(found)) == 1 and len({p.manager for p in found if p.manager}) == 1
            for found in told
        )
        cell = team_share(silos, len(told))
        if cell is not None:
            yield self.desk.told("hr.silo_index", self.source, cell, files, f"teams of {k} or more")


def _disciplines(members: list[Person]) -> set[str]:
    return {titles.DISCIPLINE[f] for person in members for f in person.families[:1] if f in titles.DISCIPLINE}
