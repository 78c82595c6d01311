"""Real repositories for tests, written with `git fast-import`, so that every date and author is chosen."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from cnmm_collectors.git.collector import GitCollector
from cnmm_collectors.git.settings import Settings
from cnmm_collectors.plugin import LedgerRow, Membership, PersonFact, Target, WorkItem
from cnmm_collectors.reader import SourceReader
from cnmm_collectors.signals import Observed, Reading, Signal

AS_OF = date(2026, 11, 22)
JANE = "Jane Roe <jane.roe@example.com>"
OMAR = "Omar Diaz <omar@example.com>"
WEI = "Wei Lin <wei@example.com>"
BOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C",
}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run git in a folder as a user would."""
    command = ["git", "-c", "protocol.file.allow=always", "-C", str(folder), *arguments]
    return subprocess.run(command, input=stdin, env=ENVIRONMENT, check=True, capture_output=True).stdout


def days_ago(days: float) -> int:
    """Return the epoch second so many days before noon of the audit day."""
    noon = datetime(AS_OF.year, AS_OF.month, AS_OF.day, 12, tzinfo=UTC)
    return int((noon - timedelta(days=days)).timestamp())


@dataclass
class History:
    """A fast-import stream in the making."""

    rows: list[bytes] = field(default_factory=list)
    marks: int = 0

    def commit(
        self,
        changes: Mapping[str | bytes, str | bytes | None],
        days: float = 10,
        by: str = JANE,
        message: str = "change",
        *,
        branch: str = "refs/heads/main",
        parent: int | None = None,
        merge: Iterable[int] = (),
        at: int | None = None,
        authored: int | None = None,
        mode: str = "100644",
    ) -> int:
        """Add a commit that sets the given paths (None deletes one); return its mark."""
        self.marks += 1
        when = days_ago(days) if at is None else at
        text = message.encode()
        rows = [
            f"commit {branch}\nmark :{self.marks}\n".encode(),
            f"author {by} {when if authored is None else authored} +0000\n".encode(),
            f"committer {by} {when} +0000\ndata {len(text)}\n".encode() + text + b"\n",
        ]
        if parent is not None:
            rows.append(f"from :{parent}\n".encode())
        rows += [f"merge :{other}\n".encode() for other in merge]
        for path, content in changes.items():
            raw = path if isinstance(path, bytes) else path.encode()
            name = b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
            if content is None:
                rows.append(b"D " + name + b"\n")
                continue
            data = content if isinstance(content, bytes) else content.encode()
            rows.append(
                b"M " + mode.encode() + b" inline " + name + b"\ndata %d\n" % len(data) + data + b"\n"
            )
        self.rows += rows
        return self.marks

    def write(self, folder: Path) -> Path:
        """Create the bare-less repository `folder` with this history on `main`."""
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "-b", "main", ".")
        git(
            folder,
            "-c",
            "core.compression=1",
            "fast-import",
            "--quiet",
            "--date-format=raw-permissive",
            stdin=b"".join(self.rows),
        )
        return folder


@dataclass(frozen=True)
class Outcome:
    """What the collector yielded for the items of one target."""

    items: tuple[Any, ...]

    @property
    def signals(self) -> list[Signal]:
        return [item for item in self.items if isinstance(item, Signal)]

    @property
    def ledger(self) -> list[LedgerRow]:
        return [item for item in self.items if isinstance(item, LedgerRow)]

    @property
    def people(self) -> list[PersonFact]:
        return [item for item in self.items if isinstance(item, PersonFact)]

    @property
    def components(self) -> list[str]:
        return sorted(item.child.name for item in self.items if isinstance(item, Membership))

    def reading(self, key: str, subject: str = "acme/shop") -> Reading:
        """Return the one reading of a key about a subject's name."""
        found = [item.reading for item in self.signals if item.key == key and item.subject.name == subject]
        assert len(found) == 1, f"{key} about {subject}: {len(found)} readings"
        return found[0]

    def value(self, key: str, subject: str = "acme/shop") -> Any:
        """Return the observed value of a key about a subject's name."""
        reading = self.reading(key, subject)
        assert isinstance(reading, Observed), f"{key}: {reading}"
        return reading.value

    def row(self, unit: str) -> LedgerRow:
        """Return the one ledger row of a unit."""
        (row,) = [row for row in self.ledger if row.unit == unit]
        return row

    def doubles(self) -> list[Any]:
        """Return every (key, subject, source) that was answered more than once."""
        counts = Counter((item.key, item.subject, item.source) for item in self.signals)
        return [key for key, count in counts.items() if count > 1]


def make_reader(cache: Path | None = None, **options: Any) -> SourceReader:
    """Return the reader the run would give the collector."""
    return SourceReader(
        collector="git", version="1", as_of=AS_OF, now="2026-11-23T00:00:00Z", cache=cache, **options
    )


def scan(
    locator: Path | str,
    *,
    kind: str = "path",
    cache: Path | None = None,
    facts: Mapping[str, str] | None = None,
    reader: SourceReader | None = None,
    **settings: Any,
) -> Outcome:
    """Plan and collect a target the way the run does."""
    told = {"organisation": "acme", "repo": "shop"} if facts is None else dict(facts)
    collector, options = GitCollector(), Settings(**settings)
    found: list[Any] = []
    target = Target(kind, str(locator), facts=tuple(told.items()))
    for item in collector.plan(target, options, reader or make_reader(cache)):
        if isinstance(item, WorkItem):
            found += collector.collect(item, options, reader or make_reader(cache))
        else:
            found.append(item)
    return Outcome(tuple(found))


HALF = Fraction(1, 2)
