"""Smaller exports: assessed skills, sessions given by teams, open posts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from cnmm_collectors.people.courses import Topic, topics
from cnmm_collectors.people.identity import KEYS, Directory
from cnmm_collectors.tables.cast import is_empty, to_date
from cnmm_collectors.tables.faults import Code
from cnmm_collectors.tables.intake import STRANGE, Intake
from cnmm_collectors.tables.table import Table, order_of

_OWN_WORD = re.compile(r"self|own|selbst|auto.?[ée]val|autoevalu")
_LEVELS = (
    ("advanced", re.compile(r"advanced|expert|master|experte|fortgeschritten|avancé|avanzado|^[45]$")),
    ("intermediate", re.compile(r"intermediate|proficient|practitioner|mittel|intermédiaire|intermedio|^3$")),
    ("beginner", re.compile(r"beginner|novice|basic|foundation|anfänger|débutant|principiante|^[12]$")),
)
_CLOSED = re.compile(r"filled|closed|cancel|besetzt|geschlossen|pourvu|cubierta")


@dataclass(slots=True)
class Extras:
    """What the smaller exports said; `levels` by person, `taught` by team, `posts` cloud native or not."""

    levels: dict[int, str] = field(default_factory=dict)
    self_rated: bool = False
    taught: dict[str, int] = field(default_factory=dict)
    posts: list[bool] = field(default_factory=list)
    skill_files: list[tuple[str, str, str]] = field(default_factory=list)
    session_files: list[tuple[str, str, str]] = field(default_factory=list)
    opening_files: list[tuple[str, str, str]] = field(default_factory=list)

    def take_skills(self, table: Table, intake: Intake, directory: Directory, as_of: date) -> None:
        """Add assessed levels; a level by somebody's own word is left out."""
        order = order_of(table, "assessed_on")
        self.skill_files.append(_file(table))
        for rowid, *cells in table.box.rows(table.places):
            row = dict(zip(table.fields, cells, strict=True))
            level = next((name for name, p in _LEVELS if p.search(row["skill_level"].strip().casefold())), "")
            day = to_date(row.get("assessed_on", ""), order)
            found = {p for kind in KEYS if (p := directory.find(kind, row.get(kind, ""))) is not None}
            if all(is_empty(row.get(kind, "")) for kind in KEYS):
                intake.reject(table, [rowid], Code.NO_KEY)
            elif not level:
                intake.excluded["level not understood"] += 1
            elif _OWN_WORD.search(row["assessed_by"].casefold()) or is_empty(row["assessed_by"]):
                self.self_rated = True
                intake.excluded["rated by themselves"] += 1
            elif day is not None and (as_of - day).days > 730:
                intake.excluded["older than two years"] += 1
            elif len(found) != 1:
                intake.excluded[STRANGE] += 1
            else:
                self.levels[found.pop()] = level

    def take_sessions(self, table: Table, intake: Intake, as_of: date) -> None:
        """Add the teams that gave a session, with the newest day."""
        order = order_of(table, "held_on")
        self.session_files.append(_file(table))
        team, held = table.place("team"), table.place("held_on")
        for rowid, name, text in table.box.rows([team or "''", held or "''"]):
            day = to_date(text, order)
            if day is None or day > as_of:
                intake.reject(table, [rowid], Code.DATE, "held_on")
            else:
                key = name.strip().casefold()
                self.taught[key] = max(self.taught.get(key, 0), day.toordinal())

    def take_openings(self, table: Table, intake: Intake) -> None:
        """Add open posts: whether their text names cloud native duties; the text is dropped."""
        self.opening_files.append(_file(table))
        names = [table.place(name) or "''" for name in ("opening", "description", "opening_status")]
        for _, title, text, status in table.box.rows(names):
            if _CLOSED.search(status.casefold()):
                intake.excluded["no longer open"] += 1
            else:
                self.posts.append(Topic.CLOUD_NATIVE in topics(title, "", text, "", ""))


def _file(table: Table) -> tuple[str, str, str]:
    return table.name, table.digest, ", ".join(sorted(set(table.fields)))
