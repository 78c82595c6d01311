"""The files of record folders: which are records, and what state all of them are in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cnmm_collectors.filestate import glance
from cnmm_collectors.plugin import LedgerRow, Reader
from cnmm_collectors.reader import FileFault
from cnmm_collectors.signatures import COMPLETE

GIT = ".git"
"""What lies there is Git's, neither record nor document."""
_YAML = (".yaml", ".yml")


def files_of(place: Path, reader: Reader) -> Iterator[Path | LedgerRow]:
    """Yield the records of a folder, or of a file, and a ledger row where there are none to be had."""
    if place.is_file():
        yield from [place] if place.name != COMPLETE else []
        return
    try:
        every = (path for pattern in _YAML for path in reader.files.list(place, f"*{pattern}"))
        found = [path for path in every if GIT not in path.relative_to(place).parts]
    except FileFault as fault:
        yield LedgerRow("records", "folder", place.name, 1, 0, 0, 1, fault.gap.value, str(fault))
        return
    if not found:
        yield LedgerRow("records", "folder", place.name, 1, 0, 1, 0, "empty", "no record in the folder")
    yield from (path for path in found if path.name != COMPLETE and not _is_backed(path))


def _is_backed(path: Path) -> bool:
    """True for a YAML file that is itself a document with a sidecar of its own."""
    return any(path.with_name(path.name + suffix).is_file() for suffix in _YAML)


def everything(place: Path) -> list[Path]:
    """Return the place itself, or all files below a folder but Git's own, sorted."""
    if not place.is_dir():
        return [place]
    found = (path for path in place.rglob("*") if not path.is_dir() or path.is_symlink())
    return sorted(path for path in found if GIT not in path.relative_to(place).parts)


def glance_at(places: Iterable[str]) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file does, so that a resumed run reads it anew."""
    return tuple(glance(path) for place in places for path in everything(Path(place)))
