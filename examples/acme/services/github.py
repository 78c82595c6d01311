"""The organisation's host of repositories: GitHub's API on loopback, by the double that the tests use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recipe.host import TOKEN, organisation

from doubles.github.server import serve as serve_double
from services import Service

VARIABLE = "ACME_HOST_TOKEN"


@contextmanager
def serve(_: Path) -> Iterator[Service]:
    """Serve the host for as long as the context is open; contents come from the folder of clones."""
    with serve_double(organisation()) as double:
        tracking = {"teams": ["*"], "platform": ["platform"], "requests": ["platform-infra"]}
        settings = {"api": double.url, "clone": False, "contents": False, "tracking": tracking}
        target = {"target": "github:acme", "credential": VARIABLE}
        yield Service((target,), {"github": settings}, {VARIABLE: TOKEN})
