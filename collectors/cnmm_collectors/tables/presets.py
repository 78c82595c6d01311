"""Presets: exports whose columns their makers documented, as data beside this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cnmm_collectors.shipped import shipped
from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.faults import TableFault
from cnmm_collectors.tables.headers import normalise


@cache
def _presets() -> tuple[Mapping[str, Any], ...]:
    return tuple(shipped(__package__, "presets.yaml"))


def preset(name: str, kind: str, header: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return the preset's name and columns that are there, or nothing; raises TableFault where refused."""
    there = {_plain(cell): cell for cell in header}
    for one in _presets():
        if one["kind"] == kind and all(_plain(needed) in there for needed in one["headers"]):
            if "refuse" in one:
                raise TableFault(f"{name}: a {one['name']} export: {one['refuse']}", Gap.UNSUPPORTED)
            columns = {field: there[_plain(c)] for field, c in one["columns"].items() if _plain(c) in there}
            return str(one["name"]), columns
    return "", {}


def matches(kind: str, row: Sequence[str]) -> float:
    """Return how surely a row is the header of a documented export: its number of known columns, or 0."""
    there = {_plain(cell) for cell in row}
    return max(
        (
            float(len(one["headers"]))
            for one in _presets()
            if one["kind"] == kind and all(_plain(needed) in there for needed in one["headers"])
        ),
        default=0.0,
    )


def _plain(header: str) -> str:
    return normalise(header) or header.strip()
