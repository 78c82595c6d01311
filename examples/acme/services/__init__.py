"""What the sample organisation runs besides its repositories, each served on loopback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Service:
    """What a running service adds to the audit: targets, settings of collectors, variables with credentials.

    `targets` are entries of `targets:` in `cnmm.yaml`; `collectors` are parts of `collectors:`, by name.
    """

    targets: tuple[str | Mapping[str, Any], ...] = ()
    collectors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


Serve = Callable[[Path], AbstractContextManager[Service]]
"""Runs a service beside the built sample, whose folder it is given, for as long as the context is open."""
