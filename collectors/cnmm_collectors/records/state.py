"""On what a reading of records depends: all in their folders, the keys, and where they came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import get_args

from cnmm_collectors.filestate import contents
from cnmm_collectors.plugin import Reader, WorkItem
from cnmm_collectors.reader import FileFault
from cnmm_collectors.records.checkout import Checkout
from cnmm_collectors.records.completeness import Kind
from cnmm_collectors.records.folders import everything
from cnmm_collectors.records.statements import StatementFault, parse
from cnmm_collectors.signatures import SUFFIX


def state_of(item: WorkItem, keys: Iterable[Path], reader: Reader) -> str:
    """Return a digest of everything a reading depends on; empty where a part of it cannot be read."""
    files = [path for place in dict(item.payload)["every"] for path in _behind(Path(place), reader)]
    keys = sorted(keys)
    held = contents(dict.fromkeys([*files, *(key for key in keys if key.exists())]))
    if not held:
        return ""
    # A key must not lie among the records, whatever way leads there.
    told = [held, *(str(key.resolve()) for key in keys)]
    if any(name.startswith("host ") for name, _ in item.target.facts):
        around = (Checkout.around(folder, reader) for folder in sorted({path.parent for path in files}))
        told += [f"{one.root} {one.name}" if one else "" for one in around]
    return " ".join(told)


def _behind(place: Path, reader: Reader) -> Iterator[Path]:
    """Yield what the records of a place rest on; of a single file that is what lies beside it by name."""
    yield from everything(place)
    if place.is_dir():
        return
    named = {place.name + SUFFIX, place.stem}
    for kind in get_args(Kind):
        with suppress(FileFault, StatementFault):
            named.update(one.link[0] for one in parse(reader.files.read(place), kind))
    yield from (path for name in sorted(named) if name and (path := place.parent / name).is_file())
