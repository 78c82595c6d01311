"""Pages, deployments, access reviews, wiki pages and usage reports of exports."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from cnmm_collectors.signals import Gap, Unknown
from cnmm_collectors.tables.cast import Order, is_empty, to_date, to_flag, to_moment, to_number
from cnmm_collectors.tables.faults import Code
from cnmm_collectors.tables.intake import Intake
from cnmm_collectors.tables.table import Table, order_of
from cnmm_collectors.work.settings import Settings
from cnmm_collectors.work.tickets import File, file_of, row_of

UNCOUNTED = "nobody declares how many there are; set collectors.work.rows"
_PRODUCTION = re.compile(r"^(prod|production|prd|live|produktion|produktiv|producción)\b", re.IGNORECASE)
_FAILED = re.compile(r"fail|roll(ed)?.?back|revert|error|fehlgeschlagen|échou|fallid", re.IGNORECASE)
_GOOD = re.compile(r"succe|ok\b|passed|done|complete|erfolg|réussi|éxito", re.IGNORECASE)
_ACCESS = re.compile(
    r"access|permission|entitlement|privilege|berechtigung|zugriff|accès|acceso", re.IGNORECASE
)
_DONE = re.compile(r"complete|closed|done|finished|approved|abgeschlossen|terminé|completad", re.IGNORECASE)
_ROADMAP = re.compile(
    r"(?=.*(road ?map|fahrplan|feuille de route|hoja de ruta))(?=.*(platform|plattform|plateforme))"
)


@dataclass(frozen=True, slots=True)
class Page:
    """One call of a rota: when, whether its time names a zone, which rota and team."""

    rota: str
    team: str
    at: datetime
    zoned: bool


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment to production; `failed` is None where the export does not say."""

    component: str
    at: datetime
    first_commit: datetime | None
    failed: bool | None


@dataclass(slots=True)
class Others:
    """What the smaller exports said, by kind; `unread` counts rows that were set aside, by layout."""

    pages: list[Page] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    reviews: list[date] = field(default_factory=list)
    roadmaps: list[date] = field(default_factory=list)
    usage: list[tuple[date, int]] = field(default_factory=list)
    files: dict[str, list[File]] = field(default_factory=lambda: defaultdict(list))
    unread: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    uncounted: frozenset[str] = frozenset()
    """Layouts of which nobody declares how many rows there are, so that any may be missing."""

    def why(self, layout: str) -> Unknown | None:
        """Return why a layout's rows may not be all there are, None where their number is declared."""
        if layout not in self.uncounted:
            return None
        return Unknown(Gap.NOT_COLLECTED, f"{UNCOUNTED}: {{{layout}: NUMBER}}")

    def take(self, table: Table, intake: Intake, settings: Settings, as_of: date) -> None:
        """Add a recognised table; raises TableFault for dates that can be read two ways."""
        self.files[table.layout].append(file_of(table))
        when, add = _TAKE[table.layout]
        order = order_of(table, when)
        broken: list[int] = []
        for rowid, *cells in table.box.rows(table.places):
            row = row_of(table, cells)
            day = to_date(row.get(when, ""), order)
            if day is None or day > as_of:
                if not is_empty(row.get(when, "")) or when != "reviewed_on":
                    broken.append(rowid)
                else:
                    intake.excluded["not finished"] += 1
            else:
                why = add(self, row, order, settings)
                if why:
                    intake.excluded[why] += 1
        intake.reject(table, broken, Code.DATE, when)
        self.unread[table.layout] += intake.quarantined + sum(intake.excluded[why] for why in _LOST)

    def _page(self, row: dict[str, str], order: Order, settings: Settings) -> str:
        found = to_moment(row["paged_at"], order)
        rota = row.get("rota", "")
        if found is None or is_empty(rota):
            return "of no rota"
        self.pages.append(Page(rota, settings.team(rota), *found))
        return ""

    def _deployment(self, row: dict[str, str], order: Order, settings: Settings) -> str:
        if "environment" in row and not _PRODUCTION.search(row["environment"]):
            return "not to production"
        found, first = to_moment(row["deployed_at"], order), to_moment(row.get("first_commit_at", ""), order)
        if found is None or is_empty(row.get("component", "")):
            return "of no component"
        told = row.get("failed", "")
        failed = None if is_empty(told) else to_flag(told)
        if failed is None and told:
            failed = True if _FAILED.search(told) else False if _GOOD.search(told) else None
        self.deployments.append(Deployment(row["component"], found[0], first[0] if first else None, failed))
        return ""

    def _review(self, row: dict[str, str], order: Order, settings: Settings) -> str:
        if not _ACCESS.search(row.get("review", "")):
            return "another review"
        if "review_status" in row and not _DONE.search(row["review_status"]):
            return "not finished"
        self.reviews += _days(row["reviewed_on"], order)
        return ""

    def _wiki(self, row: dict[str, str], order: Order, settings: Settings) -> str:
        if not _ROADMAP.match(row.get("page_title", "").casefold()):
            return "another page"
        self.roadmaps += _days(row["page_modified"], order)
        return ""

    def _usage(self, row: dict[str, str], order: Order, settings: Settings) -> str:
        users = to_number(row.get("active_users", ""))
        if users is None:
            return "no number of users"
        self.usage += [(day, int(users > 0)) for day in _days(row["usage_day"], order)]
        return ""


_LOST = ("of no rota", "of no component", "no number of users")
"""Why a row says nothing although it may be one that counts."""
_TAKE = {
    "pages": ("paged_at", Others._page),
    "deployments": ("deployed_at", Others._deployment),
    "access reviews": ("reviewed_on", Others._review),
    "wiki pages": ("page_modified", Others._wiki),
    "assistant usage": ("usage_day", Others._usage),
}


def _days(text: str, order: Order) -> Iterator[date]:
    found = to_date(text, order)
    if found is not None:
        yield found
