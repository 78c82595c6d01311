"""Signatures over statements: DSSE envelopes with Ed25519 keys, checked against keys kept elsewhere."""

from __future__ import annotations

import json

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

STATEMENT_TYPE = "application/vnd.cnmm.statement+yaml"
"""What a signature over a statement file says that it is over."""
SUFFIX = ".sig"
"""What is added to a statement's file name for its signature."""

COMPLETE = "complete.yaml"
"""The file of a records folder that lists, under a signature, all records there are."""


def public_key(pem: bytes) -> SSlibKey | None:
    """Return the Ed25519 key of a PEM file, None where it holds none."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return SSlibKey.from_crypto(key) if isinstance(key, Ed25519PublicKey) else None


def is_signed(envelope: bytes, payload: bytes, key: SSlibKey) -> bool:
    """True where the envelope is over exactly this statement and the key has signed it."""
    try:
        found = Envelope.from_dict(json.loads(envelope))
        if found.payload != payload or found.payload_type != STATEMENT_TYPE:
            return False
        found.verify([key], 1)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, VerificationError):
        return False
    return True
