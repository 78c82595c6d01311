"""What is read of a repository: which contents, and of one that only an API gives which folders' activity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from cnmm_collectors.git import detect
from cnmm_collectors.git.components import describes_component, divide
from cnmm_collectors.git.history import DAY, Window
from cnmm_collectors.git.model import TreeEntry
from cnmm_collectors.git.owners import OwnersFile
from cnmm_collectors.git.ownership import is_ownership_file, read_ownership
from cnmm_collectors.git.people import is_robot
from cnmm_collectors.git.settings import Settings
from cnmm_collectors.git.workspaces import lists_parts
from cnmm_collectors.plugin import Wanted
from cnmm_collectors.subjects import Subject, SubjectKind

IGNORED = ".git-blame-ignore-revs"
_ANY = Subject(SubjectKind.REPO, "any/one")


def is_read(path: str, designated: frozenset[str]) -> bool:
    """True for a path whose content is read."""
    name = path.rpartition("/")[2]
    return (
        detect.wanted(path) or path in designated or path == IGNORED
        or describes_component(name) or lists_parts(name) or is_ownership_file(path)
    )  # fmt: skip


def wanted_of(names: Sequence[str], contents: Mapping[str, bytes], settings: Settings, as_of: date) -> Wanted:
    """Return what is wanted of regular files with these names; contents known so far may ask for more."""
    designated = frozenset(settings.security_guideline)
    paths = {name for name in names if is_read(name, designated)}
    paths |= set(detect.wanted_code(names, contents))
    ownership = read_ownership(names, contents, {}, "", frozenset(settings.groups))
    owners = ownership.owners if isinstance(ownership.owners, OwnersFile) else None
    entries = [TreeEntry(name, "100644", "") for name in names]
    folders = tuple(one.root for one in divide(_ANY, entries, contents, owners).components)
    end = Window.until(as_of, 0).end
    start = end - settings.activity_days * DAY
    bots = frozenset(bot.lower().encode() for bot in settings.bots)

    def person(name: str, address: str) -> bool:
        return not is_robot(_plain(name), _plain(address), bots)

    since, until = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    return Wanted(frozenset(paths), folders, since, until, person)


def _plain(text: str) -> bytes:
    return text.strip().lower().encode("utf-8", "surrogatepass")
