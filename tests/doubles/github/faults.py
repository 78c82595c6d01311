"""Every way a host can fail to answer, to be switched on for the requests a pattern fits."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

MESSAGES = {
    "bad credentials": (401, "Bad credentials", {}),
    "integration": (403, "Resource not accessible by integration",
                    {"X-Accepted-GitHub-Permissions": "members=read; administration=read,metadata=read"}),
    "fine-grained": (403, "Resource not accessible by personal access token", {}),
    "sso": (403, "Resource protected by organization SAML enforcement. You must grant access.",
            {"X-GitHub-SSO": "required; url=https://github.example/orgs/acme/sso?authorization_request=ABC"}),
    "admin": (403, "Must have admin rights to Repository.", {}),
    "upgrade": (403, "Upgrade to GitHub Pro or make this repository public to enable this feature.", {}),
    "alerts off": (403, "Dependabot alerts are disabled for this repository.", {}),
    "not bought": (403, "Advanced Security must be enabled for this repository to use code scanning.", {}),
    "forbidden": (403, "Forbidden", {}),
    "hidden": (404, "Not Found", {}),
    "secrets off": (404, "Secret scanning is disabled on this repository.", {}),
    "no analysis": (404, "no analysis found", {}),
    "empty": (409, "Git Repository is empty.", {}),
    "gone": (410, "Issues are disabled for this repo", {}),
    "blocked": (451, "Repository access blocked", {}),
    "too many": (429, "Too many requests", {"Retry-After": "3600"}),
    "too many, no time": (429, "Too many requests", {}),
    "spent": (403, "API rate limit exceeded for installation.",
              {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": "33330000000"}),
    "secondary": (403, "You have exceeded a secondary rate limit. Please wait.", {"Retry-After": "1800"}),
    "500": (500, "Server Error", {}),
    "502": (502, "Bad Gateway", {}),
    "503": (503, "Service Unavailable", {}),
    "504": (504, "Gateway Timeout", {}),
}  # fmt: skip
_JSON = "application/json"
BODIES = {
    "html": (200, "text/html", b"<html>Maintenance</html>"),
    "wrong shape": (200, _JSON, b'{"data": [1, "x"], "message": ["?"]}'),
    "null": (200, _JSON, b"null"),
    "deep": (200, _JSON, b"[" * 100_000 + b"]" * 100_000),
    "computing": (202, _JSON, b"{}"),
    "huge": (200, _JSON, b'["' + b"x" * 3_000_000 + b'"]'),
}
BROKEN = ("reset", "drip", "truncated", "elsewhere", "loop", "silent", *BODIES)
PAGING = ("endless", "same page")
GRAPHQL = ("partial forbidden", "all forbidden", "not found", "rate limited", "timed out", "withheld")
ALL = (*MESSAGES, *BROKEN, *PAGING, *GRAPHQL)


@dataclass
class Faults:
    """Which fault is on for which requests; a pattern is searched in `VERB path NAME`, NAME for GraphQL."""

    on: list[tuple[re.Pattern[str], str, int]] = field(default_factory=list)

    def set(self, pattern: str, fault: str, times: int = 1_000_000) -> None:
        """Switch a fault on, for a number of requests."""
        self.on.append((re.compile(pattern), fault, times))

    def pick(self, request: str) -> str:
        """Return the fault of a request, empty for none."""
        for position, (pattern, fault, times) in enumerate(self.on):
            if times > 0 and pattern.search(request):
                self.on[position] = (pattern, fault, times - 1)
                return fault
        return ""


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    """Send a whole answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def fail(handler: BaseHTTPRequestHandler, fault: str, elsewhere: str) -> bool:
    """Answer with a fault of transport or status; False where the fault is one of the content."""
    if fault in MESSAGES:
        status, message, headers = MESSAGES[fault]
        body = json.dumps({"message": message, "documentation_url": "https://docs.example"}).encode()
        send(handler, status, body, {"Content-Type": "application/json", **headers})
    elif fault in BODIES:
        status, kind, body = BODIES[fault]
        send(handler, status, body, {"Content-Type": kind})
    elif fault in ("elsewhere", "loop"):
        place = f"{elsewhere}{handler.path}" if fault == "elsewhere" else handler.path
        send(handler, 307, b"", {"Location": place})
    elif fault in STREAMS:
        STREAMS[fault](handler)
    else:
        return False
    return True


def _cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"data": {"organ')
    handler.close_connection = True


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Break off within the body with a reset instead of an end."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _cut(handler)


def _be_silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)
    handler.close_connection = True


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    try:
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        handler.close_connection = True


STREAMS: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "reset": _reset, "truncated": _cut, "drip": _drip, "silent": _be_silent,
}  # fmt: skip
