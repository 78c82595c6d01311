"""The only door out: git, files, redaction, and the stamp on every citation."""

from __future__ import annotations

from cnmm_collectors.reader.files import FileFault, SourceFiles
from cnmm_collectors.reader.git import SourceGit
from cnmm_collectors.reader.kube import IN_CLUSTER, JSON, METADATA, KubeFault, KubeLimits, SourceKube
from cnmm_collectors.reader.people import initialise, keyed, pseudonym
from cnmm_collectors.reader.process import GitFault
from cnmm_collectors.reader.reader import SourceReader
from cnmm_collectors.reader.redaction import redact, redact_url

__all__ = [
    "IN_CLUSTER",
    "JSON",
    "METADATA",
    "FileFault",
    "GitFault",
    "KubeFault",
    "KubeLimits",
    "SourceFiles",
    "SourceGit",
    "SourceKube",
    "SourceReader",
    "initialise",
    "keyed",
    "pseudonym",
    "redact",
    "redact_url",
]
