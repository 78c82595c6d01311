"""What is in sight of a folder and could be read: names only, never a credential, never a call outside."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cnmm_scanner.sources import SourceKind

TOKENS = ("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "BACKSTAGE_TOKEN")
"""Variables that usually hold a credential: it is said that they are set, never what they hold."""

_CI = (("GITHUB_ACTIONS", "GitHub Actions"), ("GITLAB_CI", "GitLab CI"))
_REMOTE = re.compile(
    r"(?:[a-z+]+://)?(?:[^/@\s]*@)?([A-Za-z0-9.-]+)(?::\d+)?[:/]([A-Za-z0-9._/-]+?)(?:\.git)?/?"
)
_CONTEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}")
_EXPORTS = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
_MOST, _LARGEST = 20, 5_000_000
_WORDS: Mapping[SourceKind, tuple[str, ...]] = {
    SourceKind.CERTIFICATIONS: ("certif", "credly"),
    SourceKind.TRAINING: ("training", "course", "learning", "lms"),
    SourceKind.SURVEY: ("survey", "umfrage"),
    SourceKind.OPENINGS: ("opening", "vacanc", "requisition"),
    SourceKind.ONCALL: ("oncall", "on-call", "pagerduty", "opsgenie", "rota"),
    SourceKind.WORK: ("jira", "ticket", "worklog"),
    SourceKind.ROSTER: ("roster", "people", "employee", "staff", "headcount", "hris"),
}


@dataclass(frozen=True, slots=True)
class Remote:
    """A host and the path of a repository on it, without user information."""

    host: str
    path: str

    @property
    def owner(self) -> str:
        """Return the first part of the path: an organisation or a top-level group."""
        return self.path.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a folder, its repository, the environment and the kubeconfig show."""

    checkout: bool
    remotes: tuple[Remote, ...]
    ci: str
    tokens: tuple[str, ...]
    contexts: tuple[str, ...]
    exports: tuple[tuple[SourceKind, str], ...]


def look_around(folder: Path, environment: Mapping[str, str]) -> Surroundings:
    """Return what is in sight; what cannot be read is left out, because a proposal proves nothing."""
    return Surroundings(
        checkout=bool(_git(folder, "rev-parse", "--git-dir")),
        remotes=tuple(dict.fromkeys(_remotes(folder))),
        ci=next((name for variable, name in _CI if variable in environment), ""),
        tokens=tuple(name for name in TOKENS if environment.get(name)),
        contexts=tuple(sorted(set(_contexts(environment)))[:_MOST]),
        exports=tuple(sorted(set(_exports(folder)))[:_MOST]),
    )  # fmt: skip


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _remotes(folder: Path) -> Iterator[Remote]:
    for line in _git(folder, "config", "--get-regexp", r"^remote\..*\.url$").splitlines():
        found = _REMOTE.fullmatch(line.partition(" ")[2].strip())
        if found and "." in found[1]:
            yield Remote(found[1].lower(), found[2].strip("/"))


def _contexts(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of contexts; users and their credentials are never looked at."""
    places = environment.get("KUBECONFIG", "").split(os.pathsep)
    if not any(places):
        places = [str(Path(environment.get("HOME", "/nonexistent")) / ".kube/config")]
    for place in filter(None, places):
        for entry in _read_contexts(Path(place)):
            name = entry.get("name") if isinstance(entry, dict) else None
            if isinstance(name, str) and _CONTEXT.fullmatch(name):
                yield name


def _read_contexts(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > _LARGEST:
            return []
        document = yaml.safe_load(path.read_bytes())
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return []
    found = document.get("contexts") if isinstance(document, dict) else None
    return found if isinstance(found, list) else []


def _exports(folder: Path) -> Iterator[tuple[SourceKind, str]]:
    for path in _files(folder):
        name = path.name.casefold()
        place = path.relative_to(folder).as_posix()
        if name in ("catalog-info.yaml", "catalog-info.yml"):
            yield SourceKind.CATALOG, place
        elif path.suffix.casefold() in _EXPORTS:
            kind = next((kind for kind, words in _WORDS.items() if any(word in name for word in words)), None)
            if kind is not None:
                yield kind, place


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of the folders in it that are not hidden."""
    for entry in sorted(_listed(folder)):
        if entry.is_file():
            yield entry
        elif entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
            yield from (path for path in sorted(_listed(entry)) if path.is_file())


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
