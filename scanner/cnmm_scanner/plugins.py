"""Plug-ins: found through entry points, first-party and third-party alike, and never imported by name."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from itertools import pairwise
from typing import Any, Protocol

from cnmm_collectors.plugin import CONTRACT
from cnmm_scanner.faults import Fault

COLLECTORS, JOINS = "cnmm.collectors", "cnmm.joins"
RENDERERS, CATALOGUES = "cnmm.renderers", "cnmm.catalogues"
_WHAT = {COLLECTORS: "collector", JOINS: "join", RENDERERS: "report format", CATALOGUES: "catalogue"}
OWN = "cnmm"


class PluginFault(Fault):
    """A plug-in is missing, doubled or cannot be loaded; the message names it and its distribution."""


@dataclass(frozen=True, slots=True, order=True)
class Plugin:
    """A registered plug-in and the distribution that brings it."""

    group: str
    name: str
    distribution: str
    version: str
    value: str

    def load(self) -> Any:
        """Return what the entry point names; raises PluginFault."""
        try:
            return EntryPoint(self.name, self.value, self.group).load()
        except (ImportError, AttributeError, SyntaxError, TypeError, ValueError, OSError) as error:
            raise PluginFault(
                f"plug-in {self.name} of {self.distribution} {self.version} cannot be loaded: "
                f"{type(error).__name__}: {error}",
                "mend or remove that distribution, or use --no-plugins",
            ) from error

    def to_json(self) -> dict[str, str]:
        """Return what the manifest records of a plug-in."""
        return {
            "group": self.group,
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
        }


class Named(Protocol):
    """A plug-in as it is registered, or as a manifest records it."""

    @property
    def name(self) -> str: ...
    @property
    def distribution(self) -> str: ...
    @property
    def version(self) -> str: ...


def foreign(plugins: Iterable[Named]) -> tuple[str, ...]:
    """Return those that third parties bring, `NAME (DISTRIBUTION VERSION)`, sorted."""
    return tuple(
        sorted(f"{one.name} ({one.distribution} {one.version})" for one in plugins if one.distribution != OWN)
    )


def discover(group: str, own_only: bool = False) -> tuple[Plugin, ...]:
    """Return the plug-ins of a group sorted by name; raises PluginFault where a name is taken twice."""
    found = installed(tuple(sys.path))
    kept = [one for one in found if one.group == group and (one.distribution == OWN or not own_only)]
    for first, second in pairwise(kept):
        if first.name == second.name:
            raise PluginFault(
                f"{group} {first.name} is registered by {first.distribution} and by {second.distribution}",
                "uninstall one of them, or use --no-plugins",
            )
    return tuple(kept)


@cache
def installed(path: tuple[str, ...]) -> tuple[Plugin, ...]:
    """Return every plug-in of the distributions on that path, sorted; looked for once in a process."""
    everything = entry_points()
    entries = [entry for group in _WHAT for entry in everything.select(group=group)]
    # A distribution reads its name and version from a file each time, and most plug-ins share one.
    bringing = {id(entry.dist): entry.dist for entry in entries}
    named = {key: (one.name, one.version) if one else ("unknown", "0") for key, one in bringing.items()}
    found = {Plugin(one.group, one.name, *named[id(one.dist)], one.value) for one in entries}
    return tuple(sorted(found))


def find(group: str, name: str, own_only: bool = False) -> Plugin:
    """Return the plug-in of that name; raises PluginFault listing those there are."""
    return find_all(group, (name,), own_only)[0]


def find_all(group: str, names: Iterable[str], own_only: bool = False) -> tuple[Plugin, ...]:
    """Return the plug-ins of those names in their order; raises PluginFault listing those there are."""
    known = {plugin.name: plugin for plugin in discover(group, own_only)}
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            there = ", ".join(known) or "none"
            raise PluginFault(f"no {_WHAT[group]} is called {name!r}; installed: {there}")
    return tuple(known[name] for name in wanted)


def load_collectors(plugins: Iterable[Plugin]) -> dict[str, Any]:
    """Return an instance of each collector by name; raises PluginFault for a newer contract."""
    loaded: dict[str, Any] = {}
    for plugin in plugins:
        made = plugin.load()
        if getattr(made, "contract", CONTRACT) > CONTRACT:
            raise PluginFault(f"plug-in {plugin.name} needs a newer cnmm: contract {made.contract}")
        collector = made()
        if collector.name != plugin.name:
            raise PluginFault(f"plug-in {plugin.name} calls itself {collector.name!r}")
        loaded[plugin.name] = collector
    return loaded
