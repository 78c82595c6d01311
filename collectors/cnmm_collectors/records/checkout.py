"""The Git repository that a folder of statements is checked out from, as its host would know it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cnmm_collectors.plugin import Reader, Target
from cnmm_collectors.reader.process import GitFault


@dataclass(frozen=True, slots=True)
class Checkout:
    """A work tree and the full name (`owner/name`) of the repository behind it."""

    root: Path
    name: str

    def path_of(self, file: Path) -> str:
        """Return a file's path within the repository, where a link counts as itself."""
        return (file.parent.resolve() / file.name).relative_to(self.root).as_posix()

    @classmethod
    def around(cls, place: Path, reader: Reader) -> Checkout | None:
        """Return the checkout that a file or folder lies in, None where there is none with a known remote."""
        here = place.resolve()
        for folder in (here, *here.parents):
            try:
                repository = reader.git.open(str(folder))
            except GitFault:
                continue
            try:
                name = repository.web.removeprefix("https://").partition("/")[2]
            finally:
                repository.close()
            return cls(folder, name) if name else None
        return None


def blob_id(raw: bytes) -> str:
    """Return the id that Git gives these bytes in a SHA-1 repository."""
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement that lacks nothing but a signature or a review: its record, date, Git id and file."""

    key: str
    day: date
    blob: str
    file: Path


def statements_on_hosts(found: Iterable[Waiting], target: Target, reader: Reader) -> Iterator[Target]:
    """Yield, for each repository on a host of the scan, the statements whose way into it may prove them."""
    wanted: dict[tuple[str, str, str], dict[tuple[str, str], None]] = {}
    checkouts: dict[Path, Checkout | None] = {}
    for one in found:
        folder = one.file.parent
        if folder not in checkouts:
            checkouts[folder] = Checkout.around(folder, reader)
        checkout = checkouts[folder]
        if checkout is None:
            continue
        filed = f"{one.key} {one.day.isoformat()} {one.blob}", checkout.path_of(one.file)
        for host, credential in _hosts_of(checkout.name, target):
            wanted.setdefault((host, checkout.name, credential), {})[filed] = None
    for (host, name, credential), statements in sorted(wanted.items()):
        yield Target(f"{host}-statements", name, credential, target.subject, tuple(sorted(statements)))


def _hosts_of(name: str, target: Target) -> tuple[tuple[str, str], ...]:
    """Return (host, credential's name) of each host of the scan whose target holds a repository."""
    wanted = name.casefold()
    found = []
    for fact, locator in target.facts:
        kind, _, credential = fact.removeprefix("host ").partition(" ")
        given = locator.casefold()
        if fact.startswith("host ") and (wanted == given or wanted.startswith(f"{given}/")):
            found.append((kind, credential))
    return tuple(dict.fromkeys(found))
