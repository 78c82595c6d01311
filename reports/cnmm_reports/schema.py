"""The published JSON Schema of the assessment."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every `assessment.json` of this version validates against."""
    text = resources.files("cnmm_reports").joinpath("assessment.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
