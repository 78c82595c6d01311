"""Whether a scan reads the workflow's own repository and nothing else, before it starts and after it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from runner import Refused
from visibility import own_repository

from cnmm_collectors.subjects import SubjectKind
from cnmm_scanner.settings import Settings

_OWN_SOURCES = frozenset({"git", "github"})


def refuse_others(targets: list[str], settings: Settings) -> None:
    """Raise Refused for the first target or source that is not the workflow's own repository."""
    for target in targets:
        if not _is_own(target):
            raise Refused(
                "this repository is public, and the scan would read more than this repository: "
                "its summary and artefacts would be public. Run it in a private one, or set publish: true"
            )
    others = sorted({*settings.collectors, *settings.sources} - _OWN_SOURCES)
    if others:
        raise Refused(
            f"this repository is public, and the settings read {', '.join(others)}: "
            "run it in a private repository, or set publish: true"
        )


def is_own_bundle(path: Path) -> bool:
    """True where every repository and every source in a bundle is the workflow's own."""
    # Loaded here: most refusals come before there is a bundle.
    from cnmm_scanner.bundle import Bundle

    own = own_repository().casefold()
    with Bundle(path) as bundle:
        for one in bundle.observations():
            if one.subject.kind is SubjectKind.REPO and one.subject.name.casefold() != own:
                return False
            if one.subject.kind in (SubjectKind.CLUSTER, SubjectKind.NAMESPACE):
                return False
        return {line.source for line in bundle.ledger()} <= _OWN_SOURCES


def _is_own(target: str) -> bool:
    kind, _, locator = target.partition(":")
    if kind == "github" and not Path(target).exists():
        return locator.casefold() == own_repository().casefold()
    path = Path(target).resolve()
    return path.is_dir() and _git(path, "rev-parse", "--show-toplevel") == str(path) and _from_own(path)


def _from_own(path: Path) -> bool:
    address = _git(path, "config", "--get", "remote.origin.url").removesuffix(".git")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return address.casefold() == f"{server}/{own_repository()}".casefold()


def _git(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(path), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
