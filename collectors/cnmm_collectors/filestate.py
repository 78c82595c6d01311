"""What tells that a file has changed: size and time at a glance, for certain a digest of what it holds."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_LARGEST = 1 << 30


def glance(path: Path) -> tuple[str, int, int]:
    """Return name, size and time of change of a file, zeros where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return path.name, 0, 0
    return path.name, found.st_size, found.st_mtime_ns


def contents(files: Iterable[Path]) -> str:
    """Return a digest of the names of files and of what they hold; empty where one cannot be read.

    A link, a pipe or a device cannot: what it leads to may change without a trace; nor is a file of more than
    a GiB worth it.
    """
    seen = hashlib.sha256()
    for path in files:
        held = _digest(path)
        if not held:
            return ""
        seen.update(f"{path} {held}\n".encode("utf-8", "surrogateescape"))
    return seen.hexdigest()


def _digest(path: Path) -> str:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            found = os.fstat(stream.fileno())
            usable = stat.S_ISREG(found.st_mode) and found.st_size <= _LARGEST
            return hashlib.file_digest(stream, "sha256").hexdigest() if usable else ""
    except OSError:
        return ""
