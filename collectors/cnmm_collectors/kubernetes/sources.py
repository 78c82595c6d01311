"""Manifests as they lie in a Git tree: plain YAML, and Kustomize as far as it only puts files together."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import yaml

from cnmm_collectors.kubernetes.shape import Object, labels, mapping
from cnmm_collectors.plugin import GitRepository

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CLUSTER_SCOPED = frozenset(
    ("Namespace", "Node", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "ClusterPolicy",
     "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "CiliumClusterwideNetworkPolicy",
     "GlobalNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy",
     "Mesh", "ClusterSecretStore", "ClusterIssuer", "StorageClass", "PriorityClass", "IngressClass")
)  # fmt: skip
_COMBINED = (
    "patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "components", "helmCharts",
    "helmChartInflationGenerator", "transformers", "vars", "namePrefix", "nameSuffix", "generators",
)  # fmt: skip
"""What changes objects in ways that only the tool itself works out."""


@dataclass(slots=True)
class Rendered:
    """Objects as they would be applied, and how many files or objects could not be told."""

    objects: list[Object] = field(default_factory=list)
    unread: int = 0

    def take(self, other: Rendered) -> None:
        """Add what another part gives."""
        self.objects += other.objects
        self.unread += other.unread


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
    named = path.endswith((".yaml", ".yml")) or posixpath.basename(path) in KUSTOMIZATIONS
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
        folders = {
            posixpath.dirname(path) for path in self._files if posixpath.basename(path) in KUSTOMIZATIONS
        }
        referenced = {inner for folder in folders for inner in self._inner(folder)}
        for folder in sorted(folders - referenced):
            found.take(self._kustomize(folder, ()))
        for path in sorted(self._files):
            folder = posixpath.dirname(path)
            if path in self._used or folder in folders or self._in_chart(path):
                found.unread += path not in self._used and self._in_chart(path) and "/templates/" in path
                continue
            found.take(self._plain(path))
        return found

    def _in_chart(self, path: str) -> bool:
        folder = posixpath.dirname(path)
        while folder:
            if f"{folder}/Chart.yaml" in self._files:
                return True
            folder = posixpath.dirname(folder)
        return False

    def _inner(self, folder: str) -> Iterator[str]:
        for name in _listed(self._kustomization(folder) or {}):
            yield posixpath.normpath(posixpath.join(folder, name))

    def _kustomization(self, folder: str) -> Object | None:
        for name in KUSTOMIZATIONS:
            path = posixpath.join(folder, name)
            if path in self._files:
                self._used.add(path)
                read = _documents(self._files[path])
                return read[0] if read else None
        return None

    def _kustomize(self, folder: str, above: tuple[str, ...]) -> Rendered:
        found = Rendered()
        content = self._kustomization(folder)
        if content is None or folder in above:
            return Rendered(unread=1)
        for name in _listed(content):
            path = posixpath.normpath(posixpath.join(folder, name))
            if path in self._files:
                self._used.add(path)
                found.take(self._plain(path))
            else:
                found.take(self._kustomize(path, (*above, folder)))
        if any(content.get(key) for key in _COMBINED):
            return Rendered(unread=found.unread + len(found.objects))
        found.objects = [_placed(one, content) for one in found.objects]
        return found

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


def _listed(content: Object) -> list[str]:
    names = [*(content.get("resources") or ()), *(content.get("bases") or ())]
    return [name for name in names if isinstance(name, str)]


def _documents(raw: bytes) -> list[Object] | None:
    """Return the mappings of a YAML file, None where it is none."""
    try:
        read = list(yaml.load_all(raw, Loader=_Loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return [one for one in read if isinstance(one, dict)]


def _placed(item: Object, content: Object) -> Object:
    """Return an object with the namespace and labels of its kustomization; raises ShapeFault."""
    meta: dict[str, Any] = dict(mapping(item, "metadata"))
    given = labels(content, "commonLabels")
    for one in content.get("labels") or ():
        given |= labels(one, "pairs") if isinstance(one, dict) else {}
    if given:
        meta["labels"] = {**labels(meta, "labels"), **given}
    if content.get("namespace") and item.get("kind") not in CLUSTER_SCOPED:
        meta["namespace"] = content["namespace"]
    return {**item, "metadata": meta}
