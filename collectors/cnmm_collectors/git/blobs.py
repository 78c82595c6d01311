"""The contents of the wanted files, read through one git process, within the caps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnmm_collectors.git.model import TreeEntry
from cnmm_collectors.git.settings import Settings
from cnmm_collectors.plugin import GitRepository
from cnmm_collectors.reader import GitFault
from cnmm_collectors.signals import Gap

MOST_CODE = 2_000
MOST_CODE_BYTES = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class Contents:
    """Bytes by path, and why each other wanted path was not read."""

    read: Mapping[str, bytes]
    unread: Mapping[str, Gap]
    causes: Mapping[str, int]

    def __add__(self, other: Contents) -> Contents:
        """Return what two readings of different files gave together."""
        causes = Counter(self.causes) + Counter(other.causes)
        return Contents({**self.read, **other.read}, {**self.unread, **other.unread}, causes)


def read_code(repository: GitRepository, wanted: Sequence[TreeEntry], settings: Settings) -> Contents:
    """Return the contents of source files within their own cap: 2,000 files and 16 MiB."""
    caps = {
        "max_blobs": min(MOST_CODE, settings.max_blobs),
        "max_total_bytes": min(MOST_CODE_BYTES, settings.max_total_bytes),
    }
    return read_blobs(repository, wanted, settings.model_copy(update=caps))


def read_blobs(repository: GitRepository, wanted: Sequence[TreeEntry], settings: Settings) -> Contents:
    """Return the contents of the wanted entries; a file too large, missing or beyond the caps is named, not
    read.
    """
    sizes = _sizes(repository, wanted)
    missing = [entry.oid for entry in wanted if sizes.get(entry.oid, -1) < 0]
    if missing and repository.owned:
        try:
            repository.fetch_blobs(missing)
        except GitFault as fault:
            return _all_unread(wanted, fault)
        sizes = _sizes(repository, wanted)
    unread, chosen, causes = _choose(wanted, sizes, settings, _lack(repository))
    found: dict[str, bytes] = {}
    oids = list(dict.fromkeys(entry.oid for entry in chosen))
    blobs = dict(_batch(repository, oids))
    for entry in chosen:
        content = blobs.get(entry.oid)
        if content is None:
            unread[entry.path] = Gap.MALFORMED
            causes["unreadable object"] = causes.get("unreadable object", 0) + 1
        else:
            found[entry.path] = content
    return Contents(found, unread, causes)


def _lack(repository: GitRepository) -> tuple[str, Gap]:
    """Return why a content is missing, by what whoever brought the others said."""
    given = repository.given
    if given is not None and given.detail:
        return given.detail, given.gap
    return "blob missing from a partial clone or object store", Gap.NOT_COLLECTED


def _all_unread(wanted: Sequence[TreeEntry], fault: GitFault) -> Contents:
    return Contents({}, {entry.path: fault.gap for entry in wanted}, {str(fault): len(wanted)})


def _sizes(repository: GitRepository, wanted: Iterable[TreeEntry]) -> dict[str, int]:
    """Return bytes by object id, -1 for a missing object."""
    oids = list(dict.fromkeys(entry.oid for entry in wanted))
    if not oids:
        return {}
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    answer = repository.run(
        "cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=asked
    )
    sizes: dict[str, int] = {}
    for oid, row in zip(oids, answer.decode("ascii", "replace").splitlines(), strict=False):
        parts = row.split(" ")
        sizes[oid] = int(parts[2]) if len(parts) == 3 and parts[1] == "blob" else -1
    return sizes


def _choose(
    wanted: Sequence[TreeEntry], sizes: Mapping[str, int], settings: Settings, lack: tuple[str, Gap]
) -> tuple[dict[str, Gap], list[TreeEntry], dict[str, int]]:
    unread: dict[str, Gap] = {}
    causes: dict[str, int] = {}
    chosen: list[TreeEntry] = []
    total = 0
    # Shallow paths first: where a cap bites, it takes code, and what lies deepest.
    for entry in sorted(wanted, key=lambda e: (e.path.endswith(".py"), e.path.count("/"), e.path)):
        size = sizes.get(entry.oid, -1)
        cause, gap = "", Gap.UNSUPPORTED
        if size < 0:
            cause, gap = lack
        elif size > settings.max_blob_bytes:
            cause = f"larger than {settings.max_blob_bytes} bytes"
        elif total + size > settings.max_total_bytes or len(chosen) >= settings.max_blobs:
            cause, gap = "beyond the cap for one repository", Gap.SAMPLED_OUT
        if cause:
            unread[entry.path] = gap
            causes[cause] = causes.get(cause, 0) + 1
        else:
            chosen.append(entry)
            total += size
    return unread, chosen, causes


def _batch(repository: GitRepository, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each object that can be read; where one stops git, those after it are asked for again."""
    left = list(oids)
    while left:
        done = 0
        try:
            for oid, content in _read(repository, left):
                done += 1
                if content is not None:
                    yield oid, content
            return
        except GitFault:
            left = left[done + 1 :]


def _read(repository: GitRepository, oids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    buffer = bytearray()
    with repository.stream("cat-file", "--batch", stdin=asked) as chunks:
        position = iter(oids)
        for chunk in chunks:
            buffer += chunk
            while (parsed := _object(buffer)) is not None:
                content, used = parsed
                del buffer[:used]
                yield next(position), content


def _object(buffer: bytearray) -> tuple[bytes | None, int] | None:
    """Return (content, None for a missing one, and bytes used) of the first whole object, None where it is
    cut.
    """
    end = buffer.find(b"\n")
    if end < 0:
        return None
    header = bytes(buffer[:end]).split(b" ")
    if len(header) != 3:
        return None, end + 1
    size = int(header[2])
    if len(buffer) < end + 1 + size + 1:
        return None
    content = bytes(buffer[end + 1 : end + 1 + size])
    return (content if header[1] == b"blob" else None), end + 1 + size + 1
