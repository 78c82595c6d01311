"""The files of real repositories on disk, as GitHub's API gives them: nothing is invented here but the form."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from doubles.github.organisation import Organisation

Row = dict[str, Any]
LARGEST = 512_000


def give(org: Organisation, name: str, folder: Path) -> None:
    """Let a repository of the organisation show the files of a repository on disk."""
    org.files[name] = folder
    node = next(one for one in org.repositories if one["name"] == name)
    ids = [_git(folder, "rev-parse", name) for name in ("HEAD", "HEAD^{tree}")]
    target = {"__typename": "Commit", "oid": ids[0], "tree": {"oid": ids[1]}}
    node["defaultBranchRef"] = {**node["defaultBranchRef"], "target": target}


def listing(org: Organisation, path: str) -> tuple[int, Row]:
    """Return what the host answers where a tree is listed with all below it."""
    _, _, _, name, _, _, oid = path.split("/")
    folder = org.files.get(name)
    if folder is None:
        return 404, {"message": "Not Found"}
    raw = _raw(folder, "ls-tree", "-r", "-t", "-z", "-l", "--full-tree", oid).decode("utf-8", "replace")
    return 200, {"sha": oid, "tree": [_entry(row) for row in raw.split("\0") if row], "truncated": False}


def _entry(row: str) -> Row:
    facts, _, path = row.partition("\t")
    mode, kind, oid, size = facts.split()
    return {"path": path, "mode": mode, "type": kind, "sha": oid} | (
        {} if size == "-" else {"size": int(size)}
    )


def answer(org: Organisation, name: str, variables: Row) -> Row:
    """Return the answer to a question for contents, or for who worked where."""
    folder = org.files.get(variables["name"])
    if folder is None:
        error = {"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}
        return {"data": {"repository": None}, "errors": [error]}
    if name == "contents":
        oids = re.findall(r'object\(oid: "([0-9a-f]{40})"\)', variables["query"])
        return {"data": {"repository": {f"b{n}": _blob(folder, oid) for n, oid in enumerate(oids)}}}
    paths = {key[1:]: path for key, path in variables.items() if re.fullmatch(r"p\d+", key)}
    worked = {f"f{n}": _history(folder, variables, path) for n, path in paths.items()}
    return {"data": {"repository": {"tip": {"__typename": "Commit", **worked}}}}


def _blob(folder: Path, oid: str) -> Row | None:
    done = subprocess.run(["git", "-C", folder, "cat-file", "blob", oid], capture_output=True, check=False)
    if done.returncode:
        return None
    binary = b"\0" in done.stdout[:8000]
    text = None if binary else done.stdout[:LARGEST].decode("utf-8", "replace")
    return {
        "__typename": "Blob", "oid": oid, "byteSize": len(done.stdout), "isBinary": binary,
        "isTruncated": len(done.stdout) > LARGEST, "text": text,
    }  # fmt: skip


def _history(folder: Path, variables: Row, path: str | None) -> Row:
    where = ["--", path] if path else []
    form = "--format=%x01%cI%x02%aN%x02%aE%x02%P%x02"
    raw = _raw(
        folder, "log", f"--since={variables['since']}", form, "--name-only", variables["commit"], *where
    )
    hashes = _git(folder, "log", f"--since={variables['since']}", "--format=%H", variables["commit"], *where)
    nodes = [
        _commit(folder, row, oid)
        for row, oid in zip(raw.decode().split("\x01")[1:], hashes.split(), strict=True)
    ]
    return {"totalCount": len(nodes), "nodes": nodes[:20]}


def _commit(folder: Path, row: str, oid: str) -> Row:
    at, name, address, parents, _ = row.split("\x02")
    files = _git(folder, "show", "--format=", "--name-only", oid).splitlines()
    return {
        "committedDate": at, "changedFilesIfAvailable": len(files),
        "parents": {"totalCount": len(parents.split())},
        "author": {"name": name, "email": address, "user": None},
    }  # fmt: skip


def _git(folder: Path, *arguments: str) -> str:
    return _raw(folder, *arguments).decode().strip()


@cache
def _raw(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=True).stdout
