"""What a repository is called: `ORG/NAME`, from what the run declares, else the remote, else the folder."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject, SubjectKind

_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(.+)")


def name_repository(target: Target, locator: str, remote: str) -> Subject:
    """Return the repository's subject; the target's own, then its fact `repo`, then the remote, then the
    folder.
    """
    if target.subject is not None and target.subject.kind is SubjectKind.REPO:
        return target.subject
    organisation = target.fact("organisation")
    declared = target.fact("repo")
    if declared:
        parts = declared.split("/")
        return Subject.safe(
            SubjectKind.REPO, *(parts if len(parts) > 1 else (organisation or "local", declared))
        )
    owner, name = _split(remote or locator)
    return Subject.safe(SubjectKind.REPO, organisation or (owner if remote else "") or "local", name)


def name_organisation(target: Target, repo: Subject) -> Subject:
    """Return the organisation a repository belongs to."""
    return Subject.safe(SubjectKind.ORG, target.fact("organisation") or repo.name.partition("/")[0])


def _split(url: str) -> tuple[str, str]:
    scp = _SCP.fullmatch(url) if "://" not in url else None
    path = scp[1] if scp else urlsplit(url).path if "://" in url else url
    parts = [part for part in path.rstrip("/").removesuffix(".git").rstrip("/").split("/") if part]
    return (parts[-2] if len(parts) > 1 else ""), (parts[-1] if parts else "repository")
