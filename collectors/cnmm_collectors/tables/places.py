"""Where exports lie: a path, a folder or a glob, and what tells that a file has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cnmm_collectors.filestate import contents, glance

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


def state_of(path: Path) -> tuple[str | int, ...]:
    """Return size and time of change of a file and its mapping, so that a resumed run reads them anew."""
    return (*glance(path), *glance(path.with_name(path.name + BESIDE)))


def held(files: Iterable[Path]) -> str:
    """Return a digest of what files and the files that explain them hold, empty where one cannot be read."""
    return contents(one for path in files for one in (path, *_explaining(path)))


def _explaining(path: Path) -> Iterator[Path]:
    for one in (path.with_name(path.name + BESIDE), path.with_name(ALIASES)):
        if one != path and one.is_file():
            yield one
