"""Sorting of lines that need not fit into memory."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO

RUN = 50_000


def sort_unique(lines: Iterable[bytes], folder: Path, run: int = RUN) -> Iterator[bytes]:
    """Yield the lines sorted, each once, holding at most `run` lines; spills below `folder`."""
    source = iter(lines)
    with ExitStack() as stack:
        parts: list[Iterable[bytes]] = []
        while batch := sorted(set(islice(source, run))):
            parts.append(
                batch if len(batch) < run and not parts else stack.enter_context(_spill(batch, folder))
            )
        yield from _once(heapq.merge(*parts))


def _spill(batch: list[bytes], folder: Path) -> IO[bytes]:
    part = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the caller's stack closes it
    part.writelines(batch)
    part.seek(0)
    return part


def _once(lines: Iterable[bytes]) -> Iterator[bytes]:
    last: bytes | None = None
    for line in lines:
        if line != last:
            yield line
        last = line
