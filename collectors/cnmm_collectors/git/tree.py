"""The tracked paths of one commit."""

from __future__ import annotations

from cnmm_collectors.git.model import TreeEntry
from cnmm_collectors.plugin import GitRepository
from cnmm_collectors.reader import GitFault
from cnmm_collectors.signals import Gap

REGULAR = frozenset({"100644", "100755"})


def read_tree(repository: GitRepository, commit: str, most: int) -> tuple[TreeEntry, ...]:
    """Return every tracked path, links and submodules by name only; raises GitFault beyond `most` paths."""
    listing = repository.run("ls-tree", "-r", "-z", "--full-tree", repository.tree(commit), limit=1024**3)
    if listing.count(b"\0") > most:
        raise GitFault(f"more than {most} tracked paths", Gap.UNSUPPORTED)
    rows = listing.decode("utf-8", "surrogateescape").split("\0")
    return tuple(_entry(row) for row in rows if row)


def _entry(row: str) -> TreeEntry:
    facts, _, path = row.partition("\t")
    mode, _, oid = facts.split(" ")
    return TreeEntry(path, mode, oid)
