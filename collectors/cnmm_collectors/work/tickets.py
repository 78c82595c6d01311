"""Tickets of an export: whose they are, what kind and when; neither titles nor texts nor names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from cnmm_collectors.reader import pseudonym
from cnmm_collectors.tables.cast import is_empty, to_moment
from cnmm_collectors.tables.faults import Code
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.table import Table, order_of
from cnmm_collectors.work.settings import Settings

File = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket; `kinds` are its type and labels as they are compared, `handler` a pseudonym."""

    team: str
    requester: str
    kinds: frozenset[str]
    opened: datetime
    moved: datetime
    closed: datetime | None
    planned: bool
    by_change: bool
    handler: str = field(repr=False)


@dataclass(slots=True)
class Tickets:
    """The tickets of all files; `unread` rows may each be one more of any kind."""

    found: list[Ticket] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    files: list[File] = field(default_factory=list)
    unread: int = 0

    def take(self, table: Table, intake: Intake, settings: Settings, as_of: date) -> None:
        """Add the tickets of a recognised table; raises TableFault for dates that can be read two ways."""
        orders = {name: order_of(table, name) for name in ("created_at", "moved_at", "closed_at")}
        self.files.append(file_of(table))
        self.columns.update(table.fields)
        broken: dict[str, list[int]] = defaultdict(list)
        for rowid, *cells in table.box.rows(table.places):
            row = row_of(table, cells)
            moments = {}
            for name, order in orders.items():
                text = row.get(name, "")
                found = to_moment(text, order)
                moments[name] = found[0] if found else None
                if (not is_empty(text) and found is None) or (found and found[0].date() > as_of):
                    broken[name].append(rowid)
                    break
            else:
                opened = moments["created_at"]
                if opened is None:
                    broken["created_at"].append(rowid)
                    continue
                closed = moments["closed_at"]
                moved = max(filter(None, (opened, closed, moments["moved_at"])))
                self.found.append(_ticket(row, settings, opened, moved, closed))
        for name, rowids in broken.items():
            intake.reject(table, rowids, Code.DATE, name)
        self.unread += intake.quarantined


def _ticket(
    row: Mapping[str, str], settings: Settings, opened: datetime, moved: datetime, closed: datetime | None
) -> Ticket:
    area = row.get("work_area", "").replace("\\", "/").rpartition("/")[2]
    handler = row.get("handler", "")
    return Ticket(
        settings.team(row.get("work_team", ""), area, row.get("work_project", "")),
        settings.team(row.get("requester_team", "")),
        kinds_of(f"{row.get('work_type', '')};{row.get('labels', '')}"),
        opened,
        moved,
        closed,
        not is_empty(row.get("iteration", "")),
        not is_empty(row.get("change_link", "")),
        "" if is_empty(handler) else pseudonym(f"handler:{handler}"),
    )


def kinds_of(text: str) -> frozenset[str]:
    """Return types and labels as they are compared: lower case, blanks for hyphens and underscores."""
    plain = text.casefold().replace("-", " ").replace("_", " ")
    return frozenset(
        " ".join(part.split()) for block in plain.split(";") for part in block.split(",") if part.strip()
    )


def row_of(table: Table, cells: list[str]) -> dict[str, str]:
    """Return a row by field; columns of the same field are listed together."""
    row: dict[str, str] = {}
    for name, text in zip(table.fields, cells, strict=True):
        if text:
            row[name] = f"{row[name]};{text}" if name in row else text
    return row


def file_of(table: Table) -> File:
    """Return what a citation says of a file: name, digest, fields read."""
    return table.name, table.digest, ", ".join(sorted(set(table.fields)))
