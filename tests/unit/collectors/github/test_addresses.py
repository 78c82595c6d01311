"""Other addresses than github.com, a proxy between, and a certificate authority of one's own."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cnmm_collectors.github.client import Client, own_page
from cnmm_collectors.github.settings import Settings
from cnmm_collectors.hosts.outcomes import Kind
from doubles.github.organisation import acme
from doubles.github.server import _Handler, serve
from unit.collectors.github.workshop import Scan, reader, settings


@pytest.mark.parametrize(
    ("api", "graphql", "page"),
    [
        ("https://api.github.com", "https://api.github.com/graphql", "https://github.com/acme"),
        (
            "https://git.acme.example/api/v3",
            "https://git.acme.example/api/graphql",
            "https://git.acme.example/acme",
        ),
        (
            "https://git.acme.example/api/v3/",
            "https://git.acme.example/api/graphql",
            "https://git.acme.example/acme",
        ),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql", "https://acme.ghe.com/acme"),
    ],
)
def test_every_kind_of_address_leads_to_its_own_graphql_and_pages(api: str, graphql: str, page: str) -> None:
    client = Client(reader(), Settings(api=api))
    assert client.graphql == graphql
    assert own_page(client.base, "acme") == page


@pytest.mark.parametrize("api", ["http://git.acme.example/api/v3", "https://user:word@git.acme.example"])
def test_no_credential_goes_over_a_plain_or_a_credentialed_address(api: str) -> None:
    with pytest.raises(ValueError, match="api") if "@" in api else pytest.raises(Exception, match="https"):
        Client(reader(), Settings(api=api))


class _Proxy(BaseHTTPRequestHandler):
    """Hands plain requests on, and remembers them."""

    seen: list[str]

    def _forward(self) -> None:
        self.seen.append(self.path)
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        onward = HTTPConnection(parts.netloc, timeout=10)
        onward.request(self.command, f"{parts.path}?{parts.query}", raw, dict(self.headers))
        answer = onward.getresponse()
        body = answer.read()
        onward.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _forward

    def log_message(self, *_: Any) -> None:
        """Keep tests quiet."""


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = type("Proxy", (_Proxy,), {"seen": []})
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as proxy, serve(acme()) as double:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
        found = Scan(double, activity=False, analyses=False)
        assert found.value("host.mfa_enforced", "org:acme") is True
        assert len(handler.seen) == len(double.asked)
        proxy.shutdown()
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        lost = Scan(double, activity=False, analyses=False)
    assert lost.value("host.mfa_enforced", "org:acme") == "unreachable"


def certify(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for loopback that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, secret = folder / "ca.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, secret


def test_an_authority_of_ones_own_is_trusted_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, secret = certify(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    with serve(acme()) as double:
        handler = type("Handler", (_Handler,), {"double": double, "host": "api"})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        # A handshake belongs to the thread of its connection: in the one that accepts, it holds up the next.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        with running(server):
            named = settings(double, api=f"https://127.0.0.1:{server.server_port}")
            refused = Client(reader(), named).get("/orgs/acme")[1]
            assert refused.kind is Kind.ERROR
            assert "certificate" in refused.detail
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
            assert Client(reader(), named).get("/orgs/acme")[1].kind is Kind.PRESENT
