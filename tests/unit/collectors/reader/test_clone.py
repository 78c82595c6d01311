"""Clones over a real loopback server: blobless, updated, prefetched once, credentials kept off the command
line.
"""

from __future__ import annotations

import base64
import stat
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cnmm_collectors.reader import GitFault
from cnmm_collectors.reader.git import check_url, web_address
from cnmm_collectors.signals import Gap
from unit.collectors.git.repos import ENVIRONMENT, OMAR, History, git, make_reader, scan

CODE = "def main():\n    return 1\n"


class Host(ThreadingHTTPServer):
    """Serves the bare repositories of a folder through git's own CGI program."""

    daemon_threads = True

    def __init__(self, root: Path, password: str = "") -> None:
        self.root, self.password = root, password
        self.requests: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One request to `git http-backend`."""

    server: Host

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        given = self.headers.get("Authorization", "")
        self.server.requests.append((self.command, self.path))
        wanted = base64.b64encode(f"x-access-token:{self.server.password}".encode()).decode()
        if self.server.password and given != f"Basic {wanted}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.end_headers()
            return
        environment = {
            **ENVIRONMENT, "GIT_PROJECT_ROOT": str(self.server.root), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path, "QUERY_STRING": parts.query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REMOTE_ADDR": "127.0.0.1",
        }  # fmt: skip
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(row.split(": ", 1) for row in head.decode().split("\r\n") if ": " in row)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    server = Host(tmp_path / "served")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def publish(host: Host, history: History, name: str = "shop.git") -> Path:
    """Put a history on the host, replacing what is there."""
    folder = host.root / name
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "--bare", "-b", "main", ".")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(
        folder,
        "fast-import",
        "--quiet",
        "--force",
        "--date-format=raw-permissive",
        stdin=b"".join(history.rows),
    )
    return folder


def sample() -> History:
    history = History()
    history.commit({"src/a.py": CODE, "docs/a.md": "# A\n", "Dockerfile": "FROM scratch\n"}, 12)
    history.commit({"src/a.py": CODE + "#"}, 11, OMAR)
    return history


def test_a_url_reads_like_the_repository_itself(host: Host, tmp_path: Path) -> None:
    served = publish(host, sample())
    cache = tmp_path / "cache"
    out = scan(f"{host.url}/shop.git", kind="git", cache=cache)
    local = scan(served)
    assert {(s.key, s.subject): type(s.reading) for s in out.signals} == {
        (s.key, s.subject): type(s.reading) for s in local.signals
    }
    assert out.row("blob").received == out.row("blob").requested > 0
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    (clone,) = cache.iterdir()
    missing = git(clone, "rev-list", "--objects", "--missing=print", "refs/cnmm/head").decode()
    assert "\n?" in missing  # src/a.py was never wanted, so it was never fetched


def test_blobs_come_in_one_request_and_a_second_scan_sees_new_commits(host: Host, tmp_path: Path) -> None:
    history = sample()
    history.commit({f"deploy/{n}.yaml": f"a: {n}\n" for n in range(40)}, 10)
    publish(host, history)
    scan(f"{host.url}/shop.git", kind="git", cache=tmp_path / "cache")
    first = len(host.requests)
    assert first <= 12
    history.commit({"src/a.py": CODE + "##"}, 5)
    publish(host, history)
    out = scan(f"{host.url}/shop.git", kind="git", cache=tmp_path / "cache")
    assert out.row("commit").requested == 4
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_an_empty_host_repository(host: Host, tmp_path: Path) -> None:
    publish(host, History())
    out = scan(f"{host.url}/shop.git", kind="git", cache=tmp_path / "cache")
    assert "empty" in out.row("repository").detail


def test_a_credential_comes_by_name_and_shows_nowhere(host: Host, tmp_path: Path) -> None:
    publish(host, sample())
    host.password = "hunter2hunter2"
    reader = make_reader(
        tmp_path / "cache", credential="SCAN_TOKEN", environment={"SCAN_TOKEN": host.password}
    )
    out = scan(f"{host.url}/shop.git", kind="git", reader=reader)
    assert out.value("git.containerised_repo_ratio") is True
    kept = b"".join(p.read_bytes() for p in (tmp_path / "cache").rglob("*") if p.is_file())
    secret = base64.b64encode(f"x-access-token:{host.password}".encode())
    assert host.password.encode() not in kept
    assert secret not in kept
    assert host.password not in repr(out.items)


def test_without_the_credential_nothing_is_claimed(host: Host, tmp_path: Path) -> None:
    publish(host, sample())
    host.password = "hunter2hunter2"
    out = scan(f"{host.url}/shop.git", kind="git", cache=tmp_path / "cache")
    row = out.row("repository")
    assert (row.failed, row.cause) == (1, "not_permitted")
    gone = scan(f"{host.url}/none.git", kind="git", reader=make_reader(
        tmp_path / "cache", credential="T", environment={"T": host.password}))  # fmt: skip
    assert gone.row("repository").cause == "not_visible"


def test_a_host_that_does_not_answer(tmp_path: Path) -> None:
    out = scan("http://127.0.0.1:9/shop.git", kind="git", cache=tmp_path / "cache")
    assert out.row("repository").cause == "unreachable"


@pytest.mark.parametrize(
    ("url", "gap"),
    [
        ("https://me:hunter2@host/o/r", Gap.NOT_PERMITTED),
        ("https://hunter2@host/o/r", Gap.NOT_PERMITTED),
        ("http://host/o/r", Gap.UNSUPPORTED),
        ("ssh://git@host/o/r", Gap.NOT_PERMITTED),
        ("ext::sh -c id", Gap.UNSUPPORTED),
        ("https://host/o/r?token=hunter2", Gap.MALFORMED),
    ],
)
def test_urls_that_are_refused(url: str, gap: Gap) -> None:
    with pytest.raises(GitFault) as caught:
        check_url(url)
    assert caught.value.gap is gap
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("remote", "web"),
    [
        ("git@github.com:acme/shop.git", "https://github.com/acme/shop"),
        ("https://github.com/acme/shop.git", "https://github.com/acme/shop"),
        ("ssh://git@gitlab.example.com:2222/a/b/shop.git", "https://gitlab.example.com/a/b/shop"),
        ("/srv/git/shop.git", ""),
        ("file:///srv/git/shop.git", ""),
        ("https://host/shop'\"><script>", ""),
    ],
)
def test_web_addresses(remote: str, web: str) -> None:
    assert web_address(remote) == web


def test_output_beyond_the_cap_is_a_fault(tmp_path: Path) -> None:
    folder = sample().write(tmp_path / "shop")
    repository = make_reader().git.open(str(folder))
    repository.resolve()
    with pytest.raises(GitFault, match="more than 10 bytes"):
        repository.run("ls-tree", "-r", "HEAD", limit=10)
    repository.close()


def test_a_stream_left_early_ends_git(tmp_path: Path) -> None:
    folder = sample().write(tmp_path / "shop")
    repository = make_reader().git.open(str(folder))
    commit = repository.resolve()
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(5):
        with repository.stream("log", commit) as chunks:
            next(chunks)
    assert set(Path("/proc/self/fd").iterdir()) == before
    repository.close()
