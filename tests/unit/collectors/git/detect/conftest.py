"""The fixture that commits files, looks at them and judges them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unit.collectors.git.detect.workshop import Files, Outcome, ages, commit, judge, look


@pytest.fixture
def scan(tmp_path: Path) -> Callable[..., Outcome]:
    """Give `scan(files, first=, last=, dated=, here=, **view options)`: commit, look and judge."""

    def run(
        files: Files, first: int = 30, last: int = 10, dated: bool = True, here: bool = True, **options: Any
    ) -> Outcome:
        folder = tmp_path / f"repository{len(list(tmp_path.iterdir()))}"
        commit(folder, files)
        view = look(folder, **options)
        return judge(view, ages(view, first, last) if dated else {}, here)

    return run
