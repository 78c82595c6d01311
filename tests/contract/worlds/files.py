"""Damage that befalls single files, for the worlds of collectors that read exports and records."""

from __future__ import annotations

from pathlib import Path

FAULTS = (
    "missing",
    "unreadable",
    "garbage",
    "huge",
    "a folder",
    "a link to nowhere",
    "cut off",
    "empty",
    "zip bomb",
)


def damage(path: Path, fault: str) -> None:
    """Do the damage to one file."""
    if fault in ("missing", "a folder", "a link to nowhere"):
        path.unlink()
    if fault == "unreadable":
        path.chmod(0)
    elif fault == "garbage":
        path.write_bytes(bytes(range(256)) * 64 + b"\xff\xfe\x00\xd8" * 64)
    elif fault == "huge":
        # Larger than any export of an organisation, and no larger on the disk: the rest is a hole.
        with path.open("r+b") as file:
            file.truncate(6 * 1024**3)
    elif fault == "a folder":
        path.mkdir()
    elif fault == "a link to nowhere":
        path.symlink_to("/nowhere/at/all")
    elif fault == "cut off":
        raw = path.read_bytes()
        path.write_bytes(raw[: len(raw) * 2 // 3])
    elif fault == "empty":
        path.write_bytes(b"")
    elif fault == "zip bomb":
        path.write_bytes(b"PK\x03\x04" + bytes(26) + b"\x00" * 10_000)
