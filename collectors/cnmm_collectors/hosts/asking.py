"""Asking a Git host: lists by the page, GraphQL with partial answers, every answer classified and citable."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urljoin

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.hosts.facts import Unread
from cnmm_collectors.hosts.outcomes import Kind, Outcome, classify, classify_error, of_fault, worst
from cnmm_collectors.hosts.shrinking import Question, shrink
from cnmm_collectors.plugin import HttpSession, LedgerRow, Reader
from cnmm_collectors.reader.http import Authorise, HttpFault
from cnmm_collectors.signals import Gap

MOST_PAGES = 5_000
MOST_CUTS = 5
"""How often a question is made shorter for a host that does not know part of it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of a paged list; `miss` says why it is not whole. `total` is what the host counts, or None."""

    rows: tuple[Any, ...]
    miss: Outcome | None
    total: int | None = None

    @property
    def complete(self) -> bool:
        """True where every row was read."""
        return self.miss is None and (self.total is None or len(self.rows) >= self.total)

    def unread(self) -> Unread:
        """Return why the list is not whole."""
        return (
            unread(self.miss)
            if self.miss
            else Unread(Gap.NOT_COLLECTED, "the host counts more than it lists")
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL answer: its data, and what each error says of the field at its path.

    `lost` are the paths, without positions, that the host was not asked for since it does not know them.
    """

    data: Mapping[str, Any]
    errors: tuple[tuple[tuple[str | int, ...], Outcome], ...] = ()
    lost: tuple[tuple[tuple[str, ...], Outcome], ...] = ()

    def at(self, *path: str | int) -> Any:
        """Return the value at a path, None where there is none."""
        found: Any = self.data
        for step in path:
            if isinstance(found, Mapping) and isinstance(step, str):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def miss(self, *path: str | int) -> Outcome | None:
        """Return what errors say of the field at a path, of what it is part of, or of a part of it."""
        steps = tuple(step for step in path if isinstance(step, str))
        near = [
            outcome for place, outcome in self.errors
            if place[: len(path)] == path[: len(place)] or not place
        ]  # fmt: skip
        near += [outcome for place, outcome in self.lost if place[: len(steps)] == steps[: len(place)]]
        return worst(near) if near else None


class Spare(str):
    """A question of which what the host does not know is left out, by its name or written out.

    Its reader asks the answer for a miss wherever a field is not there.
    """


@dataclass(slots=True)
class Tally:
    """What was asked of the API, one ledger row at the end."""

    asked: int = 0
    answered: int = 0
    refused: dict[str, int] = field(default_factory=dict)


