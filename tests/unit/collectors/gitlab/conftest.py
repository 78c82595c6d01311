"""What python-gitlab's own tests take for answers of the host, fetched by tests/setup.sh; none of it is here."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CACHE = Path(__file__).parents[4] / "build" / "cache"


@pytest.fixture(scope="session")
def recorded(require: Callable[[str, bool, str], None]) -> dict[str, list[Any]]:
    """Give every answer written down in python-gitlab's tests, by the file it is in; nothing of it is run."""
    place = CACHE / "python-gitlab-8.6.0"
    require("python-gitlab's own tests", place.is_dir(), "run tests/setup.sh")
    return {path.stem: list(literals(path)) for path in sorted(place.glob("test_*.py"))}


def literals(path: Path) -> Iterator[Any]:
    """Yield every dictionary or list that a file spells out whole and gives a name or sends as an answer."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        value = node.value if isinstance(node, ast.Assign | ast.keyword) else None
        if isinstance(value, ast.Dict | ast.List):
            try:
                found = ast.literal_eval(value)
            except ValueError:
                continue
            if found:
                yield found
