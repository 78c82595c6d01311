"""A first pass over a file's bytes: what it is, its digest, its encoding and what makes it dangerous."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cnmm_collectors.signals import Gap
from cnmm_collectors.tables.faults import TableFault

MAX_BYTES = 2 * 1024**3
BLOCK = 1 << 16
GLANCE = 4 * BLOCK
_CHUNK = 16 * BLOCK
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DEFINED = bytes(byte for byte in range(256) if byte not in b"\x81\x8d\x8f\x90\x9d")
_MAGIC = {
    b"PK\x03\x04": "workbook",
    b"\xd0\xcf\x11\xe0": "ole",
    b"PAR1": "parquet",
}


Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """What the bytes of a file say; `lines` counts line ends, and the last line where it has none."""

    name: str
    kind: str
    digest: str
    size: int
    encoding: str
    bom: int
    nul: bool
    bare_cr: bool
    old_mac: bool
    mixed: bool
    lines: int
    notes: tuple[str, ...]
    marks: Sequence[int]
    """Line ends before each block of `BLOCK` bytes, so that a line number needs no second pass."""
    stamp: Stamp
    """Which file it was, and in which state, before the first byte was read."""

    @property
    def plain(self) -> bool:
        """True where the engine may read the file as it stands."""
        return self.encoding == "utf-8" and not (self.nul or self.bare_cr or self.mixed)


def stamp_of(found: os.stat_result) -> Stamp:
    """Return what differs once a file is written to or put in another's place."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def examine(path: Path, encoding: str = "") -> Examined:
    """Return what a regular file of at most 2 GiB is; raises TableFault."""
    return _examine(path, encoding, 0)


def glance(path: Path, encoding: str = "") -> Examined:
    """Return what a file looks like by its first lines, with its whole size; raises TableFault.

    Digest, lines and marks are of those lines alone, and what they look like the rest need not be.
    """
    return _examine(path, encoding, GLANCE)


def _examine(path: Path, encoding: str, most: int) -> Examined:
    with os.fdopen(_open(path), "rb") as stream:
        found = os.fstat(stream.fileno())
        size = found.st_size
        if size > MAX_BYTES:
            raise TableFault(
                f"{path.name}: {size // 1024**2} MiB; split it, 2048 MiB is the most", Gap.UNSUPPORTED
            )
        if size == 0:
            raise TableFault(f"{path.name}: empty file")
        pass_ = _Pass()
        if most:
            head = stream.read(most)
            pass_.take(head[: head.rfind(b"\n") + 1])
        else:
            while chunk := stream.read(_CHUNK):
                pass_.take(chunk)
        written = _Written()
        if not most and not pass_.is_utf8:
            stream.seek(0)
            written.read(stream)
    return pass_.finish(path.name, stamp_of(found), encoding, written)


def _open(path: Path) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        handle = os.open(path, flags)
    except PermissionError as error:
        raise TableFault(f"{path.name}: not permitted to read it", Gap.NOT_PERMITTED) from error
    except OSError as error:
        told = "a link; name the file itself" if path.is_symlink() else error.strerror or "cannot be opened"
        raise TableFault(f"{path.name}: {told}", Gap.NOT_VISIBLE) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise TableFault(f"{path.name}: not a regular file", Gap.UNSUPPORTED)
    return handle


@dataclass(slots=True)
class _Written:
    """What a second look finds in a file that is not UTF-8: lines that are and lines that are not."""

    good: int = 0
    bad: int = 0
    defined: bool = True

    def read(self, stream: IO[bytes]) -> None:
        while line := stream.readline(_CHUNK):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                self.good += 1
            except UnicodeDecodeError:
                self.bad += 1
            self.defined = self.defined and not line.translate(None, _DEFINED)

    @property
    def mixed(self) -> bool:
        """True where a file in UTF-8 holds single lines of another encoding, and not the other way round."""
        return 0 < self.bad <= self.good


class _Pass:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._head = b""
        self._nul = self._returns = self._pairs = self._newlines = 0
        self._marks = array("Q")
        self._last = b""
        self._whole = True

    def take(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._head = self._head or chunk[:4096]
        self._nul += b"\0" in chunk
        # Most files have none of these, and looking for one is far quicker than counting.
        if b"\r" in chunk:
            self._returns += chunk.count(b"\r")
            self._pairs += chunk.count(b"\r\n")
        self._pairs += self._last == b"\r" and chunk[:1] == b"\n"
        for start in range(0, len(chunk), BLOCK):
            self._marks.append(self._newlines)
            self._newlines += chunk.count(b"\n", start, start + BLOCK)
        self._last = chunk[-1:]
        if self._decoder is not None and not (self._whole and chunk.isascii()):
            try:
                self._decoder.decode(chunk)
                self._whole = not self._decoder.getstate()[0]
            except UnicodeDecodeError:
                self._decoder = None

    @property
    def is_utf8(self) -> bool:
        """True where every byte so far fits."""
        return self._decoder is not None and self._whole

    def finish(self, name: str, stamp: Stamp, wanted: str, written: _Written) -> Examined:
        encoding, bom, notes = self._encoding(wanted, written)
        wide = encoding.startswith("utf-16")
        old_mac = self._returns > 0 and self._newlines == 0
        lines = (self._returns if old_mac else self._newlines) + (self._last not in (b"\n", b"\r"))
        kind = _kind(name, self._head[bom:], wide)
        return Examined(
            name=name,
            kind=kind,
            digest="sha256:" + self._hash.hexdigest(),
            size=stamp[2],
            encoding=encoding,
            bom=bom,
            nul=bool(self._nul) and not wide,
            bare_cr=self._returns != self._pairs,
            old_mac=old_mac,
            mixed=encoding == "utf-8" and written.mixed,
            lines=lines,
            notes=() if kind in _MAGIC.values() else notes,
            marks=self._marks,
            stamp=stamp,
        )

    def _encoding(self, wanted: str, written: _Written) -> tuple[str, int, tuple[str, ...]]:
        for bom, encoding in _BOMS:
            if self._head.startswith(bom):
                return encoding, len(bom), ()
        if wanted:
            return wanted, 0, (f"read as {wanted}, as the mapping says",)
        if self.is_utf8:
            return "utf-8", 0, ()
        if written.mixed:
            return "utf-8", 0, (f"UTF-8 with {written.bad} lines of another encoding",)
        if written.defined:
            return "cp1252", 0, ("not UTF-8: read as Windows-1252",)
        return "latin-1", 0, ("neither UTF-8 nor Windows-1252: read as Latin-1",)


def _kind(name: str, head: bytes, wide: bool) -> str:
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    suffix = Path(name).suffix.lower()
    if suffix in (".yaml", ".yml"):
        return "yaml"
    text = head.replace(b"\0", b"") if wide else head
    first = text.lstrip()[:1]
    if suffix in (".ndjson", ".jsonl"):
        return "lines"
    if first in (b"{", b"["):
        return "json"
    return "text"
