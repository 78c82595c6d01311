"""The changes of a window and their reviews, a hundred in one request over the whole group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from cnmm_collectors.gitlab.client import Client
from cnmm_collectors.hosts.activity import Found, Stalled, Window, stalled_before
from cnmm_collectors.hosts.asking import unread
from cnmm_collectors.hosts.facts import Change, Organisation, Review, Unread, moment
from cnmm_collectors.hosts.tracker import spelled
from cnmm_collectors.plugin import Target
from cnmm_collectors.signals import Gap

ACTIVITY = "gitlab-activity"
_SIZE = 100
_BLOCKS = "REQUESTED_CHANGES"


@dataclass(frozen=True, slots=True)
class Asked:
    """The changes of a window and how they were asked for, which is cited."""

    window: Window
    said: str
    found: Found
    stalled: Stalled
    drawn: tuple[str, ...] = ()
    """The paths of the projects of a sample, where those alone were asked for."""


def predict(client: Client, target: Target, alone: bool, as_of: date) -> int:
    """Return the number of calls that the changes of the window will take."""
    kind, asked, window = _scope(client, target, alone, as_of)
    answer, _ = client.query(f"{asked}count", org=window.scope, **_span(window))
    count = answer.at(kind, "mergeRequests", "count") if answer is not None else None
    return 3 + -(-count // _SIZE) if isinstance(count, int) else 3


def read_changes(
    client: Client, target: Target, organisation: str, alone: bool, as_of: date, known: Organisation
) -> Asked:
    """Return the changes of the window, what blocks open ones, and how both were asked for.

    Of a sample its own projects are asked one by one, where that takes fewer calls than the whole.
    """
    kind, asked, window = _scope(client, target, alone, as_of)
    drawn = () if alone else _drawn(client, window, organisation, known)
    parts = (
        [_read(client, "project", "project ", each, organisation) for each in window.within(drawn)]
        if drawn
        else [_read(client, kind, asked, window, organisation)]
    )
    found = Found(
        [change for part in parts for change in part.changes], sum(part.counted for part in parts),
        next((part.why for part in parts if part.why is not None), None), bool(drawn),
    )  # fmt: skip
    stalled = _stalled(client, kind, asked, window, organisation, as_of)
    place = "each drawn project" if drawn else f"{kind} {window.scope}"
    return Asked(window, f"{place}: merged {window.start} to {window.end}", found, stalled, drawn)


def _drawn(client: Client, window: Window, organisation: str, known: Organisation) -> tuple[str, ...]:
    """Return the paths of the drawn projects, none where the whole window takes no more calls."""
    if known.draw is None:
        return ()
    answer, _ = client.query("count", org=window.scope, **_span(window))
    total = answer.at("group", "mergeRequests", "count") if answer is not None else None
    if not isinstance(total, int):
        return ()
    names = sorted(known.draw.names)
    share = total * len(names) // max(1, len(known.active))
    fewer = len(names) + share // _SIZE < -(-total // _SIZE)
    return tuple(f"{organisation}/{name}" for name in names) if fewer else ()


def _scope(client: Client, target: Target, alone: bool, as_of: date) -> tuple[str, str, Window]:
    window = Window(target.locator, as_of - timedelta(days=client.settings.activity_days), as_of)
    return ("project", "project ", window) if alone else ("group", "", window)


def _span(window: Window) -> dict[str, str]:
    return {"from": f"{window.start}T00:00:00Z", "to": f"{window.end + timedelta(days=1)}T00:00:00Z"}


def _read(client: Client, kind: str, asked: str, window: Window, organisation: str) -> Found:
    found = Found([])
    pages = client.connection(
        f"{asked}changes", (kind, "mergeRequests"), _SIZE, org=window.scope, **_span(window)
    )
    seen, repairs = 0, frozenset(client.settings.tracking.incidents)
    for answer, page in pages:
        found.counted = page.total if page.total is not None else found.counted
        miss = page.miss or answer.miss(kind, "mergeRequests", "nodes")
        found.why = found.why or (unread(miss) if miss is not None else None)
        seen += len(page.rows)
        for row in page.rows:
            change = change_of(row, organisation, client.settings.bots, repairs)
            if change is None:
                found.why = found.why or Unread(Gap.MALFORMED, "a change was withheld or is malformed")
            else:
                found.changes.append(change)
    if seen < found.counted and found.why is None:
        found.why = Unread(Gap.NOT_COLLECTED, "the host counts more changes than it lists")
    return found


def change_of(
    row: Any, organisation: str, bots: Iterable[str], repairs: frozenset[str] = frozenset()
) -> Change | None:
    """Return a merged change with its reviews, None where it is not readable.

    Whoever approved, or reviewed without approving, is listed without a time; the time of an approval is that
    of the host's own note about it. An approval without such a note leaves the change's reviews incomplete.
    """
    if not isinstance(row, Mapping):
        return None
    merged = moment(row.get("mergedAt"))
    asked = moment(row.get("preparedAt")) or moment(row.get("createdAt"))
    project = row.get("project")
    approved, reviewed, notes = (listed(row, key) for key in ("approvedBy", "reviewers", "notes"))
    if merged is None or asked is None or not isinstance(project, Mapping) or approved is None:
        return None
    times = approved_at(notes or ())
    name = str(project.get("fullPath", "")).removeprefix(f"{organisation}/")
    author, human = account(row.get("author"), bots)
    reviews = [_review(one, True, times, merged, bots) for one in approved]
    others = [one for one in reviewed or () if _interaction(one, "reviewed") is True]
    known = {review.author for review in reviews}
    reviews += [
        review for one in others
        if (review := _review(one, False, times, merged, bots)).author not in known
    ]  # fmt: skip
    timed = all(review.author in times for review in reviews if review.approves)
    whole = reviewed is not None and timed and not more(row, "approvedBy") and not more(row, "reviewers")
    merger, by_person = account(row.get("mergeUser"), bots)
    return Change(
        name, author, human, asked, merged, tuple(reviews), whole, merger if by_person else "", _begun(row),
        str(row.get("title", "")).startswith('Revert "') or bool(labels_of(row) & repairs),
    )  # fmt: skip


def _begun(row: Mapping[str, Any]) -> datetime | None:
    """Return when the first commit of a change was made, None where commits are hidden."""
    commits = listed(row, "commits")
    first = commits[-1] if commits else None
    return moment(first.get("authoredDate")) if isinstance(first, Mapping) else None


def labels_of(row: Mapping[str, Any]) -> frozenset[str]:
    """Return the labels of an issue or a change, as they are compared; a scoped label counts by its value."""
    titles = [str(one.get("title", "")) for one in listed(row, "labels") or () if isinstance(one, Mapping)]
    return frozenset(spelled(part) for title in titles for part in (title, title.rpartition("::")[2]))


def _review(
    user: Any, approves: bool, times: Mapping[str, datetime], merged: datetime, bots: Iterable[str]
) -> Review:
    login, human = account(user, bots)
    return Review(login, human, approves, times.get(login, merged))


def account(user: Any, bots: Iterable[str]) -> tuple[str, bool]:
    """Return an account and whether it is a person's; a deleted account was one."""
    if not isinstance(user, Mapping):
        return "", True
    login = str(user.get("username", ""))
    return login, not (user.get("bot") is True or login.lower().removesuffix("-bot") in bots)


