"""The small files that steer a Git folder: a pipe, a device or an endless one among them stops nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cnmm_collectors.reader.process import GitFault
from cnmm_collectors.signals import Gap

_STEERING = ("HEAD", "config", "config.worktree", "packed-refs", "shallow", "objects/info/alternates")
_HOLDING = ("refs", "objects", "objects/info", "objects/pack")


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
    """Return the Git folder that a `.git` file points to, None where it points to none that is its own.

    A work tree's points back to it, a submodule's lies in the Git folder around it; else whoever made the
    folder could have any other repository of this machine read in its place.
    """
    text = os.fsdecode(read_control(pointer, most=4096))
    linked = pointer.parent / text.removeprefix("gitdir:").strip()
    if not text.startswith("gitdir:") or _kind(linked / "HEAD") is None:
        return None
    back = os.fsdecode(read_control(linked / "gitdir", most=4096)).strip()
    try:
        if back and (linked / back).resolve() == pointer.resolve():
            return linked
        around = (_around(folder / ".git") for folder in pointer.parent.parents)
        return linked if any(one and _is_within(linked, one) for one in around) else None
    except (OSError, ValueError):
        return None


def _around(place: Path) -> Path | None:
    return linked_folder(place) if place.is_file() else place


def shared_folder(folder: Path) -> Path:
    """Return the folder whose configuration and objects a Git folder uses: its own, or a work tree's main
    one, which is two above it.
    """
    named = os.fsdecode(read_control(folder / "commondir", most=4096).strip())
    main = folder.resolve().parent.parent
    try:
        return main if named and (folder / named).resolve() == main else folder
    except (OSError, ValueError):
        return folder


def check_control(folder: Path) -> None:
    """Raise GitFault where git itself would wait for, or never finish, a file that steers the folder, and
    where a link would have it read another repository.
    """
    shared = shared_folder(folder)
    names = [(folder, name) for name in ("commondir", *_STEERING)]
    for place, name in names + [(shared, name) for name in _STEERING]:
        kind = _kind(place / name)
        if kind is not None and not stat.S_ISREG(kind):
            raise GitFault(f"{name} in its Git folder is not a plain file", Gap.MALFORMED)
    if shared == folder and _kind(folder / "commondir") is not None:
        raise GitFault("commondir in its Git folder leads to no folder of its own", Gap.MALFORMED)
    if folder.name == ".git" and not _is_within(folder, folder.parent):
        raise GitFault(".git is a link that leads out of the folder: scan what it leads to", Gap.MALFORMED)
    for place, name in ((place, name) for place in (folder, shared) for name in (*_STEERING, *_HOLDING)):
        if not _is_within(place / name, place):
            raise GitFault(f"{name} in its Git folder is a link that leads out of it", Gap.MALFORMED)


def _is_within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _kind(path: Path) -> int | None:
    """Return the mode of what a path leads to, None where it leads nowhere."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return None
