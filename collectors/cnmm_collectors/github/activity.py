"""The changes of a window and their reviews, a hundred in one request over the whole organisation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.github.client import Client, unread
from cnmm_collectors.hosts.changes import (
    SIGNALS,
    STALLED,
    TWO_PERSONS,
    Belonging,
    change_readings,
    stalled_reading,
    two_persons,
)
from cnmm_collectors.hosts.facts import Change, Organisation, Read, Repository, Review, Unread
from cnmm_collectors.hosts.ownership import Ownership
from cnmm_collectors.hosts.signals import Namer
from cnmm_collectors.plugin import LedgerRow, Target, Yield
from cnmm_collectors.signals import Gap, Observed, Reading, Signal, Unknown

ACTIVITY = "github-activity"
STALLED_DAYS = 14
_MOST = 1_000
_SIZE = 100
_FILL = 800


@dataclass(frozen=True, slots=True)
class _Window:
    scope: str
    start: date
    end: date

    def asks(self) -> str:
        """Return the search for the changes merged in the window, both days included."""
        return f"{self.scope} is:pr is:merged merged:{self.start}..{self.end} sort:created-asc"

    def split(self, parts: int) -> list[_Window]:
        """Return the window in parts of whole days, at least one day each."""
        days = (self.end - self.start).days + 1
        parts = max(1, min(parts, days))
        edges = [self.start + timedelta(days=days * i // parts) for i in range(parts + 1)]
        return [_Window(self.scope, first, last - timedelta(days=1)) for first, last in pairwise(edges)]


@dataclass(slots=True)
class _Found:
    changes: list[Change]
    counted: int = 0
    why: Unread | None = None


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
    found = _read(client, window)
    stalled, stalled_why = _stalled(client, window.scope, as_of)
    belonging = _belonging(ownership)
    changes: dict[str, list[Change]] = defaultdict(list)
    for change in found.changes:
        changes[change.repository].append(change)
    for one in organisation.active:
        cite = _cite(client, window, one, changes[one.name])
        readings = _readings(one, changes[one.name], found.why, belonging, cite)
        readings[STALLED] = (
            Unknown(stalled_why.gap, stalled_why.detail) if stalled_why
            else stalled_reading(stalled[one.name], one.open_changes, cite)
        )  # fmt: skip
        yield from (Signal(key, namer.repo(one.name), "github", readings[key]) for key in SIGNALS)
        if two_persons(changes[one.name]):
            yield Signal(TWO_PERSONS, namer.component(one.name), "github", Observed(True, cite))
    read = len(found.changes)
    yield LedgerRow(
        "github", "change", str(namer.org), max(found.counted, read), read,
        failed=max(found.counted, read) - read, cause=found.why.gap.value if found.why else "",
        detail=found.why.detail if found.why else f"merged {window.start} to {window.end}",
    )  # fmt: skip


def _readings(
    one: Repository,
    changes: list[Change],
    why: Unread | None,
    belonging: Belonging,
    cite: tuple[Evidence, ...],
) -> dict[str, Reading]:
    if why is None and one.open_changes is None:
        # A search leaves out in silence what may not be read; another list of the same kind would have shown.
        why = Unread(Gap.NOT_PERMITTED, "changes are hidden; needs pull requests: read")
    if why is not None:
        return {key: Unknown(why.gap, why.detail) for key in SIGNALS}
    demanded = one.rules.value.approvals if isinstance(one.rules, Read) else None
    return change_readings(one.name, changes, belonging, demanded, cite)


def _window(client: Client, target: Target, as_of: date) -> _Window:
    scope = f"repo:{target.locator}" if "/" in target.locator else f"org:{target.locator}"
    return _Window(scope, as_of - timedelta(days=client.settings.activity_days), as_of)


def _count(client: Client, window: _Window) -> int | Unread:
    answer, outcome = client.query("count", q=window.asks())
    count = answer.at("search", "issueCount") if answer is not None else None
    return count if isinstance(count, int) else unread(outcome)


def _read(client: Client, window: _Window) -> _Found:
    """Return the changes of the window; a search gives a thousand at most, so it is split by days."""
    found = _Found([])
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


def _take(client: Client, part: _Window, found: _Found) -> list[_Window]:
    """Read one part; return its halves instead where the search would cut it off."""
    seen, total = 0, 0
    for answer, page in client.connection("changes", ("search",), _SIZE, q=part.asks()):
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
        _moment(row.get("mergedAt")),
        _moment(row.get("publishedAt")) or _moment(row.get("createdAt")),
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
    at = _moment(node.get("submittedAt")) if isinstance(node, Mapping) else None
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


def _belonging(ownership: Ownership | Unread) -> Belonging:
    if isinstance(ownership, Unread):
        return Belonging(None, {})
    teams: dict[str, set[str]] = defaultdict(set)
    for team in ownership.teams:
        for member in team.members or ():
            teams[member].add(team.slug)
    whole = ownership.whole and all(team.members is not None for team in ownership.teams)
    known = {member: frozenset(slugs) for member, slugs in teams.items()}
    return Belonging(known if whole else None, ownership.belongs)


def _stalled(client: Client, scope: str, as_of: date) -> tuple[Counter[str], Unread | None]:
    """Return, by repository, the open changes that requested changes have blocked for more than 14 days."""
    asked = f"{scope} is:pr is:open draft:false review:changes_requested sort:created-asc"
    limit = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) - timedelta(days=STALLED_DAYS)
    found: Counter[str] = Counter()
    rows, total = 0, 0
    for answer, page in client.connection("stalled", ("search",), _SIZE, q=asked):
        miss = page.miss or answer.miss("search", "nodes")
        if miss is not None:
            return found, unread(miss)
        total, rows = page.total or 0, rows + len(page.rows)
        for row in page.rows:
            nodes = row["reviews"].get("nodes") if isinstance(row, Mapping) and row.get("reviews") else None
            at = _moment(nodes[0].get("submittedAt")) if nodes and isinstance(nodes[0], Mapping) else None
            if at is None or not isinstance(row.get("repository"), Mapping):
                return found, Unread(Gap.MALFORMED, "an open change came without its review")
            found[str(row["repository"].get("name"))] += at < limit
    if rows < total:
        return found, Unread(Gap.NOT_COLLECTED, "the search counts more changes than it lists")
    return found, None


def _cite(client: Client, window: _Window, one: Repository, changes: list[Change]) -> tuple[Evidence, ...]:
    approved = sum(any(review.approves for review in change.reviews) for change in changes)
    shown = {"repository": one.name, "merged": len(changes), "with an approval": approved,
             "open": one.open_changes}  # fmt: skip
    return (client.cite(window.asks(), shown),)


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
