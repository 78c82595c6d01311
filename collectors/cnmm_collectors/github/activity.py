"""The changes of a window and their reviews, a hundred in one request over the whole organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.github.searching import Question, cost, count, keep_window, login_of, read_window
from cnmm_collectors.hosts.activity import Found, Stalled, Window, stalled_before
from cnmm_collectors.hosts.facts import Change, Review, Unread, moment
from cnmm_collectors.hosts.tracker import spelled
from cnmm_collectors.plugin import Target
from cnmm_collectors.signals import Gap

ACTIVITY = "github-activity"
_SIZE = 100


def asks(window: Window) -> str:
    """Return the search for the changes merged in a window."""
    return f"{window.scope} is:pr is:merged merged:{window.start}..{window.end} sort:created-asc"


CHANGES = Question("changes", asks, "mergedAt")


def predict(client: Client, target: Target, as_of: date, drawn: int, of: int) -> int:
    """Return the number of calls that the changes of the window will take for `drawn` of `of` places."""
    found = count(client, CHANGES, window_of(client, target, as_of))
    return 3 if isinstance(found, Unread) else 3 + cost(found, drawn, of)


def window_of(client: Client, target: Target, as_of: date) -> Window:
    """Return the days whose changes are read, and where."""
    return Window(scope_of(target), as_of - timedelta(days=client.settings.activity_days), as_of)


def scope_of(target: Target) -> str:
    """Return how a search is kept to a target."""
    return f"repo:{target.locator}" if "/" in target.locator else f"org:{target.locator}"


def read_changes(client: Client, window: Window, today: date, scopes: Sequence[str] = ()) -> Found:
    """Return the changes merged in the window, or in the places of a sample alone."""
    parts = [(each, read_window(client, CHANGES, each)) for each in window.within(scopes)]
    bots, repairs = client.settings.bots, frozenset(client.settings.tracking.incidents)
    changes = [_change(row, bots, repairs) for _, part in parts for row in part.rows]
    why = next((part.why for _, part in parts if part.why is not None), None)
    if why is None and None in changes:
        why = Unread(Gap.MALFORMED, "a change was withheld or is malformed")
    for each, part in parts if why is None else ():
        keep_window(client, CHANGES, each, today, part)
    counted = sum(part.counted for _, part in parts)
    return Found([one for one in changes if one is not None], counted, why, bool(scopes))


def _change(row: Mapping[str, Any], bots: Iterable[str], repairs: frozenset[str]) -> Change | None:
    merged = moment(row.get("mergedAt"))
    created = moment(row.get("publishedAt")) or moment(row.get("createdAt"))
    name, found = row.get("repository"), row.get("reviews")
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    if merged is None or created is None or not isinstance(name, Mapping) or not isinstance(nodes, list):
        return None
    if not shown_whole(row.get("labels")) or not shown_whole(row.get("commits")):
        return None
    login, human = login_of(row.get("author"), bots)
    reviews = tuple(one for node in nodes if (one := _review(node, bots)) is not None)
    total = found.get("totalCount") if isinstance(found, Mapping) else None
    merger, by_person = login_of(row.get("mergedBy"), bots)
    return Change(
        str(name.get("name")), login, human, created, merged, reviews, total == len(reviews),
        merger if by_person else "", _begun(row.get("commits")), _repairs(row, repairs),
    )  # fmt: skip


def _begun(commits: Any) -> Any:
    nodes = commits.get("nodes") if isinstance(commits, Mapping) else None
    first = nodes[0] if isinstance(nodes, list) and nodes else None
    commit = first.get("commit") if isinstance(first, Mapping) else None
    return moment(commit.get("authoredDate")) if isinstance(commit, Mapping) else None


def _repairs(row: Mapping[str, Any], words: frozenset[str]) -> bool:
    """True for a revert, which the host itself titles so, and for a change with the label of a repair."""
    return str(row.get("title", "")).startswith('Revert "') or bool(labels_of(row) & words)


def shown_whole(connection: Any) -> bool:
    """True where no row of a list is withheld; a list that is hidden is another matter."""
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    return not isinstance(nodes, list) or all(isinstance(one, Mapping) for one in nodes)


def labels_of(row: Mapping[str, Any]) -> frozenset[str]:
    """Return the labels of an issue or a change, as they are compared."""
    found = row.get("labels")
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    named = [one for one in nodes if isinstance(one, Mapping)] if isinstance(nodes, list) else []
    return frozenset(spelled(str(one.get("name", ""))) for one in named)


def _review(node: Any, bots: Iterable[str]) -> Review | None:
    at = moment(node.get("submittedAt")) if isinstance(node, Mapping) else None
    if at is None or not isinstance(node.get("author"), Mapping):
        return None
    login, human = login_of(node.get("author"), bots)
    return Review(login, human, node.get("state") == "APPROVED", at)


def read_stalled(client: Client, scope: str, as_of: date) -> Stalled:
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
