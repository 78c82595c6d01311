"""Lists that answer for accounts beside the roster: vendors, services, and who is in which group."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from cnmm_collectors import accounts
from cnmm_collectors.people.identity import KEYS, tag
from cnmm_collectors.people.roster import has_left
from cnmm_collectors.plugin import PersonFact
from cnmm_collectors.subjects import Subject
from cnmm_collectors.tables.cast import is_empty
from cnmm_collectors.tables.faults import Code
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.table import Table, order_of

REGISTERS = ("vendors", "services", "directory")
_SPLIT = re.compile(r"[;|\n]")


@dataclass(slots=True)
class Registers:
    """What the lists hold, as pseudonyms: (person, other pseudonyms, groups) of each row, by kind."""

    rows: dict[str, list[tuple[str, tuple[str, ...], frozenset[str]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    whole: dict[str, bool] = field(default_factory=dict)

    def take(self, kind: str, table: Table, intake: Intake, as_of: date) -> None:
        """Add the rows of a recognised table; whoever has left, or has no owner, answers for nothing."""
        order = order_of(table, "exit_month")
        nameless: list[int] = []
        for rowid, *cells in table.box.rows(table.places):
            row = dict(zip(table.fields, cells, strict=True))
            tags = [found for key in KEYS if (found := tag(key, row.get(key, "")))]
            if not tags:
                nameless.append(rowid)
            elif has_left(row, order, as_of):
                intake.excluded["no longer there"] += 1
            elif kind == "services" and is_empty(row.get("account_owner", "")):
                intake.excluded["without an owner"] += 1
            else:
                named = [one.strip() for one in _SPLIT.split(row.get("account_group", ""))]
                groups = frozenset(accounts.group_tag(one) for one in named if one)
                self.rows[kind].append((tags[0], tuple(tags[1:]), groups))
        intake.reject(table, nameless, Code.NO_KEY)
        self.whole[kind] = self.whole.get(kind, True) and not intake.quarantined

    def lost(self, kind: str) -> None:
        """Say that a file of a kind could not be read."""
        self.whole[kind] = False

    def facts(self, org: Subject) -> Iterator[PersonFact]:
        """Yield who is answered for and who is in which group, and whether each list is whole."""
        for kind, whole in sorted(self.whole.items()):
            yield accounts.listed(kind, org, whole)
            for person, others, groups in self.rows[kind]:
                yield from (PersonFact(person, accounts.ALIAS, one, kind, org) for one in others)
                if kind == "directory":
                    yield from (
                        PersonFact(person, accounts.IN_GROUP, one, kind, org) for one in sorted(groups)
                    )
                else:
                    yield PersonFact(person, accounts.ANSWERED, "1", kind, org)
