"""GitLab's own part of asking a host: its addresses, its limits, and python-gitlab as the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from cnmm_collectors.gitlab.queries import ALL
from cnmm_collectors.gitlab.settings import Settings
from cnmm_collectors.hosts import asking
from cnmm_collectors.hosts.asking import token_keys
from cnmm_collectors.plugin import Reader
from cnmm_collectors.reader.http import HttpFault
from cnmm_collectors.signals import Gap

BUCKETS = (
    ("/api/graphql$", "graphql"),
    ("/search$", "search"),
    (r"/groups/[^/]+/projects$", "group-projects"),
    (r"/repository/files/", "files"),
    (r"/projects/[^/]+$", "project"),
    (r"/groups(?:/[^/]+)?$", "groups"),
)
"""The endpoints to which the host gives a limit of their own."""


class Client(asking.Client):
    """GitLab, for one piece of work."""

    source = "gitlab"
    queries = ALL

    def __init__(self, reader: Reader, settings: Settings) -> None:
        """Open the API; raises HttpFault where there is nothing to read as."""
        self.settings = settings
        # Imported late: every scan loads every collector, and few of them ask GitLab.
        from cnmm_collectors.gitlab.wire import connect, exchange

        keys = token_keys(reader)
        if not keys:
            name = reader.http.credential or "of the target"
            raise HttpFault(f"no token: set the variable {name}", Gap.NOT_PERMITTED)
        self.web = settings.url.rstrip("/")
        self.base, self.graphql = f"{self.web}/api/v4", f"{self.web}/api/graphql"
        limits = replace(settings.limits(), buckets=BUCKETS)
        super().__init__(reader, reader.http.session(self.web, keys, limits))
        self._wire, self._exchange = connect(self._session, self.web), exchange

    def send(self, verb: str, url: str, body: Any) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and text of an answer, through python-gitlab; raises HttpFault."""
        return self._exchange(self._wire, verb, url, body)


def path_of(kind: str, full_path: str, *rest: str) -> str:
    """Return the address of a group or project by its path, which the host wants as one step."""
    return "/".join(("", kind, quote(full_path, safe=""), *rest))
