"""Packages of a workspace: what the build files of a monorepo list as its parts."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from cnmm_collectors.git.detect.nodes import YamlFault, read_yaml

_LISTS = frozenset(
    [
        "package.json",
        "pnpm-workspace.yaml",
        "go.work",
        "Cargo.toml",
        "pom.xml",
        "settings.gradle",
        "settings.gradle.kts",
        "pyproject.toml",
    ]
)
_PACKAGES = frozenset(["package.json", "Cargo.toml", "pyproject.toml"])
_MODULE = re.compile(r"<module>\s*([^<\s]{1,300})\s*</module>")
_INCLUDE = re.compile(r"""(?m)^\s*include\s*\(?((?:[\s,]*["'][^"'\n]{1,300}["'])+)""")
_QUOTED = re.compile(r"""["']([^"'\n]+)["']""")
_USE = re.compile(r"(?ms)^use\s+(?:\(([^)]*)\)|(\S+))")


def lists_parts(name: str) -> bool:
    """True for the name of a file that may list the parts of a workspace."""
    return name in _LISTS


def find_packages(paths: Collection[str], contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return folder -> kind of workspace for every part that a list names and that is there."""
    folders = {name: _folders_with(paths, name) for name in _PACKAGES}
    every: set[str] = set()
    for folder in {path.rpartition("/")[0] for path in paths}:
        while folder and folder not in every:
            every.add(folder)
            folder = folder.rpartition("/")[0]
    found: dict[str, str] = {}
    for path in sorted(contents, key=lambda item: (item.count("/"), item)):
        base, _, name = path.rpartition("/")
        if name not in _LISTS:
            continue
        text = contents[path].decode("utf-8", "replace")
        for pattern in _parts(name, text):
            owner = {"pnpm-workspace.yaml": "package.json"}.get(name, name)
            for folder in _expand(base, pattern, folders.get(owner, every), every):
                found.setdefault(folder, name)
    found.pop("", None)
    return found


def _parts(name: str, text: str) -> Iterator[str]:
    try:
        if name == "package.json":
            yield from _npm(json.loads(text))
        elif name == "pnpm-workspace.yaml":
            yield from (item for root in read_yaml(text) for item in root.texts("packages"))
        elif name in ("Cargo.toml", "pyproject.toml"):
            yield from _toml(tomllib.loads(text))
        elif name == "go.work":
            for match in _USE.finditer(re.sub(r"//[^\n]*", "", text)):
                yield from (match[1] or match[2] or "").split()
        elif name == "pom.xml":
            yield from _MODULE.findall(text)
        else:
            for match in _INCLUDE.finditer(text):
                yield from (item.strip(":").replace(":", "/") for item in _QUOTED.findall(match[1]))
    except (ValueError, RecursionError, YamlFault):
        # A list that cannot be understood names no part; its folder stays with the rest.
        return


def _npm(document: Any) -> Iterator[str]:
    listed = document.get("workspaces") if isinstance(document, dict) else None
    if isinstance(listed, dict):
        listed = listed.get("packages")
    yield from (item for item in listed or () if isinstance(item, str)) if isinstance(listed, list) else ()


def _toml(document: Mapping[str, Any]) -> Iterator[str]:
    tool = document.get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    for holder in (document, uv):
        workspace = holder.get("workspace") if isinstance(holder, dict) else None
        members = workspace.get("members") if isinstance(workspace, dict) else None
        if isinstance(members, list):
            yield from (item for item in members if isinstance(item, str))
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    needs = poetry.get("dependencies") if isinstance(poetry, dict) else None
    for need in needs.values() if isinstance(needs, dict) else ():
        if isinstance(need, dict) and isinstance(need.get("path"), str):
            yield need["path"]


def _expand(base: str, pattern: str, packages: Collection[str], every: Collection[str]) -> Iterable[str]:
    pattern = pattern.strip().removeprefix("./").rstrip("/")
    if not pattern or pattern.startswith(("!", "..", "/")) or len(pattern) > 300:
        return ()
    whole = f"{base}/{pattern}" if base else pattern
    if not re.search(r"[*?\[{]", whole):
        return (whole,) if whole in every else ()
    matcher = re.compile(_translate(whole))
    return [folder for folder in packages if matcher.fullmatch(folder)]


def _translate(pattern: str) -> str:
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    spelled = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(spelled.get(part, re.escape(part)) for part in parts)


def _folders_with(paths: Iterable[str], name: str) -> set[str]:
    below = "/" + name
    return {
        path[: -len(below)] if path != name else "" for path in paths if path == name or path.endswith(below)
    }
