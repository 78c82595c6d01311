"""The small files that steer a Git folder: a pipe, a device or an endless one among them stops nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cnmm_collectors.reader.process import GitFault
from cnmm_collectors.signals import Gap

_STEERING = ("HEAD", "config", "config.worktree", "packed-refs", "shallow", "objects/info/alternates")


def read_control(path: Path, most: int = 1024**2) -> bytes:
    """Return the first `most` bytes of a plain file; empty for one that is not there or not plain."""
    try:
        # Without waiting: to open a pipe that nobody writes to would never return.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return b""
    with os.fdopen(handle, "rb") as stream:
        plain = stat.S_ISREG(os.fstat(handle).st_mode)
        return stream.read(most) if plain else b""


def linked_folder(pointer: Path) -> Path | None:
    """Return the Git folder that a `.git` file points to, None where it points to none."""
    text = os.fsdecode(read_control(pointer, most=4096))
    linked = pointer.parent / text.removeprefix("gitdir:").strip()
    return linked if text.startswith("gitdir:") and _kind(linked / "HEAD") is not None else None


def shared_folder(folder: Path) -> Path:
    """Return the folder whose configuration and objects a Git folder uses: its own, or a work tree's main
    one.
    """
    return folder / os.fsdecode(read_control(folder / "commondir", most=4096).strip())


def check_control(folder: Path) -> None:
    """Raise GitFault where git itself would wait for, or never finish, a file that steers the folder."""
    shared = shared_folder(folder)
    names = [(folder, name) for name in ("commondir", *_STEERING)]
    for place, name in names + [(shared, name) for name in _STEERING]:
        kind = _kind(place / name)
        if kind is not None and not stat.S_ISREG(kind):
            raise GitFault(f"{name} in its Git folder is not a plain file", Gap.MALFORMED)
    if not stat.S_ISDIR(_kind(shared) or 0):
        raise GitFault("commondir in its Git folder leads to no folder", Gap.MALFORMED)


def _kind(path: Path) -> int | None:
    """Return the mode of what a path leads to, None where it leads nowhere."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return None
