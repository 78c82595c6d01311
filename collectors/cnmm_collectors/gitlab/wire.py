"""python-gitlab over the reader's door: its URLs, parameters and errors, our limits, deadlines and cache.

python-gitlab never sees a credential here, never retries and never waits by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError
from requests.structures import CaseInsensitiveDict

from cnmm_collectors.plugin import HttpReply, HttpSession
from cnmm_collectors.reader.http import HttpFault
from cnmm_collectors.signals import Gap

_UNKEPT = re.compile(r"/(?:members|users?|identities|audit_events|vulnerabilit\w+)\b")


class _Result:
    """What python-gitlab takes for a response of its transport."""

    def __init__(self, reply: HttpReply) -> None:
        found = requests.Response()
        found.status_code, found.url = reply.status, reply.url
        found.headers = CaseInsensitiveDict(reply.headers)
        vars(found).update(_content=reply.body, _content_consumed=True)
        found.encoding = "utf-8"
        self.response = found
        self.status_code, self.headers = found.status_code, found.headers
        self.content, self.reason = found.content, found.reason or ""

    def json(self) -> Any:
        """Return the body as JSON."""
        return self.response.json()


class _Sent:
    """What python-gitlab takes for a prepared body."""

    def __init__(self, body: Any) -> None:
        self.content_type, self.json = "application/json", body
        self.data = None


def connect(session: HttpSession, url: str) -> Gitlab:
    """Return a client of python-gitlab that asks through the session, and reads alone."""

    class Backend:
        """The transport: a GET, or a POST to the GraphQL address."""

        client = None

        @staticmethod
        def prepare_send_data(files: Any = None, post_data: Any = None, raw: bool = False) -> _Sent:
            """Return the body as it is sent; no file ever is."""
            return _Sent(post_data)

        def http_request(self, method: str, url: str, **options: Any) -> _Result:
            """Return the answer of the session; raises HttpFault for anything that would write."""
            address = requests.Request(method, url, params=options.get("params")).prepare().url or url
            if method.upper() == "GET":
                # Accounts and findings are never put on disk, not even in a private cache.
                keep = not _UNKEPT.search(urlsplit(address).path)
                return _Result(session.get(address, keep=keep))
            if method.upper() == "POST" and urlsplit(url).path.endswith("/api/graphql"):
                body = json.dumps(options.get("json"), sort_keys=True)
                return _Result(session.post(address, body.encode()))
            raise HttpFault("this collector only reads", Gap.NOT_PERMITTED)

    return Gitlab(url, backend=Backend, keep_base_url=True, user_agent="cnmm")


def exchange(wire: Gitlab, verb: str, url: str, body: Any) -> tuple[int, Mapping[str, str], str]:
    """Return status, lower-case headers and text of an answer, also of a refusal; raises HttpFault."""
    try:
        found = wire.http_request(
            verb.lower(), url, post_data=body, obey_rate_limit=False, retry_transient_errors=False
        )
    except GitlabError as error:
        text = (error.response_body or b"").decode("utf-8", "replace")
        return error.response_code or 500, {}, text
    headers = {name.lower(): value for name, value in found.headers.items()}
    return found.status_code, headers, found.content.decode("utf-8", "replace")
