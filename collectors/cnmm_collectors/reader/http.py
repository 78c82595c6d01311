"""The door to web APIs: the credential of one source, and sessions that give it to its own origin only.

No message of this module holds a header, a body or a query. The transport is loaded with the first session.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cnmm_collectors.reader.redaction import redact_url
from cnmm_collectors.signals import Gap

if TYPE_CHECKING:
    from cnmm_collectors.reader.keeping import Keeping
    from cnmm_collectors.reader.session import SourceSession


class HttpFault(Exception):
    """A request got no usable answer; one line that names host and path at most, with its gap."""

    def __init__(self, message: str, gap: Gap = Gap.UNREACHABLE) -> None:
        super().__init__(message)
        self.gap = gap

    def __reduce__(self) -> tuple[type[HttpFault], tuple[str, Gap]]:
        """Pickle as message and gap alone."""
        return type(self), (str(self), self.gap)


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Caps: seconds for one request, seconds of waiting and network calls for a session, bytes of a body.

    `calls` None is no cap. `pause` is how many seconds a refusal without any time given costs.
    """

    seconds: float = 60.0
    wait: float = 900.0
    calls: int | None = None
    body: int = 32 * 1024 * 1024
    per_minute: int = 800
    pause: float = 60.0
    buckets: tuple[tuple[str, str], ...] = (("/graphql", "graphql"), ("/search", "search"))
    """Expressions for paths that have a limit of their own, each with its name; the first that fits."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer: status, lower-case headers, body; `kept` where the host said it has not changed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    kept: bool = False

    def json(self) -> Any:
        """Return the body as JSON; raises HttpFault where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            pass
        raise HttpFault(f"{place(self.url)} did not answer with JSON", Gap.MALFORMED)


Authorise = Callable[[], Mapping[str, str]]
"""Gives the headers that authorise one request, called for each."""


class SourceHttp:
    """The only way to web APIs; implements `plugin.HttpDoor`."""

    def __init__(self, cache: Path | None, credential: str, environment: Mapping[str, str]) -> None:
        self._cache, self.credential = cache, credential
        self._value = environment.get(credential, "") if credential else ""

    def secrets(self) -> tuple[str, ...]:
        """Return the values of the credential: several where its variable holds several, apart by blanks."""
        return tuple(self._value.split())

    def keeping(self, secret: str) -> Keeping:
        """Return the store of answers kept between scans under a credential's value."""
        from cnmm_collectors.reader.keeping import Keeping

        return Keeping(self._cache, secret)

    def session(
        self, base: str, keys: Sequence[tuple[str, Authorise]] = (), limits: HttpLimits | None = None
    ) -> SourceSession:
        """Open an origin, each key a name and what authorises a request by it; raises HttpFault."""
        # Imported late: a scan of folders alone need not load it.
        from cnmm_collectors.reader.session import SourceSession

        return SourceSession(base, keys, limits or HttpLimits(), self._cache)


def place(url: str) -> str:
    """Return host and path of a URL, never its query."""
    try:
        parts = urlsplit(url)
        return redact_url(f"{parts.hostname or ''}{parts.path}")[:200]
    except ValueError:
        return "an address"
