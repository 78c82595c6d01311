#!/usr/bin/env python3
"""Build the sample organisation acme into a folder: real Git repositories, the same to the byte each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from recipe import (
    catalogue,
    checkout,
    clusters,
    data,
    exports,
    ledger,
    payments,
    platform,
    records,
    security,
    tracker,
    web,
)
from recipe.model import Commit, Repository
from recipe.people import PEOPLE, address

REPOSITORIES: tuple[Repository, ...] = tuple(
    sorted(
        (
            one
            for team in (payments, ledger, checkout, platform, data, web, security)
            for one in team.REPOSITORIES
        ),
        key=lambda one: one.name,
    )
)
HOST = "https://git.acme.example/acme"
REFUSED = ("store-locator", "web")
"""Declared, and never handed to the auditors: it keeps every range of the organisation open a little."""
SETTINGS_HEAD = (
    """\
# The audit of the sample organisation acme.
organisation: acme
as_of: 2026-11-01
period: {from: 2025-11-01, to: 2026-11-01}
targets: [repos]
formats: [html, json, markdown, terminal]
sources:
  roster: exports/roster.csv
  training: exports/training.csv
  certifications: exports/certificates.csv
  survey: exports/survey.csv
  vendors: exports/vendors.csv
  services: exports/services.csv
  directory: exports/directory.csv
  artefacts: artefacts
  attestations: attestations
  catalog: catalog
  metrics: exports/metrics-*.json
"""
    + tracker.SOURCES
    + """\
waivers: waivers.yaml
collectors:
  git: {pipelines: repository}
  people:
    headcount: 400
    rows: {training: 190, certifications: 60, vendors: 8, services: 2, directory: 55}
    surveys: {survey.csv: {invited: 400, answered: 240, scale: 7}}
  records: {trust: {Chief executive: keys/sponsor.pub}}
"""
    + tracker.COLLECTOR
    + """\
scope:
  declared_by: Head of engineering, from the host's list of repositories and the teams page, 31 October 2026
"""
)


def main(arguments: list[str]) -> int:
    """Build into the folder named by the one argument; return the exit status."""
    if len(arguments) != 1:
        print("usage: build.py OUT", file=sys.stderr)
        return 2
    out = Path(arguments[0]).resolve()
    if (out / "repos").exists():
        print(
            f"build.py: {out / 'repos'} is there already: remove it, or name another folder", file=sys.stderr
        )
        return 2
    build(out)
    return 0


def build(out: Path) -> None:
    """Write OUT/repos/*, exports, records, the catalogue and OUT/cnmm.yaml.

    Raises FileExistsError where OUT/repos is there already.
    """
    repos = out / "repos"
    repos.mkdir(parents=True)
    for repository in REPOSITORIES:
        _make(repos, repository)
    exported = {**exports.files(), **clusters.metrics()}
    beside = {f"exports/{name}": raw for name, raw in exported.items()}
    for name, raw in sorted({**beside, **records.files(), **catalogue.files()}.items()):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(raw)
    (out / "cnmm.yaml").write_text(settings(), encoding="utf-8")


def settings() -> str:
    """Return the settings of the audit: every repository declared, and to which team it belongs."""
    known = sorted([*((one.name, one.team) for one in REPOSITORIES), REFUSED])
    names = "".join(f"    - acme/{name}\n" for name, _ in known)
    teams = "".join(
        f"    acme/{team}:\n      repositories: [{', '.join(_owned_by(team, known))}]\n"
        for team in sorted({owner for _, owner in known})
    )
    return f"{SETTINGS_HEAD}  repositories:\n{names}  teams:\n{teams}"


def _owned_by(team: str, known: list[tuple[str, str]]) -> list[str]:
    return [f"acme/{name}" for name, owner in known if owner == team]


def _make(repos: Path, repository: Repository) -> None:
    folder = repos / (f"{repository.name}.git" if repository.bare else repository.name)
    kind = ["--bare"] if repository.bare else []
    _git(repos, "init", "--quiet", "--template=", "--initial-branch=main", *kind, str(folder))
    _git(folder, "config", "remote.origin.url", f"{HOST}/{repository.name}")
    if not repository.commits:
        return
    stream = b"".join(_stream(repository.commits))
    _git(folder, "fast-import", "--quiet", "--date-format=raw", stdin=stream)
    if not repository.bare:
        _git(folder, "reset", "--quiet", "--hard", "main")


def _stream(commits: tuple[Commit, ...]) -> Iterator[bytes]:
    """Yield the commits as git fast-import reads them; each is made at ten in the morning, UTC."""
    for commit in commits:
        when = int(datetime.fromisoformat(f"{commit.day}T10:00:00").replace(tzinfo=UTC).timestamp())
        name, mail = PEOPLE[commit.who]
        said = commit.subject + "\n"
        if commit.together_with:
            said += f"\nCo-authored-by: {address(commit.together_with)}\n"
        yield b"commit refs/heads/main\n"
        for role in ("author", "committer"):
            yield f"{role} {name} <{mail}> {when} +0000\n".encode()
        yield _data(said)
        for path, content in sorted(commit.files.items()):
            yield f"D {path}\n".encode() if content is None else f"M 100644 inline {path}\n".encode()
            if content is not None:
                yield _data(content)


def _data(content: str) -> bytes:
    raw = content.encode()
    return b"data %d\n%s\n" % (len(raw), raw)


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> None:
    """Run git in a folder without anybody's configuration; raises CalledProcessError."""
    surroundings = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DEFAULT_HASH": "sha1",
        "LC_ALL": "C",
        "TZ": "UTC",
    }
    # A log of moved branches would hold the hour of the build.
    command = ["git", "-c", "core.logAllRefUpdates=false", *arguments]
    subprocess.run(command, cwd=folder, input=stdin, env=surroundings, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
