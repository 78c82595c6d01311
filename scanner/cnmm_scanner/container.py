"""The canonical zip: one byte sequence for one set of members, and a reader that trusts nothing.

Members are stored, not deflated: deflate's output differs between zlib, zlib-ng and their versions,
so an intact bundle would look altered on another machine; stored members also leave no room for
zip bombs, need no codec to be trusted, and can be read at any offset.
"""

from __future__ import annotations

import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from typing import IO, BinaryIO, Self, cast

from cnmm_scanner.canonical import chunks
from cnmm_scanner.faults import Fault

COMPRESSION = "stored"
MAX_MEMBERS = 20_000
MAX_HELD = 64 << 20
_BLOCK = 1 << 20
_BLOCK = 1 << 20

_NAME = re.compile(r"[a-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,7}")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_LOCAL, _CENTRAL, _END = 30, 46, 22
_BROKEN = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError)
_UNREADABLE = (*_BROKEN, struct.error, zlib.error, UnicodeError, OverflowError)

Content = Callable[[], BinaryIO]
"""Opens a member's bytes from the start; called once for each writing."""


class ContainerFault(Fault):
    """The file is not a canonical container; the message names the first thing that is wrong."""


def held(data: bytes) -> Content:
    """Return content that is in memory."""
    return partial(BytesIO, data)


def filed(path: Path) -> Content:
    """Return content that is a file."""
    return partial(cast(Callable[[str], BinaryIO], path.open), "rb")


def check_name(name: str) -> str:
    """Return a member's name; raises ContainerFault for one that is absolute, climbs or is odd."""
    if len(name) > 200 or not _NAME.fullmatch(name) or ".." in name:
        raise ContainerFault(f"member name {name[:80]!r} is not allowed")
    return name


