"""The application: from a request to an answer, without a socket; it reads and never writes."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from cnmm_reports.browse import POLICY, fault_page, list_page, trend_page
from cnmm_reports.exposition import join_metrics
from cnmm_scanner.faults import Fault
from cnmm_scanner.history.location import HistoryFault, Location
from cnmm_scanner.history.points import SCHEMA, join_points, point_of
from cnmm_scanner.serve.folder import (
    Place,
    find_places,
    list_bundles,
    read_assessment,
    sealed_assessment,
    write_metrics,
    write_report,
)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HTML, _JSON = "text/html; charset=utf-8", "application/json"
_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_KEYED = re.compile(r"/(report|assessment)/([0-9a-f]{32})")
_OWN_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')
_STRICT = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_WORDS = {
    400: "The request cannot be understood",
    401: "A token is needed",
    404: "There is no such page",
    405: "Nothing can be changed here",
    421: "This server is not known by that name",
    503: "What is kept cannot be read now",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: status, body, and every header but its length."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Application:
    """Answers requests from a folder of bundles and, where there is one, a history.

    Without a token only requests that name a loopback host are answered: a page of another site could
    otherwise have its own name resolved to this machine and read what is here.
    """

    root: Path
    history: Location | None = None
    token: str = field(default="", repr=False)

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a request; never raises for anything a request holds."""
        if self.token and not _authorised(headers.get("authorization", ""), self.token):
            return fault(401, {"WWW-Authenticate": 'Basic realm="cnmm", charset="UTF-8"'})
        if not self.token and not _is_loopback(headers.get("host", "")):
            return fault(421)
        if method not in ("GET", "HEAD"):
            return fault(405, {"Allow": "GET, HEAD"})
        try:
            parts = urlsplit(target)
            asked = parse_qs(parts.query, max_num_fields=8)
        except ValueError:
            return fault(400)
        return self._page(parts.path, asked)

    def _page(self, path: str, asked: Mapping[str, list[str]]) -> Answer:
        if path == "/":
            return self._list()
        if path == "/trend":
            return self._trend(asked.get("organisation", [""])[0])
        if path == "/metrics":
            return self._metrics()
        match = _KEYED.fullmatch(path)
        place = self._place(match[2]) if match else None
        if match is None or place is None:
            return fault(404)
        try:
            return _report(place) if match[1] == "report" else _answer(sealed_assessment(place), _JSON)
        except (Fault, KeyError, TypeError, OSError):
            # What is wrong with a bundle is said in the list; here it is as if it were not there.
            return fault(404)

    def _place(self, key: str) -> Place | None:
        return next((place for place in find_places(self.root) if place.key == key), None)

    def _list(self) -> Answer:
        bundles, hidden = list_bundles(self.root)
        names = {one.organisation for one in bundles if not one.fault}
        if self.history is not None:
            try:
                names |= self._kept()
            except HistoryFault:
                return fault(503)
        trends = [(name, f"/trend?organisation={quote(name, safe='')}") for name in sorted(names)]
        return _answer(list_page(bundles, trends, hidden), _HTML)

    def _metrics(self) -> Answer:
        """Return the gauges of each organisation's newest bundle that can be read."""
        newest = {one.organisation: one.key for one in reversed(list_bundles(self.root)[0]) if not one.fault}
        places = [place for place in find_places(self.root) if place.key in newest.values()]
        try:
            return _answer(join_metrics(write_metrics(place) for place in places), _METRICS)
        except (Fault, KeyError, TypeError, OSError):
            # Half of the organisations would look like a fall to whoever draws the sum.
            return fault(503)

    def _kept(self) -> set[str]:
        from cnmm_scanner.history.store import open_history

        if self.history is None:
            return set()
        with open_history(self.history) as history:
            return {one.organisation for one in history.entries()}

    def _trend(self, organisation: str) -> Answer:
        try:
            trend = self._kept_trend(organisation) or self._trend_of_bundles(organisation)
        except HistoryFault:
            return fault(503)
        return fault(404) if trend is None else _answer(trend_page(trend), _HTML)

    def _kept_trend(self, organisation: str) -> dict[str, Any] | None:
        from cnmm_scanner.history.store import open_history
        from cnmm_scanner.history.trend import build_trend

        if self.history is None or organisation not in self._kept():
            return None
        with open_history(self.history) as history:
            return build_trend(history, organisation)

    def _trend_of_bundles(self, organisation: str) -> dict[str, Any] | None:
        bundles, _ = list_bundles(self.root)
        keys = {one.key for one in bundles if not one.fault and one.organisation == organisation}
        places = [place for place in find_places(self.root) if place.key in keys]
        points = [point_of(read_assessment(place)) for place in places]
        if not points:
            return None
        about = {"schema": SCHEMA, "organisation": organisation, "subject": "organisation"}
        return {**about, **join_points(points)}


def _authorised(given: str, token: str) -> bool:
    """Compare a bearer token or the password of basic authentication, in time that says nothing."""
    kind, _, value = given.partition(" ")
    offered = value.strip().encode("utf-8", "replace")
    if kind.lower() == "basic":
        try:
            offered = base64.b64decode(value.strip(), validate=True).partition(b":")[2]
        except ValueError:
            offered = b""
    elif kind.lower() != "bearer":
        offered = b""
    return hmac.compare_digest(offered, token.encode())


def _is_loopback(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    return name.lower() in LOOPBACK


def _report(place: Place) -> Answer:
    page = write_report(place)
    own = _OWN_POLICY.search(page)
    # The page's own policy, which admits its one script by digest; without one nothing is admitted.
    policy = own[1].decode().replace("&#39;", "'") if own else "default-src 'none'"
    return _answer(page, _HTML, policy)


def _answer(body: bytes, kind: str, policy: str = POLICY, status: int = 200) -> Answer:
    guard = f"{policy}; frame-ancestors 'none'"
    return Answer(status, body, {"Content-Type": kind, "Content-Security-Policy": guard, **_STRICT})


def fault(status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """Return the page for a status, with what headers it needs beside the strict ones."""
    made = _answer(fault_page(status, _WORDS[status]), _HTML, status=status)
    return Answer(made.status, made.body, {**made.headers, **(headers or {})})
