"""Answers kept from one scan to the next, readable only to who holds the credential they were given for."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

_LARGEST = 256 * 1024 * 1024


class Keeping:
    """A private store of decoded answers; nothing is kept where there is no folder or no secret.

    What a host said names accounts, so it is encrypted under a key that the credential gives: without it a
    file is noise, and with it the host would say the same again.
    """

    def __init__(self, folder: Path | None, secret: str) -> None:
        """Keep below a folder, for a credential's value."""
        self._folder = None if folder is None or not secret else folder / "kept"
        self._secret = secret.encode()

    def recall(self, name: str) -> Any:
        """Return what was remembered under a name; None for nothing, and for what cannot be read."""
        if self._folder is None:
            return None
        from cryptography.fernet import InvalidToken

        try:
            sealed = self._place(self._folder, name).read_bytes()
            return json.loads(_inflate(self._cipher().decrypt(sealed)))
        except (OSError, InvalidToken, zlib.error, ValueError, RecursionError):
            return None

    def remember(self, name: str, answer: Any) -> None:
        """Keep a JSON value under a name, instead of what was kept; a store that fails keeps nothing."""
        if self._folder is None:
            return
        sealed = self._cipher().encrypt(zlib.compress(json.dumps(answer).encode()))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            handle, temporary = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(sealed)
                Path(temporary).replace(self._place(self._folder, name))
            except BaseException:
                with suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            logging.getLogger(__name__).warning("no answers are kept: %s", type(error).__name__)

    def _place(self, folder: Path, name: str) -> Path:
        return folder / hashlib.sha256(name.encode()).hexdigest()[:32]

    def _cipher(self) -> Any:
        # Imported late: only hosts keep answers.
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        key = HKDF(SHA256(), 32, None, b"cnmm answers kept between scans").derive(self._secret)
        return Fernet(base64.urlsafe_b64encode(key))


def _inflate(raw: bytes) -> bytes:
    machine = zlib.decompressobj()
    found = machine.decompress(raw, _LARGEST)
    if machine.unconsumed_tail:
        raise ValueError("larger than anything that is kept")
    return found
