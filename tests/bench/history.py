"""A repository with a long history, generated in one stream: the benchmark's own, always the same."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

COMMITS = 12_000
FOLDERS = 60
FILES = 3_000
START = 1_600_000_000
_KINDS = ("go", "py", "yaml", "md", "tf")


def generate(folder: Path, commits: int = COMMITS) -> Path:
    """Build the repository in a folder, once; return it."""
    target = folder / f"history-{commits}.git"
    if target.exists():
        return target
    building = folder / f"history-{commits}.building"
    subprocess.run(["git", "init", "--quiet", "--bare", str(building)], check=True)
    stream = subprocess.Popen(
        ["git", "-C", str(building), "fast-import", "--quiet", "--force"], stdin=subprocess.PIPE
    )
    assert stream.stdin is not None
    for part in _stream(commits):
        stream.stdin.write(part)
    stream.stdin.close()
    if stream.wait():
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
