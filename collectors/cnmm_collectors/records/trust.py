"""Whose signatures count: a key for each role, kept outside of the folders that it vouches for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from securesystemslib.signer import SSlibKey

from cnmm_collectors.plugin import LedgerRow, Reader
from cnmm_collectors.reader import FileFault
from cnmm_collectors.records.statements import plain
from cnmm_collectors.signatures import SUFFIX, is_signed, public_key

_KEY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys by role, roles spelled plainly; `rows` say which keys could not be used, and why."""

    keys: Mapping[str, SSlibKey]
    rows: tuple[LedgerRow, ...]

    @classmethod
    def read(cls, roles: Mapping[str, Path], places: Iterable[str], reader: Reader) -> Trust:
        """Return the trusted keys; one that lies among the records it vouches for is not trusted."""
        keys: dict[str, SSlibKey] = {}
        rows: list[LedgerRow] = []
        folders = [Path(place).resolve() for place in places]
        for role, path in sorted(roles.items()):
            why = ""
            if any(path.resolve().is_relative_to(folder) for folder in folders):
                why = "the key lies among the records that it is to vouch for"
            else:
                key, why = _key(path, reader)
                if key is not None:
                    keys[plain(role)] = key
            if why:
                rows.append(LedgerRow("records", "key", path.name, 1, 0, 1, 0, "not usable", why))
        return cls(keys, tuple(rows))

    def signers(self, path: Path, raw: bytes, reader: Reader) -> frozenset[str]:
        """Return the roles whose keys signed a file, its signature beside it."""
        signature = path.with_name(path.name + SUFFIX)
        if not self.keys or not signature.is_file():
            return frozenset()
        try:
            envelope = reader.files.read(signature, 1 << 20)
        except FileFault:
            return frozenset()
        return frozenset(role for role, key in self.keys.items() if is_signed(envelope, raw, key))


def _key(path: Path, reader: Reader) -> tuple[SSlibKey | None, str]:
    try:
        key = public_key(reader.files.read(path, _KEY_BYTES))
    except FileFault as fault:
        return None, str(fault)
    return key, "" if key is not None else "not an Ed25519 public key in PEM form"
