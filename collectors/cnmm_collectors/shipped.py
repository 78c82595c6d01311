"""Data that ships beside a module, as YAML."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def shipped(package: str | None, name: str) -> Any:
    """Return the content of a YAML file of a package, read by the safe loader, in C where there is one."""
    raw = resources.files(package or "").joinpath(name).read_bytes()
    return yaml.load(raw, Loader=_LOADER)  # noqa: S506 - a safe loader in C or Python
