"""Where exports lie: a path, a folder or a glob, and what tells that a file has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

BESIDE = ".mapping.yaml"
"""What a mapping file's name adds to its export's."""


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
