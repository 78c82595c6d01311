"""What people finished: training exports, summed up inside the engine; only finished learning counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from cnmm_collectors.people.courses import Topic, topics
from cnmm_collectors.people.identity import KEYS, Directory
from cnmm_collectors.tables.cast import State, is_empty, to_date, to_number, to_state
from cnmm_collectors.tables.faults import Code
from cnmm_collectors.tables.intake import REPEATED, STRANGE, Intake
from cnmm_collectors.tables.table import Table, order_of

_NO_DATE, _BAD_DATE = 0, -1
_DONE, _OPEN, _UNSURE = 1, 0, 2
_STEP = 20  # how exactly rows with an unknown status may be told
_EARLIEST = date(1990, 1, 1)
_UNKNOWN = "status not understood"


class Verdict(IntEnum):
    """What a row of a training export is found to be."""

    COUNTS = 0
    FOOTER = 1
    KEY = 2
    CLASH = 3
    DATE = 4
    STRANGER = 5
    UNSURE = 6
    OPEN = 7


class Span(IntEnum):
    """How far back finished learning counts; also its place among the masks of a person."""

    EVER = 0
    TWO_YEARS = 1
    YEAR = 2


_DAYS = {Span.TWO_YEARS: 730, Span.YEAR: 365}


@dataclass(slots=True)
class Learning:
    """By person: the topics finished ever, in two years and in one; without a day it was finished once.

    `unread` rows may each hold one more completion than was seen.
    """

    finished: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    files: list[tuple[str, str, str]] = field(default_factory=list)
    provided: bool = False
    completions: bool = False
    unread: int = 0
    partial: bool = False
    _alike: dict[tuple[int, int, int], list[int]] | None = None
    """Who finished the same: far fewer kinds than people, and asked for once for each topic."""

    def take(self, table: Table, intake: Intake, directory: Directory, as_of: date) -> None:
        """Add the completions of a recognised table; raises TableFault for dates read two ways."""
        _teach(table, directory, as_of)
        for person, *masks in _judge(table, intake, as_of):
            ever, two, year = self.finished.get(person, (0, 0, 0))
            self.finished[person] = ever | masks[0], two | masks[1], year | masks[2]
        self._alike = None
        self.unread += intake.quarantined + -(-intake.excluded[_UNKNOWN] // _STEP) * _STEP
        self.completions = True
        self.files.append((table.name, table.digest, ", ".join(sorted(set(table.fields)))))
        self.provided = self.provided or table.place("provider") is not None

    def learners(self, topic: Topic, span: Span) -> frozenset[int]:
        """Return who finished something on the topic in that time."""
        if self._alike is None:
            self._alike = defaultdict(list)
            for person, masks in self.finished.items():
                self._alike[masks].append(person)
        bit = int(topic)
        return frozenset().union(*(people for masks, people in self._alike.items() if masks[span] & bit))


_SUMMED = f"""
    SELECT verdict, CASE WHEN verdict = {Verdict.COUNTS} THEN person END AS person, count(*),
           bit_or(mask), coalesce(bit_or(mask) FILTER (day >= ?), 0),
           coalesce(bit_or(mask) FILTER (day >= ?), 0)
    FROM found GROUP BY ALL
"""  # noqa: S608 - a number of ours
# What was found of each row is kept for both questions: marks counted within each person take thrice as long.
_FOUND = """
    CREATE TABLE found AS SELECT CAST(verdict AS UTINYINT) AS verdict, CAST(person AS INTEGER) AS person,
           CAST(mask AS INTEGER) AS mask, CAST(day AS INTEGER) AS day, mark FROM judged
