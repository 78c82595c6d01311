"""One pass over the whole history: when each path first came, when it last really changed, and who changed
what in the windows.

Parsing is on bytes. A random mark that no file name and no subject can guess starts each commit.
"""

from __future__ import annotations

import re
import secrets
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from cnmm_collectors.git.dating import Dating
from cnmm_collectors.git.people import People

DAY = 86_400
_EARLIEST = 2 * 365 * DAY  # 1972: older is the mark of a broken clock or a converter
_SLACK = DAY
_FEW = 10
# Every way begins with a letter, so that the search leaps from one such letter to the next.
_MASS = re.compile(
    rb"format(?<!\wformat)(t(ed|ing))?\b|reformat(?<!\wreformat)(t(ed|ing))?\b|white[- ]?space|trailing space"
    rb"|line endings|crlf|licen[cs]e (header|year)|copyright|spdx|gofmt|goimports|prettier"
    rb"|lint(?<!\wlint)(ing|er)?\b|apply black|run black|indentation|boilerplate header"
)


@dataclass(frozen=True, slots=True)
class Change:
    """One commit within the windows: `when` in epoch seconds, persons by number (none where a bot made it).

    `ids` and `letters` are the touched paths and git's status letter of each; empty for a bulk edit.
    """

    when: int
    sha: bytes
    parents: tuple[bytes, ...]
    people: tuple[int, ...]
    bulk: bool
    ids: array[int]
    letters: bytes


@dataclass(slots=True)
class History:
    """What one pass found; dates in epoch seconds, by path for what is tracked at the scanned commit.

    `added` holds the paths that some dated commit was seen to add, `first` the oldest date of all.
    """

    people: People
    paths: list[str]
    changes: list[Change] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    first: int | None = None
    commits: int = 0
    undated: int = 0
    bulk: int = 0
    bots: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """From when on commits are kept in detail, and the last second of the audit day, in epoch seconds."""

    start: int
    end: int

    @classmethod
    def until(cls, as_of: date, days: int) -> Window:
        """Return the window of so many days that ends with the audit day."""
        last = datetime.combine(as_of, datetime.max.time(), UTC).replace(microsecond=0)
        return cls(int((last - timedelta(days=days)).timestamp()), int(last.timestamp()))

    def date_of(self, times: bytes) -> int | None:
        """Return the committer's time of `committed authored`, the author's where that one is impossible,
        None where both are.
        """
        for text in times.split(b" "):
            moment = _second(text)
            if _EARLIEST < moment <= self.end:
                return moment
            if self.end < moment <= self.end + _SLACK:
                return self.end
        return None


def command(commit: str) -> tuple[tuple[str, ...], bytes]:
    """Return git's arguments for the pass, and the mark that starts each commit."""
    mark = secrets.token_hex(12)
    fields = (
        "%H %P%x00%ct %at%x00%aE%x00%aN%x00%(trailers:key=Co-authored-by,valueonly,separator=%x03)%x00%s%x00"
    )
    arguments = ("log", "-z", "-c", "--raw", "--no-abbrev", "--no-renames", "--no-color", "--use-mailmap",
                 "--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-notes",
                 "--ignore-submodules=all",
                 f"--format={mark}{fields}", "--end-of-options", commit, "--")  # fmt: skip
    return arguments, mark.encode()


def commits(chunks: Iterable[bytes], mark: bytes) -> Iterator[bytes]:
    """Yield each commit's bytes without the mark."""
    waiting: list[bytes] = []
    tail = b""
    for chunk in chunks:
        # The mark may lie across two chunks, so the last bytes are looked at again.
        joined = tail + chunk
        if mark not in joined:
            cut = max(0, len(joined) - len(mark))
            waiting.append(joined[:cut])
            tail = joined[cut:]
            continue
        *whole, tail = (b"".join(waiting) + joined).split(mark)
        waiting.clear()
        yield from whole
    last = b"".join(waiting) + tail
    if last:
        yield last


