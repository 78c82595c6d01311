"""One repository as the detectors see it: parsed once, judged many times."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

from cnmm_collectors.git.detect.ci.model import Pipeline
from cnmm_collectors.git.detect.ci.reading import read_pipelines
from cnmm_collectors.git.detect.dependencies import Dependency, read_dependencies
from cnmm_collectors.git.detect.manifests import Manifest, read_manifests
from cnmm_collectors.git.detect.paths import counts
from cnmm_collectors.git.model import Component, RepositoryView
from cnmm_collectors.signals import Gap

Dates = Mapping[str, tuple[int | None, int]]
LINE_LIMIT = 2000
_OF_FILES = ("paths", "readable", "_parsed", "_pipes", "_needs", "faults")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A file that could decide and could not be read, and why."""

    path: str
    gap: Gap


@dataclass(frozen=True)
class Survey:
    """The view and what its contents say.

    `dates` is path -> (first, last real change) in epoch seconds, the empty path the repository itself;
    `designated` are the paths that the settings name as security guidelines; `pipelines_here` is true where
    they say that no pipeline is kept outside the repository.
    """

    view: RepositoryView
    dates: Dates
    designated: frozenset[str] = frozenset()
    pipelines_here: bool = False
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)
    _owners: dict[str, tuple[Component, ...]] = field(default_factory=dict, repr=False)

    def again(self, view: RepositoryView, dates: Dates) -> Survey:
        """Return the survey of the same files under another view of what is in use, nothing parsed twice."""
        other = Survey(view, dates, self.designated, self.pipelines_here)
        other.__dict__.update({name: self.__dict__[name] for name in _OF_FILES if name in self.__dict__})
        return other

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Tracked regular files that can stand for the repository's own practice, sorted."""
        regular = (e.path for e in self.view.entries if e.mode in ("100644", "100755"))
        return tuple(sorted(path for path in regular if counts(path)))

    @cached_property
    def readable(self) -> tuple[str, ...]:
        """Those of `paths` whose content was read."""
        return tuple(path for path in self.paths if path in self.view.contents)

    def text(self, path: str) -> str:
        """Return a file as text, invalid bytes replaced; empty where it was not read."""
        return decode(self.view.contents.get(path, b""))

    def lines(self, path: str) -> list[str]:
        """Return the lines of a file, each cut at 2,000 characters."""
        return [line[:LINE_LIMIT] for line in self.text(path).split("\n")]

    @cached_property
    def _parsed(self) -> tuple[tuple[Manifest, ...], frozenset[str]]:
        found: list[Manifest] = []
        faulty: set[str] = set()
        for path in self.readable:
            manifests, fault = read_manifests(path, self.view.contents[path])
            found.extend(manifests)
            if fault:
                faulty.add(path)
        return tuple(found), frozenset(faulty)

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """Every declarative document with apiVersion and kind."""
        return self._parsed[0]

    @cached_property
    def _pipes(self) -> tuple[tuple[Pipeline, ...], frozenset[str]]:
        return read_pipelines({path: self.text(path) for path in self.readable})

    @property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """Every continuous integration definition that can run."""
        return self._pipes[0]

    @cached_property
    def _needs(self) -> tuple[tuple[Dependency, ...], frozenset[str]]:
        return read_dependencies({path: self.text(path) for path in self.readable})

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """Every direct dependency declared in a build file."""
        return self._needs[0]

    @cached_property
    def faults(self) -> Mapping[str, Gap]:
        """Files that could decide something and are not understood, each with its gap."""
        malformed = self._parsed[1] | self._pipes[1] | self._needs[1]
        found = dict.fromkeys(malformed, Gap.MALFORMED)
        found.update((path, gap) for path, gap in self.view.unread.items() if counts(path))
        return dict(sorted(found.items()))

    def doubts(
        self, could: Callable[[str], bool], needle: re.Pattern[bytes] | None = None
    ) -> tuple[Doubt, ...]:
        """Return the faulty files that could decide; a malformed one only where its bytes hold the needle."""
        return tuple(
            Doubt(path, gap)
            for path, gap in self.faults.items()
            if could(path) and (needle is None or self._holds(path, needle))
        )

    def _holds(self, path: str, needle: re.Pattern[bytes]) -> bool:
        raw = self.view.contents.get(path)
        return raw is None or needle.search(raw) is not None

    def holders(self, path: str) -> tuple[Component, ...]:
        """Return the component that holds a path, else those outside it that the path names; may be none."""
        if path not in self._owners:
            self._owners[path] = self._find_holders(path)
        return self._owners[path]

    def _find_holders(self, path: str) -> tuple[Component, ...]:
        folder = path
        while folder:
            if folder in self._roots:
                return (self._roots[folder],)
            folder = folder.rpartition("/")[0]
        top = self._roots.get("")
        named = self._named(path)
        return (top, *named) if top else named

    @cached_property
    def _roots(self) -> dict[str, Component]:
        return {component.root: component for component in reversed(self.view.components)}

    @cached_property
    def _leaves(self) -> dict[str, list[Component]]:
        found: dict[str, list[Component]] = {}
        for component in self.view.components:
            if component.root:
                found.setdefault(leaf(component), []).append(component)
        return found

    def _named(self, path: str) -> tuple[Component, ...]:
        words = {*path.lower().split("/"), path.lower().rpartition("/")[2].partition(".")[0]}
        return tuple(item for word in sorted(words) for item in self._leaves.get(word, ()))

    def first_change(self, path: str) -> date | None:
        """Return the UTC day of a file's first change, None where history does not say."""
        known = self.dates.get(path)
        return _day(known[0]) if known and known[0] is not None else None

    def last_change(self, path: str) -> date | None:
        """Return the UTC day of a file's last real change, None where history does not say."""
        known = self.dates.get(path)
        return _day(known[1]) if known else None


def remembered(find: Callable[[Survey], _T]) -> Callable[[Survey], _T]:
    """Make a finder answer once for each survey, so that many components can ask."""

    @wraps(find)
    def ask(survey: Survey) -> _T:
        if find not in survey.memory:
            survey.memory[find] = find(survey)
        return cast(_T, survey.memory[find])

    return ask


def leaf(component: Component) -> str:
    """Return the last part of a component's folder or name, in lower case."""
    return (component.root or component.subject.name).rpartition("/")[2].lower()


def decode(raw: bytes) -> str:
    """Return bytes as text without byte-order mark, invalid bytes replaced, line ends as LF."""
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _day(epoch: int) -> date | None:
    try:
        return datetime.fromtimestamp(epoch, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
