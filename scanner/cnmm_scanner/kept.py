"""What earlier scans read of sources that have not moved since: private to one user, and gone after a day."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import cnmm_collectors
from cnmm_scanner.journal import MAX_AGE_SECONDS, Vault, parse_line

FOLDER = "items"


NOT_PRIVATE = "its folder in the user's cache and the key there must be 0700 and 0600 and be writable"


class Kept:
    """Journal lines by what they depend on, in a folder that only its owner can open.

    Person facts in them are encrypted as in a journal, under a key that lies beside them and lives no longer.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self.key = folder, key

    @classmethod
    def open(cls, cache: Path) -> Kept | None:
        """Return what is kept below a cache folder, emptied once its key is a day old; None where the folder
        or its key can be read by others, or it cannot be written.
        """
        folder = cache / FOLDER
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_private(folder):
                return None
            key = folder / "key"
            if key.exists() and key.lstat().st_mode & 0o077:
                return None
            if key.exists() and time.time() - key.lstat().st_mtime > MAX_AGE_SECONDS:
                empty(cache)
                folder.mkdir(mode=0o700)
            return cls(folder, _key(key))
        except OSError:
            return None

    def name(self, inputs: str, state: str) -> str:
        """Return where the reading of a state lies, by a keyed digest that tells nothing of either."""
        return hmac.digest(self.key, f"{inputs} {state}".encode("utf-8", "surrogateescape"), "sha256").hex()

    def read(self, name: str) -> dict[str, Any] | None:
        """Return the record under a name, None where there is none or it is damaged."""
        try:
            handle = os.open(self.folder / name[:2] / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            return parse_line(file.read())

    def write(self, name: str, line: bytes) -> None:
        """Keep a journal line; that it cannot be written harms nothing but the next scan's time."""
        place = self.folder / name[:2]
        with suppress(OSError):
            place.mkdir(mode=0o700, exist_ok=True)
            handle, path = tempfile.mkstemp(dir=place)
            with os.fdopen(handle, "wb") as file:
                file.write(line)
            Path(path).replace(place / name)


def empty(cache: Path) -> bool:
    """Remove what is kept below a cache folder, the key first; True where there was something."""
    folder = cache / FOLDER
    if folder.is_symlink() or not folder.is_dir():
        return False
    (folder / "key").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    return True


@cache
def code_state() -> str:
    """Return a digest of the collectors' own files by size and time: an edited reader reads anew.

    A process loads each of them once, and so looks at them once.
    """
    root = Path(cnmm_collectors.__file__).parent
    seen = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".yaml"):
            found = path.stat()
            seen.update(f"{path.relative_to(root)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def _is_private(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _key(path: Path) -> bytes:
    """Return the key of a file, made whole or not at all."""
    if not path.exists():
        handle, fresh = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(Vault.new_key())
        with suppress(FileExistsError):
            os.link(fresh, path)
        Path(fresh).unlink()
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        return file.read()
