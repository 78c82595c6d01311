"""Requests to one origin: limits, retries, deadlines, conditional requests through a private cache."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import requests

from cnmm_collectors.reader.http import Authorise, HttpAnswer, HttpFault, HttpLimits, place
from cnmm_collectors.reader.limiter import Limiter, limiter
from cnmm_collectors.reader.transport import BoundedAdapter, Exchange, TooLarge, TooSlow
from cnmm_collectors.signals import Gap

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_REDIRECTS = (301, 302, 303, 307, 308)
_HOPS = 4
_REFUSALS = 5
_KEEP = timedelta(days=30)
_LIMITED = re.compile(rb"rate limit|abuse detection", re.I)


@dataclass(slots=True)
class Count:
    """What a session did: calls on the network, answers that had not changed, seconds waited."""

    calls: int = 0
    kept: int = 0
    waited: float = 0.0


class SourceSession:
    """Requests to one origin; implements `plugin.HttpSession`."""

    def __init__(
        self, base: str, keys: Sequence[tuple[str, Authorise]], limits: HttpLimits, cache: Path | None
    ) -> None:
        self._base = _check(base)
        self._limits = limits
        self.count = Count()
        origin = f"{self._base.scheme}://{self._base.netloc}"
        self._keys = [
            (limiter(origin, name, limits.per_minute, limits.pause), authorise)
            for name, authorise in keys or [("", dict)]
        ]
        self._plain = _prepare(requests.Session(), origin)
        names = " ".join(sorted(name for name, _ in keys))
        self._kept = None if cache is None else _cached(cache, origin, names)

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, keep: bool = True) -> HttpAnswer:
        """Return the answer to a GET of a path or URL of this origin, asked conditionally where `keep`;
        raises HttpFault.
        """
        for _ in range(_HOPS):
            answer = self._ask("GET", url, dict(headers or {}), b"", keep)
            target = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not target:
                return answer
            url = urljoin(answer.url, target)
            self._require_own(url, f"{place(answer.url)} redirects to another host, which gets no credential")
        raise HttpFault(f"{place(url)} redirects without end", Gap.MALFORMED)

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """Return the answer to a POST that reads, such as a GraphQL query; raises HttpFault."""
        return self._ask("POST", url, {"Content-Type": "application/json", **(headers or {})}, body, False)

    def _ask(self, verb: str, url: str, headers: dict[str, str], body: bytes, keep: bool) -> HttpAnswer:
        url = self._absolute(url)
        path = urlsplit(url).path
        bucket = next((name for sign, name in self._limits.buckets if re.search(sign, path)), "core")
        for _ in range(_REFUSALS):
            allowed, authorise = self._turn(bucket)
            answer = self._exchange(verb, url, {**headers, **authorise()}, body, keep, allowed, bucket)
            if answer is not None:
                return answer
        raise HttpFault("the host keeps limiting the rate of requests", Gap.RATE_LIMITED)

    def _turn(self, bucket: str) -> tuple[Limiter, Authorise]:
        """Return the credential with the most left, once it may be used; raises HttpFault."""
        if self._limits.calls is not None and self.count.calls >= self._limits.calls:
            raise HttpFault("the limit on calls was reached", Gap.SAMPLED_OUT)
        while True:
            chosen = max(self._keys, key=lambda key: key[0].headroom(bucket))
            wait = chosen[0].wait(bucket)
            if wait <= 0:
                return chosen
            if wait > 1 and self.count.waited + wait > self._limits.wait:
                raise HttpFault(
                    "the host limits the rate of requests for longer than allowed", Gap.RATE_LIMITED
                )
            # Requests that are merely spaced are no waiting for the host.
            self.count.waited += wait if wait > 1 else 0
            time.sleep(wait)

    def _exchange(
        self, verb: str, url: str, headers: dict[str, str], body: bytes, keep: bool,
        allowed: Limiter, bucket: str,
    ) -> HttpAnswer | None:  # fmt: skip
        """Return the answer, None where the host asked to come back later; raises HttpFault."""
        session = self._kept if keep and verb == "GET" and self._kept is not None else self._plain
        fault: HttpFault | None = None
        with Exchange(self._limits.seconds, self._limits.body) as exchange:
            try:
                response = session.request(
                    verb, url, headers=headers, data=body or None, allow_redirects=False
                )
            except (requests.RequestException, TooLarge, TooSlow, OSError, sqlite3.Error) as error:
                fault = _explain(error, url, exchange)
        self.count.calls += max(exchange.calls, 1)
        # Outside of the handler, so that no exception of the transport, which knows the headers, hangs on.
        if fault is not None:
            raise fault
        refused = _is_refusal(exchange.status, exchange.headers, response.content)
        allowed.note(bucket, exchange.headers, refused)
        if refused:
            return None
        kept = exchange.status == 304
        self.count.kept += kept
        found = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(response.status_code, found, response.content, url, kept)

    def _absolute(self, url: str) -> str:
        if url.startswith("/"):
            return f"{self._base.scheme}://{self._base.netloc}{self._base.path.rstrip('/')}{url}"
        self._require_own(url, "a link leads to another host, which gets no credential")
        return url

    def _require_own(self, url: str, message: str) -> None:
        try:
            parts = urlsplit(url)
            own = (parts.scheme, parts.hostname, parts.port) == (
                self._base.scheme, self._base.hostname, self._base.port
            )  # fmt: skip
        except ValueError:
            own = False
        if not own:
            raise HttpFault(message, Gap.UNREACHABLE)


def _check(base: str) -> SplitResult:
    parts = urlsplit(base)
    if parts.username is not None or parts.password is not None:
        raise HttpFault("an address must not hold a credential", Gap.NOT_PERMITTED)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise HttpFault("only https:// addresses are asked", Gap.UNSUPPORTED)
    return parts


def _prepare(session: requests.Session, origin: str) -> requests.Session:
    # Proxies and authorities of the environment are the same for all of an origin; requests would go through
    # every variable twice for each answer.
    found = session.merge_environment_settings(origin, {}, None, None, None)
    session.proxies, session.verify = found["proxies"], found["verify"]
    session.trust_env = False
    adapter = BoundedAdapter()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # Anything set keeps requests from looking for credentials of its own in a .netrc file.
    session.auth = _leave
    session.headers["User-Agent"] = "cnmm"
    return session


def _leave(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _cached(folder: Path, origin: str, names: str) -> requests.Session | None:
    """Return a session over a cache that only this user can read; None where it cannot be made."""
    # Imported late: it takes longer than everything else here together.
    from requests_cache import CachedSession

    file = folder / "http" / f"{hashlib.sha256(f'{origin} {names}'.encode()).hexdigest()[:32]}.sqlite"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.chmod(0o700)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        file.chmod(0o600)
        session = CachedSession(
            str(file), backend="sqlite", serializer="json", always_revalidate=True, expire_after=_KEEP,
            allowable_codes=(200,), allowable_methods=("GET",), stale_if_error=False,
            match_headers=("Accept",), ignored_parameters=("Authorization",), filter_fn=_can_be_asked_again,
        )  # fmt: skip
    except (OSError, sqlite3.Error) as error:
        logging.getLogger(__name__).warning("no cache of answers: %s", type(error).__name__)
        return None
    return _prepare(session, origin)


def _can_be_asked_again(response: requests.Response) -> bool:
    """True for an answer that its host can confirm; any other would be given again without asking it."""
    return "ETag" in response.headers or "Last-Modified" in response.headers


def _is_refusal(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """True where the host turned a request away for its rate alone."""
    if status == 429:
        return True
    if status != 403:
        return False
    spent = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return spent or _LIMITED.search(body[:2000]) is not None


def _explain(error: Exception, url: str, exchange: Exchange) -> HttpFault:
    where = place(url)
    if isinstance(error, TooLarge):
        return HttpFault(f"{where} answered with more than {exchange.limit} bytes", Gap.UNSUPPORTED)
    if exchange.expired or isinstance(error, TooSlow | requests.Timeout):
        return HttpFault(f"{where} did not answer in the time allowed")
    if isinstance(error, requests.exceptions.SSLError):
        return HttpFault(f"{where}: the certificate is not trusted")
    if isinstance(error, requests.exceptions.ProxyError):
        return HttpFault(f"{where}: the proxy refused")
    if isinstance(error, sqlite3.Error):
        return HttpFault(f"{where}: the cache of answers cannot be read", Gap.MALFORMED)
    return HttpFault(f"{where} does not answer, or broke off")
