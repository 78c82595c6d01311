"""What can be kept from the auditors of the sample organisation, one thing at a time."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Settings = dict[str, Any]
DECLARATIONS = (
    "people.headcount", "people.rows", "people.surveys", "records.trust", "work.tracked", "work.rotas", "work.rows",
)  # fmt: skip
"""What the settings of collectors say of the exports, by path below `collectors:`."""


@dataclass(frozen=True, slots=True)
class Case:
    """A copy of what the auditors were given: its folder, the settings, and the variables with credentials."""

    folder: Path
    settings: Settings
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that is withheld: `take` changes a case, and nothing else differs.

    `lists` says that it may be a whole list of teams or repositories, beside which others stand.
    """

    name: str
    take: Callable[[Case], None]
    lists: bool = False


def copied(home: Path, settings: Settings, environment: Mapping[str, str], folder: Path) -> Case:
    """Return a case in a new folder; repositories stay where they are, and are named one by one."""
    folder.mkdir(parents=True)
    for path in sorted(home.iterdir()):
        if path.name in ("repos", "kubeconfig", "cnmm.yaml", "served.yaml"):
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copy(path, folder / path.name)
    own: Settings = yaml.safe_load(yaml.safe_dump(settings))
    repos = [f"git:{path}" for path in sorted((home / "repos").iterdir())]
    own["targets"] = [
        one for target in own["targets"] for one in (repos if target == "repos" else [target])
    ]  # fmt: skip
    return Case(folder, own, dict(environment))


def variants(case: Case, seed: int = 0) -> Iterator[Variant]:
    """Yield everything that can be withheld from a case: sources, files and parts of them, targets, words."""
    for source in sorted(case.settings["sources"]):
        yield Variant(f"source {source} not named", _unnamed(source), lists=True)
    for path in sorted(_files(case.folder)):
        yield from _of_file(case, path, seed)
    for number, target in enumerate(case.settings["targets"]):
        yield Variant(f"target {_told(target)} not named", _untargeted(number), lists=True)
    for variable in sorted(case.environment):
        yield Variant(f"variable {variable} not set", lambda one, name=variable: _unset(one, name))  # type: ignore[misc]
        yield Variant(f"credential {variable} refused", lambda one, name=variable: _refused(one, name))  # type: ignore[misc]
    for declared in DECLARATIONS:
        collector, _, word = declared.partition(".")
        if word in case.settings["collectors"].get(collector, {}):
            yield Variant(f"{declared} not declared", _undeclared(collector, word))
    for part in ("scope", "waivers"):
        if part in case.settings:
            yield Variant(f"{part} not declared", lambda one, part=part: one.settings.pop(part), lists=True)  # type: ignore[misc]


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        # A file of waivers that is named and not there is a fault of the settings: nothing is concluded.
        if path.is_file() and path.name != "waivers.yaml":
            yield path.relative_to(folder)


def _of_file(case: Case, path: Path, seed: int) -> Iterator[Variant]:
    lists = path.parts[0] == "catalog"
    yield Variant(f"{path} gone", lambda one: (one.folder / path).unlink(), lists)
    if path.suffix != ".csv":
        return
    lines = (case.folder / path).read_bytes().splitlines(keepends=True)
    head, rows = lines[:1], lines[1:]
    middle, rng = len(rows) // 2, random.Random(f"{seed} {path}")
    drawn = sorted(rng.sample(range(len(rows)), max(1, middle)))
    parts = {
        "first half": rows[:middle],
        "last half": rows[middle:],
        "half drawn": [rows[number] for number in drawn],
        "all but one row": rows[:-1],
        "header alone": [],
    }
    for told, kept in parts.items():
        yield Variant(f"{path}: {told}", _cut(path, b"".join([*head, *kept])))


def _cut(path: Path, raw: bytes) -> Callable[[Case], None]:
    def take(case: Case) -> None:
        (case.folder / path).write_bytes(raw)

    return take


def _unnamed(source: str) -> Callable[[Case], None]:
    def take(case: Case) -> None:
        del case.settings["sources"][source]

    return take


def _untargeted(number: int) -> Callable[[Case], None]:
    def take(case: Case) -> None:
        del case.settings["targets"][number]

    return take


def _undeclared(collector: str, word: str) -> Callable[[Case], None]:
    def take(case: Case) -> None:
        del case.settings["collectors"][collector][word]

    return take


def _unset(case: Case, name: str) -> None:
    del case.environment[name]


def _refused(case: Case, name: str) -> None:
    case.environment[name] = "a-wrong-token"


def _told(target: Any) -> str:
    text = str(target["target"] if isinstance(target, dict) else target)
    return text.rpartition("/")[2] if text.startswith("git:") else text