class Parser:
    """Builds a History from the commits, newest first."""

    def __init__(
        self,
        tracked: Mapping[str, str],
        window: Window,
        people: People,
        ignored: frozenset[bytes] = frozenset(),
    ) -> None:
        """Prepare for the paths tracked at the scanned commit, each with its object id; `ignored` are commits
        listed as mass edits.
        """
        self._window, self._ignored = window, ignored
        raw = {path.encode("utf-8", "surrogateescape"): oid.encode() for path, oid in tracked.items()}
        self._index = {path: number for number, path in enumerate(raw)}
        self._dating = Dating(raw)
        self._limit = max(50, len(raw) // 5)
        self.history = History(people, list(tracked))

    def feed(self, stream: Iterable[bytes]) -> History:
        """Return the history that the commits tell; names and addresses are forgotten."""
        for raw in stream:
            if raw:
                self._commit(raw)
        history = self.history
        history.changed, history.added, history.unclear = self._dating.settle(history.paths)
        history.people.forget()
        return history

    def _commit(self, raw: bytes) -> None:
        head, times, address, name, trailers, subject, rest = raw.split(b"\0", 6)
        fields = rest.lstrip(b"\0\n").split(b"\0")
        rows, paths = fields[0:-1:2], fields[1::2]
        when = self._window.date_of(times)
        history = self.history
        history.commits += 1
        # A few files are never a bulk edit, and nearly all commits have few.
        bulk = len(rows) >= _FEW and self._is_bulk(rows, subject, head)
        history.bulk += bulk
        if when is None:
            history.undated += 1
        else:
            if history.first is None or when < history.first:
                history.first = when
            if when > self._window.start:
                self._keep(when, head.split(), (name, address, trailers), bulk, rows, paths)
        self._dating.date(when, bulk, rows, paths)
        if b"A\0" in rest:
            self._dating.add(when, rows, paths)

    def _is_bulk(self, rows: Sequence[bytes], subject: bytes, head: bytes) -> bool:
        """True for an edit of so many existing files that it says nothing of any; added files are real."""
        announced = _MASS.search(subject.lower()) is not None or head[: head.find(b" ")] in self._ignored
        if not announced and len(rows) <= self._limit:
            return False
        letters = _letters(rows)
        added = letters.count(b"A")
        removed = letters.count(b"D")
        existing = len(letters) - added - removed + min(added, removed)
        return existing > self._limit or (announced and not added and not removed)

    def _keep(
        self, when: int, shas: Sequence[bytes], who: tuple[bytes, bytes, bytes],
        bulk: bool, rows: Sequence[bytes], paths: Sequence[bytes],
    ) -> None:  # fmt: skip
        history = self.history
        author = history.people.identify(who[0], who[1])
        people: tuple[int, ...] = ()
        if author >= 0:
            people = (author, *history.people.trailers(who[2])) if who[2] else (author,)
            people = tuple(dict.fromkeys(person for person in people if person >= 0))
        else:
            history.bots += 1
        touched = () if bulk else paths
        ids = array("I", map(self._number, touched))
        status = b"".join([letter[:1] for letter in _letters(rows)]) if touched else b""
        history.changes.append(Change(when, shas[0], tuple(shas[1:]), people, bulk, ids, status))

    def _number(self, path: bytes) -> int:
        number = self._index.get(path)
        if number is None:
            number = self._index[path] = len(self.history.paths)
            self.history.paths.append(path.decode("utf-8", "surrogateescape"))
        return number


def _letters(rows: Iterable[bytes]) -> list[bytes]:
    """Return git's status of each row: one letter, for a merge one for each parent."""
    return [row.rpartition(b" ")[2] for row in rows]


def _second(text: bytes) -> int:
    """Return epoch seconds, 0 where a commit's own line is broken."""
    return int(text) if len(text) < 16 and text.isdigit() else 0


def ignored_commits(listing: bytes) -> frozenset[bytes]:
    """Return the commits a `.git-blame-ignore-revs` file lists."""
    rows = (row.split(b"#", 1)[0].strip() for row in listing.split(b"\n"))
    return frozenset(row for row in rows if re.fullmatch(rb"[0-9a-f]{40,64}", row))


def day_of(moment: int) -> date:
    """Return the UTC day of an epoch second."""
    return datetime.fromtimestamp(moment, UTC).date()
