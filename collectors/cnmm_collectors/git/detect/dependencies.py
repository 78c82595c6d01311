"""Direct dependencies declared in build files, read as data and never resolved."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cnmm_collectors.git.detect.comments import blank_comments

_WORD = re.compile(r"[\w@/.-]+")
_NAME = re.compile(r"\s*(?:-\s*)?([A-Za-z0-9][\w.-]*)")
_GO = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+v\S+(\s*//\s*indirect)?\s*$")
_ARTIFACT = re.compile(r"<dependency>.{0,2000}?<artifactId>\s*([\w.-]+)\s*</artifactId>", re.DOTALL)
_GRADLE = re.compile(
    r"^\s*(?:implementation|api|compile|runtimeOnly|annotationProcessor)\b[ (]*[\"'][\w.-]+:([\w.-]+)"
)
_CATALOG = re.compile(r"[\w.-]+:([\w.-]+)(?::\S*)?")
_GEM = re.compile(r"^\s*(?:gem|\w+\.add(?:_runtime)?_dependency)[ (]+[\"']([\w.-]+)[\"']")
_NUGET = re.compile(
    r"<(?:PackageReference|PackageVersion|package)\s[^>]{0,1000}?\b(?:Include|id)\s*=\s*[\"']([\w.-]+)[\"']"
)
_CONDA = re.compile(r"^\s*-\s*([A-Za-z0-9][\w.-]*)\s*([<>=!~].*)?$")


@dataclass(frozen=True, slots=True)
class Dependency:
    """One direct dependency: ecosystem (a key of `ml.yaml`'s tables), name, file and line."""

    ecosystem: str
    name: str
    path: str
    line: int


class _Malformed(Exception):
    """A build file is not in its own format."""


def read_dependencies(texts: Mapping[str, str]) -> tuple[tuple[Dependency, ...], frozenset[str]]:
    """Return the dependencies of all build files, and the paths that are malformed; never raises."""
    found: list[Dependency] = []
    faulty: set[str] = set()
    for path, text in texts.items():
        reader = _reader(path.rpartition("/")[2].lower())
        # What a resolver wrote from an `.in` file also lists what nobody chose.
        if reader is None or (path.endswith(".txt") and f"{path[:-4]}.in" in texts):
            continue
        ecosystem, read = reader
        try:
            found.extend(Dependency(ecosystem, name, path, line) for name, line in read(text))
        except _Malformed:
            faulty.add(path)
    return tuple(found), frozenset(faulty)


_Read = Callable[[str], Iterable[tuple[str, int]]]


def is_build_file(path: str) -> bool:
    """True where a path declares dependencies that are read."""
    return _reader(path.rpartition("/")[2].lower()) is not None


def _reader(name: str) -> tuple[str, _Read] | None:
    if name.startswith("requirements") and name.endswith((".txt", ".in")):
        return "python", _requirements
    if name in ("environment.yml", "environment.yaml"):
        return "python", _conda
    return _READERS.get(name) or _READERS.get(f"*.{name.rpartition('.')[2]}")


def normal(name: str) -> str:
    """Return a Python package name in its one spelling."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.split("\n"), 1):
        match = _NAME.match(line) if not line.lstrip().startswith(("#", "-")) else None
        if match:
            yield normal(match[1]), number


def _conda(text: str) -> Iterator[tuple[str, int]]:
    return ((normal(name), line) for name, line in _by_line(_CONDA, text))


def _pyproject(text: str) -> Iterator[tuple[str, int]]:
    document = _toml(text)
    lines = _first_lines(text)
    project, poetry = _table(document, "project"), _table(document, "tool", "poetry")
    names = [*_strings(project.get("dependencies"))]
    for group in (_table(project, "optional-dependencies"), _table(document, "dependency-groups")):
        names.extend(name for members in group.values() for name in _strings(members))
    names.extend(_table(poetry, "dependencies"))
    for group in _table(poetry, "group").values():
        names.extend(_table(group, "dependencies") if isinstance(group, dict) else ())
    for name in names:
        match = _NAME.match(name)
        if match and normal(match[1]) != "python":
            yield normal(match[1]), lines.get(match[1], 1)


def _pipfile(text: str) -> Iterator[tuple[str, int]]:
    lines = _first_lines(text)
    for name in _table(_toml(text), "packages"):
        yield normal(name), lines.get(name, 1)


def _cargo(text: str) -> Iterator[tuple[str, int]]:
    lines, document = _first_lines(text), _toml(text)
    tables = [document, _table(document, "workspace"), *_table(document, "target").values()]
    for name, how in [entry for table in tables for entry in _table(table, "dependencies").items()]:
        # A dependency may be a table of its own: `[dependencies.NAME]`.
        head = next((at for word, at in lines.items() if word.endswith(f"dependencies.{name}")), 0)
        line = head or lines.get(name, 1)
        renamed = how.get("package") if isinstance(how, dict) else None
        yield renamed if isinstance(renamed, str) else name, line
        # The crate gives its part for controllers under this feature alone.
        if name == "kube" and isinstance(how, dict) and "runtime" in _strings(how.get("features")):
            yield "kube-runtime", line


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        raise _Malformed from None


def _table(document: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _first_lines(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.lstrip().startswith("#"):
            for word in _WORD.findall(line):
                found.setdefault(word, number)
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _Malformed from None


def _composer(text: str) -> Iterator[tuple[str, int]]:
    lines = _first_lines(text)
    for name in _table(_json(text), "require"):
        yield name.lower(), lines.get(name, 1)


def _package(text: str) -> Iterator[tuple[str, int]]:
    document, lines = _json(text), _first_lines(text)
    for field in ("dependencies", "peerDependencies"):
        for name in _table(document, field):
            yield name, lines.get(name, 1)


def _go(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.split("\n"), 1):
        match = _GO.match(line)
        if match and not match[2]:
            yield re.sub(r"/v\d+$", "", match[1]), number


def _pom(text: str) -> Iterator[tuple[str, int]]:
    text = blank_comments(text)
    line, at = 1, 0
    for match in _ARTIFACT.finditer(text):
        line, at = line + text.count("\n", at, match.start(1)), match.start(1)
        yield match[1], line


def _gradle(text: str) -> Iterator[tuple[str, int]]:
    return _by_line(_GRADLE, text)


def _version_catalog(text: str) -> Iterator[tuple[str, int]]:
    """Yield the modules of a Gradle version catalogue: a string, or a table with `module` or `name`."""
    lines = _first_lines(text)
    for alias, how in _table(_toml(text), "libraries").items():
        entry = how if isinstance(how, dict) else {"module": how}
        match = _CATALOG.fullmatch(str(entry.get("module", "")))
        name = match[1] if match else entry.get("name")
        if isinstance(name, str):
            yield name, lines.get(alias, 1)


def _by_line(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.split("\n"), 1):
        match = pattern.match(line)
        if match:
            yield match[1], number


def _gems(text: str) -> Iterator[tuple[str, int]]:
    return _by_line(_GEM, text)


def _nuget(text: str) -> Iterator[tuple[str, int]]:
    text = blank_comments(text)
    for match in _NUGET.finditer(text):
        yield match[1].lower(), text.count("\n", 0, match.start(1)) + 1


_READERS: dict[str, tuple[str, _Read]] = {
    "pyproject.toml": ("python", _pyproject),
    "pipfile": ("python", _pipfile),
    "package.json": ("javascript", _package),
    "go.mod": ("go", _go),
    "pom.xml": ("java", _pom),
    "build.gradle": ("java", _gradle),
    "build.gradle.kts": ("java", _gradle),
    "cargo.toml": ("rust", _cargo),
    "libs.versions.toml": ("java", _version_catalog),
    "gemfile": ("ruby", _gems),
    "*.gemspec": ("ruby", _gems),
    "composer.json": ("php", _composer),
    "directory.packages.props": ("dotnet", _nuget),
    "packages.config": ("dotnet", _nuget),
    "*.csproj": ("dotnet", _nuget),
    "*.fsproj": ("dotnet", _nuget),
    "*.vbproj": ("dotnet", _nuget),
}
