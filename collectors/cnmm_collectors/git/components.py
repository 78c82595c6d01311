"""The components of a repository: catalogue entries, else packages and deployables, else owned folders,
else itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnmm_collectors.git.detect.nodes import Node, YamlFault, read_yaml
from cnmm_collectors.git.detect.paths import counts, path_class
from cnmm_collectors.git.model import Component, PathClass, TreeEntry
from cnmm_collectors.git.owners import OwnersFile, Rule
from cnmm_collectors.git.tree import REGULAR
from cnmm_collectors.git.workspaces import find_packages
from cnmm_collectors.subjects import Subject, SubjectKind

MOST = 2_000
_CATALOGUE = ("catalog-info.yaml", "catalog-info.yml")
_IMAGE = re.compile(r"^(Docker|Container)file$")
_OWNED_FOLDER = re.compile(r"/?(\w[\w.-]*)/(?:\*\*?)?")
_SOFTWARE = frozenset({PathClass.CODE, PathClass.INFRA, PathClass.PLATFORM})


@dataclass(frozen=True, slots=True)
class _Part:
    root: str
    kind: str
    name: str = ""
    lifecycle: str = ""


@dataclass(frozen=True, slots=True)
class Division:
    """How a repository divides into components; `left_out` more were found than the cap allows."""

    components: tuple[Component, ...]
    left_out: int


def describes_component(name: str) -> bool:
    """True for the name of a catalogue file."""
    return name in _CATALOGUE


def divide(
    repo: Subject, entries: Sequence[TreeEntry], contents: Mapping[str, bytes], owners: OwnersFile | None
) -> Division:
    """Return the components in order of their roots, at least one; activity is not known yet."""
    paths = frozenset(entry.path for entry in entries if entry.mode in REGULAR)
    parts = _from_catalogue(paths, contents) or _from_builds(paths, contents) or _from_owners(paths, owners)
    chosen = parts[:MOST]
    if not any(part.root == "" for part in chosen) and (not chosen or _rest_has_code(paths, chosen)):
        chosen = [_Part("", "rest" if chosen else "repository"), *chosen]
    alone = len(chosen) == 1
    components = (
        Component(_subject(repo, part, alone), part.root, part.kind, None, part.lifecycle) for part in chosen
    )
    return Division(tuple(sorted(components, key=lambda item: item.root)), len(parts) - len(parts[:MOST]))


def _subject(repo: Subject, part: _Part, alone: bool) -> Subject:
    if not part.root and (alone or not part.name):
        last = "" if alone else "_root"
    else:
        last = part.name or part.root
    return Subject.safe(SubjectKind.COMPONENT, *repo.parts(), *last.split("/"))


def _from_catalogue(paths: Collection[str], contents: Mapping[str, bytes]) -> list[_Part]:
    found: dict[str, _Part] = {}
    names: set[str] = set()
    for path in sorted(path for path in contents if describes_component(path.rpartition("/")[2])):
        for document in _documents(contents[path]):
            if document.text("kind") != "Component":
                continue
            part = _declared(path, document, paths)
            if part.root not in found and part.name not in names:
                found[part.root] = part
                names.add(part.name)
    return sorted(found.values(), key=lambda part: part.root)


def _declared(path: str, document: Node, paths: Collection[str]) -> _Part:
    """Return the component of a catalogue document; its folder is the file's, or the one it names below
    that.
    """
    base = path.rpartition("/")[0]
    notes = document.get("metadata", "annotations")
    source = notes.text("backstage.io/source-location") if notes else ""
    named = re.fullmatch(r"(?:url|dir):\.?/?([\w./-]+?)/?", source)
    root = "/".join(part for part in (base, named[1] if named else "") if part)
    if root != base and not any(item.startswith(root + "/") for item in paths):
        root = base
    return _Part(
        root, "catalogue", document.text("metadata", "name"), document.text("spec", "lifecycle").lower()
    )


def _documents(raw: bytes) -> tuple[Node, ...]:
    try:
        return read_yaml(raw.decode("utf-8", "replace"))
    except YamlFault:
        return ()


def _from_builds(paths: Collection[str], contents: Mapping[str, bytes]) -> list[_Part]:
    found = {root: kind for root, kind in find_packages(paths, contents).items() if counts(f"{root}/file")}
    for root in sorted(_deployables(paths)):
        if not any(root == known or root.startswith(known + "/") for known in found):
            found[root] = "deployable"
    return [_Part(root, kind) for root, kind in sorted(found.items())]


def _deployables(paths: Collection[str]) -> set[str]:
    """Return folders below the root that hold both an image build and source code."""
    folders = {
        folder for folder, _, name in (path.rpartition("/") for path in paths)
        if folder and _IMAGE.match(name) and counts(f"{folder}/{name}")
    }  # fmt: skip
    if not folders:
        return set()
    coded = {path.rpartition("/")[0] for path in paths if path_class(path) is PathClass.CODE}
    sourced: set[str] = set()
    for folder in coded:
        while folder and folder not in sourced:
            sourced.add(folder)
            folder = folder.rpartition("/")[0]
    return sourced & folders


def _from_owners(paths: Collection[str], owners: OwnersFile | None) -> list[_Part]:
    """Return the top-level folders of software that somebody else owns than owns the whole; one alone
    divides nothing.
    """
    if owners is None:
        return []
    general = [_handles(rule) for rule in owners.rules if rule.pattern in ("*", "/", "/**", "**")][-1:]
    folders: set[str] = set()
    for rule in owners.rules:
        match = _OWNED_FOLDER.fullmatch(rule.pattern)
        if match and rule.owners and [_handles(rule)] != general:
            folders.add(match[1])
    software = _of_software(paths, folders)
    return [_Part(root, "owned folder") for root in sorted(software)] if len(software) > 1 else []


def _handles(rule: Rule) -> frozenset[str]:
    return frozenset(owner.handle.lower() for owner in rule.owners)


def _of_software(paths: Iterable[str], folders: Collection[str]) -> set[str]:
    """Return the folders that hold code, and more software than anything else a person writes."""
    tally: dict[str, Counter[PathClass]] = {folder: Counter() for folder in folders}
    for path in paths:
        top, slash, _ = path.partition("/")
        if slash and top in tally and counts(path):
            tally[top][path_class(path)] += 1
    return {
        top for top, found in tally.items()
        if found[PathClass.CODE]
        and sum(found[kind] for kind in _SOFTWARE) > found[PathClass.DOCS] + found[PathClass.DATA]
    }  # fmt: skip


def _rest_has_code(paths: Iterable[str], parts: Sequence[_Part]) -> bool:
    roots = {part.root for part in parts}
    return any(
        path_class(path) is PathClass.CODE and counts(path) and not _is_below(path, roots) for path in paths
    )


def _is_below(path: str, roots: Collection[str]) -> bool:
    folder = path
    while folder:
        if folder in roots:
            return True
        folder = folder.rpartition("/")[0]
    return False
