"""Git as a process: a clean environment, nothing that executes, and caps on time and output."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Full, Queue
from typing import IO

from cnmm_collectors.signals import Gap

CHUNK = 1024 * 1024
_AHEAD = 48  # chunks that may wait for the reader: 48 MiB
_LONG, _LITTLE, _PAUSE = CHUNK // 8, CHUNK // 8, 0.004  # bytes, bytes, seconds
_KEPT = (
    "PATH",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
)

# Options are on the command line because they outrank every file, the repository's own among them.
HARDENED = tuple(
    part
    for option in (
        "safe.directory=*",
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "core.untrackedCache=false",
        "core.pager=cat",
        "core.editor=false",
        "core.askPass=",
        "core.sshCommand=false",
        "core.gitProxy=",
        "core.alternateRefsCommand=",
        "core.attributesFile=/dev/null",
        "core.excludesFile=/dev/null",
        "core.commitGraph=false",
        "core.quotePath=false",
        "credential.helper=",
        "diff.external=",
        "diff.trustExitCode=false",
        "diff.ignoreSubmodules=all",
        "gpg.program=false",
        "gpg.ssh.program=false",
        "log.showSignature=false",
        "log.follow=false",
        "log.mailmap=true",
        "mailmap.file=",
        "protocol.ext.allow=never",
        "uploadpack.packObjectsHook=",
        "transfer.bundleURI=false",
        "fetch.recurseSubmodules=false",
        "submodule.recurse=false",
        "gc.auto=0",
        "maintenance.auto=false",
    )
    for part in ("-c", option)
)


class GitFault(Exception):
    """Git did not do what was asked; one line that names no credential and no person, with its gap."""

    def __init__(self, message: str, gap: Gap = Gap.UNREACHABLE) -> None:
        super().__init__(message)
        self.gap = gap


def environment(home: Path, allow: str = "none", extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return git's whole environment: nothing of the caller's but the path to programs and certificates.

    `allow` lists the transports that may run. With none, git before 2.45, which knows no GIT_NO_LAZY_FETCH,
    can fetch nothing either.
    """
    clean = {name: os.environ[name] for name in _KEPT if name in os.environ}
    clean |= {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "SSH_ASKPASS": "false",
        "GIT_SSH_COMMAND": "false",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "GIT_ALLOW_PROTOCOL": allow,
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_CEILING_DIRECTORIES": "/",
        "GIT_FLUSH": "0",
    }
    return clean | dict(extra or {})


class Process:
    """One running git whose output is read ahead in a thread, so that it never waits for Python.

    The process is killed at its deadline (monotonic seconds) or once it wrote more than `limit` bytes.
    """

    def __init__(
        self, command: list[str], env: Mapping[str, str], stdin: bytes, deadline: float, limit: int
    ) -> None:
        try:
            self._git = subprocess.Popen(
                command, env=dict(env), cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise GitFault("git is not installed, or not on PATH", Gap.NOT_ENABLED) from error
        _widen(_pipe(self._git.stdout))
        self._deadline, self._limit = deadline, limit
        self._chunks: Queue[bytes | None] = Queue(_AHEAD)
        self._errors = bytearray()
        self._verdict: GitFault | None = None
        self._closed = threading.Event()
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._expire)
        self._timer.daemon = True
        self._threads = [
            threading.Thread(target=self._feed, args=(stdin,), daemon=True),
            threading.Thread(target=self._drain, daemon=True),
            threading.Thread(target=self._listen, daemon=True),
        ]
        for thread in (*self._threads, self._timer):
            thread.start()

    def chunks(self) -> Iterator[bytes]:
        """Yield the output as it comes; raises GitFault when git fails, is too slow or writes too much."""
        while (chunk := self._chunks.get()) is not None:
            yield chunk
        code = self._git.wait()
        self._threads[2].join()
        if self._verdict is not None:
            raise self._verdict
        if code != 0:
            raise fault(bytes(self._errors))

    def close(self) -> None:
        """End the process where it still runs, and release its pipes."""
        self._closed.set()
        self._timer.cancel()
        self._kill()
        with suppress(Empty):
            while True:
                self._chunks.get_nowait()
        self._git.wait()
        for thread in self._threads:
            thread.join()

    def _feed(self, stdin: bytes) -> None:
        pipe = _pipe(self._git.stdin)
        with suppress(OSError):
            pipe.write(stdin)
        with suppress(OSError):
            pipe.close()

    def _drain(self) -> None:
        pipe, seen = _pipe(self._git.stdout), 0
        while chunk := os.read(pipe.fileno(), CHUNK):
            seen += len(chunk)
            if seen > self._limit:
                self._verdict = GitFault(f"git wrote more than {self._limit} bytes", Gap.UNSUPPORTED)
                self._kill()
                break
            if not self._put(chunk):
                break
            if seen > _LONG and len(chunk) < _LITTLE:
                # Git writes 4 KiB at a time, and to hand each over wakes two threads: let the pipe fill.
                time.sleep(_PAUSE)
        pipe.close()
        self._put(None)

    def _put(self, chunk: bytes | None) -> bool:
        while not self._closed.is_set():
            with suppress(Full):
                self._chunks.put(chunk, timeout=0.5)
                return True
        return False

    def _listen(self) -> None:
        pipe = _pipe(self._git.stderr)
        while chunk := os.read(pipe.fileno(), 65536):
            self._errors += chunk[: max(0, 65536 - len(self._errors))]
        pipe.close()

    def _expire(self) -> None:
        self._verdict = GitFault("git took longer than the time allowed", Gap.UNREACHABLE)
        self._kill()

    def _kill(self) -> None:
        # The whole session: git runs helpers of its own (remote-https, index-pack).
        if self._git.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._git.pid, 9)


