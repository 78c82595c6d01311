"""What was read of a target, for the work that follows it: it names accounts, and may be in no journal."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

from cnmm_collectors.hosts.findings import Known


class Memory:
    """Keeps in this process what was read of each target; of threads that need the same, one reads it."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._reading: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def learn(self, locator: str, read: Callable[[], Known]) -> Known:
        """Return what is read of a target now, and keep it."""
        with self._reading[locator]:
            self._known[locator] = read()
            return self._known[locator]

    def recall(self, locator: str, read: Callable[[], Known]) -> Known:
        """Return what is kept of a target; a run that was resumed reads it again, once."""
        with self._reading[locator]:
            if locator not in self._known:
                self._known[locator] = read()
            return self._known[locator]

    def peek(self, locator: str) -> Known | None:
        """Return what is kept of a target, None for nothing."""
        return self._known.get(locator)
