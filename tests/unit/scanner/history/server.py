"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket in it and nowhere else."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

_PLACES = "/usr/lib/postgresql"


def programs() -> Path | None:
    """Return the folder that holds initdb, pg_ctl and postgres, the newest there is, or None."""
    debian = sorted(Path(_PLACES).glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    places = [*reversed(debian), *([Path(found).resolve().parent] if found else [])]
    return next(
        (place for place in places if (place / "pg_ctl").exists() and (place / "initdb").exists()), None
    )


def account() -> dict[str, Any] | None:
    """Return as whom a server may run: as us, or as `postgres` where we are root; None without that user."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        return None
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def running(bin_folder: Path, who: dict[str, Any]) -> Iterator[str]:
    """Start a server and yield the URL prefix of its databases, ended by the socket's folder as `host`."""
    folder = Path(tempfile.mkdtemp(prefix="cnmm-pg-", dir="/tmp"))
    if who:
        os.chown(folder, who["user"], who["group"])
    data = folder / "data"

    def run(*arguments: str) -> None:
        subprocess.run(arguments, check=True, cwd=folder, capture_output=True, timeout=120, **who)

    try:
        run(
            str(bin_folder / "initdb"),
            "-D",
            str(data),
            "-U",
            "cnmm",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        log = str(folder / "log")
        run(str(bin_folder / "pg_ctl"), "-D", str(data), "-l", log, "-o", options, "-w", "start")
        try:
            yield f"host={quote(str(folder), safe='')}&user=cnmm"
        finally:
            run(str(bin_folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
