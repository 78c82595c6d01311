"""Pseudonyms of people: keyed with the run's key, which reaches a worker once and is in no item."""

from __future__ import annotations

import hmac
import secrets

_key = secrets.token_bytes(32)


def initialise(key: bytes) -> None:
    """Set the run's key in this worker; until then a key of this process alone is used."""
    global _key
    _key = key


def pseudonym(identity: str) -> str:
    """Return 64 hex digits that stand for an identity within one run, the same in every worker of it."""
    raw = identity.strip().casefold().encode("utf-8", "surrogateescape")
    return hmac.digest(_key, raw, "sha256").hex()
