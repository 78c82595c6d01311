"""Issues of a group: fifty in one request, and who answered where requests are raised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cnmm_collectors.gitlab.activity import account, labels_of, listed
from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.gitlab.window_queries import issues_query
from cnmm_collectors.hosts.asking import Listing, unread
from cnmm_collectors.hosts.facts import SAMPLED, Organisation, Unread, moment
from cnmm_collectors.hosts.outcomes import Kind
from cnmm_collectors.hosts.tracker import spelled
from cnmm_collectors.hosts.tracking import DAYS, LONG, Item, Work
from cnmm_collectors.plugin import Target
from cnmm_collectors.signals import Gap

_SIZE = 50
_BY_CHANGE = re.compile(r"closed via merge request\b", re.I)


def asks(target: Target, as_of: date) -> str:
    """Return how the issues of the window are asked for, which is cited."""
    return f"issues of {target.locator} updated since {as_of - timedelta(days=LONG)}"


def read_work(
    client: Client,
    target: Target,
    name: str,
    organisation: Organisation,
    alone: bool,
    as_of: date,
    drawn: Sequence[str] = (),
) -> Work:
    """Return the issues that moved in 180 days; an issue in an iteration or milestone is planned.

    `drawn` are the projects of a sample, whose issues alone are asked for.

    The host has a board of every project, whether it is used or not, so that boards say nothing here.
    """
    parts = [_rows(client, path, "project", as_of) for path in drawn] or [
        _rows(client, target.locator, "project" if alone else "group", as_of)
    ]
    rows, counted = [row for part in parts for row in part[0]], sum(part[1] for part in parts)
    why = next((part[2] for part in parts if part[2] is not None), None)
    places = [one.name for one in organisation.active if one.name in client.settings.tracking.requests]
    replies: dict[str, tuple[str, ...]] = {}
    if places and why is None and not drawn:
        replies, why = _replies(client, name, places, as_of)
    items = [_item(row, name, client.settings.bots, replies, as_of) for row in rows]
    if why is None and None in items:
        why = Unread(Gap.MALFORMED, "an issue was withheld or is malformed")
    if why is None and drawn:
        # A team may have issues anywhere.
        why = SAMPLED
    if why is None and any(one.debt is None for one in organisation.active):
        why = Unread(Gap.NOT_PERMITTED, "issues are hidden; needs Guest")
    kept = tuple(one for one in items if one is not None and one.opened_at.date() <= as_of)
    debt = {one.name: one.debt for one in organisation.active if one.debt is not None}
    return Work(kept, (), debt, len(kept) if why in (None, SAMPLED) else counted, why)


def _rows(client: Client, path: str, kind: str, as_of: date) -> tuple[list[Any], int, Unread | None]:
    """Return the issues of the window; iterations are left out where the host does not know them."""
    start = f"{as_of - timedelta(days=LONG)}T00:00:00Z"
    rows: list[Any] = []
    counted, why = 0, None
    for iterations in (True, False):
        query = issues_query(kind, iterations)
        pages = client.connection(query, (kind, "issues"), _SIZE, **{"org": path, "from": start})
        page = Listing((), None)
        for answer, page in pages:
            miss = page.miss or answer.miss(kind, "issues", "nodes")
            why = why or (unread(miss) if miss is not None else None)
            counted = page.total if page.total is not None else counted
            rows += page.rows
        if rows or page.miss is None or page.miss.kind is not Kind.UNSUPPORTED or not iterations:
            break
        why = None
    if why is None and len(rows) < counted:
        why = Unread(Gap.NOT_COLLECTED, "the host counts more issues than it lists")
    return rows, counted, why


def _replies(
    client: Client, name: str, places: Sequence[str], as_of: date
) -> tuple[dict[str, tuple[str, ...]], Unread | None]:
    """Return who answered, by issue, in the projects where requests are raised."""
    answered: dict[str, tuple[str, ...]] = {}
    asked = {"from": f"{as_of - timedelta(days=DAYS)}T00:00:00Z"}
    for place in places:
        path = f"{name}/{place}"
        for answer, page in client.connection("replies", ("project", "issues"), 20, path=path, **asked):
            miss = page.miss or answer.miss("project", "issues", "nodes")
            if miss is not None:
                return answered, unread(miss)
            for row in page.rows:
                notes = row.get("notes") if isinstance(row, Mapping) else None
                nodes = listed(row, "notes") if isinstance(notes, Mapping) else None
                info = notes.get("pageInfo") if isinstance(notes, Mapping) else None
                if nodes is None or not isinstance(info, Mapping) or info.get("hasNextPage") is not False:
                    continue
                who = [account(one.get("author"), client.settings.bots) for one in nodes if one]
                answered[str(row.get("webPath"))] = tuple(login for login, human in who if human and login)
    return answered, None


def _item(
    row: Any, name: str, bots: Iterable[str], replies: Mapping[str, tuple[str, ...]], as_of: date
) -> Item | None:
    if not isinstance(row, Mapping):
        return None
    opened, moved = moment(row.get("createdAt")), moment(row.get("updatedAt"))
    place = str(row.get("webPath", "")).partition("/-/")[0].rpartition(f"/{name}/")[2]
    if opened is None or moved is None or not place:
        return None
    author, human = account(row.get("author"), bots)
    end = datetime.combine(as_of + timedelta(days=1), time(), UTC)
    closed = moment(row.get("closedAt"))
    closed = closed if closed is not None and closed < end else None
    labels = labels_of(row) | {spelled(str(row.get("type") or "issue"))}
    planned = row.get("milestone") is not None or row.get("iteration") is not None
    by_change = closed is not None and _by_change(row, bots)
    return Item(
        place, author if human else "", opened, min(moved, end), closed, labels, planned, by_change,
        replies.get(str(row.get("webPath"))),
    )  # fmt: skip


def _by_change(row: Mapping[str, Any], bots: Iterable[str]) -> bool:
    """True where the host itself noted that a change which a person merged closed the issue."""
    for note in listed(row, "notes") or ():
        meta = note.get("systemNoteMetadata") if isinstance(note, Mapping) else None
        if isinstance(meta, Mapping) and meta.get("action") == "closed":
            login, human = account(note.get("author"), bots)
            if login and human and _BY_CHANGE.search(str(note.get("body", ""))):
                return True
    return False
