"""An earlier state of the roster: which teams were made, took in another or got another task since."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from cnmm_collectors.people.identity import KEYS
from cnmm_collectors.people.roster import Roster, has_left, listed, task_of
from cnmm_collectors.signals import Interval
from cnmm_collectors.tables.cast import is_empty
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.table import Table, order_of

YEAR, MONTH = 365, 31


@dataclass(slots=True)
class Past:
    """The teams of one earlier day: who of today's people was in each, how large it was, its task."""

    day: date
    members: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    sizes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    tasks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    files: list[tuple[str, str, str]] = field(default_factory=list)
    unread: int = 0

    def take(self, table: Table, intake: Intake, roster: Roster) -> None:
        """Add the teams of a recognised table, linked with today's people; raises TableFault."""
        order = order_of(table, "exit_month")
        self.files.append((table.name, table.digest, ", ".join(sorted(set(table.fields)))))
        for _, *cells in table.box.rows(table.places):
            told = zip(table.fields, cells, strict=True)
            row = {name: text for name, text in told if text and not is_empty(text)}
            if has_left(row, order, self.day):
                intake.excluded["no longer there"] += 1
                continue
            found = (roster.directory.find(kind, row[kind]) for kind in KEYS if kind in row)
            person = next((one for one in found if one is not None), None)
            for team in (name.casefold() for name in listed(row.get("team", ""))):
                self.sizes[team] += 1
                if person is not None:
                    self.members[team].add(person)
                if "task" in row:
                    self.tasks[team].add(task_of(row["task"]))
        self.unread += intake.quarantined

    def changes(self, roster: Roster) -> int:
        """Return how many of today's teams are new, took in a team that is gone, or have another task.

        A team under another name with half of its members or more, both ways, is no new team.
        """
        now: dict[str, set[int]] = defaultdict(set)
        for number, person in roster.people.items():
            for team in person.teams:
                now[team.casefold()].add(number)
        tasks = {team.casefold(): found for team, found in roster.tasks.items()}
        gone = self.sizes.keys() - now.keys()
        before = {team: team for team in now if team in self.sizes}
        for team in sorted(now.keys() - self.sizes.keys()):
            same = [old for old in sorted(gone) if self._continues(old, now[team])]
            if same:
                before[team] = same[0]
        merged = gone - set(before.values())
        took_in = {
            team
            for team, found in now.items()
            if any(2 * len(found & self.members[old]) > self.sizes[old] for old in merged)
        }
        retasked = {
            team for team, old in before.items()
            if self.tasks.get(old) and tasks.get(team) and self.tasks[old] != tasks[team]
        }  # fmt: skip
        return len((now.keys() - before.keys()) | took_in | retasked)

    def _continues(self, old: str, now: set[int]) -> bool:
        both = len(self.members[old] & now)
        return 2 * both >= len(now) and 2 * both >= self.sizes[old]

    def told(self, count: int, as_of: date) -> int | Interval:
        """Return the count for a year: open upwards from a younger state, downwards from an older one."""
        days = (as_of - self.day).days
        if abs(days - YEAR) <= MONTH:
            return count
        return Interval(Fraction(count), None) if days < YEAR else Interval(Fraction(0), Fraction(count))
