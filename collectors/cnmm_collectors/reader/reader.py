"""The reader: made for one collector and one work item; stamps evidence and opens the doors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cnmm_collectors.evidence import MAX_EXCERPT, Evidence, payload_digest
from cnmm_collectors.plugin import Wanted
from cnmm_collectors.reader.files import SourceFiles
from cnmm_collectors.reader.git import GitLimits, SourceGit
from cnmm_collectors.reader.kube import SourceKube
from cnmm_collectors.reader.redaction import bound, cut, redact, redact_url

if TYPE_CHECKING:
    from cnmm_collectors.reader.http import SourceHttp


Wants = Callable[[Sequence[str], Mapping[str, bytes]], Wanted]


class SourceReader:
    """The only door out; implements `plugin.Reader` for one collector.

    `asker` says what this run's reader of repositories wants of one, None where there is no such reader.
    """

    def __init__(
        self,
        *,
        collector: str,
        version: str,
        as_of: date,
        now: str,
        cache: Path | None = None,
        credential: str = "",
        environment: Mapping[str, str] | None = None,
        limits: GitLimits | None = None,
    ) -> None:
        """Make a reader; `now` is the run's UTC time, `credential` the NAME of an environment variable."""
        self.as_of = as_of
        self.now = now
        self.git = SourceGit(
            cache, credential=credential, environment=environment or {}, limits=limits or GitLimits()
        )
        self.files = SourceFiles()
        self.kube = SourceKube()
        self._source = collector
        self._stamp = f"{collector} {version}"
        self._web = (cache, credential, environment or {})
        self.asker: Wants | None = None

    @cached_property
    def http(self) -> SourceHttp:
        """The door to web APIs, made on first use: a scan of folders alone need not load it."""
        from cnmm_collectors.reader.http import SourceHttp

        return SourceHttp(*self._web)

    def wants(self, names: Sequence[str], contents: Mapping[str, bytes]) -> Wanted | None:
        """Return what this run's reader of files wants of a repository; None where it reads no files."""
        return self.asker(names, contents) if self.asker is not None else None

    def cite(
        self,
        *,
        locator: str,
        query: str,
        payload: bytes,
        path: str = "",
        commit: str = "",
        lines: str = "",
        native_id: str = "",
        excerpt: str = "",
    ) -> Evidence:
        """Return evidence stamped with source, time and collector.

        Payload and excerpt are redacted here, the excerpt cut to 600 characters; locator, query and path
        lose user information and control characters.
        """
        canonical = redact(payload.decode("utf-8", "surrogateescape"), path)
        return Evidence(
            source=self._source,
            locator=redact_url(locator),
            query=redact_url(query),
            digest=payload_digest(canonical.encode("utf-8", "surrogatepass")),
            captured_at=self.now,
            confirmed_at=self.now,
            collector=self._stamp,
            path=redact_url(path),
            commit=commit,
            lines=lines,
            native_id=native_id,
            excerpt=cut(redact(bound(excerpt), path), MAX_EXCERPT) if excerpt else "",
        )
