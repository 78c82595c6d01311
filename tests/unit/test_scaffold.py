"""The scaffold keeps its promises: pins, hashes, rooms and the lists of the import contracts."""

from __future__ import annotations

import ast
import configparser
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")
ROOMS = ("scanner", "collectors", "rules", "reports")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VOCABULARY = ("doors", "evidence", "gitdoors", "plugin", "signals", "subjects")


def read_pins(lock: str) -> dict[str, set[Version]]:
    """Map each name to its pinned versions: more than one where they differ by environment."""
    pins: dict[str, set[Version]] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^\s;]+)", line):
            pins.setdefault(canonicalize_name(match[1]), set()).add(Version(match[2]))
    return pins


def declared(group: list[str | dict[str, str]]) -> Iterator[Requirement]:
    for entry in group:
        if isinstance(entry, str):
            yield Requirement(entry)
        else:
            yield from declared(PROJECT["dependency-groups"][entry["include-group"]])


def requirements_of(lock: str) -> list[Requirement]:
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    base = list(declared([*project["dependencies"], *groups["build"]]))
    extras = [r for extra in project["optional-dependencies"].values() for r in declared(extra)]
    return {
        "requirements.lock": base,
        "requirements-dev.lock": base + extras + list(declared(groups["dev"])),
        "requirements-bench.lock": list(declared(groups["bench"])),
    }[lock]


def contract(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser[f"importlinter:contract:{name}"]


def plugin_modules(group: str) -> set[str]:
    values = PROJECT["project"]["entry-points"].get(group, {}).values()
    return {".".join(value.partition(":")[0].split(".")[:2]) for value in values}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_what_is_declared(lock: str) -> None:
    pins = read_pins(lock)
    for requirement in requirements_of(lock):
        if requirement.name == "cnmm":
            continue
        versions = pins.get(canonicalize_name(requirement.name), set())
        assert versions, f"{lock} does not pin {requirement.name}: run `make lock`"
        assert all(requirement.specifier.contains(v) for v in versions), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash)", text, re.MULTILINE)
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    for entry in filter(str.strip, entries):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_development_lock_agrees_with_runtime_lock() -> None:
    development = read_pins("requirements-dev.lock")
    for name, versions in read_pins("requirements.lock").items():
        assert development.get(name) == versions, name


@pytest.mark.parametrize("room", ROOMS)
def test_room_has_readme_and_typed_package(room: str) -> None:
    package = ROOT / room / f"cnmm_{room}"
    assert (ROOT / room / "README.md").read_text(encoding="utf-8").strip()
    assert (package / "py.typed").exists()
    body = ast.parse((package / "__init__.py").read_text(encoding="utf-8")).body
    assert len(body) == 1, "importing one module of a room must not load another"
    assert isinstance(body[0], ast.Expr)


@pytest.mark.parametrize("room", ROOMS)
def test_wheel_takes_every_data_file(room: str) -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    for path in (ROOT / room / f"cnmm_{room}").rglob("*"):
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            assert any(path.match(p.removeprefix("**/")) for p in patterns), path


def test_every_plugin_is_closed_to_imports() -> None:
    collectors = plugin_modules("cnmm.collectors")
    plugins = collectors | plugin_modules("cnmm.joins") | plugin_modules("cnmm.renderers")
    assert set(contract("plug-ins")["protected_modules"].split()) == plugins
    assert set(contract("collectors")["modules"].split()) == collectors


@pytest.mark.parametrize("module", VOCABULARY)
def test_vocabulary_is_standard_library_only(module: str) -> None:
    path = ROOT / "collectors" / "cnmm_collectors" / f"{module}.py"
    own = {f"cnmm_collectors.{name}" for name in VOCABULARY}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name in own or name.partition(".")[0] in sys.stdlib_module_names, name


def test_missing_part_is_skipped_at_home_and_fails_in_ci(
    require: Callable[[str, bool, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    require("Chromium", True, "found")
    with pytest.raises(pytest.fail.Exception, match="Chromium is missing: not on PATH"):
        require("Chromium", False, "not on PATH")
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="Chromium is missing: not on PATH"):
        require("Chromium", False, "not on PATH")
