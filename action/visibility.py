"""Who can read what this job publishes: public unless the event or the host says otherwise."""

from __future__ import annotations

import json
import os
import re
import urllib.request
from pathlib import Path
from typing import Any

from runner import Refused

_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_SECONDS = 20


def own_repository() -> str:
    """Return OWNER/NAME of the workflow's repository; raises Refused where the runner does not say."""
    name = os.environ.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(name):
        raise Refused("GITHUB_REPOSITORY is not OWNER/NAME: this runs as a step of a workflow")
    return name


def is_public() -> bool:
    """True unless it is certain that the workflow's repository is not public.

    A scheduled run may carry no repository in its event; then the host is asked, and silence means public.
    """
    private = _from_event()
    if private is None:
        private = _from_host()
    return private is not True


def _from_event() -> bool | None:
    try:
        event = json.loads(Path(os.environ.get("GITHUB_EVENT_PATH", "")).read_bytes())
    except (OSError, ValueError):
        return None
    return _private(event.get("repository") if isinstance(event, dict) else None)


def _from_host() -> bool | None:
    token = os.environ.get("GITHUB_TOKEN", "")
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    if not token or not api.startswith(("https://", "http://127.0.0.1:")):
        return None
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        f"{api}/repos/{own_repository()}",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
    )
    try:
        with _OPENER.open(request, timeout=_SECONDS) as answer:
            return _private(json.loads(answer.read(1_000_000)))
    except (OSError, ValueError):
        return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to another address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _private(repository: Any) -> bool | None:
    found = repository.get("private") if isinstance(repository, dict) else None
    return found if isinstance(found, bool) else None
