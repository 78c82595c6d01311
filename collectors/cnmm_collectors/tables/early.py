"""A large table is loaded while its bytes are examined; the load counts only if they are what they seemed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnmm_collectors.tables.columns import Hints, columns_of, ranking
from cnmm_collectors.tables.dialect import Dialect, sniff
from cnmm_collectors.tables.engine import Box, EngineRefusal, filled
from cnmm_collectors.tables.examine import Examined, Stamp, examine, glance
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.headers import Layout

LEAST = 8 * 1024**2
"""From this size on a file is loaded early; below it one read after the other is as quick."""


@dataclass(frozen=True, slots=True)
class Early:
    """A load that was begun from a file's first lines: in that dialect, of those columns, in that state."""

    dialect: Dialect
    columns: Sequence[int]
    stamp: Stamp
    loading: Future[Box]

    def fits(self, facts: Examined, dialect: Dialect, columns: Sequence[int]) -> bool:
        """True where it read what would be read now that every byte is known."""
        same = self.dialect == dialect and tuple(self.columns) == tuple(columns)
        return same and facts.plain and facts.stamp == self.stamp

    def close(self) -> None:
        """Drop what was loaded, once the engine is done with it."""
        with suppress(EngineRefusal):
            self.loading.result().close()


@dataclass(slots=True)
class Look:
    """What a file's bytes say, and its load if one was begun; whoever takes `early` closes it."""

    facts: Examined
    early: Early | None = None

    def close(self) -> None:
        """Drop what was loaded, if it was not taken."""
        if self.early is not None:
            self.early.close()
            self.early = None


def look(path: Path, kind: str, layouts: Sequence[Layout], hints: Hints) -> Look:
    """Examine a file whole while a table in it is loaded; raises TableFault."""
    early = _begin(path, kind, layouts, hints)
    try:
        return Look(examine(path, hints.encoding), early)
    except BaseException:
        if early is not None:
            early.close()
        raise


def _begin(path: Path, kind: str, layouts: Sequence[Layout], hints: Hints) -> Early | None:
    """Begin to load a file that looks like a large plain table; whatever is wrong is told in its turn."""
    try:
        if path.lstat().st_size < LEAST:
            return None
        facts = glance(path, hints.encoding)
        if facts.kind != "text" or not facts.plain:
            return None
        dialect = sniff(path, facts, ranking(kind, layouts, hints), hints.delimiter)
        columns = columns_of(facts.name, kind, layouts, dialect.header, hints).places
    except (TableFault, OSError):
        return None
    thread = ThreadPoolExecutor(1, "load")
    given = path.absolute(), dialect.delimiter, len(dialect.header), dialect.skip, columns
    loading = thread.submit(filled, *given, numbered=False)
    thread.shutdown(wait=False)
    return Early(dialect, columns, facts.stamp, loading)
