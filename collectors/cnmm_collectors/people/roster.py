"""The roster: who belongs where, merged over all files before anything is counted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from cnmm_collectors.people import titles
from cnmm_collectors.people.identity import KEYS, Conflict, Directory, tag
from cnmm_collectors.people.intake import Intake
from cnmm_collectors.tables.cast import AmbiguousDates, date_order, is_empty, to_date, to_flag
from cnmm_collectors.tables.cast import Order as DateOrder
from cnmm_collectors.tables.faults import Code, TableFault
from cnmm_collectors.tables.table import Table

_LEFT = re.compile(r"terminat|inactive|left|former|ausgeschieden|parti|baja|leaver|exited|resigned")
_SPLIT = re.compile(r"[;|\n]")
_CN_TASK = re.compile(
    r"kubernetes|\bk8s\b|cloud.?native|container|platform|service mesh|gitops|helm|serverless|microservice"
)


@dataclass(slots=True)
class Person:
    """What is known of one member of the population; no name, no id."""

    title: str = ""
    families: tuple[str, ...] = ()
    standing: str = "mid"
    teams: set[str] = field(default_factory=set)
    manager: str = ""
    flags: set[str] = field(default_factory=set)
    populations: set[str] = field(default_factory=set)
    plan: date | None = None
    areas: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    profile: str = ""


@dataclass(slots=True)
class Roster:
    """All roster files together; `columns` are the fields that at least one of them has."""

    directory: Directory = field(default_factory=Directory)
    people: dict[int, Person] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    tasks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    types: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, str, str]] = field(default_factory=list)
    graded: bool = False
    unread: int = 0

    def take(self, table: Table, intake: Intake, as_of: date) -> None:
        """Add the people of a recognised table; raises TableFault for dates that can be read two ways."""
        orders = {name: order_of(table, name) for name in ("exit_month", "plan_reviewed")}
        self.columns.update(table.fields)
        self.files.append((table.name, table.digest, ", ".join(sorted(set(table.fields)))))
        unlinked: dict[Code, list[int]] = defaultdict(list)
        for rowid, *cells in table.box.rows(table.places):
            row = dict(zip(table.fields, cells, strict=True))
            if has_left(row, orders["exit_month"], as_of):
                intake.excluded["no longer there"] += 1
                continue
            try:
                number = self.directory.place([(kind, row.get(kind, "")) for kind in KEYS])
            except Conflict:
                unlinked[Code.CONFLICT].append(rowid)
                continue
            if number is None:
                unlinked[Code.NO_KEY].append(rowid)
                continue
            self._merge(self.people.setdefault(number, Person()), row, orders["plan_reviewed"])
        for code, rowids in unlinked.items():
            intake.reject(table, rowids, code)
        self.unread += intake.quarantined

    def finish(self) -> None:
        """Mark who leads others, once every file was read."""
        led = {person.manager for person in self.people.values() if person.manager}
        for number, person in self.people.items():
            if led & set(self.directory.aliases[number]):
                person.flags.add("manager")
        self.graded = "level" in self.columns or any(
            person.standing in titles.SENIOR for person in self.people.values()
        )

    def _merge(self, person: Person, row: Mapping[str, str], order: DateOrder) -> None:
        title = row.get("role_title", "")
        if not is_empty(title) and not person.title:
            person.title = titles.normal(title)
            person.families = titles.families(title)
        if not is_empty(title) or row.get("level"):
            person.standing = titles.standing(title, row.get("level", ""))
        teams = set(_listed(row.get("team", "")))
        person.teams |= teams
        if not is_empty(row.get("manager", "")):
            person.manager = _manager_tag(row["manager"])
        self._mark(person, row)
        reviewed = to_date(row.get("plan_reviewed", ""), order)
        person.plan = max(filter(None, (person.plan, reviewed)), default=None)
        for team in teams:
            if not is_empty(row.get("task", "")):
                self.tasks[team].add("cloud-native" if _CN_TASK.search(row["task"].casefold()) else "other")
            if not is_empty(row.get("team_type", "")):
                self.types[team] = row["team_type"].casefold()

    def _mark(self, person: Person, row: Mapping[str, str]) -> None:
        for name in ("is_manager", "champion", "tech_lead", "uses_ai", "mentor"):
            text = row.get(name, "")
            if to_flag(text) or (name == "mentor" and to_flag(text) is None):
                person.flags.add({"is_manager": "manager"}.get(name, name))
        person.populations |= {text.casefold() for text in _listed(row.get("population", ""))}
        person.areas |= {text.casefold() for text in _listed(row.get("area", ""))}
        person.groups |= {text.casefold() for text in _listed(row.get("expert_group", ""))}
        if not is_empty(row.get("role_profile", "")) and to_flag(row["role_profile"]) is not False:
            person.profile = person.title

    def members(self) -> Mapping[str, list[Person]]:
        """Return the people of each team, by the team's name in the roster."""
        found: dict[str, list[Person]] = defaultdict(list)
        for person in self.people.values():
            for team in person.teams:
                found[team].append(person)
        return found


def _listed(text: str) -> Iterator[str]:
    for part in _SPLIT.split(text):
        if not is_empty(part):
            yield part.strip()


def _manager_tag(text: str) -> str:
    return tag("email" if "@" in text else "employee_id", text)


def order_of(table: Table, name: str) -> DateOrder:
    """Return which comes first in a column's dates; raises TableFault where they can be read two ways."""
    place = table.place(name)
    if place is None:
        return DateOrder.DAY_FIRST
    if table.hints.date_order:
        return DateOrder(table.hints.date_order)
    try:
        return date_order(text for (text,) in table.box.distinct(place))
    except AmbiguousDates as error:
        raise TableFault(f"{table.name}: column {name} {error}") from None


def has_left(row: Mapping[str, str], order: DateOrder, as_of: date) -> bool:
    """True where a row's exit date has come, or its status says so."""
    exit_ = to_date(row.get("exit_month", ""), order)
    if exit_ is not None and exit_ <= as_of:
        return True
    return bool(_LEFT.search(row.get("employment_status", "").casefold()))
