"""Small realities, one module for each collector, that the contract suite lets it read, whole and damaged."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from cnmm_collectors.plugin import Target
from cnmm_collectors.reader import SourceReader

# A third party keeps the worlds of its plug-ins in folders of its own.
__path__.extend(filter(None, os.environ.get("CNMM_WORLDS", "").split(os.pathsep)))

CREDENTIAL = "CNMM_CONTRACT_TOKEN"
SECRET = "ghp_" + "Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2Rr1Qq0PpOoNn"
EVERYWHERE = (
    "401",
    "403",
    "404",
    "429",
    "429 with Retry-After",
    "500",
    "502",
    "503",
    "silent",
    "drip",
    "reset",
    "truncated",
    "wrong JSON",
    "endless pages",
    "redirect",
)
"""What a server may do at any place that is asked."""
FAULTS_OF = {
    "git": {"shallow", "corrupt pack", "unreadable", "hostile configuration"},
    "files": {"missing", "unreadable", "garbage", "huge"},
    "server": set(EVERYWHERE),
}
"""The faults a world must know, by what its collector reads."""


def nothing(_: SourceReader) -> None:
    """Leave the reader as the run would give it."""


@dataclass(frozen=True)
class World:
    """What one collector is let loose on, and how to see what it did there.

    `trees` must be the same afterwards; `asked` says `VERB PATH` of every request a server of the world got;
    `canaries` are names, addresses and secrets inside the source that nothing yielded may hold; `traps` are
    files that exist once something of the source was executed; `tune` shortens the reader's deadlines.
    """

    targets: tuple[Target, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    trees: tuple[Path, ...] = ()
    asked: Callable[[], Sequence[str]] = tuple
    canaries: tuple[str, ...] = ()
    traps: tuple[Path, ...] = ()
    tune: Callable[[SourceReader], None] = nothing
    as_nobody: bool = False


class Module(Protocol):
    """What `worlds/NAME.py` holds: the parts it is made of, its healthy states, its faults, and itself."""

    PARTS: tuple[str, ...]
    REALITIES: tuple[str, ...]
    FAULTS: tuple[str, ...]

    def world(self, folder: Path, state: str) -> AbstractContextManager[World]:
        """Make the world in an empty folder, in one of its realities or under one of its faults."""
        ...


def known(name: str) -> bool:
    """True where a collector of that name has a world."""
    return importlib.util.find_spec(f"{__name__}.{name}") is not None


def load(name: str) -> Module:
    """Return the world of a collector."""
    return cast(Module, importlib.import_module(f"{__name__}.{name}"))


@contextmanager
def nobody(wanted: bool) -> Iterator[None]:
    """Let file permissions count: root drops its rights for a while, because nothing is unreadable to it."""
    if not wanted or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
