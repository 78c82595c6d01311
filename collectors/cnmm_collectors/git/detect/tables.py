"""The tables beside this module: what is recognised, as data."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

from cnmm_collectors.git.detect.nodes import LOADER


@cache
def load_table(name: str) -> Any:
    """Return the content of `NAME.yaml` of this package, read once."""
    raw = resources.files(__package__).joinpath(f"{name}.yaml").read_bytes()
    return yaml.load(raw, Loader=LOADER)  # noqa: S506 -- the safe loader, in C where there is one
