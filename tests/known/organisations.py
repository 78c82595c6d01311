"""Organisations as data: what a profile says of one, with everything it inherits already in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

FOLDER = Path(__file__).parent
SHAPE = frozenset(
    {
        *("repositories", "components", "read", "exact", "teams", "clusters", "namespaces"),
        *("declared", "sources", "second", "refused", "shut", "claims", "baseline"),
    }
)
FIELDS = SHAPE | {"about", "like", "values", "drop"}


class ProfileError(Exception):
    """A profile says something no organisation can be; the message names profile and field."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation as an auditor would describe it.

    `components` are spread evenly over `repositories`, of which only the first `read` were opened;
    `namespaces` counts those of one cluster. `declared` says who counts repositories, teams and clusters.
    `sources` answered, `refused` ones said no; `second` is what another source says of the same signals;
    `shut` says how many subjects of a kind let nobody in. `exact` False lets a share fall on the nearest
    whole number of subjects. `claims` is `everything` where a statement backs every row. `baseline` is what
    was measured a year ago. `values` holds, by signal key, what is true of the organisation; a key that is
    missing was not collected.
    """

    name: str
    about: str
    repositories: int
    components: int
    read: int
    exact: bool
    teams: int
    clusters: int
    namespaces: int
    declared: Literal["enumeration", "scope", "nobody"]
    sources: tuple[str, ...]
    second: Mapping[str, Mapping[str, Any]]
    refused: tuple[str, ...]
    shut: Mapping[str, int]
    claims: Literal["nothing", "everything"]
    baseline: Mapping[str, Any]
    values: Mapping[str, Any]


@cache
def profiles() -> dict[str, dict[str, Any]]:
    """Return every profile as written, by name; raises ProfileError for a double name or unknown field."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((FOLDER / "profiles").glob("*.yaml")):
        for name, profile in yaml.safe_load(path.read_bytes()).items():
            if name in found:
                raise ProfileError(f"{path.name}: {name} stands in two files")
            if unknown := sorted(set(profile) - FIELDS):
                raise ProfileError(f"{path.name}: {name}: no such field: {', '.join(unknown)}")
            found[name] = profile
    return found


@cache
def organisation(name: str) -> Organisation:
    """Return the organisation of that name, later profiles of its line overriding earlier ones."""
    shape: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for step in _line(name, ()):
        profile = profiles()[step]
        shape |= {field: value for field, value in profile.items() if field in SHAPE}
        values |= profile.get("values", {})
        for key in profile.get("drop", ()):
            if values.pop(key, None) is None:
                raise ProfileError(f"{step}: drops {key}, which it did not inherit")
    shape.setdefault("components", shape["repositories"])
    shape.setdefault("read", shape["repositories"])
    shape = {"exact": True, "claims": "nothing", "baseline": {}, "shut": {}, "second": {}} | shape
    shape["sources"] = tuple(shape["sources"])
    shape["refused"] = tuple(shape.get("refused", ()))
    return Organisation(name=name, about=profiles()[name]["about"], values=values, **shape)


def _line(name: str, below: tuple[str, ...]) -> list[str]:
    """Return the profiles that make up one, the most general first, each once."""
    if name in below:
        raise ProfileError(f"profiles go round in a circle: {' <- '.join((*below, name))}")
    if name not in profiles():
        raise ProfileError(f"{below[-1] if below else 'a test'} asks for {name}, which is no profile")
    like = profiles()[name].get("like", [])
    parents = [like] if isinstance(like, str) else like
    steps = [step for parent in parents for step in _line(parent, (*below, name))]
    return list(dict.fromkeys([*steps, name]))
