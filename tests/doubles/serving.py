"""Two hosts on loopback for each double: one to be asked, and one that must never see a credential."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from doubles.github.faults import Faults


@dataclass(kw_only=True)
class Asked:
    """What was asked of a double, and the faults that are on."""

    url: str = ""
    elsewhere: str = ""
    faults: Faults = field(default_factory=Faults)
    asked: list[str] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(default_factory=list)
    """The host that was asked and the Authorization header that came with it."""
    rest: Callable[[str], tuple[int, Any]] | None = None
    """Answers REST paths instead of the organisation."""
    latency: float = 0.0
    """Seconds that every answer takes."""


@contextmanager
def serving(double: Asked, handler: type[BaseHTTPRequestHandler]) -> Iterator[None]:
    """Serve a double by a handler whose `double` and `host` (`api` or `other`) are set."""
    hosts = (type("Handler", (handler,), {"double": double, "host": name}) for name in ("api", "other"))
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), host) for host in hosts]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    double.url, double.elsewhere = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
