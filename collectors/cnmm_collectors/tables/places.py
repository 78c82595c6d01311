"""Where exports lie: a path, a folder or a glob, and what tells that a file has changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

BESIDE = ".mapping.yaml"
"""What a mapping file's name adds to its export's."""
ALIASES = "OWNERS_ALIASES"
"""Names of groups that the OWNERS file in the same folder speaks of."""


def expand(path: Path) -> Sequence[Path]:
    """Return the files that a path, a folder or a glob stands for, sorted; links are left out later."""
    if path.is_dir():
        found: Iterable[Path] = path.rglob("*")
    elif any(mark in path.name for mark in "*?["):
        found = path.parent.glob(path.name)
    else:
        found = [path] if path.exists() or path.is_symlink() else []
    return sorted(
        one
        for one in found
        if not one.is_dir() and not one.name.startswith(".") and not one.name.endswith(BESIDE)
    )


def state_of(path: Path) -> tuple[int, ...]:
    """Return size and time of change of a file and its mapping, so that a resumed run reads them anew."""
    return (*_state(path), *_state(path.with_name(path.name + BESIDE)))


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.lstat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def contents(files: Iterable[Path]) -> str:
    """Return a digest of what files and the files that explain them hold, empty where one cannot be read."""
    seen = hashlib.sha256()
    for path in files:
        for one in (path, path.with_name(path.name + BESIDE), path.with_name(ALIASES)):
            if one == path or one.is_file():
                held = _digest(one)
                if not held:
                    return ""
                seen.update(f"{one} {held}\n".encode("utf-8", "surrogateescape"))
    return seen.hexdigest()


def _digest(path: Path) -> str:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            regular = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
            return hashlib.file_digest(stream, "sha256").hexdigest() if regular else ""
    except OSError:
        return ""
