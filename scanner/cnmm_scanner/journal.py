"""The journal: finished work that survives a kill, person facts encrypted, gone when the run is over."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Self

from cryptography.fernet import Fernet

from cnmm_scanner.faults import ROOM, Fault

WORK = ".cnmm-work"
MAX_AGE_SECONDS = 24 * 3600
_SEAL = 16
_HEAD = re.compile(rb'\{"item":("(?:[^"\\]|\\.)*"),"inputs":("(?:[^"\\]|\\.)*")')


class JournalFault(Fault):
    """The work folder cannot be used; the message says who or what is in the way."""


class Vault:
    """Encrypts person facts under a key file, and derives the key of the run's pseudonyms from it."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._fernet = Fernet(key)

    @staticmethod
    def new_key() -> bytes:
        """Return a new random key."""
        return Fernet.generate_key()

    @property
    def key(self) -> bytes:
        """The key itself, for the executor's initialiser and nothing else."""
        return self._key

    @property
    def run_key(self) -> bytes:
        """32 bytes under which persons are pseudonymised in this run."""
        return hmac.digest(self._key, b"cnmm person pseudonyms", "sha256")

    def lock(self, value: Any) -> str:
        """Return the JSON value encrypted."""
        return self._fernet.encrypt(json.dumps(value).encode()).decode("ascii")

    def unlock(self, token: str) -> Any:
        """Return the JSON value that was encrypted under this key."""
        return json.loads(self._fernet.decrypt(token))


class Journal:
    """An append-only file of finished items; one checksummed line each, on disk before `add` returns.

    Created below the output folder with mode 0700. Only one run at a time may hold it.
    """

    def __init__(self, output: Path, *, resume: bool, key: bytes = b"") -> None:
        """Open the journal of an output folder; a new one takes the key that is given, else makes one.

        Raises JournalFault.
        """
        self.folder = output / WORK
        if self.folder.is_symlink():
            raise JournalFault(f"{self.folder}: is a link", "remove it")
        try:
            self._open(resume, key)
        except OSError as error:
            raise JournalFault(f"{self.folder}: cannot be used: {error.strerror}", ROOM) from error

    def _open(self, resume: bool, key: bytes) -> None:
        _clean_if_old(self.folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _take_lock(self.folder)
        if not resume:
            _empty(self.folder)
        self.vault = Vault(_read_key(self.folder / "key", key))
        self._offsets: dict[str, tuple[int, int, str]] = {}
        self._file = _open_private(self.folder / "journal")
        self._recover()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What could not be written a moment ago cannot be written now either, and has been told.
        with suppress(OSError):
            self._file.close()
        self._lock.close()

    def _recover(self) -> None:
        """Index whole lines and cut off what a kill left half written."""
        end = 0
        self._file.seek(0)
        for line in self._file:
            head = _head(line)
            if head is None:
                break
            self._offsets[head[0]] = (end, len(line), head[1])
            end += len(line)
        self._file.truncate(end)
        self._file.seek(end)

    def holds(self, item: str, inputs: str) -> bool:
        """True where the item was finished with the same inputs."""
        found = self._offsets.get(item)
        return found is not None and found[2] == inputs

    def add(self, lines: Iterable[bytes]) -> None:
        """Append finished items, made by `make_line`; they are on disk when this returns.

        Raises JournalFault where they cannot be written.
        """
        try:
            self._append(lines)
        except OSError as error:
            raise JournalFault(f"{self.folder}: cannot be written: {error.strerror}", ROOM) from error

    def _append(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            head = _head(line)
            if head is None:
                raise ValueError("a journal line must be made by make_line")
            self._offsets[head[0]] = (self._file.tell(), len(line), head[1])
            self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())

    def read(self, item: str) -> dict[str, Any]:
        """Return what an item yielded; raises KeyError for one that is not finished."""
        offset, size, _ = self._offsets[item]
        raw = os.pread(self._file.fileno(), size, offset)
        record = parse_line(raw)
        if record is None:
            raise JournalFault(f"{self.folder}: the journal was changed during the run", "scan again")
        return record

    def bodies(self, items: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield what each of the items yielded, one at a time in memory."""
        for item in items:
            yield self.read(item)

    def remove(self) -> None:
        """Remove the journal, its key and everything spilled beside them."""
        _overwrite_key(self.folder / "key")
        shutil.rmtree(self.folder, ignore_errors=True)


def make_line(record: dict[str, Any]) -> bytes:
    """Return a journal line: a checksum, a space, JSON, a newline; `record` names item and inputs."""
    headed = {"item": record["item"], "inputs": record["inputs"], **record}
    text = json.dumps(headed, separators=(",", ":")).encode("ascii")
    return hashlib.sha256(text).hexdigest()[:_SEAL].encode("ascii") + b" " + text + b"\n"


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Return the record of a whole line, None for one that is torn or damaged."""
    if not _is_whole(line):
        return None
    record: dict[str, Any] = json.loads(line[_SEAL + 1 :])
    return record


def _is_whole(line: bytes) -> bool:
    seal, space, text = line[:_SEAL], line[_SEAL : _SEAL + 1], line[_SEAL + 1 : -1]
    sealed = hashlib.sha256(text).hexdigest()[:_SEAL].encode("ascii")
    return space == b" " and line.endswith(b"\n") and sealed == seal


def _head(line: bytes) -> tuple[str, str] | None:
    """Return item and inputs of a whole line without taking the rest of it apart, None for a damaged one."""
    found = _HEAD.match(line, _SEAL + 1) if _is_whole(line) else None
    return (json.loads(found[1]), json.loads(found[2])) if found is not None else None


def clean(output: Path) -> bool:
    """Remove what an unfinished scan left below an output folder; True where there was something."""
    folder = output / WORK
    if folder.is_symlink() or not folder.is_dir():
        return False
    with _take_lock(folder):
        _overwrite_key(folder / "key")
        shutil.rmtree(folder)
    return True


def _clean_if_old(folder: Path) -> None:
    if not folder.is_dir():
        return
    newest = max((path.stat().st_mtime for path in folder.iterdir()), default=folder.stat().st_mtime)
    if time.time() - newest > MAX_AGE_SECONDS:
        clean(folder.parent)


def _take_lock(folder: Path) -> BinaryIO:
    lock = _open_private(folder / "lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise JournalFault(
            f"{folder.parent}: another scan is writing here", "wait for it, or give -o another folder"
        ) from error
    return lock


def _empty(folder: Path) -> None:
    _overwrite_key(folder / "key")
    for path in folder.iterdir():
        if path.name == "lock":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _open_private(path: Path) -> BinaryIO:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "r+b")


def _read_key(path: Path, fresh: bytes) -> bytes:
    with _open_private(path) as file:
        key = file.read()
        if not key:
            key = fresh or Vault.new_key()
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        return key


def _overwrite_key(path: Path) -> None:
    """Overwrite the key before it is unlinked, so that a journal left in a backup stays closed."""
    if path.is_file() and not path.is_symlink():
        path.write_bytes(b"\0" * path.stat().st_size)
