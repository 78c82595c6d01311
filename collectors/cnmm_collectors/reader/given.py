"""Repositories whose files a host's API gave: trees and blobs in our own cache, without any commit.

Every object is checked against the id under which the host names it, so that what is read of such a folder is
what a clone of that commit would hold.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cnmm_collectors.plugin import Given, GivenEntry
from cnmm_collectors.reader.process import HARDENED, GitFault, environment, started
from cnmm_collectors.shelter import Shelter
from cnmm_collectors.signals import Gap

FOLDER, FACTS = "given", "given.json"
_ID = re.compile(r"[0-9a-f]{40}")
_MOST = 256 * 1024**2


class GivenRepository:
    """A bare repository in the cache that is filled from answers; implements `plugin.GitDeposit`."""

    def __init__(self, cache: Path, url: str, seconds: float) -> None:
        """Open or make the folder of a repository, which only this user can read; raises GitFault."""
        self._place = cache / FOLDER / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.git"
        self._deadline = time.monotonic() + seconds
        try:
            for folder in (cache, cache / FOLDER):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
            self._make(url)
        except OSError as error:
            raise GitFault("the cache folder cannot be used", Gap.NOT_ENABLED) from error

    def _make(self, url: str) -> None:
        """Make an empty bare repository by hand: for one that is refused, git need not run at all."""
        if (self._place / "HEAD").is_file():
            return
        for part in ("objects", "refs"):
            (self._place / part).mkdir(parents=True, exist_ok=True)
        text = f'[core]\n\trepositoryFormatVersion = 0\n\tbare = true\n[remote "origin"]\n\turl = {url}\n'
        (self._place / "config").write_text(text, encoding="utf-8")
        (self._place / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")

    @property
    def locator(self) -> str:
        """The folder, as a target names it."""
        return str(self._place)

    def told(self) -> Mapping[str, Any]:
        """Return what was written down of the repository, empty where nothing was."""
        return read_facts(self._place)

    def settle(self, facts: Mapping[str, Any]) -> None:
        """Write down what the host told beside the files, in one step."""
        new = self._place / f"{FACTS}.new"
        new.write_text(json.dumps(facts, sort_keys=True), encoding="utf-8")
        new.replace(self._place / FACTS)

    def holds(self, oid: str) -> bool:
        """True where an object is there already."""
        return not self.missing([oid])

    def missing(self, oids: Iterable[str]) -> frozenset[str]:
        """Return those of the objects that are not there."""
        asked = [oid for oid in dict.fromkeys(oids) if _ID.fullmatch(oid)]
        found = self._git("cat-file", "--batch-check=%(objectname)", stdin=_lines(asked)) if asked else b""
        rows = found.decode("ascii", "replace").splitlines()
        return frozenset(oid for oid, row in zip(asked, rows, strict=True) if row != oid)

    def plant(self, entries: Sequence[GivenEntry], root: str) -> None:
        """Write the trees of a recursive listing; raises GitFault where one has another id than is said."""
        inside: dict[str, list[GivenEntry]] = defaultdict(list)
        ids = {"": root}
        for one in entries:
            inside[one.path.rpartition("/")[0]].append(one)
            if one.kind == "tree":
                ids[one.path] = one.oid
        if not inside.keys() <= ids.keys() or not all(map(_is_sound, entries)):
            raise GitFault("the host's list of files does not hang together", Gap.MALFORMED)
        order = sorted(ids)
        asked = b"".join(_tree(inside[path]) for path in order)
        made = self._git("mktree", "-z", "--batch", "--missing", stdin=asked).decode("ascii").split()
        if made != [ids[path] for path in order]:
            raise GitFault("the host's list of files is not that of its commit", Gap.MALFORMED)

    def entries(self, root: str) -> tuple[GivenEntry, ...]:
        """Return the files below a tree that is there; raises GitFault."""
        rows = self._git("ls-tree", "-r", "-z", "--full-tree", root).decode("utf-8", "surrogateescape")
        return tuple(_entry(row) for row in rows.split("\0") if row)

    def add(self, blobs: Mapping[str, bytes]) -> frozenset[str]:
        """Keep contents by their id; return the ids that are true, and keep no other."""
        true = {oid: raw for oid, raw in blobs.items() if blob_id(raw) == oid}
        stream = b"".join(b"blob\ndata %d\n%b\n" % (len(raw), raw) for raw in true.values())
        if stream:
            self._git("fast-import", "--quiet", stdin=stream)
        return frozenset(true)

    def contents(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of the blobs that are there."""
        held = [oid for oid in dict.fromkeys(oids) if _ID.fullmatch(oid)]
        raw = self._git("cat-file", "--batch", stdin=_lines(held)) if held else b""
        return dict(_contents(raw))

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        with Shelter() as home:
            command = ["git", *HARDENED, f"--git-dir={self._place}", *arguments]
            with started(command, environment(home.path), stdin, self._deadline, _MOST) as chunks:
                return b"".join(chunks)


def read_facts(place: Path) -> dict[str, Any]:
    """Return what was written down of a repository; empty for one that was not given, or is damaged."""
    try:
        found = json.loads((place / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def given_of(facts: Mapping[str, Any]) -> Given:
    """Return what a host told of a repository; raises GitFault where it was refused."""
    gap = Gap(facts.get("gap", Gap.NOT_COLLECTED))
    detail = str(facts.get("detail", ""))
    commit, tree = str(facts.get("commit", "")), str(facts.get("tree", ""))
    if facts.get("refused") is not False or not _ID.fullmatch(commit) or not _ID.fullmatch(tree):
        raise GitFault(detail or "its files were not given", gap)
    return Given(commit, tree, dict(facts.get("worked", {})), str(facts.get("asked", "")), gap, detail)


def blob_id(raw: bytes) -> str:
    """Return the id that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(raw), raw), usedforsecurity=False).hexdigest()


def _is_sound(one: GivenEntry) -> bool:
    name = one.path.rpartition("/")[2]
    plain = name not in ("", ".", "..", ".git") and "\0" not in name
    return plain and _ID.fullmatch(one.oid) is not None and one.mode.isdigit()


def _tree(entries: Iterable[GivenEntry]) -> bytes:
    rows = (f"{one.mode} {one.kind} {one.oid}\t{one.path.rpartition('/')[2]}" for one in entries)
    return b"".join(row.encode("utf-8", "surrogatepass") + b"\0" for row in rows) + b"\0"


def _entry(row: str) -> GivenEntry:
    facts, _, path = row.partition("\t")
    mode, kind, oid = facts.split(" ")
    return GivenEntry(path, mode, kind, oid)


def _lines(oids: Iterable[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in oids).encode()


def _contents(raw: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        header = raw[at:end].decode("ascii", "replace").split(" ")
        at = end + 1
        if len(header) == 3:
            size = int(header[2])
            yield header[0], raw[at : at + size]
            at += size + 1
