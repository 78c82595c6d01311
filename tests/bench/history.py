"""A repository with a long history, generated in one stream: the benchmark's own, always the same."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

COMMITS = 12_000
FOLDERS = 60
FILES = 3_000
START = 1_600_000_000
_KINDS = ("go", "py", "yaml", "md", "tf")


def generate(folder: Path, commits: int = COMMITS) -> Path:
    """Build the repository in a folder, once; return it."""
    return _build(folder / f"history-{commits}.git", _stream(commits))


def generate_tree(folder: Path, files: int) -> Path:
    """Build a repository of one commit with so many files in a folder, once; return it."""
    return _build(folder / f"tree-{files}.git", _tree(files))


def _build(target: Path, stream: Iterable[bytes]) -> Path:
    if target.exists():
        return target
    building = target.with_suffix(".building")
    shutil.rmtree(building, ignore_errors=True)
    subprocess.run(["git", "init", "--quiet", "--bare", str(building)], check=True)
    reader = subprocess.Popen(
        ["git", "-C", str(building), "fast-import", "--quiet", "--force"], stdin=subprocess.PIPE
    )
    assert reader.stdin is not None
    for part in stream:
        reader.stdin.write(part)
    reader.stdin.close()
    if reader.wait():
        raise RuntimeError("git fast-import failed")
    subprocess.run(["git", "-C", str(building), "symbolic-ref", "HEAD", "refs/heads/main"], check=True)
    building.rename(target)
    return target


def _stream(commits: int) -> Iterator[bytes]:
    """Yield the import stream: heavy-tailed authors and files, a merge every twenty commits."""
    rng = random.Random(7)
    paths = [_path(number) for number in range(FILES)]
    side = 0
    for number in range(1, commits + 1):
        author = int(rng.paretovariate(1.1)) % 120
        stamp = START + number * 14_000
        yield f"commit refs/heads/main\nmark :{number}\n".encode()
        yield f"author dev{author} <dev{author}@bench.example> {stamp} +0000\n".encode()
        yield f"committer dev{author} <dev{author}@bench.example> {stamp} +0000\n".encode()
        yield b"data 7\nchange\n\n"
        if number > 1:
            yield f"from :{number - 1}\n".encode()
        if number % 20 == 0 and side:
            yield f"merge :{side}\n".encode()
        side = number - 5 if number > 5 else 0
        for _ in range(1 + int(rng.paretovariate(1.3)) % 12):
            path = paths[int(rng.paretovariate(0.6)) % FILES]
            body = f"{path} {number}\n".encode() * 3
            yield f"M 100644 inline {path}\ndata {len(body)}\n".encode() + body + b"\n"
        yield b"\n"


def _path(number: int) -> str:
    folder = number % FOLDERS
    kind = _KINDS[number % len(_KINDS)]
    where = "docs" if kind == "md" else f"services/s{folder}"
    return f"{where}/f{number}.{kind}"


_SERVICE = (
    ("Dockerfile", "FROM scratch\nUSER 1000\n"),
    ("go.mod", "module bench/s\n\nrequire github.com/acme/lib v1.0.0\n"),
    ("README.md", "# Service\n\nOwned by payments.\n"),
    ("deploy/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: s}\n"),
    ("deploy/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"),
    ("docs/runbook.md", "# Runbook\n\nRoll back, then call.\n"),
)
"""What each service of a large tree has beside its sources."""
_PER_SERVICE = 100


def _tree(files: int) -> Iterator[bytes]:
    """Yield the import stream of one commit: services of 100 files each, six of which say something."""
    yield f"commit refs/heads/main\ncommitter dev <dev@bench.example> {START} +0000\n".encode()
    yield b"data 7\nchange\n\n"
    for number in range(files):
        service, place = divmod(number, _PER_SERVICE)
        name, body = (
            _SERVICE[place]
            if place < len(_SERVICE)
            else (f"internal/p{place % 7}/f{place}.go", "package p\n")
        )
        held = f"{body}# {number}\n".encode()
        path = f"services/s{service}/{name}"
        yield f"M 100644 inline {path}\ndata {len(held)}\n".encode() + held + b"\n"
    yield b"\n"
