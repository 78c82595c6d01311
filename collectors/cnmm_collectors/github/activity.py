"""The changes of a window and their reviews, a hundred in one request over the whole organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.hosts.activity import Found, Stalled, Window, activity_signals, stalled_before
from cnmm_collectors.hosts.facts import Change, Organisation, Review, Unread, moment
from cnmm_collectors.hosts.ownership import Ownership
from cnmm_collectors.hosts.signals import Namer
from cnmm_collectors.plugin import Target, Yield
from cnmm_collectors.signals import Gap

ACTIVITY = "github-activity"
_MOST = 1_000
_SIZE = 100
_FILL = 800


def asks(window: Window) -> str:
    """Return the search for the changes merged in a window."""
    return f"{window.scope} is:pr is:merged merged:{window.start}..{window.end} sort:created-asc"


def predict(client: Client, target: Target, as_of: date) -> int:
    """Return the number of calls that the changes of the window will take."""
    count = _count(client, _window(client, target, as_of))
    return 3 if isinstance(count, Unread) else 3 + -(-count * 12 // (_SIZE * 10))


def read_activity(
    client: Client, target: Target, namer: Namer, organisation: Organisation, ownership: Ownership | Unread,
    as_of: date,
) -> Iterator[Yield]:  # fmt: skip
    """Yield what the changes of the window say of each active repository."""
    window = _window(client, target, as_of)
    found, stalled = _read(client, window), _stalled(client, window.scope, as_of)
    yield from activity_signals(client, namer, organisation, ownership, window, asks(window), found, stalled)


def _window(client: Client, target: Target, as_of: date) -> Window:
    scope = f"repo:{target.locator}" if "/" in target.locator else f"org:{target.locator}"
    return Window(scope, as_of - timedelta(days=client.settings.activity_days), as_of)


def _count(client: Client, window: Window) -> int | Unread:
    answer, outcome = client.query("count", q=asks(window))
    count = answer.at("search", "issueCount") if answer is not None else None
    return count if isinstance(count, int) else unread(outcome)


def _read(client: Client, window: Window) -> Found:
    """Return the changes of the window; a search gives a thousand at most, so it is split by days."""
    found = Found([])
    count = _count(client, window)
    if isinstance(count, Unread):
        found.why = count
        return found
    waiting = window.split(-(-count // _FILL))
    while waiting and found.why is None:
        part = waiting.pop(0)
        halves = _take(client, part, found)
        waiting = [*halves, *waiting]
    return found


def _take(client: Client, part: Window, found: Found) -> list[Window]:
    """Read one part; return its halves instead where the search would cut it off."""
    seen, total = 0, 0
    for answer, page in client.connection("changes", ("search",), _SIZE, q=asks(part)):
        if page.miss is not None:
            found.why = unread(page.miss)
            break
        total = page.total or 0
        if total > _MOST:
            if part.start == part.end:
                found.why = Unread(
                    Gap.NOT_COLLECTED, "more than 1000 changes in a day: a search gives no more"
                )
                break
            return part.split(2)
        miss = answer.miss("search", "nodes")
        if miss is not None:
            found.why = unread(miss)
        seen += len(page.rows)
        found.changes += [change for row in page.rows if (change := _change(row, client.settings.bots))]
        if any(_change(row, client.settings.bots) is None for row in page.rows):
            found.why = found.why or Unread(Gap.MALFORMED, "a change was withheld or is malformed")
    found.counted += total
    if seen < total and found.why is None:
        found.why = Unread(Gap.NOT_COLLECTED, "the search counts more changes than it lists")
    return []


def _change(row: Any, bots: Iterable[str]) -> Change | None:
    if not isinstance(row, Mapping):
        return None
    merged, created = (
        moment(row.get("mergedAt")),
        moment(row.get("publishedAt")) or moment(row.get("createdAt")),
    )
    name, found = row.get("repository"), row.get("reviews")
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    if merged is None or created is None or not isinstance(name, Mapping) or not isinstance(nodes, list):
        return None
    login, human = _account(row.get("author"), bots)
    reviews = tuple(one for node in nodes if (one := _review(node, bots)) is not None)
    total = found.get("totalCount") if isinstance(found, Mapping) else None
    return Change(str(name.get("name")), login, human, created, merged, reviews, total == len(reviews))


def _review(node: Any, bots: Iterable[str]) -> Review | None:
    at = moment(node.get("submittedAt")) if isinstance(node, Mapping) else None
    if at is None or not isinstance(node.get("author"), Mapping):
        return None
    login, human = _account(node.get("author"), bots)
    return Review(login, human, node.get("state") == "APPROVED", at)


def _account(author: Any, bots: Iterable[str]) -> tuple[str, bool]:
    """Return an account and whether it is a person's; a deleted account was one."""
    if not isinstance(author, Mapping):
        return "", True
    login = str(author.get("login", ""))
    bare = login.lower().removesuffix("[bot]")
    return login, not (author.get("__typename") == "Bot" or bare != login.lower() or bare in bots)


def _stalled(client: Client, scope: str, as_of: date) -> Stalled:
    """Return, by repository, the open changes that requested changes have blocked for more than 14 days."""
    asked = f"{scope} is:pr is:open draft:false review:changes_requested sort:created-asc"
    limit = stalled_before(as_of)
    found: Counter[str] = Counter()
    rows, total = 0, 0
    for answer, page in client.connection("stalled", ("search",), _SIZE, q=asked):
        miss = page.miss or answer.miss("search", "nodes")
        if miss is not None:
            return Stalled(found, unread(miss))
        total, rows = page.total or 0, rows + len(page.rows)
        for row in page.rows:
            nodes = row["reviews"].get("nodes") if isinstance(row, Mapping) and row.get("reviews") else None
            at = moment(nodes[0].get("submittedAt")) if nodes and isinstance(nodes[0], Mapping) else None
            if at is None or not isinstance(row.get("repository"), Mapping):
                return Stalled(found, Unread(Gap.MALFORMED, "an open change came without its review"))
            found[str(row["repository"].get("name"))] += at < limit
    if rows < total:
        return Stalled(found, Unread(Gap.NOT_COLLECTED, "the search counts more changes than it lists"))
    return Stalled(found)
