"""Real repositories in a temporary folder, seen the way the detectors get them."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from cnmm_collectors.evidence import Evidence
from cnmm_collectors.git.detect import signals, wanted, wanted_code
from cnmm_collectors.git.model import Component, RepositoryView, TreeEntry
from cnmm_collectors.signals import Absent, Observed, Reading, Signal, Unknown
from cnmm_collectors.subjects import Subject

AS_OF = date(2026, 6, 1)
DAY = 86_400
EPOCH = 1_780_272_000  # 2026-06-01T00:00:00Z


@dataclass
class PlainCite:
    """Cites without redaction, so that whatever a detector lets slip is seen by the tests."""

    made: list[Evidence] = field(default_factory=list)

    def _make(self, query: str, **more: str) -> Evidence:
        digest = "sha256:" + hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()
        stamp = "2026-06-01T00:00:00Z"
        evidence = Evidence("git", "git:here", query, digest, stamp, stamp, "git 1", **more)
        self.made.append(evidence)
        return evidence

    def file(self, path: str, first: int = 0, last: int = 0, excerpt: str = "") -> Evidence:
        lines = f"L{first}-L{last}" if last > first else f"L{first}" if first else ""
        return self._make(f"git cat-file {path}", path=path, lines=lines, excerpt=excerpt)

    def tree(self, what: str) -> Evidence:
        return self._make(f"git ls-tree: {what}")

    def history(self, what: str, aggregate: bytes) -> Evidence:
        return self._make(f"git log: {what}")


Files = Mapping[str, str | bytes]


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run git in a folder with a fixed identity and clock."""
    stamp = "2026-05-01T00:00:00Z"
    names = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main"]
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder)}
    environment |= {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", *names, *arguments]
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, env=environment, check=True)
    return done.stdout


def commit(folder: Path, files: Files) -> None:
    """Make a repository that holds the files in one commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--allow-empty", "-m", "start")


def look(
    folder: Path, name: str = "acme/shop", roots: tuple[str, ...] = ("",), **changes: Any
) -> RepositoryView:
    """Return the view of a repository's HEAD, its wanted blobs read through git."""
    entries: list[TreeEntry] = []
    for row in git(folder, "ls-tree", "-r", "-z", "HEAD").split(b"\0"):
        if row:
            facts, _, path = row.partition(b"\t")
            mode, _, oid = facts.decode().split(" ")
            entries.append(TreeEntry(path.decode("utf-8", "surrogateescape"), mode, oid))
    regular = [e for e in entries if e.mode.startswith("100")]
    contents = _contents(folder, [e for e in regular if wanted(e.path)])
    code = wanted_code([e.path for e in regular], contents)
    contents |= _contents(folder, [e for e in regular if e.path in code])
    parts = tuple(
        Component(Subject.parse(f"component:{name}" + (f"/{root}" if root else "")), root, "repository", True)
        for root in roots
    )
    repo = Subject.parse(f"repo:{name}")
    web = f"https://github.com/{name}"
    view = RepositoryView(repo, "0" * 40, web, AS_OF, tuple(entries), parts, contents, {}, PlainCite())
    return replace(view, **changes)


def _contents(folder: Path, blobs: list[TreeEntry]) -> dict[str, bytes]:
    return dict(zip((e.path for e in blobs), _read(folder, [e.oid for e in blobs]), strict=True))


def _read(folder: Path, oids: list[str]) -> list[bytes]:
    raw = git(folder, "cat-file", "--batch", stdin="\n".join([*oids, ""]).encode()) if oids else b""
    found: list[bytes] = []
    at = 0
    for _ in oids:
        end = raw.index(b"\n", at)
        size = int(raw[at:end].split(b" ")[2])
        found.append(raw[end + 1 : end + 1 + size])
        at = end + size + 2
    return found


@dataclass(frozen=True)
class Outcome:
    """All signals of one view, with short questions about them."""

    signals: tuple[Signal, ...]

    def reading(self, key: str, subject: str = "") -> Reading:
        """Return the one reading of a key, for the subject whose name ends so."""
        found = [s for s in self.signals if s.key == key and str(s.subject).endswith(subject)]
        assert len(found) == 1, f"{key}: {[str(s.subject) for s in found]}"
        return found[0].reading

    def value(self, key: str, subject: str = "") -> Any:
        """Return the observed value, "absent", or the gap's name."""
        reading = self.reading(key, subject)
        if isinstance(reading, Observed):
            return reading.value
        return "absent" if isinstance(reading, Absent) else reading.gap.value

    def lines(self, key: str, subject: str = "") -> list[str]:
        """Return `path:lines` of the reading's citations."""
        reading = self.reading(key, subject)
        assert not isinstance(reading, Unknown)
        return [f"{e.path}:{e.lines}" for e in reading.evidence]


def judge(
    view: RepositoryView, dates: Mapping[str, tuple[int | None, int]] | None = None, here: bool = True
) -> Outcome:
    """Return every signal of a view; `here` false where pipelines may be kept outside the repository."""
    return Outcome(tuple(signals(view, dates, pipelines_here=here)))


def ages(view: RepositoryView, first: int = 30, last: int = 10) -> dict[str, tuple[int | None, int]]:
    """Return dates for every tracked path, in days before the audit."""
    return {e.path: (EPOCH - first * DAY, EPOCH - last * DAY) for e in view.entries}
