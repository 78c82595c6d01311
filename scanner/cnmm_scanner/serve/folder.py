"""The bundles below a folder: found again for each request, named by digests and never by paths."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cnmm_reports.browse import Listed
from cnmm_reports.view import build_view
from cnmm_scanner.bundle import Bundle
from cnmm_scanner.canonical import digest
from cnmm_scanner.container import ContainerFault
from cnmm_scanner.faults import Fault
from cnmm_scanner.manifest import ASSESSMENT
from cnmm_scanner.outputs import load_renderers
from cnmm_scanner.plugins import foreign

SUFFIX, MOST, DEPTH = ".cnmm", 1_000, 6


@dataclass(frozen=True, slots=True)
class Place:
    """One file below the folder, as it is now; `key` is what addresses name it by."""

    path: Path
    name: str
    changed: int
    size: int

    @property
    def key(self) -> str:
        """32 hex digits of the digest of the relative name."""
        return digest(self.name.encode("utf-8", "surrogateescape"))[7:39]


def find_places(root: Path) -> Iterator[Place]:
    """Yield every bundle below the root, sorted by name; links are not followed, whatever they point to."""
    for folder, below, names in os.walk(root, followlinks=False):
        depth = len(Path(folder).relative_to(root).parts)
        below[:] = sorted(name for name in below if not name.startswith(".")) if depth < DEPTH else []
        for name in sorted(names):
            path = Path(folder) / name
            if name.endswith(SUFFIX) and path.is_file() and not path.is_symlink():
                state = path.stat()
                yield Place(path, str(path.relative_to(root)), state.st_mtime_ns, state.st_size)


def list_bundles(root: Path) -> tuple[list[Listed], int]:
    """Return at most MOST bundles, the newest audit date first, and how many more there are."""
    places = list(find_places(root))
    listed = [describe(place) for place in places[:MOST]]
    return sorted(listed, key=lambda one: (one.as_of, one.name), reverse=True), max(0, len(places) - MOST)


@lru_cache(maxsize=MOST)
def describe(place: Place) -> Listed:
    """Return how a bundle is listed, also where it cannot be read."""
    try:
        told = read_assessment(place)
        top = told["headline"]
        return Listed(
            place.name,
            place.key,
            told["organisation"],
            told["as_of"],
            told["complete"],
            top["proven"],
            top["possible"],
        )
    except Fault as fault:
        return Listed(place.name, fault=_without_path(fault, place))
    except (KeyError, TypeError):
        return Listed(place.name, fault="the sealed assessment is not one")


def _without_path(fault: Fault, place: Place) -> str:
    return str(fault).replace(f"{place.path}: ", "").replace(str(place.path), place.name)


def read_assessment(place: Place) -> dict[str, Any]:
    """Return the assessment of a bundle; raises Fault."""
    found: dict[str, Any] = json.loads(sealed_assessment(place))
    return found


def sealed_assessment(place: Place) -> bytes:
    """Return the bytes of a bundle's assessment, as the manifest seals them; raises Fault."""
    with Bundle(place.path) as bundle:
        if ASSESSMENT not in bundle.manifest.members:
            raise ContainerFault("holds facts and no assessment")
        sealed = bundle.assessment()
        if digest(sealed) != bundle.manifest.members[ASSESSMENT].sha256:
            raise ContainerFault("the assessment is not what the manifest seals")
        return sealed


@lru_cache(maxsize=8)
def write_report(place: Place) -> bytes:
    """Return the HTML report of a bundle; raises Fault."""
    return _render(place, "html")


@lru_cache(maxsize=64)
def write_metrics(place: Place) -> bytes:
    """Return the gauges of a bundle in the OpenMetrics text format; raises Fault."""
    return _render(place, "openmetrics")


def _render(place: Place, form: str) -> bytes:
    """Return the one file of a format; raises Fault."""
    sealed = sealed_assessment(place)
    with Bundle(place.path) as bundle:
        view = build_view(json.loads(sealed), bundle.catalogue())
        view = replace(view, plugins=foreign(bundle.manifest.plugins))
    (made,) = load_renderers([form], own_only=True)[form].render(view).values()
    return made