"""
_REPEATED = f"SELECT count(*) - count(DISTINCT mark) FROM found WHERE verdict = {Verdict.COUNTS}"  # noqa: S608 - a number of ours
_ROWS = 'SELECT "row" FROM judged WHERE verdict = ?'


def _teach(table: Table, directory: Directory, as_of: date) -> None:
    """Give the engine the meaning of every different date, status, course and id of the table."""
    _teach_dates(table, as_of)
    _teach_states(table)
    places = [table.place(name) for name in ("course", "course_code", "topic", "is_lab", "provider")]
    box = table.box
    box.con.execute(
        "CREATE TABLE courses (a VARCHAR, b VARCHAR, c VARCHAR, d VARCHAR, e VARCHAR, mask BIGINT)"
    )
    found = box.distinct(*(place or "''" for place in places))
    if found:
        columns = [list(part) for part in zip(*found, strict=True)]
        masks = [int(topics(*row)) for row in found]
        spread = ", ".join(["unnest(?)"] * 6)
        box.con.execute(f"INSERT INTO courses SELECT {spread}", [*columns, masks])
    for kind in KEYS:
        place = table.place(kind)
        known = {}
        if place is not None:
            for (text,) in box.distinct(place):
                person = directory.find(kind, text)
                if not is_empty(text):
                    known[text] = -1 if person is None else person
        box.teach(f"by_{kind}", known)


def _teach_dates(table: Table, as_of: date) -> None:
    place = table.place("completed_on")
    texts = [text for (text,) in table.box.distinct(place)] if place else []
    order = order_of(table, "completed_on", texts)
    known = {}
    for text in texts:
        day = to_date(text, order)
        fits = day is not None and _EARLIEST <= day <= as_of
        known[text] = _NO_DATE if is_empty(text) else day.toordinal() if day and fits else _BAD_DATE
    table.box.teach("dates", known)


def _teach_states(table: Table) -> None:
    place, progress = table.place("state"), table.place("progress")
    known: dict[str, int] = {}
    if place is not None:
        for (text,) in table.box.distinct(place):
            state = to_state(text)
            done = state in (State.COMPLETED, State.EXEMPT) and state is State.COMPLETED
            known[text] = _DONE if done else _UNSURE if state is State.UNKNOWN else _OPEN
    elif progress is not None:
        for (text,) in table.box.distinct(progress):
            share = to_number(text)
            known[text] = _UNSURE if share is None else _DONE if share >= 100 or share == 1 else _OPEN
    table.box.teach("states", known)


def _judge(table: Table, intake: Intake, as_of: date) -> list[tuple[int, int, int, int]]:
    """Sort every row into what counts, what is not finished, and what is broken, in one pass.

    Return (person, topics finished ever, in two years, in one) of the rows that count.
    """
    box = table.box
    _define(table)
    today = as_of.toordinal()
    seen: Counter[Verdict] = Counter()
    finished = []
    box.con.execute(_FOUND)
    asked = [today - days for days in _DAYS.values()]
    for verdict, person, number, *masks in box.ask(_SUMMED, asked):
        seen[Verdict(verdict)] += number
        if verdict == Verdict.COUNTS:
            finished.append((person, *masks))
    ((repeated,),) = box.ask(_REPEATED)
    if repeated:
        intake.excluded[REPEATED] += repeated
    for verdict, reason in _EXCLUDED.items():
        if seen[verdict]:
            intake.excluded[reason] += seen[verdict]
    for verdict, (code, column) in _BROKEN.items():
        if seen[verdict]:
            intake.reject(table, [row for (row,) in box.ask(_ROWS, [int(verdict)])], code, column)
    return finished


def _define(table: Table) -> None:
    """Define what is found of a row, `judged`: its number, person, topics, day and verdict."""
    box = table.box
    status = table.place("state") or table.place("progress")
    day = table.place("completed_on")
    state = (
        "coalesce(s.code, 2)"
        if status
        else f"CASE WHEN coalesce(d.code, 0) <> 0 THEN {_DONE} ELSE {_OPEN} END"
    )
    keys = [(kind, place) for kind in KEYS if (place := table.place(kind))]
    persons = [f"p{number}.code" for number in range(len(keys))]
    joins = " ".join(
        f"LEFT JOIN by_{kind} p{number} ON p{number}.text = t.{place}"
        for number, (kind, place) in enumerate(keys)
    )
    person = f"greatest({', '.join(persons)})" if len(persons) > 1 else persons[0]
    clash = (
        f"least({', '.join(f'CASE WHEN {p} >= 0 THEN {p} END' for p in persons)})"
        f" <> greatest({', '.join(f'CASE WHEN {p} >= 0 THEN {p} END' for p in persons)})"
        if len(persons) > 1
        else "false"
    )
    course = " AND ".join(
        f"c.{letter} = {f't.{place}' if place else chr(39) * 2}"
        for letter, place in zip(
            "abcde",
            [table.place(name) for name in ("course", "course_code", "topic", "is_lab", "provider")],
            strict=True,
        )
    )
    box.con.execute(
        f'CREATE VIEW judged AS SELECT t.rowid AS "row", {person} AS person, c.mask AS mask, '  # noqa: S608
        f"hash({', '.join(f't.{place}' for place in table.places)}) AS mark, "
        f"coalesce(d.code, 0) AS day, CASE WHEN t.footer THEN {Verdict.FOOTER} "
        f"WHEN {person} IS NULL THEN {Verdict.KEY} WHEN {clash} THEN {Verdict.CLASH} "
        f"WHEN coalesce(d.code, 0) = {_BAD_DATE} THEN {Verdict.DATE} "
        f"WHEN {person} < 0 THEN {Verdict.STRANGER} WHEN {state} = {_UNSURE} THEN {Verdict.UNSURE} "
        f"WHEN {state} = {_OPEN} THEN {Verdict.OPEN} ELSE {Verdict.COUNTS} END AS verdict "
        f"FROM t {joins} LEFT JOIN courses c ON {course} "
        + (f"LEFT JOIN states s ON s.text = t.{status} " if status else "")
        + (
            f"LEFT JOIN dates d ON d.text = t.{day}"
            if day
            else "LEFT JOIN (SELECT 0 AS code WHERE false) d ON false"
        )
    )


_EXCLUDED = {Verdict.STRANGER: STRANGE, Verdict.UNSURE: _UNKNOWN, Verdict.OPEN: "not finished"}
_BROKEN = {
    Verdict.KEY: (Code.NO_KEY, ""),
    Verdict.CLASH: (Code.CONFLICT, ""),
    Verdict.DATE: (Code.DATE, "completed_on"),
}
