"""The application shows what is in its folder to whoever may see it, and can be made to do nothing else."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cnmm_scanner.bundle import Bundle, write_bundle
from cnmm_scanner.cli import run
from cnmm_scanner.container import held
from cnmm_scanner.history.location import parse_location
from cnmm_scanner.serve.application import Answer, Application
from cnmm_scanner.serve.server import ServeFault, Server
from golden import official
from unit.scanner.diff.worlds import build
from unit.scanner.small import ABOUT

TOKEN = "correct-horse-battery"
LOCAL = {"host": "127.0.0.1:8100"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "reports"
    (root / "2026").mkdir(parents=True)
    build(root / "2026/old.cnmm", {"a": True, "b": True}, as_of="2026-01-01")
    build(root / "new.cnmm", {"a": True, "b": False}, as_of="2026-02-01")
    (tmp_path / "outside.cnmm").write_bytes((root / "new.cnmm").read_bytes())
    (root / "link.cnmm").symlink_to(tmp_path / "outside.cnmm")
    (root / "broken.cnmm").write_bytes(b"PK\x03\x04 no bundle")
    (root / "secret.txt").write_text("not to be seen")
    return root


def get(app: Application, target: str, method: str = "GET", **headers: str) -> Answer:
    return app.answer(method, target, {**LOCAL, **headers})


def links(answer: Answer, kind: str) -> list[str]:
    return re.findall(rf'href="(/{kind}[^"]+)"', answer.body.decode())


def test_the_list_leads_to_reports_and_trends(folder: Path) -> None:
    app = Application(folder)
    listed = get(app, "/")
    text = listed.body.decode()
    assert (listed.status, len(links(listed, "report/"))) == (200, 2)
    assert "broken.cnmm" in text
    assert "link.cnmm" not in text
    assert str(folder) not in text
    report = get(app, links(listed, "report/")[0])
    assert (report.status, b'<h1 id="first-h">acme</h1>' in report.body) == (200, True)
    told = json.loads(get(app, links(listed, "assessment/")[0]).body)
    assert told["as_of"] == "2026-02-01"
    trend = get(app, links(listed, "trend")[0])
    assert (trend.status, trend.body.count(b'class="trend"')) == (200, 2)
    assert trend.body.index(b"2026-01-01") < trend.body.index(b"2026-02-01")
    for page in (listed, report, trend):
        official.module("justhtml").JustHTML(page.body.decode(), strict=True)


def test_metrics_are_those_of_each_organisations_newest_bundle(folder: Path) -> None:
    build(folder / "zeta.cnmm", {"a": True}, as_of="2026-01-15", organisation="zeta")
    answer = get(Application(folder), "/metrics")
    assert (answer.status, answer.headers["Content-Type"][:30]) == (200, "application/openmetrics-text; ")
    parsed = official.module("prometheus_client.openmetrics.parser").text_string_to_metric_families(
        answer.body.decode()
    )
    samples = {
        (sample.name, sample.labels["organisation"]): sample.value
        for family in parsed
        for sample in family.samples
    }
    days = {key[1]: value for key, value in samples.items() if key[0] == "cnmm_audit_timestamp_seconds"}
    assert days == {
        name: datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
        for name, day in (("acme", "2026-02-01"), ("zeta", "2026-01-15"))
    }


def test_a_history_adds_scans_whose_bundles_are_gone(folder: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "h.db")
    bundles = [str(folder / "new.cnmm"), str(folder / "2026/old.cnmm")]
    assert run(["history", "add", *bundles, "--history", store]) == 0
    (folder / "2026/old.cnmm").unlink()
    app = Application(folder, parse_location(store))
    trend = get(app, "/trend?organisation=acme")
    assert b"2026-01-01" in trend.body
    assert get(Application(folder), "/trend?organisation=acme").body.count(b"2026-01-01") == 0
    (tmp_path / "h.db").write_text("broken " * 999)
    assert get(app, "/").status == 503


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt", "/secret.txt", "/report/../../secret.txt", "/report/secret.txt",
        "/report/%2e%2e%2fsecret.txt",
        "/report/" + "0" * 32, "/assessment/" + "f" * 31, "//secret.txt",
        "/trend?organisation=nobody", "/trend",
        "/report/outside.cnmm", "http://[bad", "/trend?" + "a=1&" * 20, "\x00", "",
    ],
)  # fmt: skip
def test_no_address_leads_out_of_the_folder(folder: Path, target: str) -> None:
    answer = get(Application(folder), target)
    assert answer.status in (400, 404)
    assert b"not to be seen" not in answer.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "ODD"])
def test_nothing_can_be_changed(folder: Path, method: str) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert get(Application(folder), "/", method).status == 405
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_every_answer_is_guarded(folder: Path) -> None:
    app = Application(folder)
    listed = get(app, "/")
    pages = ["/", "/none", *links(listed, "report/"), *links(listed, "assessment/"), *links(listed, "trend")]
    for answer in (
        *(get(app, page) for page in pages),
        get(app, "/", "POST"),
        get(app, "/", host="evil.example"),
    ):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert policy.endswith("frame-ancestors 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    report = get(app, links(listed, "report/")[0])
    assert "script-src 'sha256-" in report.headers["Content-Security-Policy"]


def test_a_name_that_is_not_this_machines_is_refused(folder: Path) -> None:
    app = Application(folder)
    for host in ("evil.example", "evil.example:8100", "127.0.0.1.evil.example", "", "localhost.evil:80"):
        assert get(app, "/", host=host).status == 421, host
    for host in ("localhost", "LOCALHOST:1", "[::1]:8100", "127.0.0.1"):
        assert get(app, "/", host=host).status == 200, host


def test_a_token_is_needed_for_everything(folder: Path) -> None:
    app = Application(folder, token=TOKEN)
    basic = base64.b64encode(f"any:{TOKEN}".encode()).decode()
    wrong = base64.b64encode(b"any:wrong").decode()
    for given in (
        "",
        f"Bearer {TOKEN}x",
        "Bearer",
        f"Token {TOKEN}",
        f"Basic {wrong}",
        "Basic %%%",
        "Basic é",
        TOKEN,
    ):
        answer = get(app, "/", authorization=given)
        assert (answer.status, "WWW-Authenticate" in answer.headers) == (401, True), given
        assert TOKEN.encode() not in answer.body
    for given in (f"Bearer {TOKEN}", f"Basic {basic}", f"bearer  {TOKEN}"):
        assert get(app, "/", authorization=given, host="reports.example").status == 200, given
    assert TOKEN not in repr(app)


def test_hostile_bundles_stay_text(folder: Path, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    with Bundle(folder / "new.cnmm") as bundle:
        members = {**bundle.members()}
        told = json.loads(bundle.container.read("assessment.json"))
        told["organisation"] = evil
        members["assessment.json"] = held(json.dumps(told).encode())
        write_bundle(tmp_path / "evil.cnmm", members, ABOUT)
    (tmp_path / "evil.cnmm").rename(folder / "x<script>.cnmm")
    (folder / "odd.cnmm").write_bytes((folder / "new.cnmm").read_bytes()[:-40])
    app = Application(folder)
    listed = get(app, "/")
    trend = next(link for link in links(listed, "trend") if "script" in link)
    for answer in (listed, get(app, trend), *(get(app, link) for link in links(listed, "report/"))):
        assert answer.status == 200
        assert b"<script>alert" not in answer.body


def test_only_a_token_opens_other_addresses(folder: Path) -> None:
    for host in ("::", "192.0.2.1", "reports.example"):
        with pytest.raises(ServeFault, match="a token is needed"):
            Server(Application(folder), host, 0)
    with pytest.raises(ServeFault, match="shorter"):
        Server(Application(folder, token="short"), "127.0.0.1", 0)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with Server(Application(folder), "127.0.0.1", 0) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(10)


def test_it_answers_over_a_socket(server: Server) -> None:
    port = int(server.server_address[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for method, target, status in (("GET", "/", 200), ("HEAD", "/", 200), ("GET", "/none", 404)):
        connection.request(method, target)
        reply = connection.getresponse()
        body = reply.read()
        assert (reply.status, bool(body)) == (status, method != "HEAD")
        assert reply.headers["Server"] == "cnmm"
    connection.request("POST", "/", body=b"x" * 100)
    assert connection.getresponse().status == 405
    connection.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"garbage\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 70_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_request_ends_the_connection(server: Server, request_: bytes) -> None:
    with socket.create_connection(server.server_address[:2], timeout=20) as sock:  # type: ignore[arg-type]
        sock.sendall(request_)
        sock.shutdown(socket.SHUT_WR)
        data = b""
        while chunk := sock.recv(65_536):
            data += chunk
    assert not data or b"400" in data.split(b"\r\n")[0]
    assert b"garbage" not in data


def test_the_command_serves_until_it_is_told_to_end(folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "cnmm_scanner",
        "serve",
        str(folder),
        "--port",
        "0",
        "--token-variable",
        "READ",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "READ": TOKEN})
    assert process.stderr is not None
    address = urlsplit(process.stderr.readline().split()[0])
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
    connection.request("GET", "/", headers={"Authorization": f"Bearer {TOKEN}"})
    assert connection.getresponse().status == 200
    connection.close()
    process.terminate()
    assert process.wait(20) == 0
    process.stderr.close()


def test_a_server_that_others_could_reach_does_not_start(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", str(folder), "--host", "192.0.2.1", "--port", "0"]) == 2
    assert run(["serve", str(folder), "--token-variable", "NOT_SET_HERE"]) == 2
    assert run(["serve", str(folder), "--history", "missing.db"]) == 2
    assert capsys.readouterr().err.count("\n") == 3
