"""Files that are not in a repository: regular files only, no link out of the folder, a cap on size."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cnmm_collectors.signals import Gap

MAX_FILE = 64 * 1024 * 1024
MAX_LISTED = 200_000


class FileFault(Exception):
    """A file or folder cannot be read; the message names it and says what to do."""

    def __init__(self, message: str, gap: Gap = Gap.NOT_VISIBLE) -> None:
        super().__init__(message)
        self.gap = gap


class SourceFiles:
    """The door to plain files; implements `plugin.FileDoor`."""

    def list(self, folder: Path, pattern: str) -> Sequence[Path]:
        """Return regular files below the folder whose name matches, sorted, links left out; raises
        FileFault.
        """
        if not folder.is_dir():
            raise FileFault(f"{folder.name}: not a folder that can be read")
        found: list[Path] = []
        for place, folders, names in os.walk(folder, followlinks=False):
            folders.sort()
            here = Path(place)
            found += [here / name for name in names if Path(name).match(pattern) and _is_regular(here / name)]
            if len(found) > MAX_LISTED:
                raise FileFault(f"{folder.name}: more than {MAX_LISTED} files; give a smaller folder")
        return sorted(found)

    def read(self, path: Path, limit: int = MAX_FILE) -> bytes:
        """Return the file's bytes; raises FileFault where it is a link, too large or not readable."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            handle = os.open(path, flags)
        except PermissionError as error:
            raise FileFault(f"{path.name}: not permitted to read it", Gap.NOT_PERMITTED) from error
        except OSError as error:
            raise FileFault(f"{path.name}: {error.strerror or 'cannot be opened'}") from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise FileFault(f"{path.name}: not a regular file", Gap.UNSUPPORTED)
        with os.fdopen(handle, "rb") as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise FileFault(f"{path.name}: larger than {limit} bytes", Gap.UNSUPPORTED)
        return content


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
