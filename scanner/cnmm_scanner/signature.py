"""Signatures over the manifest: DSSE envelopes with Ed25519 keys, the trust root outside the bundle."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from cnmm_scanner.canonical import document
from cnmm_scanner.faults import Fault

PAYLOAD_TYPE = "application/vnd.cnmm.bundle-manifest+json"


class KeyFault(Fault):
    """A key file is not an Ed25519 key in PEM form, or cannot be written."""


class SignatureFault(Fault):
    """The signature is missing, of another key, or not over this manifest."""

    status = 1


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs manifests and statements with a private key."""

    crypto: CryptoSigner

    def sign(self, payload: bytes, kind: str = PAYLOAD_TYPE) -> bytes:
        """Return the DSSE envelope over a manifest, or over another kind of payload, in its one spelling."""
        envelope = Envelope(payload, kind, {})
        envelope.sign(self.crypto)
        return document(envelope.to_dict())


def load_signer(path: Path) -> Signer:
    """Return the signer of an unencrypted Ed25519 private key file; raises KeyFault."""
    try:
        key = load_pem_private_key(_read(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFault(f"{path}: not an unencrypted private key in PEM form", "cnmm keys new") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFault(f"{path}: not an Ed25519 key", "cnmm keys new makes one")
    return Signer(CryptoSigner(key))


def load_public(path: Path) -> SSlibKey:
    """Return the key of an Ed25519 public key file; raises KeyFault."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFault(f"{path}: not a public key in PEM form", "give the .pub file") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFault(f"{path}: not an Ed25519 key")
    return SSlibKey.from_crypto(key)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFault(f"{path}: cannot be read: {error.strerror}") from error


def check_signature(signature: bytes | None, manifest: bytes, key: SSlibKey) -> None:
    """Return when the manifest is signed by the key; raises SignatureFault for everything else."""
    if signature is None:
        raise SignatureFault("the bundle is not signed, and a key was given: rejected")
    envelope = parse_envelope(signature)
    if envelope.payload != manifest or envelope.payload_type != PAYLOAD_TYPE:
        raise SignatureFault("the signature is over something other than this manifest")
    try:
        envelope.verify([key], 1)
    except VerificationError as error:
        raise SignatureFault("the signature is not that of the given key") from error


def parse_envelope(signature: bytes) -> Envelope:
    """Return the envelope; raises SignatureFault unless it has the one spelling that signing gives it."""
    try:
        envelope = Envelope.from_dict(json.loads(signature))
        again = document(envelope.to_dict())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SignatureFault("the signature is not a DSSE envelope") from error
    if again != signature:
        raise SignatureFault("the signature is not spelled canonically")
    return envelope


def signers_of(signature: bytes) -> tuple[str, ...]:
    """Return the ids of the keys that claim to have signed; raises SignatureFault."""
    return tuple(sorted(parse_envelope(signature).signatures))


def make_keys(path: Path) -> tuple[Path, str]:
    """Write a new private key (0600) and its `.pub`; return the latter and the key id; raises KeyFault."""
    signer = CryptoSigner.generate_ed25519()
    public = path.with_name(path.name + ".pub")
    pem = load_pem_private_key(signer.private_bytes, None).public_key()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(path, signer.private_bytes, 0o600)
        _write_new(public, pem.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    except OSError as error:
        raise KeyFault(f"{error.filename}: cannot be written: {error.strerror}") from error
    return public, signer.public_key.keyid


def _write_new(path: Path, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        file.write(data)
