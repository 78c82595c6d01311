"""Canonical JSON: one spelling for a value, the same bytes on any machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

_CHUNK = 1 << 20

# ASCII only: file names that are not UTF-8 reach us as lone surrogates, which no UTF-8 can hold.
_sorted = json.JSONEncoder(ensure_ascii=True, sort_keys=True, allow_nan=False, separators=(",", ":")).encode
_ordered = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def document(value: Any) -> bytes:
    """Return the value as one line of ASCII JSON, keys sorted; raises ValueError for NaN."""
    return _sorted(value).encode("ascii") + b"\n"


def record(value: Any) -> bytes:
    """Return the value as one NDJSON line with its keys in their own order, ended by a newline."""
    return _ordered(value).encode("ascii") + b"\n"


def digest(data: bytes) -> str:
    """Return `sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_stream(stream: BinaryIO) -> tuple[str, int]:
    """Return `sha256:` with 64 hex digits, and the number of bytes, of the rest of a stream."""
    whole, size = hashlib.sha256(), 0
    for chunk in chunks(stream):
        whole.update(chunk)
        size += len(chunk)
    return "sha256:" + whole.hexdigest(), size


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of a stream, at most one MiB at a time."""
    return iter(partial(stream.read, _CHUNK), b"")
