"""Who the collector reads as: tokens from the named variable, or an App's installation."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cnmm_collectors.github.settings import App, Settings
from cnmm_collectors.hosts.asking import token_keys
from cnmm_collectors.plugin import Reader
from cnmm_collectors.reader.files import FileFault
from cnmm_collectors.reader.http import Authorise, HttpFault
from cnmm_collectors.signals import Gap

API_VERSION = "2022-11-28"
ACCEPT = "application/vnd.github+json"
_RENEW = 300.0
_UNTOLD = 600.0
"""How long a token is taken to live where its end is not told, in seconds."""
_MOST_KEY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """What kind of credential reads, without its value; `permissions` and `everywhere` are an App's own."""

    kind: str
    permissions: Mapping[str, str] = field(default_factory=dict)
    everywhere: bool = False


class Installation:
    """An App's installation: mints its token when needed, and says what it was granted."""

    def __init__(self, reader: Reader, settings: Settings, app: App) -> None:
        self._reader, self._settings, self._app = reader, settings, app
        self._lock = threading.Lock()
        self._token = ""
        self._ends = -math.inf
        self.identity = Identity("app")

    def authorise(self) -> Mapping[str, str]:
        """Return the header for one request; raises HttpFault where no token is given."""
        with self._lock:
            if time.monotonic() > self._ends - _RENEW:
                self._renew()
            return {"Authorization": f"Bearer {self._token}"}

    def _renew(self) -> None:
        session = self._reader.http.session(
            self._settings.api, [("app", self._signed)], self._settings.limits()
        )
        path = f"/app/installations/{self._app.installation}/access_tokens"
        answer = session.post(path, b"{}", headers={"Accept": ACCEPT})
        found: Any = answer.json() if answer.status == 201 else {}
        if not isinstance(found, dict) or not isinstance(found.get("token"), str):
            raise HttpFault("the App's installation gives no token: check id, key and installation",
                            Gap.NOT_PERMITTED)  # fmt: skip
        left = _seconds(found.get("expires_at"), answer.headers.get("date", ""))
        self._token, self._ends = found["token"], time.monotonic() + left
        granted = found.get("permissions")
        self.identity = Identity(
            "app",
            {str(name): str(level) for name, level in granted.items()} if isinstance(granted, dict) else {},
            found.get("repository_selection") == "all",
        )

    def _signed(self) -> Mapping[str, str]:
        # Imported late: it brings cryptography, which tokens do not need.
        from github.Auth import AppAuth
        from jwt import PyJWTError

        try:
            key = self._reader.files.read(self._app.key_file, _MOST_KEY).decode("ascii")
            token = AppAuth(self._app.id, key).create_jwt() if key.strip() else ""
        except (FileFault, PyJWTError, ValueError, TypeError):
            token = ""
        if not token:
            raise HttpFault("the App's key file holds no private key in PEM form", Gap.NOT_PERMITTED)
        return {"Authorization": f"Bearer {token}"}


def open_keys(reader: Reader, settings: Settings) -> tuple[list[tuple[str, Authorise]], Installation | None]:
    """Return what authorises requests, each under a name that says nothing of its value."""
    if settings.app is not None:
        installation = Installation(reader, settings, settings.app)
        return [(f"app-{settings.app.installation}", installation.authorise)], installation
    return token_keys(reader), None


def secret_of(reader: Reader, settings: Settings) -> str:
    """Return what only a holder of the credential has, to keep answers under; empty for nothing."""
    if settings.app is None:
        return " ".join(sorted(reader.http.secrets()))
    try:
        return reader.files.read(settings.app.key_file, _MOST_KEY).decode("ascii", "replace")
    except FileFault:
        return ""


def _seconds(ends: Any, now: str) -> float:
    """Return how long a token lives, by the host's own clock: this machine's may be hours off."""
    try:
        lasts = datetime.fromisoformat(str(ends)) - parsedate_to_datetime(now)
    except (TypeError, ValueError):
        return _UNTOLD
    return lasts.total_seconds() if lasts.total_seconds() > 0 else _UNTOLD


def dump(query: str, variables: Mapping[str, Any]) -> bytes:
    """Return the body of a GraphQL request, the same bytes for the same question."""
    return json.dumps({"query": query, "variables": variables}, sort_keys=True).encode()
