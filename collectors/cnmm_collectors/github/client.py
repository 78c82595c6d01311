"""GitHub's own part of asking a host: who reads, and PyGithub as the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cnmm_collectors.github.auth import Identity, open_keys, secret_of
from cnmm_collectors.github.queries import ALL
from cnmm_collectors.github.settings import Settings
from cnmm_collectors.hosts import asking
from cnmm_collectors.hosts.asking import Answer, Listing, unread
from cnmm_collectors.plugin import Reader
from cnmm_collectors.reader.http import HttpFault
from cnmm_collectors.signals import Gap

__all__ = ["Answer", "Client", "Listing", "own_page", "unread"]


class Client(asking.Client):
    """GitHub, for one piece of work."""

    source = "github"
    queries = ALL

    def __init__(self, reader: Reader, settings: Settings) -> None:
        """Open the API; raises HttpFault where there is nothing to read as."""
        self.settings = settings
        self.counts: dict[str, int] = {}
        """How many rows searches were said to have; work that follows in this process may share it."""
        # Imported late: every scan loads every collector, and few of them ask GitHub.
        from cnmm_collectors.github.wire import connect

        keys, self._installation = open_keys(reader, settings)
        if not keys:
            name = reader.http.credential or "of the target"
            raise HttpFault(f"no token: set the variable {name}", Gap.NOT_PERMITTED)
        self.base = settings.api.rstrip("/")
        super().__init__(reader, reader.http.session(self.base, keys, settings.limits()))
        self.keeping = reader.http.keeping(secret_of(reader, settings))
        self._requester = connect(self._session, self.base)
        self.graphql = self._requester.graphql_url

    @property
    def identity(self) -> Identity:
        """What kind of credential reads; an App's grants are known after its first request."""
        return self._installation.identity if self._installation else Identity("token")

    def send(self, verb: str, url: str, body: Any) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and text of an answer, through PyGithub; raises HttpFault."""
        try:
            return self._requester.requestJson(verb, url, input=body)
        except AssertionError:
            pass
        raise HttpFault("a link leads to another host, which gets no credential")


def own_page(base: str, org: str) -> str:
    """Return the address of an organisation on the web, which its API's address leads to."""
    parts = urlsplit(base)
    host = parts.netloc
    if host == "api.github.com":
        host = "github.com"
    elif host.startswith("api.") and host.endswith(".ghe.com"):
        host = host.removeprefix("api.")
    return f"{parts.scheme}://{host}/{org}"
