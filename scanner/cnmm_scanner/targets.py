"""The TARGET grammar: what people write on the command line, as targets a collector may accept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from cnmm_collectors.plugin import Target
from cnmm_collectors.reader import redact_url
from cnmm_scanner.faults import Fault

_KIND = re.compile(r"([a-z][a-z0-9-]*):(.+)", re.DOTALL)
_GITHUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:/[A-Za-z0-9._-]{1,100})?")
_GITLAB = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}){0,20}")
_SCP = re.compile(r"[A-Za-z0-9._-]+@?[A-Za-z0-9._-]*:[^/].*")


class TargetFault(Fault):
    """A target is not written as one, or no installed plug-in reads such targets."""


class Accepts(Protocol):
    """What is asked of a collector here."""

    def accepts(self, target: Target) -> bool:
        """True where it reads such a target."""
        ...


def parse_target(text: str, credential: str = "") -> Target:
    """Return the target that `DIRECTORY`, `FILE` or `KIND:LOCATOR` spells; raises TargetFault."""
    path = Path(text)
    if text and path.is_dir():
        return Target("path", str(path.resolve()), credential)
    if path.is_file():
        return Target("file", str(path.resolve()), credential)
    match = _KIND.fullmatch(text)
    if match is None:
        raise TargetFault(f"target {_shown(text)!r}: no such directory or file", "or write KIND:LOCATOR")
    kind, locator = match.groups()
    if kind == "github":
        return _github(locator, credential)
    if kind == "gitlab":
        return _gitlab(locator, credential)
    if locator.startswith("//"):
        raise TargetFault(f"target {_shown(text)!r}: say what it is", f"git:{_shown(text)}")
    return Target(kind, _locator(kind, locator), credential)


def _github(locator: str, credential: str) -> Target:
    """Return an organisation or `ORG/REPOSITORY` of GitHub; its token is in GITHUB_TOKEN unless named."""
    if not _GITHUB.fullmatch(locator):
        raise TargetFault(
            f"target github:{_shown(locator)}: not an organisation", "write github:ORG[/REPOSITORY]"
        )
    return Target("github", locator, credential or "GITHUB_TOKEN")


def _gitlab(locator: str, credential: str) -> Target:
    """Return a group or project of GitLab by its full path; its token is in GITLAB_TOKEN unless named."""
    if not _GITLAB.fullmatch(locator):
        raise TargetFault(
            f"target gitlab:{_shown(locator)}: not a group",
            "write gitlab:GROUP[/PROJECT]; the address of a host of your own is collectors.gitlab.url",
        )
    return Target("gitlab", locator, credential or "GITLAB_TOKEN")


def _locator(kind: str, locator: str) -> str:
    if "://" not in locator:
        local = kind == "git" and (Path(locator).exists() or not _SCP.fullmatch(locator))
        return str(Path(locator).resolve()) if local else locator
    try:
        parts = urlsplit(locator)
    except ValueError:
        raise TargetFault(f"target {kind}:...: not a URL") from None
    if parts.password or (parts.username and parts.scheme in ("http", "https")):
        raise TargetFault(
            f"target {kind}:{parts.scheme}://...@{parts.hostname}: a credential does not belong here",
            "put it into an environment variable and name that under `credential:`",
        )
    return locator


def _shown(text: str) -> str:
    """Leave out what may be a credential before a target is repeated in a message."""
    return re.sub(r"//[^/@]*@", "//...@", text)[:200]


def public(target: Target) -> str:
    """Return a locator without who logs in, the text before an @, and without folders of this machine."""
    if "://" in target.locator:
        return redact_url(target.locator)
    place = Path(target.locator)
    return place.name if place.is_absolute() else target.locator.rpartition("@")[2]


def require_accepted(targets: Iterable[Target], collectors: Iterable[Accepts]) -> None:
    """Raise TargetFault for the first target nobody reads, naming the plug-in that would be needed."""
    known = tuple(collectors)
    for target in targets:
        if not any(collector.accepts(target) for collector in known):
            raise TargetFault(
                f"target {target.kind}:{_shown(public(target))}: no installed plug-in reads "
                f"{target.kind!r} targets",
                "install one that registers such a collector in the group cnmm.collectors",
            )
