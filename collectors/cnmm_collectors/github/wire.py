"""PyGithub's requester over the reader's door: its URLs and paging, our limits, deadlines and cache.

PyGithub never sees a credential here, never retries and never waits by itself: it would sleep and recurse
without end on a 202, retry a 502 ten times at once, and drop its time-out on a second host.
"""

from __future__ import annotations

import logging
import re
from collections.abc import ItemsView, Mapping
from typing import Any
from urllib.parse import urlsplit

from github.Requester import Requester

from cnmm_collectors.github.auth import API_VERSION
from cnmm_collectors.plugin import HttpReply, HttpSession
from cnmm_collectors.reader.http import HttpFault
from cnmm_collectors.signals import Gap

# At DEBUG it logs whole bodies, which hold accounts.
logging.getLogger("github.Requester").setLevel(logging.WARNING)


_UNKEPT = re.compile(r"/(?:alerts|members|outside_collaborators|analyses)\b")


class _Reply:
    """What PyGithub takes for a response."""

    def __init__(self, reply: HttpReply) -> None:
        self.status = reply.status
        self._reply = reply

    def getheaders(self) -> ItemsView[str, str]:
        return dict(self._reply.headers).items()

    def read(self) -> str:
        return self._reply.body.decode("utf-8", "replace")


def connect(session: HttpSession, base: str, page: int = 100) -> Requester:
    """Return a requester of PyGithub that asks through the session."""

    class Connection:
        """What PyGithub takes for a connection."""

        def __init__(self, host: str, port: int | None = None, **_: Any) -> None:
            self.host, self.port = host, port

        def request(
            self, verb: str, url: str, body: str | None, headers: Mapping[str, str], stream: bool = False
        ) -> None:
            self._asked = (verb, url, body, dict(headers))

        def getresponse(self) -> _Reply:
            verb, url, body, headers = self._asked
            path = f"{origin}{url}"
            sent = {name: value for name, value in headers.items() if name != "Authorization"}
            if verb == "GET":
                # Alerts and accounts are never put on disk, not even in a private cache.
                reply = session.get(path, headers=sent, keep=not _UNKEPT.search(path))
            elif verb == "POST" and body is not None:
                reply = session.post(path, body.encode(), headers=sent)
            else:
                raise HttpFault("this collector only reads", Gap.NOT_PERMITTED)
            if reply.status == 202:
                raise HttpFault("the host is still computing the answer", Gap.NOT_COLLECTED)
            return _Reply(reply)

        def close(self) -> None:
            """Keep what the session keeps."""

    class Wired(Requester):
        """A requester of its own class: connection classes are set for a class, not for an object."""

    Wired.injectConnectionClasses(Connection, Connection)  # type: ignore[arg-type]
    parts = urlsplit(base)
    origin = f"{parts.scheme}://{parts.netloc}"
    return Wired(
        auth=None, base_url=base, timeout=60, user_agent="cnmm", per_page=page, verify=True, retry=None,
        pool_size=None, seconds_between_requests=None, seconds_between_writes=None, api_version=API_VERSION,
    )  # fmt: skip
