"""The roster: who belongs where, merged over all files before anything is counted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from cnmm_collectors.people import titles
from cnmm_collectors.people.identity import KEYS, Conflict, Directory, tag
from cnmm_collectors.tables.cast import Order as DateOrder
from cnmm_collectors.tables.cast import is_empty, to_date, to_flag
from cnmm_collectors.tables.cells import SMALLEST, Cells
from cnmm_collectors.tables.faults import Code, TableFault
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.table import Table, order_of

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
    hired: date | None = None


@dataclass(slots=True)
class Roster:
    """All roster files together; `columns` are the fields that at least one of them has.

    `unread` people may be missing; any number more where it was not `counted` how many belong.
    """

    directory: Directory = field(default_factory=Directory)
    people: dict[int, Person] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    tasks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    types: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, str, str]] = field(default_factory=list)
    graded: bool = False
    unread: int = 0
    counted: bool = False

    @property
    def hides(self) -> bool:
        """True where somebody may belong who was not seen."""
        return bool(self.unread) or not self.counted

    def take(self, table: Table, intake: Intake, as_of: date) -> None:
        """Add the people of a recognised table; raises TableFault for dates that can be read two ways."""
        orders = {name: order_of(table, name) for name in ("exit_month", "plan_reviewed")}
        hired = _hired(table, intake)
        self.columns.update(table.fields)
        self.files.append((table.name, table.digest, ", ".join(sorted(set(table.fields)))))
        unlinked: dict[Code, list[int]] = defaultdict(list)
        for rowid, *cells in table.box.rows(table.places):
            # Fields that say nothing are left out here, so that nothing below looks at them.
            told = zip(table.fields, cells, strict=True)
            row = {name: text for name, text in told if text and not is_empty(text)}
            if has_left(row, orders["exit_month"], as_of):
                intake.excluded["no longer there"] += 1
                continue
            try:
                number = self.directory.place([(kind, row[kind]) for kind in KEYS if kind in row])
            except Conflict:
                unlinked[Code.CONFLICT].append(rowid)
                continue
            if number is None:
                unlinked[Code.NO_KEY].append(rowid)
                continue
            if intake.repeats((number, *cells)):
                continue
            person = self.people.setdefault(number, Person())
            self._merge(person, row, orders["plan_reviewed"])
            if hired is not None and "hired_on" in row:
                day = to_date(row["hired_on"], hired)
                person.hired = max(filter(None, (person.hired, day)), default=None)
        for code, rowids in unlinked.items():
            intake.reject(table, rowids, code)
        self.unread += intake.quarantined

    def finish(self, declared: int = 0, k: int = SMALLEST) -> None:
        """Mark who leads others, once every file was read; of `declared` people those not seen are unread.

        How many those are is a number of people, and told in steps of k.
        """
        self.counted = declared > 0
        self.unread += Cells(k).steps(max(0, declared - len(self.people) - self.unread))
        led = {person.manager for person in self.people.values() if person.manager}
        for number, person in self.people.items():
            if led & set(self.directory.aliases[number]):
                person.flags.add("manager")
        self.graded = "level" in self.columns or any(
            person.standing in titles.SENIOR for person in self.people.values()
        )

    def _merge(self, person: Person, row: Mapping[str, str], order: DateOrder) -> None:
        title = row.get("role_title", "")
        if title and not person.title:
            person.title = titles.normal(title)
            person.families = titles.families(title)
        if title or "level" in row:
            person.standing = titles.standing(title, row.get("level", ""))
        teams = listed(row.get("team", ""))
        person.teams.update(teams)
        if "manager" in row:
            person.manager = _manager_tag(row["manager"])
        for name, mark in _MARKS.items():
            if name in row:
                mark(person, row[name])
        if "plan_reviewed" in row:
            reviewed = to_date(row["plan_reviewed"], order)
            person.plan = max(filter(None, (person.plan, reviewed)), default=None)
        for team in teams:
            if "task" in row:
                self.tasks[team].add(task_of(row["task"]))
            if "team_type" in row:
                self.types[team] = row["team_type"].casefold()

    def members(self) -> Mapping[str, list[Person]]:
        """Return the people of each team, by the team's name in the roster."""
        found: dict[str, list[Person]] = defaultdict(list)
        for person in self.people.values():
            for team in person.teams:
                found[team].append(person)
        return found


def _hired(table: Table, intake: Intake) -> DateOrder | None:
    """Return how start dates are written; where they can be read two ways they are left alone, told so."""
    try:
        return order_of(table, "hired_on")
    except TableFault:
        intake.told.append("start dates can be read two ways and are not used; set the date order")
        return None


@lru_cache(maxsize=10_000)
def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a cell that lists several."""
    return tuple(part.strip() for part in _SPLIT.split(text) if not is_empty(part))


def task_of(text: str) -> str:
    """Return what a team's stated task is about: `cloud-native` or `other`."""
    return "cloud-native" if _CN_TASK.search(text.casefold()) else "other"


def _flag(name: str) -> Callable[[Person, str], None]:
    def mark(person: Person, text: str) -> None:
        if to_flag(text):
            person.flags.add(name)

    return mark


def _mentor(person: Person, text: str) -> None:
    # A name or an id in the column is a pair; what it says is not kept.
    if to_flag(text) is not False:
        person.flags.add("mentor")


def _among(attribute: str) -> Callable[[Person, str], None]:
    def mark(person: Person, text: str) -> None:
        getattr(person, attribute).update(part.casefold() for part in listed(text))

    return mark


def _profile(person: Person, text: str) -> None:
    if to_flag(text) is not False:
        person.profile = person.title


_MARKS: Mapping[str, Callable[[Person, str], None]] = {
    "is_manager": _flag("manager"),
    "champion": _flag("champion"),
    "tech_lead": _flag("tech_lead"),
    "uses_ai": _flag("uses_ai"),
    "mentor": _mentor,
    "population": _among("populations"),
    "area": _among("areas"),
    "expert_group": _among("groups"),
    "role_profile": _profile,
}


def _manager_tag(text: str) -> str:
    return tag("email" if "@" in text else "employee_id", text)


def has_left(row: Mapping[str, str], order: DateOrder, as_of: date) -> bool:
    """True where a row's exit date has come, or its status says so."""
    exit_ = to_date(row["exit_month"], order) if "exit_month" in row else None
    if exit_ is not None and exit_ <= as_of:
        return True
    return bool(_LEFT.search(row.get("employment_status", "").casefold()))
