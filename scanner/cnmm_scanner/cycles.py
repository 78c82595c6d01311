"""Python's search for cycles of objects: hardly any arise here, and every search walks what came to stay."""

from __future__ import annotations

import gc

_NEW, _YOUNG, _OLD = 70_000, 50, 100


def search_rarely() -> None:
    """Let this process search a hundred times less often; a fifth of a small scan went into it."""
    gc.set_threshold(_NEW, _YOUNG, _OLD)
