"""Evidence: one dated, redacted citation that somebody else can follow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

MAX_EXCERPT = 600


class EvidenceError(ValueError):
    """A citation lacks the parts that make it one; the message names the part."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One citation: where it was read, what was asked, when, and the digest of what came back.

    `locator` is a permalink pinned to a commit, an API method with URL and status, an object with its
    resource version, or for people exports a file with its digest, columns and cell. `digest` is the
    SHA-256 (`sha256:` + 64 hex) of the redacted canonical payload. Times are UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    `excerpt` is at most 600 characters, already redacted, line numbers true. `path` is empty where there is
    none;
    `lines` is `L3-L9`, `L3` or empty. `native_id` is the source's own immutable id (blob id, ETag).
    """

    source: str
    locator: str
    query: str
    digest: str
    captured_at: str
    confirmed_at: str
    collector: str
    path: str = ""
    commit: str = ""
    lines: str = ""
    native_id: str = ""
    excerpt: str = ""

    def __post_init__(self) -> None:
        for name in (
            "source",
            "locator",
            "query",
            "digest",
            "captured_at",
            "confirmed_at",
            "collector",
        ):
            if not getattr(self, name):
                raise EvidenceError(f"evidence without {name}: a citation needs it")
        if len(self.excerpt) > MAX_EXCERPT:
            raise EvidenceError(f"excerpt of {len(self.excerpt)} characters: {MAX_EXCERPT} at most")

    @property
    def id(self) -> str:
        """`sha256:` and 64 hex digits over what was cited, without the times, so that it is stable."""
        stable = [
            self.source,
            self.locator,
            self.query,
            self.digest,
            self.path,
            self.commit,
            self.lines,
            self.native_id,
            self.excerpt,
        ]
        text = json.dumps(stable, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def to_json(self) -> dict[str, str]:
        """Return the record as the bundle seals it: `id` and every non-empty field, as strings."""
        record = {"id": self.id}
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                record[field.name] = value
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Evidence:
        """Return the citation a sealed record holds; raises EvidenceError where its id does not match."""
        known = {field.name for field in fields(cls)}
        item = cls(**{key: str(value) for key, value in record.items() if key in known})
        if record.get("id") != item.id:
            raise EvidenceError("evidence id does not match its content")
        return item


def payload_digest(payload: bytes) -> str:
    """Return `sha256:` and the hex digest of the redacted canonical payload."""
    return "sha256:" + hashlib.sha256(payload).hexdigest()