@contextmanager
def started(
    command: list[str], env: Mapping[str, str], stdin: bytes, deadline: float, limit: int
) -> Iterator[Iterator[bytes]]:
    """Run git for the length of a `with` block and give its output in chunks."""
    process = Process(command, env, stdin, deadline, limit)
    try:
        yield process.chunks()
    finally:
        process.close()


_DAMAGED = "objects are missing or corrupt: see `git fsck`, or clone it again"
_TREELESS = "no files are listed in this clone: clone it with `--filter=blob:none`, or whole"
_DAMAGE = (b"is corrupt", b"packfile", b"index file", b"inflate", b"loose object", b"bad object", b"bad tree",
           b"nable to read", b"ould not read", b"ailed to traverse")  # fmt: skip

_FAULTS = (
    (b"not a git repository", "git does not take it for a repository: is its HEAD damaged?", Gap.MALFORMED),
    (
        b"unknown repository extension",
        "uses a repository format that this git does not know",
        Gap.UNSUPPORTED,
    ),
    (b"repo version", "uses a repository format that this git does not know", Gap.UNSUPPORTED),
    (b"bad config", "its Git configuration cannot be parsed: see `git config --list`", Gap.MALFORMED),
    (b"exceeded maximum include depth", "its Git configuration includes itself", Gap.MALFORMED),
    (b"Authentication failed", "the host refused the credential", Gap.NOT_PERMITTED),
    (b"could not read Username", "the host asks for a credential", Gap.NOT_PERMITTED),
    (b"terminal prompts disabled", "the host asks for a credential", Gap.NOT_PERMITTED),
    (b" 403", "the host refused access", Gap.NOT_PERMITTED),
    (b" 401", "the host asks for a credential", Gap.NOT_PERMITTED),
    (b" 429", "the host limits the rate of requests", Gap.RATE_LIMITED),
    (b"not found", "not found, or hidden from this credential", Gap.NOT_VISIBLE),
    (b" 404", "not found, or hidden from this credential", Gap.NOT_VISIBLE),
    (b"Could not resolve host", "the host name is not known", Gap.UNREACHABLE),
    (b"Failed to connect", "the host does not answer", Gap.UNREACHABLE),
    (b"transport '", "a transport that is not allowed was asked for", Gap.UNREACHABLE),
    (b"Permission denied", "not permitted to read it", Gap.NOT_PERMITTED),
    *((sign, _DAMAGED, Gap.MALFORMED) for sign in _DAMAGE),
    (b"not a tree object", _TREELESS, Gap.NOT_COLLECTED),
    (b"Needed a single revision", _DAMAGED, Gap.MALFORMED),
    (b"Not a valid object name", "the ref does not exist", Gap.NOT_VISIBLE),
    (b"unknown revision", "the ref does not exist", Gap.NOT_VISIBLE),
)


def fault(errors: bytes) -> GitFault:
    """Return the fault that git's own messages mean; their text, which may name anything, is not repeated."""
    for sign, message, gap in _FAULTS:
        if sign in errors:
            return GitFault(message, gap)
    return GitFault("git failed without a reason this program knows")


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise GitFault("git was started without a pipe")
    return pipe


def _widen(pipe: IO[bytes]) -> None:
    """Make a pipe hold a whole chunk: each read of the thread behind it costs milliseconds of waiting for
    Python.
    """
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), size, CHUNK)
