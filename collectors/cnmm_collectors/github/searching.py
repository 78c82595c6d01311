"""Searching a window whole: split by days where a search gives no more, and read anew only what moved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.hosts.activity import Window
from cnmm_collectors.hosts.facts import Organisation, Unread
from cnmm_collectors.signals import Gap

_MOST, _FILL, _SIZE, _LONGEST = 1_000, 800, 100, 160
"""A search lists so many at most; so many are hoped for in one; a page holds so many; places are so long."""
_TOGETHER = 5
"""Repositories that one search of a sample holds, about."""


@dataclass(frozen=True, slots=True)
class Question:
    """A search over days: its query's name, how it is asked, which day of a row the window is about."""

    name: str
    asks: Callable[[Window], str]
    day: str


@dataclass(slots=True)
class Rows:
    """The rows of a window, how many the host counts, and why some are missing where some are."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    counted: int = 0
    why: Unread | None = None


def scopes_of(
    client: Client, organisation: Organisation, login: str, question: Question, window: Window
) -> tuple[str, ...]:
    """Return the places of a sample, a few repositories in each; none where the whole takes no more calls."""
    if organisation.draw is None:
        return ()
    names = sorted(organisation.draw.names)
    places = tuple(_grouped([f"repo:{login}/{name}" for name in names]))
    known = client.counts.get(question.asks(window))
    total = known if known is not None else count(client, question, window)
    if isinstance(total, Unread):
        return ()
    share = total * len(names) // max(1, len(organisation.active))
    return places if len(places) + -(-share // _SIZE) < -(-total // _SIZE) else ()


def cost(rows: int, drawn: int, of: int) -> int:
    """Return about how many calls the rows of a window take, or those of a sample where that is less."""
    whole = -(-rows * 12 // (_SIZE * 10))
    if drawn >= of:
        return whole
    return min(whole, -(-drawn // _TOGETHER) + -(-rows * drawn * 12 // (of * _SIZE * 10)))


def _grouped(names: Iterable[str]) -> Iterator[str]:
    """Yield places in one search each, as long as a search may be."""
    group = ""
    for name in names:
        if group and len(group) + len(name) >= _LONGEST:
            yield group
            group = ""
        group = f"{group} {name}".strip()
    if group:
        yield group


def count(client: Client, question: Question, window: Window, more: str = "") -> int | Unread:
    """Return how many rows a window holds, for the price of one call."""
    asked = question.asks(window) + more
    answer, outcome = client.query("count", q=asked)
    found = answer.at("search", "issueCount") if answer is not None else None
    if not isinstance(found, int):
        return unread(outcome)
    client.counts[asked] = found
    return found


def read_window(client: Client, question: Question, window: Window) -> Rows:
    """Return the rows of a window: those kept from an earlier scan, and those that moved since."""
    name = _name(client, question, window)
    kept = _recall(client, name, question, window)
    found = _refresh(client, question, window, kept) if kept is not None else None
    return found if found is not None else _read(client, question, window)


def keep_window(client: Client, question: Question, window: Window, today: date, found: Rows) -> None:
    """Keep the rows of a window for the next scan, once all of them were understood."""
    kept = {"start": str(window.start), "today": str(today), "rows": found.rows}
    client.keeping.remember(_name(client, question, window), kept)


def _name(client: Client, question: Question, window: Window) -> str:
    text = hashlib.sha256(client.queries[question.name].encode()).hexdigest()
    return f"{client.base} {question.name} {window.scope} {text}"


def _recall(client: Client, name: str, question: Question, window: Window) -> _Kept | None:
    """Return the rows kept of the window; None where it begins before what is kept."""
    found = client.keeping.recall(name)
    try:
        start, today = (date.fromisoformat(found[key]) for key in ("start", "today"))
        rows = {
            row["id"]: row for row in found["rows"]
            if window.start <= date.fromisoformat(row[question.day][:10]) <= window.end
        }  # fmt: skip
    except (TypeError, KeyError, ValueError):
        return None
    return _Kept(today, rows) if start <= window.start else None


@dataclass(frozen=True, slots=True)
class _Kept:
    today: date
    rows: dict[str, Mapping[str, Any]]


def _refresh(client: Client, question: Question, window: Window, kept: _Kept) -> Rows | None:
    """Return the window with what moved since it was kept; None where the host counts otherwise.

    Whatever changes in a row moves it, so that what has not moved is as it was; what is gone, or came from
    elsewhere without moving, is seen in the count.
    """
    # A day earlier: a scan lasts a while, and the host's clock is its own.
    since = f" updated:>={kept.today - timedelta(days=1)}"
    total = count(client, question, window)
    moved = Rows()
    for answer, page in client.connection(question.name, ("search",), _SIZE, q=question.asks(window) + since):
        if page.miss is not None or answer.miss("search") is not None or (page.total or 0) > _MOST:
            return None
        moved.rows += [row for row in page.rows if isinstance(row, Mapping) and row.get("id")]
    rows = {**kept.rows, **{str(row["id"]): row for row in moved.rows}}
    return Rows(list(rows.values()), len(rows)) if total == len(rows) else None


def _read(client: Client, question: Question, window: Window) -> Rows:
    """Return a window; its first page tells how many rows there are where nobody counted them before."""
    found = Rows()
    whole: int | None = None
    known = client.counts.pop(question.asks(window), 0)
    waiting = window.split(-(-known // _FILL)) if known > _MOST else [window]
    while waiting and found.why is None:
        total, parts = _take(client, question, waiting.pop(0), found)
        whole = total if whole is None and known <= _MOST else whole
        waiting = [*parts, *waiting]
    if found.why is None and found.counted < known:
        # Something may be gone since it was counted.
        again = count(client, question, window)
        whole = again if isinstance(again, int) else known
    if found.why is None and found.counted < (whole or 0):
        found.why = Unread(Gap.NOT_COLLECTED, "the parts of a search count less than the whole")
    return found


def _take(client: Client, question: Question, part: Window, found: Rows) -> tuple[int, list[Window]]:
    """Read one part; return how many rows it has, and its own parts where the search would cut it off."""
    seen, total = 0, 0
    for answer, page in client.connection(question.name, ("search",), _SIZE, q=question.asks(part)):
        if page.miss is not None:
            found.why = unread(page.miss)
            break
        total = page.total or 0
        if total > _MOST:
            if part.start == part.end:
                found.why = Unread(Gap.NOT_COLLECTED, "more than 1000 in a day: a search gives no more")
                break
            return total, part.split(max(2, -(-total // _FILL)))
        miss = answer.miss("search", "nodes")
        found.why = unread(miss) if miss is not None else found.why
        seen += len(page.rows)
        found.rows += [row for row in page.rows if isinstance(row, Mapping)]
        if not all(isinstance(row, Mapping) for row in page.rows):
            found.why = found.why or Unread(Gap.MALFORMED, "a row was withheld")
    found.counted += total
    if seen < total and found.why is None:
        found.why = Unread(Gap.NOT_COLLECTED, "the search counts more than it lists")
    return total, []


def login_of(account: Any, bots: Iterable[str]) -> tuple[str, bool]:
    """Return an account and whether it is a person's; a deleted account was one."""
    if not isinstance(account, Mapping):
        return "", True
    login = str(account.get("login", ""))
    bare = login.lower().removesuffix("[bot]")
    return login, not (account.get("__typename") == "Bot" or bare != login.lower() or bare in bots)


def today_of(text: str) -> date:
    """Return the day of the run's start."""
    return datetime.fromisoformat(text).astimezone(UTC).date()
