"""What a repository is called: `OWNER/NAME`, as its host says, else under the organisation of the run."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from cnmm_collectors.plugin import Target
from cnmm_collectors.subjects import Subject, SubjectKind

_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(.+)")


def name_repository(target: Target, locator: str, remote: str) -> Subject:
    """Return the repository's subject; the target's own, then its fact `repo`, then the remote on a host,
    then the folder within the fact `organisation`.
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
    hosted = owner if _is_hosted(remote) else ""
    return Subject.safe(SubjectKind.REPO, hosted or organisation or "local", name)


def name_organisation(target: Target, repo: Subject) -> Subject:
    """Return the organisation a repository belongs to."""
    return Subject.safe(SubjectKind.ORG, target.fact("organisation") or repo.name.partition("/")[0])


def _is_hosted(remote: str) -> bool:
    # A remote that is a folder of this machine says nothing of who owns it.
    return not remote.startswith("file:") and ("://" in remote or _SCP.fullmatch(remote) is not None)


def _split(url: str) -> tuple[str, str]:
    scp = _SCP.fullmatch(url) if "://" not in url else None
    path = scp[1] if scp else urlsplit(url).path if "://" in url else url
    parts = [part for part in path.rstrip("/").removesuffix(".git").rstrip("/").split("/") if part]
    return (parts[-2] if len(parts) > 1 else ""), (parts[-1] if parts else "repository")
