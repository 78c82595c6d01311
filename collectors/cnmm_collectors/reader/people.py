"""Pseudonyms of people: keyed with the run's key, which reaches a worker once and is in no item."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_key = secrets.token_bytes(32)
_of_run: ContextVar[bytes | None] = ContextVar("cnmm_run_key", default=None)


def initialise(key: bytes) -> None:
    """Set the run's key in this worker; until then a key of this process alone is used."""
    global _key
    _key = key


@contextmanager
def keyed(key: bytes) -> Iterator[None]:
    """Use a run's key for the length of a `with` block, in this thread alone: a worker may serve two runs."""
    token = _of_run.set(key)
    try:
        yield
    finally:
        _of_run.reset(token)


def pseudonym(identity: str) -> str:
    """Return 64 hex digits (HMAC, SHA-256) that stand for an identity in this run, in every worker."""
    raw = identity.strip().casefold().encode("utf-8", "surrogateescape")
    return hmac.digest(_of_run.get() or _key, raw, "sha256").hex()
