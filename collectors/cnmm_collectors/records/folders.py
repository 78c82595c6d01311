"""The files of record folders: which are records, and what state all of them are in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cnmm_collectors.plugin import LedgerRow, Reader
from cnmm_collectors.reader import FileFault
from cnmm_collectors.signatures import COMPLETE

_YAML = (".yaml", ".yml")


def files_of(place: Path, reader: Reader) -> Iterator[Path | LedgerRow]:
    """Yield the records of a folder, or of a file, and a ledger row where there are none to be had."""
    if place.is_file():
        yield from [place] if place.name != COMPLETE else []
        return
    try:
        found = [path for pattern in _YAML for path in reader.files.list(place, f"*{pattern}")]
    except FileFault as fault:
        yield LedgerRow("records", "folder", place.name, 1, 0, 0, 1, fault.gap.value, str(fault))
        return
    if not found:
        yield LedgerRow("records", "folder", place.name, 1, 0, 1, 0, "empty", "no record in the folder")
    yield from (path for path in found if path.name != COMPLETE and not _is_backed(path))


def _is_backed(path: Path) -> bool:
    """True for a YAML file that is itself a document with a sidecar of its own."""
    return any(path.with_name(path.name + suffix).is_file() for suffix in _YAML)


def state_of(places: Iterable[str]) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file does, so that a resumed run reads it anew."""
    found = []
    for place in places:
        root = Path(place)
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            try:
                state = path.lstat()
            except OSError:
                continue
            found.append((path.name, state.st_size, state.st_mtime_ns))
    return tuple(found)
