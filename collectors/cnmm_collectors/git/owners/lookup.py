"""Which file of a repository says who owns it, and in which dialect it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from cnmm_collectors.git.owners.gitlab import is_heading, read_owner
from cnmm_collectors.git.owners.lines import read_lines, split_pattern, split_tokens
from cnmm_collectors.git.owners.model import Dialect

LOCATIONS: dict[Dialect, tuple[str, ...]] = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
    "kubernetes": ("OWNERS",),
}


def locate(paths: Collection[str], dialect: Dialect) -> str | None:
    """The one file the host reads, or None; of Kubernetes files the one nearest to the root."""
    present = next((location for location in LOCATIONS[dialect] if location in paths), None)
    if present is None and dialect == "kubernetes":
        return min(_owners_files(paths), key=lambda path: (path.count("/"), path), default=None)
    return present


def choose_dialect(paths: Collection[str], text: str | None, remote_host: str | None) -> Dialect:
    """The dialect ownership files are read in; the first of these that tells decides.

    1. Without any CODEOWNERS in a place a host looks, an OWNERS file means Kubernetes files.
    2. A host name with a part that holds `github` or `gitlab`, or one under ghe.com.
    3. The file lies in `.github/`, or in `.gitlab/`, and not in both.
    4. A section heading or an `@@role` in the text means GitLab.
    5. Otherwise GitHub, whose reading claims less: no sections, and a malformed owner voids its
    line.
    """
    places = {place for place in (*LOCATIONS["github"], *LOCATIONS["gitlab"]) if place in paths}
    if not places and any(_owners_files(paths)):
        return "kubernetes"
    return _from_host(remote_host) or _from_places(places) or _from_text(text)


def _owners_files(paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if path.rpartition("/")[2] == "OWNERS")


def _from_host(host: str | None) -> Dialect | None:
    name = (host or "").lower().rstrip(".")
    if name.endswith(".ghe.com"):
        return "github"
    parts = name.split(".")
    if any("gitlab" in part for part in parts):
        return "gitlab"
    return "github" if any("github" in part for part in parts) else None


def _from_places(places: Collection[str]) -> Dialect | None:
    github, gitlab = ".github/CODEOWNERS" in places, ".gitlab/CODEOWNERS" in places
    if github == gitlab:
        return None
    return "github" if github else "gitlab"


def _from_text(text: str | None) -> Dialect:
    for _, line in read_lines(text or "", []):
        if is_heading(line):
            return "gitlab"
        owners = (read_owner(token) for token in split_tokens(split_pattern(line)[1]))
        if any(owner is not None and owner.kind == "role" for owner in owners):
            return "gitlab"
    return "github"
