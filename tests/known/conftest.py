"""Millions of sealed values stay alive here; looking for cycles among them time and again only costs."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def collect_rarely() -> Iterator[None]:
    """Let the collector of cycles run a hundred times less often while these tests run."""
    usual = gc.get_threshold()
    gc.set_threshold(70_000, 50, 100)
    yield
    gc.set_threshold(*usual)