def approved_at(notes: Iterable[Any]) -> dict[str, datetime]:
    """Return when each account last approved, by the host's own notes."""
    return _times(notes, "approved")


def _times(notes: Iterable[Any], action: str) -> dict[str, datetime]:
    """Return when each account last did something, by the host's own notes."""
    found: dict[str, datetime] = {}
    for note in notes:
        meta = note.get("systemNoteMetadata") if isinstance(note, Mapping) else None
        at = moment(note.get("createdAt")) if isinstance(note, Mapping) else None
        author = note.get("author") if isinstance(note, Mapping) else None
        if at and isinstance(meta, Mapping) and meta.get("action") == action and isinstance(author, Mapping):
            login = str(author.get("username", ""))
            found[login] = max(at, found.get(login, at))
    return found


def listed(row: Mapping[str, Any], key: str) -> list[Any] | None:
    """Return the nodes of a row's list, None where it is hidden."""
    found = row.get(key)
    nodes = found.get("nodes") if isinstance(found, Mapping) else None
    return nodes if isinstance(nodes, list) else None


def more(row: Mapping[str, Any], key: str) -> bool:
    """True where a row's list has more nodes than it shows, or does not say."""
    found = row.get(key)
    info = found.get("pageInfo") if isinstance(found, Mapping) else None
    return not isinstance(info, Mapping) or info.get("hasNextPage") is not False


def _interaction(user: Any, key: str) -> Any:
    found = user.get("mergeRequestInteraction") if isinstance(user, Mapping) else None
    return found.get(key) if isinstance(found, Mapping) else None


def _stalled(
    client: Client, kind: str, asked: str, window: Window, organisation: str, as_of: date
) -> Stalled:
    """Return, by project, the open changes that requested changes have blocked for more than 14 days."""
    limit = stalled_before(as_of)
    found: Counter[str] = Counter()
    before = limit.strftime("%Y-%m-%dT%H:%M:%SZ")
    place = (kind, "mergeRequests")
    pages = client.connection(f"{asked}stalled", place, _SIZE, org=window.scope, before=before)
    seen, total = 0, 0
    for answer, page in pages:
        miss = page.miss or answer.miss(kind, "mergeRequests", "nodes")
        if miss is not None:
            return Stalled(found, unread(miss))
        total, seen = page.total or total, seen + len(page.rows)
        for row in page.rows:
            blocked = _blocked(row, limit)
            if blocked is None:
                return Stalled(found, Unread(Gap.MALFORMED, "an open change came without its reviews"))
            found[str(row["project"].get("fullPath", "")).removeprefix(f"{organisation}/")] += blocked
    if seen < total:
        return Stalled(found, Unread(Gap.NOT_COLLECTED, "the host counts more changes than it lists"))
    return Stalled(found)


def _blocked(row: Any, limit: datetime) -> bool | None:
    if not isinstance(row, Mapping) or not isinstance(row.get("project"), Mapping):
        return None
    reviewers, notes = listed(row, "reviewers"), listed(row, "notes")
    if (
        reviewers is None
        or notes is None
        or not all(isinstance(one, Mapping) for one in (*reviewers, *notes))
    ):
        return None
    asking = {account(one, ())[0] for one in reviewers if _interaction(one, "reviewState") == _BLOCKS}
    times = _times(notes, "requested_changes")
    if any(times[login] < limit for login in asking if login in times):
        return True
    # Without the host's note nothing says since when.
    return False if asking <= times.keys() else None
