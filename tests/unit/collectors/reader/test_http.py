"""The HTTP door: deadlines, caps, limits, a private cache, and a credential that goes nowhere else."""

from __future__ import annotations

import http.server
import logging
import pickle
import stat
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from cnmm_collectors.reader.http import HttpFault, HttpLimits, SourceHttp
from cnmm_collectors.reader.session import SourceSession
from cnmm_collectors.signals import Gap

TOKEN = "ghp_plantedPlanted0123456789plantedAB"
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Server:
    """A host whose answers a test writes; `seen` are path and headers of what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer.seen.append((self.path, dict(self.headers)))
                outer.answers[self.path.partition("?")[0]](self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Keep tests quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture
def other() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def in_turn(*answers: Answer) -> Answer:
    left = list(answers)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def session(server: Server, cache: Path | None = None, token: str = TOKEN, **limits: float) -> SourceSession:
    door = SourceHttp(cache, "T", {"T": token})
    given = {"seconds": 2.0, "wait": 5.0, "per_minute": 0, "pause": 0.05, **limits}
    keys = [
        (f"T{place}", lambda value=value: {"Authorization": f"Bearer {value}"})
        for place, value in enumerate(door.secrets())
    ]
    return door.session(server.url, keys, HttpLimits(**given))  # type: ignore[arg-type]


def refuses(server: Server, path: str = "/x", **limits: float) -> HttpFault:
    started = time.monotonic()
    with pytest.raises(HttpFault) as caught:
        session(server, **limits).get(path)
    assert time.monotonic() - started < 4
    return caught.value


def drip(headers: bool) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        if not headers:
            handler.send_response_only(200)
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
        try:
            for byte in (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 200) if headers else b" " * 200:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(0.03)
        except OSError:
            handler.close_connection = True

    return answer


def cut(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response_only(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def test_a_second_scan_asks_whether_anything_changed(server: Server, tmp_path: Path) -> None:
    def conditional(handler: http.server.BaseHTTPRequestHandler) -> None:
        same = handler.headers.get("If-None-Match") == '"a"'
        reply(304 if same else 200, b"" if same else b'{"a": 1}', ETag='"a"')(handler)

    server.answers["/x"] = conditional
    first = session(server, tmp_path).get("/x")
    second = session(server, tmp_path).get("/x")
    assert (first.kept, second.kept) == (False, True)
    assert first.json() == second.json() == {"a": 1}
    assert server.seen[1][1]["If-None-Match"] == '"a"'


def test_a_changed_answer_is_the_new_one(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = in_turn(reply(200, b"1", ETag='"a"'), reply(200, b"2", ETag='"b"'))
    assert [session(server, tmp_path).get("/x").json() for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("marks", [{}, {"Cache-Control": "max-age=3600"}, {"ETag": '"a"'}])
@pytest.mark.parametrize("then", [401, 403, 404, 500])
def test_what_was_allowed_once_is_asked_for_again(
    server: Server, tmp_path: Path, marks: dict[str, str], then: int
) -> None:
    """A host without marks of versions is asked anew: an old answer would stand for a refusal."""
    server.answers["/x"] = reply(200, b"1", **marks)
    assert session(server, tmp_path).get("/x").json() == 1
    server.answers["/x"] = reply(200, b"2", **marks)
    assert session(server, tmp_path).get("/x").json() == 2
    server.answers["/x"] = reply(then, b"{}", **marks)
    assert session(server, tmp_path, token="ghp_wrongWrong0123456789wrongWrongAB").get("/x").status == then


def test_the_cache_is_private_and_holds_no_credential(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = reply(200, b'{"a": 1}', ETag='"a"')
    session(server, tmp_path / "cache").get("/x")
    files = [path for path in (tmp_path / "cache" / "http").iterdir() if path.is_file()]
    assert files
    assert stat.S_IMODE((tmp_path / "cache" / "http").stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert not any(TOKEN.encode() in path.read_bytes() for path in files)


def test_what_must_not_be_kept_is_not(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = reply(200, b'{"alert": "planted-body"}', ETag='"a"')
    session(server, tmp_path).get("/x", keep=False)
    assert not any(b"planted-body" in path.read_bytes() for path in (tmp_path / "http").iterdir())


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_failure_is_never_served_from_the_cache(server: Server, tmp_path: Path, status: int) -> None:
    server.answers["/x"] = reply(status, b'{"message": "no"}', ETag='"a"')
    assert session(server, tmp_path).get("/x").status == status
    server.answers["/x"] = reply(200, b"1", ETag='"a"')
    assert session(server, tmp_path).get("/x").json() == 1


@pytest.mark.parametrize("answer", [drip(headers=False), drip(headers=True)])
def test_a_slow_drip_ends_at_the_deadline(server: Server, answer: Answer) -> None:
    server.answers["/x"] = answer
    assert refuses(server, seconds=0.5).gap is Gap.UNREACHABLE


def test_a_silent_host_ends_at_the_deadline(server: Server) -> None:
    server.answers["/x"] = lambda _: time.sleep(3)
    assert refuses(server, seconds=0.5).gap is Gap.UNREACHABLE


def test_a_host_that_is_not_there(server: Server) -> None:
    server.close()
    assert refuses(server, seconds=1.5).gap is Gap.UNREACHABLE


def test_a_body_that_breaks_off_is_asked_for_again(server: Server) -> None:
    server.answers["/x"] = in_turn(cut, reply(200, b"1"))
    assert session(server).get("/x").json() == 1
    server.answers["/x"] = cut
    assert refuses(server).gap is Gap.UNREACHABLE


def test_a_post_is_sent_once(server: Server) -> None:
    server.answers["/graphql"] = reply(502)
    assert session(server).post("/graphql", b"{}").status == 502
    assert len(server.seen) == 1


def test_a_get_is_tried_again_after_a_502(server: Server) -> None:
    server.answers["/x"] = in_turn(reply(502), reply(200, b"1"))
    one = session(server)
    assert one.get("/x").json() == 1
    assert one.count.calls == 2


def test_a_body_over_the_cap_is_refused(server: Server) -> None:
    server.answers["/x"] = reply(200, b" " * 200_000)
    assert refuses(server, body=100_000).gap is Gap.UNSUPPORTED


@pytest.mark.parametrize("body", [b"<html>", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_malformed(server: Server, body: bytes) -> None:
    server.answers["/x"] = reply(200, body)
    with pytest.raises(HttpFault) as caught:
        session(server).get("/x").json()
    assert caught.value.gap is Gap.MALFORMED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_refused(server: Server, other: Server, status: int) -> None:
    server.answers["/x"] = reply(status, b"", Location=f"{other.url}/x")
    other.answers["/x"] = reply(200, b"1")
    assert "another host" in str(refuses(server))
    assert not other.seen


def test_a_redirect_within_the_host_is_followed_and_ends(server: Server) -> None:
    server.answers |= {"/x": reply(301, b"", Location="/y"), "/y": reply(200, b"1")}
    assert session(server).get("/x").json() == 1
    server.answers["/y"] = reply(301, b"", Location="/x")
    assert refuses(server).gap is Gap.MALFORMED


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/x", "http://127.0.0.1:1/x", "https://[broken", "file:///etc/passwd"]
)
def test_a_link_to_another_host_is_refused(server: Server, url: str) -> None:
    with pytest.raises(HttpFault, match="another host"):
        session(server).get(url)
    assert not server.seen


def test_plain_http_is_for_loopback_only(server: Server) -> None:
    door = SourceHttp(None, "T", {"T": TOKEN})
    for base in ("http://git.example", "ftp://x", "https://user:secret@git.example"):
        with pytest.raises(HttpFault) as caught:
            door.session(base)
        assert "secret" not in str(caught.value)


def test_retry_after_is_honoured(server: Server) -> None:
    server.answers["/x"] = in_turn(reply(429, b"", Retry_After="1"), reply(200, b"1"))
    started = time.monotonic()
    assert session(server).get("/x").json() == 1
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize(
    "answer",
    [
        reply(429, b"", Retry_After="3600"),
        reply(403, b"{}", Retry_After="3600"),
        reply(403, b"{}", X_RateLimit_Remaining="0", X_RateLimit_Reset="33330000000"),
        reply(429),
        reply(403, b'{"message": "You have exceeded a secondary rate limit"}'),
        reply(429, b"", Retry_After="soon"),
        reply(429, b"", Retry_After="0"),
        reply(429, b"", Retry_After="-5"),
    ],
)
def test_waiting_ends_at_its_limit(server: Server, answer: Answer) -> None:
    server.answers["/x"] = answer
    assert refuses(server, wait=1.0, pause=0.2).gap is Gap.RATE_LIMITED


def test_the_reset_is_told_by_the_hosts_own_clock(server: Server) -> None:
    theirs = datetime(2040, 1, 1, tzinfo=UTC)
    limited = reply(
        403, b"{}", Date=format_datetime(theirs, usegmt=True), X_RateLimit_Remaining="0",
        X_RateLimit_Reset=str(int(theirs.timestamp())),
    )  # fmt: skip
    server.answers["/x"] = in_turn(limited, reply(200, b"1"))
    assert session(server).get("/x").json() == 1


def test_an_allowance_that_is_spent_is_not_asked_for_again(server: Server) -> None:
    server.answers["/x"] = reply(200, b"1", X_RateLimit_Remaining="0", X_RateLimit_Reset="33330000000")
    one = session(server)
    one.get("/x")
    with pytest.raises(HttpFault) as caught:
        one.get("/x")
    assert caught.value.gap is Gap.RATE_LIMITED
    assert len(server.seen) == 1


def test_tokens_are_pooled(server: Server) -> None:
    server.answers["/x"] = reply(200, b"1", X_RateLimit_Remaining="0", X_RateLimit_Reset="33330000000")
    one = session(server, token="first second")
    assert [one.get("/x").status for _ in range(2)] == [200, 200]
    assert {headers["Authorization"] for _, headers in server.seen} == {"Bearer first", "Bearer second"}


def test_the_limit_on_calls_holds(server: Server) -> None:
    server.answers["/x"] = reply(200, b"1")
    one = session(server, calls=2)
    assert [one.get("/x").status for _ in range(2)] == [200, 200]
    with pytest.raises(HttpFault) as caught:
        one.get("/x")
    assert caught.value.gap is Gap.SAMPLED_OUT


@pytest.mark.parametrize("answer", [cut, drip(headers=False), reply(429, b"", Retry_After="3600")])
def test_no_fault_holds_the_credential(
    server: Server, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers["/x"] = answer
    fault = refuses(server, f"/x?token={TOKEN}", seconds=0.4)
    shown = "".join(traceback.format_exception(fault)) + repr(pickle.dumps(fault)) + repr(vars(fault))
    assert TOKEN not in shown
    assert fault.__context__ is None
    assert fault.__cause__ is None
    copy = pickle.loads(pickle.dumps(fault))
    assert (str(copy), copy.gap) == (str(fault), fault.gap)
    assert f"Bearer {TOKEN}" not in caplog.text


def test_a_credential_of_a_netrc_file_is_not_used(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login jane password planted\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server.answers["/x"] = reply(200, b"1")
    SourceHttp(None, "", {}).session(server.url).get("/x")
    assert "Authorization" not in server.seen[0][1]


def test_a_scan_of_folders_does_not_load_it() -> None:
    check = "import sys, cnmm_collectors.reader; sys.exit('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
