"""Files opened ahead: while one is taken in, the engine reads the next; at most two are held at any time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from cnmm_collectors.tables.faults import TableFault

LARGE = 512 * 1024**2
"""From this size on a file is opened only in its turn, so that memory holds one such table."""


class Closable(Protocol):
    """What was opened and holds a copy of its file."""

    def close(self) -> None:
        """Drop the copy."""


T = TypeVar("T", bound=Closable)


class Ahead(Generic[T]):
    """Opens (kind, path) pairs in their order on threads of its own, each just before it is wanted."""

    def __init__(self, files: Iterable[tuple[str, Path]], opener: Callable[[str, Path], T]) -> None:
        self._waiting = deque(files)
        self._opener = opener
        self._opened: deque[Future[T]] = deque()
        self._threads = ThreadPoolExecutor(2, "exports")

    def __enter__(self) -> Self:
        self._start(2)
        return self

    def take(self) -> T:
        """Return the next file as it was opened, for the caller to close; raises TableFault."""
        if not self._opened:
            self._start(1, large=True)
        found = self._opened.popleft().result()
        if not self._opened:
            self._start(1)
        return found

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for future in self._opened:
            if not future.cancelled():
                with suppress(TableFault):
                    future.result().close()

    def _start(self, number: int, *, large: bool = False) -> None:
        for _ in range(min(number, len(self._waiting))):
            if not large and _size(self._waiting[0][1]) >= LARGE:
                return
            self._opened.append(self._threads.submit(self._opener, *self._waiting.popleft()))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
