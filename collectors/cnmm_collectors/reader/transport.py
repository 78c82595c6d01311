"""One exchange with a web server, held to a deadline and a size whatever the server does."""

from __future__ import annotations

import io
import logging
import threading
import time
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

CONNECT_SECONDS = 10.0
ATTEMPTS = 3
_CHUNK = 65_536
_RETRIED = (500, 502, 503, 504)


# It warns of every retry, with the query.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


class TooLarge(Exception):
    """A body is larger than the cap."""


class TooSlow(Exception):
    """An exchange did not end within its deadline."""


class Exchange:
    """What one request may cost, and what it did: network calls made, and the last answer's own headers.

    A server that sends a byte now and then defeats every time-out of a socket, so the connection is shut
    from outside at the deadline.
    """

    def __init__(self, seconds: float, limit: int) -> None:
        self.deadline, self.limit = time.monotonic() + seconds, limit
        self.calls = 0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.expired = False
        self._connection: HTTPConnection | None = None
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Exchange:
        _here.exchange = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._connection = None
        _here.exchange = None

    def left(self) -> float:
        """Return the seconds left; raises TooSlow."""
        left = self.deadline - time.monotonic()
        if left <= 0 or self.expired:
            raise TooSlow
        return left

    def watch(self, connection: HTTPConnection) -> None:
        """Remember which connection to shut; raises TooSlow where it is too late to use one."""
        self.left()
        self._connection = connection

    def _expire(self) -> None:
        self.expired = True
        sock = getattr(self._connection, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(2)


class _Here(threading.local):
    exchange: Exchange | None = None


_here = _Here()


def current() -> Exchange:
    """Return this thread's exchange; raises RuntimeError outside of one."""
    if _here.exchange is None:
        raise RuntimeError("a request outside of an exchange has no deadline")
    return _here.exchange


class _Plain(HTTPConnection):
    def connect(self) -> None:
        current().watch(self)
        super().connect()

    def request(self, *args: Any, **options: Any) -> None:
        current().watch(self)
        super().request(*args, **options)


class _Secure(HTTPSConnection):
    def connect(self) -> None:
        current().watch(self)
        super().connect()

    def request(self, *args: Any, **options: Any) -> None:
        current().watch(self)
        super().request(*args, **options)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class BoundedAdapter(HTTPAdapter):
    """Reads every body whole, within the exchange's deadline and cap; retries what a GET may retry.

    A POST is sent once: its caller knows better what to ask for after a 502.
    """

    def __init__(self) -> None:
        super().__init__(
            pool_maxsize=16,
            max_retries=Retry(
                total=ATTEMPTS - 1, redirect=False, status_forcelist=_RETRIED, allowed_methods={"GET"},
                backoff_factor=0.2, backoff_max=5, respect_retry_after_header=False, raise_on_status=False,
            ),
        )  # fmt: skip

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make pools whose connections an exchange can shut."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Return the answer with its body read; raises TooLarge, TooSlow or requests' own exceptions."""
        exchange = current()
        for attempt in range(1, ATTEMPTS + 1):
            left = exchange.left()
            options |= {"stream": True, "timeout": (min(CONNECT_SECONDS, left), left)}
            response = super().send(request, **options)
            exchange.calls += _sent(response)
            try:
                body = _read(response, exchange)
            except (HTTPError, OSError) as error:
                exchange.left()
                if attempt == ATTEMPTS or request.method != "GET":
                    raise requests.ConnectionError(type(error).__name__) from None
                continue
            exchange.status = response.status_code
            exchange.headers = {name.lower(): value for name, value in response.headers.items()}
            return _whole(response, body)
        raise TooSlow


def _sent(response: requests.Response) -> int:
    retries = getattr(response.raw, "retries", None)
    return 1 + len(retries.history if retries is not None else ())


def _read(response: requests.Response, exchange: Exchange) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        for part in response.raw.stream(_CHUNK, decode_content=True):
            exchange.left()
            size += len(part)
            if size > exchange.limit:
                raise TooLarge
            parts.append(part)
    finally:
        response.raw.close() if exchange.expired or size > exchange.limit else response.raw.release_conn()
    exchange.left()
    return b"".join(parts)


def _whole(response: requests.Response, body: bytes) -> requests.Response:
    """Return the response as if the network were a buffer, which is what a cache stores."""
    headers = {
        name: value
        for name, value in response.headers.items()
        if name.lower() not in ("content-encoding", "transfer-encoding", "content-length")
    }
    response.raw = HTTPResponse(
        io.BytesIO(body), headers=headers, status=response.status_code, reason=response.reason,
        preload_content=False, request_method=response.request.method, request_url=response.url,
    )  # fmt: skip
    response.headers = requests.structures.CaseInsensitiveDict(headers)
    vars(response).update(_content=body, _content_consumed=True)
    return response
