"""Temporary folders that outlive no process for long: what a killed one left, the next one removes."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

PREFIX = "cnmm-tmp-"
_YOUNG = 60.0  # seconds in which a folder may not have its lock yet


class Shelter:
    """A folder of this process alone, locked while it is in use; gone once it is closed."""

    def __init__(self) -> None:
        place = tempfile.gettempdir()
        sweep(place)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        # The system lets go of the lock when the process ends, however it ends.
        self._handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder and what is in it; a second call does nothing."""
        if self._handle >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._handle)
            self._handle = -1


@cache
def sweep(place: str) -> None:
    """Remove the folders below a place that their processes left behind, once for each process of ours."""
    with suppress(OSError), os.scandir(place) as found:
        left = [Path(entry.path) for entry in found if entry.name.startswith(PREFIX)]
        for folder in left:
            with suppress(OSError):
                _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder that is ours, not young, and locked by nobody; raises OSError where it is not."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        known = os.fstat(handle)
        if known.st_uid == os.getuid() and time.time() - known.st_mtime > _YOUNG:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(handle)
