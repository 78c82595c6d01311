"""Manifests as they lie in a Git tree: plain YAML, and Kustomize as far as it only puts files together."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import yaml

from cnmm_collectors.kubernetes.kustomize import FILES, Rendered, change, parts
from cnmm_collectors.kubernetes.shape import Object, ShapeFault
from cnmm_collectors.plugin import GitRepository

_Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def list_files(
    repository: GitRepository, commit: str, patterns: Sequence[str], most_bytes: int
) -> tuple[dict[str, str], int]:
    """Return blob ids by path of YAML files that a pattern names, and how many were too large; raises
    GitFault.
    """
    found: dict[str, str] = {}
    skipped = 0
    for entry in repository.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0"):
        facts, _, raw = entry.partition(b"\t")
        parts = facts.split()
        path = raw.decode("utf-8", "surrogateescape")
        if len(parts) != 4 or parts[1] != b"blob" or not _is_wanted(path, patterns):
            continue
        if int(parts[3]) > most_bytes:
            skipped += 1
            continue
        found[path] = parts[2].decode("ascii")
    return found, skipped


def _is_wanted(path: str, patterns: Sequence[str]) -> bool:
    named = path.endswith((".yaml", ".yml")) or posixpath.basename(path) in FILES
    return named and any(fnmatchcase(path, pattern) for pattern in patterns)


def read_files(repository: GitRepository, ids: Mapping[str, str]) -> dict[str, bytes]:
    """Return the content of files by path, in one pass; raises GitFault."""
    repository.fetch_blobs(ids.values())
    wanted = "".join(f"{one}\n" for one in ids.values()).encode("ascii")
    output = repository.run("cat-file", "--batch", stdin=wanted)
    found: dict[str, bytes] = {}
    at = 0
    for path in ids:
        end = output.index(b"\n", at)
        size = int(output[at:end].split()[2])
        found[path] = output[end + 1 : end + 1 + size]
        at = end + 2 + size
    return found


class Tree:
    """The files of one cluster, rendered without running anything."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._used: set[str] = set()

    def render(self) -> Rendered:
        """Return everything the files say: each Kustomize root, then each file no root puts together."""
        found = Rendered()
        folders = {posixpath.dirname(path) for path in self._files if posixpath.basename(path) in FILES}
        referenced = {inner for folder in folders for inner in self._inner(folder)}
        for folder in sorted(folders - referenced):
            # A component is nothing by itself, and nobody puts this one in.
            if (self._kustomization(folder) or {}).get("kind") != "Component":
                found.take(self._kustomize(folder, ()))
        for path in sorted(self._files):
            if path in self._used or posixpath.dirname(path) in folders:
                continue
            if not self._in_chart(path) or "/templates/" in path:
                found.take(self._plain(path))
        return found

    def _in_chart(self, path: str) -> bool:
        folder = posixpath.dirname(path)
        while folder:
            if f"{folder}/Chart.yaml" in self._files:
                return True
            folder = posixpath.dirname(folder)
        return False

    def _inner(self, folder: str) -> list[str]:
        try:
            named = parts(self._kustomization(folder) or {})
        except ShapeFault:
            return []
        return [posixpath.normpath(posixpath.join(folder, name)) for name in named]

    def _kustomization(self, folder: str) -> Object | None:
        for name in FILES:
            path = posixpath.join(folder, name)
            if path in self._files:
                self._used.add(path)
                read = _documents(self._files[path])
                return read[0] if read else None
        return None

    def _kustomize(self, folder: str, above: tuple[str, ...], begun: Rendered | None = None) -> Rendered:
        """Return what a kustomization makes of its parts; a component also changes what was `begun`."""
        content = self._kustomization(folder)
        found = begun or Rendered()
        if content is None or folder in above:
            found.unread += 1
            return found
        try:
            for name in parts(content):
                path = posixpath.normpath(posixpath.join(folder, name))
                if path in self._files:
                    self._used.add(path)
                    found.take(self._plain(path))
                elif name in (content.get("components") or ()):
                    found = self._kustomize(path, (*above, folder), found)
                else:
                    found.take(self._kustomize(path, (*above, folder)))
            return change(found, content, lambda written: self._patch(folder, written))
        except ShapeFault:
            return Rendered([], [*found.hidden, *found.objects], found.unread + 1)

    def _patch(self, folder: str, written: str) -> Sequence[Object] | None:
        path = posixpath.normpath(posixpath.join(folder, written.strip()))
        if path in self._files:
            self._used.add(path)
            return _documents(self._files[path])
        return _documents(written.encode("utf-8", "replace")) if ":" in written else None

    def _plain(self, path: str) -> Rendered:
        read = None if b"{{" in self._files[path] else _documents(self._files[path])
        if read is None:
            return Rendered(unread=1)
        found = Rendered()
        for one in read:
            items = one.get("items") if one.get("kind") == "List" else [one]
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict) and isinstance(item.get("kind"), str) and item.get("apiVersion"):
                    found.objects.append(item)
        return found


class _Loader(_Safe):  # type: ignore[valid-type, misc]
    """Reads YAML as the API server takes it: times are texts."""


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Safe.yaml_implicit_resolvers.items()
}


def _documents(raw: bytes) -> list[Object] | None:
    """Return the mappings of a YAML file, None where it is none."""
    try:
        read = [_spelled(one, {}) for one in yaml.load_all(raw, Loader=_Loader)]
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return [one for one in read if isinstance(one, dict)]


def _spelled(held: Any, seen: dict[int, Any]) -> Any:
    """Return a value with the names of fields as texts, as JSON has them; what is shared stays shared."""
    if id(held) in seen:
        return seen[id(held)]
    if isinstance(held, dict):
        made: Any = seen.setdefault(id(held), {})
        made.update({_name(key): _spelled(value, seen) for key, value in held.items()})
        return made
    if isinstance(held, list):
        made = seen.setdefault(id(held), [])
        made.extend(_spelled(one, seen) for one in held)
        return made
    return held


def _name(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)
