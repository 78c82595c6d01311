"""Which project an API group or an image belongs to, from the lists that ship beside this module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MATURE = ("graduated", "incubating")


@dataclass(frozen=True, slots=True)
class Project:
    """A project: a short name, the capability it is of, and its standing with the CNCF."""

    name: str
    category: str
    maturity: str

    @property
    def cncf(self) -> bool:
        """True for a project the CNCF hosts."""
        return self.maturity in (*MATURE, "sandbox")


@cache
def _data(name: str) -> Mapping[str, Any]:
    raw = resources.files(__package__).joinpath("data", name).read_bytes()
    found: Mapping[str, Any] = yaml.load(raw, Loader=_Loader)  # noqa: S506 - a safe loader in C or Python
    return found


def baseline() -> frozenset[str]:
    """Return the projects a fresh managed cluster already holds."""
    return frozenset(_data("tools.yaml")["baseline"])


def words(name: str) -> frozenset[str]:
    """Return a list of `tools.yaml`."""
    return frozenset(_data("tools.yaml")[name])


@cache
def of_group(group: str, plural: str = "") -> Project | None:
    """Return the project an API group belongs to, None for a group no list knows."""
    data = _data("groups.yaml")
    shared = data["by_plural"].get(group, {}).get(plural)
    row = shared or data["groups"].get(group)
    parts = group.split(".")
    for start in range(1, len(parts)):
        row = row or data["suffixes"].get(".".join(parts[start:]))
    row = row or data["suffixes"].get(group)
    return Project(*row) if row else None


def has_rivals(project: Project) -> bool:
    """True for a tool of a category whose tools stand in for one another."""
    return project.name in _data("tools.yaml")["rivals"].get(project.category, ())


def is_built_in(group: str) -> bool:
    """True for a group the API server itself serves."""
    return group in _data("groups.yaml")["built_in"] or "." not in group


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool known by its image, and what it counts as."""

    project: Project
    kinds: frozenset[str]


@cache
def _tools() -> Mapping[str, Tool]:
    found = {}
    for name, row in _data("tools.yaml")["tools"].items():
        tool = Tool(Project(name, row["category"], row["maturity"]), frozenset(row["kinds"]))
        found.update(dict.fromkeys(row["images"], tool))
    return found


@cache
def of_image(image: str) -> Tool | None:
    """Return the tool an image belongs to, whatever registry or mirror it comes from."""
    return next((_tools()[part] for part in _tails(image) if part in _tools()), None)


def names(image: str, repository: str) -> bool:
    """True where an image is of a repository, whatever registry or mirror it comes from."""
    return repository in _tails(image)


def is_listed(images: Iterable[str], name: str) -> bool:
    """True where one of the images is on a list of `tools.yaml`."""
    return any(part in words(name) for image in images for part in _tails(image))


def _tails(image: str) -> list[str]:
    """Return a repository's name, and that name without each leading part, longest first."""
    name = image.partition("@")[0].lower()
    head, slash, last = name.rpartition("/")
    parts = f"{head}{slash}{last.partition(':')[0]}".split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def groups_of(kind: str) -> frozenset[str]:
    """Return the API groups that say the same as an image of that kind."""
    return frozenset(_data("tools.yaml")["group_kinds"].get(kind, ()))
