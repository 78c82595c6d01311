"""Issues and boards of an organisation: a hundred issues in one request, fifty boards in another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cnmm_collectors.github.activity import labels_of, scope_of, shown_whole
from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.github.searching import (
    Question,
    Rows,
    cost,
    count,
    keep_window,
    login_of,
    read_window,
    scopes_of,
    today_of,
)
from cnmm_collectors.hosts.activity import Window
from cnmm_collectors.hosts.facts import SAMPLED, Organisation, Unread, moment
from cnmm_collectors.hosts.tracking import DAYS, LONG, Board, Item, Work
from cnmm_collectors.plugin import Reader, Target
from cnmm_collectors.signals import Gap

_NO_ISSUES = Unread(Gap.NOT_PERMITTED, "issues are hidden; needs issues: read")
_BOARDS = 50


def asks(window: Window) -> str:
    """Return the search for the issues that moved in a window."""
    return f"{window.scope} is:issue updated:{window.start}..{window.end} sort:created-asc"


ISSUES, REPLIES = Question("issues", asks, "updatedAt"), Question("replies", asks, "updatedAt")


def window_of(target: Target, as_of: date, today: date) -> Window:
    """Return the days whose issues are read: to this day, for what moved again since the audit."""
    return Window(scope_of(target), as_of - timedelta(days=LONG), max(as_of, today))


def predict_work(client: Client, target: Target, reader: Reader, drawn: int, of: int) -> int:
    """Return the number of calls that issues, boards and deployments will take for some of all places."""
    found = count(client, ISSUES, window_of(target, reader.as_of, today_of(reader.now)))
    own = 4 + -(-drawn // 20)
    return own if isinstance(found, Unread) else own + cost(found, drawn, of)


def read_work(client: Client, target: Target, organisation: Organisation, as_of: date, today: date) -> Work:
    """Return the issues that moved in 180 days, and the boards."""
    window = window_of(target, as_of, today)
    owner = target.locator.partition("/")[0]
    scopes = scopes_of(client, organisation, owner, ISSUES, window)
    parts = [(each, read_window(client, ISSUES, each)) for each in window.within(scopes)]
    rows = [row for _, part in parts for row in part.rows]
    counted, why = _told(parts)
    replies: dict[str, tuple[str, ...]] = {}
    places = [one.name for one in organisation.active if one.name in client.settings.tracking.requests]
    if places and why is None and not scopes:
        replies, why = _replies(client, target, places, as_of, today)
    items = [_item(row, client.settings.bots, replies, as_of) for row in rows]
    if why is None and None in items:
        why = Unread(Gap.MALFORMED, "an issue was withheld or is malformed")
    for each, part in parts if why is None else ():
        keep_window(client, ISSUES, each, today, part)
    if why is None and scopes:
        # A team may have issues anywhere.
        why = SAMPLED
    uncounted = next((one for one in organisation.active if one.debt is None), None)
    if why is None and uncounted is not None:
        why = uncounted.why.get("issues", _NO_ISSUES)
    boards, boards_why = _boards(client, target)
    kept = tuple(one for one in items if one is not None and one.opened_at.date() <= as_of)
    debt = {one.name: one.debt for one in organisation.active if one.debt is not None}
    return Work(kept, boards, debt, len(kept) if why in (None, SAMPLED) else counted, why, boards_why)


def _told(parts: Iterable[tuple[Window, Rows]]) -> tuple[int, Unread | None]:
    """Return how many rows the host counts in some windows, and why some are missing where some are."""
    found = [part for _, part in parts]
    return sum(part.counted for part in found), next((part.why for part in found if part.why), None)


def _replies(
    client: Client, target: Target, places: Sequence[str], as_of: date, today: date
) -> tuple[dict[str, tuple[str, ...]], Unread | None]:
    """Return who answered, by issue, in the places where requests are raised."""
    owner = target.locator.partition("/")[0]
    scope = " ".join(f"repo:{owner}/{name}" for name in places)
    window = Window(scope, as_of - timedelta(days=DAYS), max(as_of, today))
    found = read_window(client, REPLIES, window)
    answered: dict[str, tuple[str, ...]] = {}
    for row in found.rows:
        comments = row.get("comments")
        nodes = comments.get("nodes") if isinstance(comments, Mapping) else None
        if not isinstance(nodes, list) or not isinstance(comments, Mapping):
            continue
        if comments.get("totalCount") == len(nodes):
            who = [login_of(one.get("author"), client.settings.bots) for one in nodes if one]
            answered[str(row.get("id"))] = tuple(login for login, human in who if human and login)
    if found.why is None:
        keep_window(client, REPLIES, window, today, found)
    return answered, found.why


def _item(
    row: Mapping[str, Any], bots: Iterable[str], replies: Mapping[str, tuple[str, ...]], as_of: date
) -> Item | None:
    name, opened, moved = row.get("repository"), moment(row.get("createdAt")), moment(row.get("updatedAt"))
    if opened is None or moved is None or not isinstance(name, Mapping):
        return None
    if not shown_whole(row.get("labels")) or not shown_whole(row.get("timelineItems")):
        return None
    author, human = login_of(row.get("author"), bots)
    end = datetime.combine(as_of + timedelta(days=1), time(), UTC)
    closed = moment(row.get("closedAt"))
    closed = closed if closed is not None and closed < end else None
    boards = row.get("projectItems")
    on_board = isinstance(boards, Mapping) and bool(boards.get("totalCount"))
    return Item(
        str(name.get("name")), author if human else "", opened, min(moved, end), closed, labels_of(row),
        on_board or row.get("milestone") is not None, closed is not None and _by_change(row, bots),
        replies.get(str(row.get("id"))),
    )  # fmt: skip


def _by_change(row: Mapping[str, Any], bots: Iterable[str]) -> bool:
    """True where a merged change that a person wrote or merged closed the issue."""
    events = row.get("timelineItems")
    nodes = events.get("nodes") if isinstance(events, Mapping) else None
    last = nodes[-1] if isinstance(nodes, list) and nodes else None
    closer = last.get("closer") if isinstance(last, Mapping) else None
    if not isinstance(closer, Mapping) or closer.get("merged") is not True:
        return False
    people = (login_of(closer.get(key), bots) for key in ("author", "mergedBy"))
    return any(login and human for login, human in people)


def _boards(client: Client, target: Target) -> tuple[tuple[Board, ...], Unread | None]:
    owner, _, name = target.locator.partition("/")
    if name:
        return (), Unread(Gap.NOT_COLLECTED, "one repository was asked for")
    found: list[Board] = []
    total = 0
    for answer, page in client.connection("boards", ("organization", "projectsV2"), _BOARDS, org=owner):
        miss = page.miss or answer.miss("organization", "projectsV2")
        if miss is not None:
            return tuple(found), unread(miss)
        total = page.total or 0
        found += [board for row in page.rows if (board := _board(row, owner)) is not None]
    if len(found) < total:
        return tuple(found), Unread(Gap.NOT_COLLECTED, "the host counts more boards than it shows")
    return tuple(found), None


def _board(row: Any, owner: str) -> Board | None:
    moved = moment(row.get("updatedAt")) if isinstance(row, Mapping) else None
    if moved is None:
        return None
    teams = [str(one.get("slug")) for one in _nodes(row, "teams")]
    linked = [
        str(one.get("name")) for one in _nodes(row, "repositories")
        if isinstance(own := one.get("owner"), Mapping)
        and str(own.get("login", "")).lower() == owner.lower()
    ]  # fmt: skip
    return Board(frozenset(teams), frozenset(linked), moved)


def _nodes(row: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = row.get(key)
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    return [one for one in nodes if isinstance(one, Mapping)] if isinstance(nodes, list) else []
