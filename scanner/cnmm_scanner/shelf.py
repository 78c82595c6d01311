"""Evidence by id, read from a bundle's sorted members where it lies, not from memory."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from pathlib import Path
from typing import Self

from cnmm_collectors.evidence import Evidence, EvidenceError
from cnmm_scanner.container import ContainerFault

_PREFIX = b'{"id":"'
_CONFIRMED = re.compile(rb'"confirmed_at":"([^"]*)"')
_SEARCHES = 64
_ID = len("sha256:") + 64


class Shelf(Mapping[str, Evidence]):
    """The evidence of a bundle: a lookup halves its way through each source's sorted lines.

    A lookup raises ContainerFault where the id does not match the content; `check` does so for all.
    """

    def __init__(self, path: Path, regions: Sequence[tuple[int, int]]) -> None:
        self._regions = [(start, start + size) for start, size in regions if size]
        self._path = path
        self._searched = 0
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()

    def __getitem__(self, key: str) -> Evidence:
        self._let_go()
        wanted = key.encode("utf-8", "replace")
        for start, end in self._regions:
            line = self._search(wanted, start, end)
            if line is not None:
                return _decode(line)
        raise KeyError(key)

    def _let_go(self) -> None:
        """Give back what searches mapped: pages of the file would add up to all of it."""
        self._searched += 1
        if self._searched % _SEARCHES == 0 and hasattr(mmap, "MADV_DONTNEED"):
            self._data.madvise(mmap.MADV_DONTNEED)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        wanted = key.encode("utf-8", "replace")
        return any(self._search(wanted, start, end) is not None for start, end in self._regions)

    def _search(self, wanted: bytes, low: int, high: int) -> bytes | None:
        """Return the line whose id is wanted between two line starts, or None."""
        first = low
        while low < high:
            begin = self._data.rfind(b"\n", first, (low + high) // 2) + 1 or first
            end = self._data.find(b"\n", begin) + 1 or high
            line = self._data[begin:end]
            found = line[len(_PREFIX) : len(_PREFIX) + _ID]
            if found == wanted:
                return line
            low, high = (end, high) if found < wanted else (low, begin)
        return None

    def _lines(self) -> Iterator[bytes]:
        """Yield all lines from the file itself: what is read through the map counts as our memory."""
        with self._path.open("rb") as file:
            for start, stop in self._regions:
                file.seek(start)
                while start < stop and (line := file.readline(stop - start)):
                    start += len(line)
                    yield line

    def __iter__(self) -> Iterator[str]:
        for line in self._lines():
            yield line[len(_PREFIX) : len(_PREFIX) + _ID].decode("ascii", "replace")

    def __len__(self) -> int:
        return sum(1 for _ in self._lines())

    def values(self) -> ValuesView[Evidence]:
        """Return all citations, decoded one after the other."""
        return _Values(self)

    def items(self) -> ItemsView[str, Evidence]:
        """Return all citations with their ids, decoded one after the other."""
        return _Items(self)

    def decoded(self) -> Iterator[Evidence]:
        """Yield every citation once, in order of source and id, without hashing each again."""
        return map(_decode_unhashed, self._lines())

    def oldest(self) -> str:
        """Return a time at or before the earliest confirmation, `9999` where there is no evidence."""
        confirmed = (match[1] for line in self._lines() if (match := _CONFIRMED.search(line)))
        found = min(confirmed, default=b"9999")
        return found.decode("ascii", "replace")

    def check(self) -> int:
        """Return the number of citations; raises ContainerFault where an id does not match."""
        return sum(1 for _ in map(_decode, self._lines()))


class _Values(ValuesView[Evidence]):
    _mapping: Shelf

    def __iter__(self) -> Iterator[Evidence]:
        return self._mapping.decoded()


class _Items(ItemsView[str, Evidence]):
    _mapping: Shelf

    def __iter__(self) -> Iterator[tuple[str, Evidence]]:
        return zip(self._mapping, self._mapping.decoded(), strict=True)


def _decode_unhashed(line: bytes) -> Evidence:
    try:
        record = json.loads(line)
        del record["id"]
        return Evidence(**record)
    except (ValueError, TypeError, KeyError, EvidenceError) as error:
        raise ContainerFault(f"evidence: {error}") from error


def _decode(line: bytes) -> Evidence:
    try:
        return Evidence.from_json(json.loads(line))
    except (ValueError, TypeError, AttributeError, EvidenceError) as error:
        raise ContainerFault(f"evidence: {error}") from error