def write(members: Mapping[str, Content], sink: IO[bytes]) -> None:
    """Write the one container that holds exactly these members, in any order given."""
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            with members[name]() as source, archive.open(_info(name), "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(check_name(name), _EPOCH)
    info.create_system, info.external_attr = 3, _MODE
    return info


class Container:
    """A container opened for reading: names, sizes and structure are checked before any content."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except OSError as error:
            raise ContainerFault(f"{path}: cannot be read: {error.strerror}") from error
        except _UNREADABLE as error:
            raise ContainerFault(f"{path}: not a bundle, or cut short") from error
        try:
            self._infos = _check_structure(self._archive, path.stat().st_size)
        except ContainerFault:
            self._archive.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Every member's name, sorted."""
        return tuple(self._infos)

    def size(self, name: str) -> int:
        """Return a member's size in bytes; raises KeyError."""
        return self._infos[name].file_size

    def region(self, name: str) -> tuple[int, int]:
        """Return (offset, size) of a member's bytes within the file; raises KeyError."""
        info = self._infos[name]
        return info.header_offset + _LOCAL + len(name), info.file_size

    def open(self, name: str) -> BinaryIO:
        """Open a member; raises ContainerFault where there is none or its header is damaged."""
        if name not in self._infos:
            raise ContainerFault(f"{self.path}: member {name} is missing")
        with self._damage(name):
            return cast(BinaryIO, self._archive.open(self._infos[name]))

    def read(self, name: str, limit: int = MAX_HELD) -> bytes:
        """Return a member whole; raises ContainerFault where it is damaged or above `limit` bytes."""
        with self.open(name) as stream, self._damage(name):
            if self._infos[name].file_size > limit:
                raise ContainerFault(f"{self.path}: member {name} is larger than {limit} bytes")
            return stream.read()

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield a member's lines, flat in memory; raises ContainerFault where it is damaged."""
        with self.open(name) as plain, self._damage(name):
            stream = BufferedReader(cast(RawIOBase, plain), 1 << 20)
            while line := stream.readline(MAX_HELD):
                if not line.endswith(b"\n"):
                    raise ContainerFault(f"{self.path}: member {name} holds a broken line")
                yield line

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield a member as blocks of whole lines, about a MiB each; raises ContainerFault."""
        with self.open(name) as stream, self._damage(name):
            for block in iter(partial(stream.read, _BLOCK), b""):
                whole = block if block.endswith(b"\n") else block + stream.readline(MAX_HELD)
                if not whole.endswith(b"\n"):
                    raise ContainerFault(f"{self.path}: member {name} holds a broken line")
                yield whole

    def part(self, name: str, start: int, end: int) -> Iterator[bytes]:
        """Yield the lines between two places of a member as such blocks, read where they lie, unchecked."""
        offset, _ = self.region(name)
        with self._damage(name), self.path.open("rb") as file:
            file.seek(offset + start)
            while start < end and (block := file.read(min(_BLOCK, end - start))):
                whole = block if block.endswith(b"\n") else block + file.readline(MAX_HELD)
                start += len(whole)
                yield whole

    def content(self, name: str) -> Content:
        """Return a member's content, to be written into another container."""
        return partial(self.open, name)

    @contextmanager
    def _damage(self, name: str) -> Iterator[None]:
        try:
            yield
        except (*_UNREADABLE, OSError) as error:
            raise ContainerFault(f"{self.path}: member {name} is damaged") from error

    @contextmanager
    def _damage_found(self) -> Iterator[None]:
        """Look for the member that is damaged once something says that one is: an auditor asks which."""
        try:
            yield
        except (*_UNREADABLE, OSError):
            for name in self._infos:
                with self.open(name) as stream, self._damage(name):
                    for _ in chunks(stream):
                        pass
            raise ContainerFault(f"{self.path}: a member changed while it was read") from None

    def compare_rebuilt(self) -> None:
        """Build the container again from its members; raises ContainerFault where a byte differs."""
        with tempfile.TemporaryFile(prefix="cnmm-") as again, self.path.open("rb") as given:
            with self._damage_found():
                write({name: self.content(name) for name in self._infos}, again)
            again.seek(0)
            offset = 0
            for chunk in chunks(cast(BinaryIO, again)):
                if given.read(len(chunk)) != chunk:
                    raise ContainerFault(f"{self.path}: not canonical near byte {offset}")
                offset += len(chunk)
            if given.read(1):
                raise ContainerFault(f"{self.path}: {offset} bytes expected, more follow")


def _check_structure(archive: zipfile.ZipFile, file_size: int) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise ContainerFault(f"{len(infos)} members: {MAX_MEMBERS} at most")
    names = [check_name(info.orig_filename) for info in infos]
    if names != sorted(set(names)):
        raise ContainerFault("members are not sorted, or one is there twice")
    offset = 0
    for info in infos:
        _check_member(info, offset)
        offset += _LOCAL + len(info.orig_filename) + info.file_size
    tail = sum(_CENTRAL + len(name) for name in names) + _END
    # A container beyond 4 GiB has zip64 records at its end; the rebuilt one then decides alone.
    if archive.comment or (file_size != offset + tail and file_size < zipfile.ZIP64_LIMIT):
        raise ContainerFault("sizes do not add up: bytes are missing or were added")
    return {info.orig_filename: info for info in infos}


def _check_member(info: zipfile.ZipInfo, offset: int) -> None:
    """Refuse a member that is not exactly as `write` makes it, before anything is read from it."""
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise ContainerFault(f"member {info.orig_filename} is compressed: only stored ones are read")
    plain = (info.filename, info.flag_bits, info.extra, info.comment, info.date_time)
    system = (info.create_system, info.external_attr, info.internal_attr, info.volume)
    large = info.header_offset >= zipfile.ZIP64_LIMIT
    if system != (3, _MODE, 0, 0) or info.header_offset != offset:
        raise ContainerFault(f"member {info.orig_filename} has attributes or a place of its own")
    if plain != (info.orig_filename, 0, info.extra if large else b"", b"", _EPOCH):
        raise ContainerFault(f"member {info.orig_filename} has flags, extras, a comment or a time")
