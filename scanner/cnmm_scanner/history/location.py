"""Where a history is kept: a file, or a PostgreSQL database by URL; nothing heavy is loaded to know that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cnmm_scanner.faults import Fault

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DRIVER = "postgresql+psycopg"
_SERVERS = ("postgresql", "postgres", _DRIVER)


class HistoryFault(Fault):
    """The history cannot be opened, read or written; the message holds no credential."""


@dataclass(frozen=True, slots=True)
class Location:
    """A file, or else the URL of a PostgreSQL database, which never holds a password."""

    path: Path | None
    url: str = ""

    def __str__(self) -> str:
        return str(self.path) if self.path is not None else self.url.replace(_DRIVER, "postgresql", 1)


def parse_location(text: str, base: Path | None = None) -> Location:
    """Return the location that a path (relative to `base`) or URL spells; raises HistoryFault."""
    if not _SCHEME.match(text):
        return Location((base or Path()) / text)
    scheme, _, rest = text.partition("://")
    if scheme == "sqlite":
        raise HistoryFault("history: sqlite:// is not needed", "give the path of the file alone")
    if scheme not in _SERVERS:
        raise HistoryFault(
            f"history: {scheme[:20]}:// is not supported", "give a path or postgresql://HOST/NAME"
        )
    try:
        parts = urlsplit(text)
        asked = {key.lower() for key, _ in parse_qsl(parts.query)}
        secret = parts.password is not None or "password" in asked
    except ValueError as error:
        raise HistoryFault("history: the URL cannot be read", "give postgresql://HOST/NAME") from error
    if secret:
        raise HistoryFault(
            "history: the URL holds a password", "use PGPASSWORD or a password file (~/.pgpass)"
        )
    return Location(None, f"{_DRIVER}://{rest}")
