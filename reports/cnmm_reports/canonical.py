"""Documents for other programs: canonical JSON in which every text is inert."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cnmm_reports.inert import inert

LIMIT = 4_000
"""Characters of one text in a document before it says how many more there are."""

_encode = json.JSONEncoder(ensure_ascii=True, sort_keys=True, allow_nan=False, separators=(",", ":")).encode


def write_document(record: Mapping[str, Any]) -> bytes:
    """Return one line of ASCII JSON, keys sorted; raises ValueError for a number JSON cannot hold."""
    return _encode(_inert(record)).encode("ascii") + b"\n"


def measure(record: Mapping[str, Any]) -> int:
    """Return how many bytes a record takes inside a document."""
    return len(_encode(_inert(record)))


def _inert(value: Any) -> Any:
    """Spell out what cannot be seen: strict parsers refuse a lone surrogate, readers miss a bidi override."""
    kind = type(value)
    if kind is str:
        return value if value.isprintable() and len(value) <= LIMIT else inert(value, LIMIT)
    if kind is int or kind is bool or value is None:
        return value
    if kind is dict or isinstance(value, Mapping):
        return {_inert(key): _inert(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_inert(item) for item in value]
    return inert(value, LIMIT) if isinstance(value, str) else value
