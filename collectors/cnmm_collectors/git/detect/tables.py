"""The tables beside this module: what is recognised, as data."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def load_table(name: str) -> Any:
    """Return the content of `NAME.yaml` of this package, read once."""
    raw = resources.files(__package__).joinpath(f"{name}.yaml").read_bytes()
    return yaml.safe_load(raw)