class Client(ABC):
    """A Git host, for one piece of work; a host's own client only sends what it is asked to.

    `base` is the address of its REST API, `graphql` that of its GraphQL API, `queries` its questions by name.
    """

    source: str
    base: str
    graphql: str
    queries: Mapping[str, str]

    def __init__(self, reader: Reader, session: HttpSession) -> None:
        """Count what is asked through an open session."""
        self._reader, self._session = reader, session
        self._tally = Tally()
        self.shrunk: dict[tuple[str, str], Question] = {}
        """Questions without what a host does not know, by its address and the whole text; may be shared."""
        self.headers: Mapping[str, str] = {}

    @abstractmethod
    def send(self, verb: str, url: str, body: Any) -> tuple[int, Mapping[str, str], str]:
        """Return status, lower-case headers and text of an answer; raises HttpFault."""

    def get(self, path: str, **parameters: Any) -> tuple[Any, Outcome]:
        """Return the decoded body and what the answer means; a fault of transport is an outcome too."""
        return self._ask("GET", f"{self.base}{path}?{urlencode(sorted(parameters.items()))}".rstrip("?"))

    def listing(self, path: str, until: Callable[[Any], bool] | None = None, **parameters: Any) -> Listing:
        """Return all rows of a list, or up to the first row for which `until` holds."""
        url = f"{self.base}{path}?{urlencode(sorted({**parameters, 'per_page': 100}.items()))}"
        rows: list[Any] = []
        seen: set[str] = set()
        pages: set[int] = set()
        total: int | None = None
        for _ in range(MOST_PAGES):
            seen.add(url)
            body, outcome = self._ask("GET", url)
            if outcome.kind is not Kind.PRESENT:
                return Listing(tuple(rows), outcome, total)
            if not isinstance(body, list):
                return Listing(tuple(rows), Outcome(Kind.MALFORMED, "the host gave no list"), total)
            counted = self.counted()
            # The last page counts what came in between too.
            total = counted if counted is not None else total
            for row in body:
                if until is not None and until(row):
                    return Listing(tuple(rows), None)
                rows.append(row)
            following = self._next(url)
            if not following:
                return Listing(tuple(rows), None, total)
            page = hash(json.dumps(body, sort_keys=True))
            if following in seen or page in pages or not body:
                break
            pages.add(page)
            url = following
        return Listing(tuple(rows), Outcome(Kind.MALFORMED, "the host pages without end"), total)

    def query(self, name: str, /, **variables: Any) -> tuple[Answer | None, Outcome]:
        """Return a GraphQL answer, partial ones too; None with the reason where there is no data at all.

        A question is given by its name, or is written out.
        """
        key = (self.graphql, self.queries.get(name, name))
        for _ in range(MOST_CUTS):
            asked = self.shrunk.get(key) or Question(key[1])
            answer, outcome, errors = self._put(asked.text, variables)
            shorter = shrink(asked, errors) if errors and isinstance(name, Spare) else None
            if shorter is None:
                return answer and replace(answer, lost=asked.lost), outcome
            self.shrunk[key] = shorter
        return answer, outcome

    def _put(self, text: str, variables: Any) -> tuple[Answer | None, Outcome, Sequence[Any]]:
        """Return the answer to a text; where there is no data, the host's errors about the text as well."""
        for last in (False, True):
            body, outcome = self._ask("POST", self.graphql, {"query": text, "variables": variables})
            if outcome.kind is not Kind.PRESENT:
                return None, outcome, ()
            answer, outcome = _answer(body)
            if outcome.kind is not Kind.RATE_LIMITED or last:
                return answer, outcome, body["errors"] if outcome.kind is Kind.UNSUPPORTED else ()
        return None, Outcome(Kind.ERROR, "the host gave no answer"), ()

    def connection(
        self, name: str, path: Sequence[str | int], size: int, /, key: str = "nodes",
        after: str | None = None, **variables: Any,
    ) -> Iterator[tuple[Answer, Listing]]:  # fmt: skip
        """Yield a connection page by page, each with its answer; a last page with `miss` is not the end.

        A page the host cannot deliver in time is asked for again at half the size, down to one row.
        """
        seen: set[str | None] = set()
        while True:
            answer, outcome = self.query(name, n=size, after=after, **variables)
            if answer is None and outcome.kind is Kind.ERROR and size > 1:
                size = max(1, size // 2)
                continue
            found = answer.at(*path) if answer is not None else None
            if answer is None or not isinstance(found, Mapping) or not isinstance(found.get(key), list):
                reason = (answer.miss(*path) if answer is not None else outcome) or _HOLLOW
                yield answer or Answer({}), Listing((), reason)
                return
            seen.add(after)
            total, more, after = _page(found)
            miss = _ENDLESS if more and (after in seen or not found[key]) else _uncounted(answer, path)
            yield answer, Listing(tuple(found[key]), miss, total)
            if not more or miss is _ENDLESS:
                return

    def cite(self, what: str, payload: Any, *, path: str = "", note: str = "", status: int = 200) -> Evidence:
        """Cite part of an answer: the REST path, or GraphQL where empty; accounts must not be in it."""
        text = json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
        verb, url = ("GET", f"{self.base}{path}") if path else ("POST", self.graphql)
        return self._reader.cite(
            locator=f"{verb} {url} {status}", query=what, payload=text.encode("utf-8", "surrogatepass"),
            excerpt=note or text,
        )  # fmt: skip

    def ledger(self, about: str) -> LedgerRow:
        """Return what became of the requests of this piece of work."""
        tally, count = self._tally, self._session.count
        causes = ", ".join(f"{number} {cause}" for cause, number in sorted(tally.refused.items()))
        return LedgerRow(
            self.source, "request", about, tally.asked, tally.answered, failed=tally.asked - tally.answered,
            cause=causes, detail=f"{count.calls} calls on the network, {count.kept} unchanged",
        )  # fmt: skip

    def _ask(self, verb: str, url: str, body: Any = None) -> tuple[Any, Outcome]:
        self._tally.asked += 1
        found, outcome = self._fetch(verb, url, body)
        if outcome.kind is Kind.PRESENT:
            self._tally.answered += 1
        else:
            self._tally.refused[outcome.kind.value] = self._tally.refused.get(outcome.kind.value, 0) + 1
        return found, outcome

    def _fetch(self, verb: str, url: str, body: Any) -> tuple[Any, Outcome]:
        self.headers = {}
        try:
            status, self.headers, text = self.send(verb, url, body)
        except HttpFault as fault:
            return None, of_fault(fault.gap, str(fault))
        try:
            found = json.loads(text) if text else None
        except (ValueError, RecursionError):
            if status < 400:
                return None, Outcome(Kind.MALFORMED, "the host did not answer with JSON")
            found = None
        return found, classify(status, self.headers, found)

    def counted(self) -> int | None:
        """Return how many rows the last answer says its list has, None where it does not say."""
        text = self.headers.get("x-total", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None

    def _next(self, url: str) -> str:
        """Return the next page's URL out of the last answer's Link header, empty at the end."""
        for part in self.headers.get("link", "").split(","):
            target, _, rest = part.partition(";")
            if 'rel="next"' in rest:
                return urljoin(url, target.strip().strip("<>"))
        return ""


_HOLLOW = Outcome(Kind.MALFORMED, "the host left out what was asked for")
_ENDLESS = Outcome(Kind.MALFORMED, "the host pages without end")


def token_keys(reader: Reader) -> list[tuple[str, Authorise]]:
    """Return what authorises requests by each token, under a name that says nothing of its value."""
    door = reader.http
    return [
        (f"{door.credential}-{position}", _bearer(value)) for position, value in enumerate(door.secrets())
    ]


def _bearer(value: str) -> Authorise:
    return lambda: {"Authorization": f"Bearer {value}"}


def unread(outcome: Outcome) -> Unread:
    """Return an outcome as the reason why a fact was not read."""
    return Unread(outcome.gap, outcome.explain())


def _uncounted(answer: Answer, path: Sequence[str | int]) -> Outcome | None:
    """Return why a list may go on or hold more than it shows: the host cannot be asked for either."""
    size = len(path)
    parts = ("totalCount", "pageInfo")
    return next(
        (miss for place, miss in answer.lost if place[:size] == tuple(path) and place[size] in parts), None
    )


def _page(found: Mapping[str, Any]) -> tuple[int | None, bool, str | None]:
    info = found.get("pageInfo")
    total = found.get("totalCount", found.get("issueCount", found.get("count")))
    if not isinstance(info, Mapping):
        return (total if isinstance(total, int) else None), False, None
    cursor = info.get("endCursor")
    return (
        total if isinstance(total, int) else None,
        info.get("hasNextPage") is True,
        cursor if isinstance(cursor, str) else None,
    )


def _answer(body: Any) -> tuple[Answer | None, Outcome]:
    if not isinstance(body, Mapping):
        return None, Outcome(Kind.MALFORMED, "the host gave no GraphQL answer")
    listed = body.get("errors")
    raw = listed if isinstance(listed, list) else []
    errors = tuple((_path(one), classify_error(one)) for one in raw)
    data = body.get("data")
    if isinstance(data, Mapping) and any(value is not None for value in data.values()):
        limited = next((one for _, one in errors if one.kind is Kind.RATE_LIMITED), None)
        return Answer(data, errors), limited or Outcome(Kind.PRESENT, "")
    return None, worst(one for _, one in errors) if errors else _HOLLOW


def _path(error: Any) -> tuple[str | int, ...]:
    path = error.get("path") if isinstance(error, Mapping) else None
    return tuple(step for step in path if isinstance(step, str | int)) if isinstance(path, list) else ()
