"""The socket: the standard library's server around the application, one thread for each request."""

from __future__ import annotations

import ipaddress
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cnmm_scanner.faults import Fault
from cnmm_scanner.serve.application import LOOPBACK, Answer, Application, fault

SECONDS, AT_ONCE = 30.0, 16
LEAST_TOKEN = 16


class ServeFault(Fault):
    """The server may not or cannot listen there."""


def is_loopback(host: str) -> bool:
    """True where only this machine can reach a host."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_token(host: str, token: str) -> None:
    """Raise ServeFault for a host that others can reach without a token, or a token that can be guessed."""
    if not token and not is_loopback(host):
        raise ServeFault(f"{host} can be reached by others: a token is needed", "--token-variable NAME")
    if token and len(token) < LEAST_TOKEN:
        raise ServeFault(f"the token is shorter than {LEAST_TOKEN} characters")


class Handler(BaseHTTPRequestHandler):
    """Hands every request to the application, whatever its method."""

    protocol_version = "HTTP/1.1"
    timeout = SECONDS
    server: Server

    def version_string(self) -> str:
        """Return a name without versions."""
        return "cnmm"

    def handle_one_request(self) -> None:
        """Read a request and answer it; a broken or slow one ends the connection."""
        try:
            self.raw_requestline = self.rfile.readline(65_537)
            if len(self.raw_requestline) > 65_536 or not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            # A body is never read: what follows on this connection could not be told apart from it.
            if self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers:
                self.close_connection = True
            self._send(self._answer())
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request with the same strict headers, repeating nothing of it."""
        self.close_connection = True
        self._send(fault(400))

    def _answer(self) -> Answer:
        named = {name.lower(): value for name, value in self.headers.items()}
        with self.server.room:
            return self.server.application.answer(self.command, self.path, named)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if getattr(self, "command", None) != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: addresses of readers are nobody's business."""


class Server(ThreadingHTTPServer):
    """Listens on one address; raises ServeFault where it cannot."""

    daemon_threads = True

    def __init__(self, application: Application, host: str, port: int) -> None:
        require_token(host, application.token)
        self.application = application
        self.room = threading.BoundedSemaphore(AT_ONCE)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), Handler)
        except OSError as error:
            raise ServeFault(f"{host}:{port}: cannot listen: {error.strerror or error}") from error

    @property
    def address(self) -> str:
        """The URL to open."""
        host, port = self.server_address[:2]
        name = f"[{host!s}]" if self.address_family is socket.AF_INET6 else str(host)
        return f"http://{name}:{port}/"
