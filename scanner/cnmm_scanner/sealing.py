"""From the journal to bundle members: sorted, each record once, whatever the order it was found in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

from cnmm_collectors import registry
from cnmm_collectors.plugin import Membership, Population
from cnmm_collectors.signals import SignalSpec, fraction_to_json
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_scanner.bundle import REGISTRY, RULES
from cnmm_scanner.canonical import document, record
from cnmm_scanner.container import Content, filed, held
from cnmm_scanner.faults import ROOM, Fault
from cnmm_scanner.plugins import PluginFault
from cnmm_scanner.records import MEMBERSHIPS, POPULATIONS, lines_of, membership_to_json, population_to_json
from cnmm_scanner.settings import Scope
from cnmm_scanner.sorting import sort_unique

Line = tuple[str, bytes]


class SealFault(Fault):
    """What was collected cannot be put in order; the message names the folder."""


def spool(lines: Iterable[Line], folder: Path) -> dict[str, Content]:
    """Return the members that (member, line) pairs make up, sorted below `folder`; raises SealFault."""
    try:
        return _spooled(lines, folder)
    except OSError as error:
        raise SealFault(f"{folder}: cannot be written: {error.strerror}", ROOM) from error


def _spooled(lines: Iterable[Line], folder: Path) -> dict[str, Content]:
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    places: dict[str, Path] = {}
    with ExitStack() as stack:
        files: dict[str, IO[bytes]] = {}
        for member, line in lines:
            if member not in files:
                places[member] = raw / f"{len(places)}"
                files[member] = stack.enter_context(places[member].open("wb"))
            files[member].write(line)
    return {member: filed(_sort(place, folder)) for member, place in places.items()}


def _sort(place: Path, folder: Path) -> Path:
    done = folder / place.name
    with place.open("rb") as source, done.open("wb") as target:
        target.writelines(_first_of_each_id(sort_unique(source, folder)))
    place.unlink()
    return done


def _first_of_each_id(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Keep the earliest of citations that differ in their times alone: their ids leave times out."""
    last = b""
    for line in lines:
        if line.startswith(b'{"id":"'):
            if line[:78] == last:
                continue
            last = line[:78]
        yield line


def item_lines(bodies: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    """Yield the lines of finished items, one item at a time in memory."""
    for body in bodies:
        yield from lines_of(body)


def declared_repositories(scope: Scope | None) -> list[tuple[int, frozenset[str]]]:
    """Return number and names of the repositories that a scope speaks of, empty where it speaks of none."""
    if scope is None or scope.repositories is None:
        return []
    if isinstance(scope.repositories, int):
        return [(scope.repositories, frozenset())]
    names = frozenset(str(Subject(SubjectKind.REPO, name)) for name in scope.repositories)
    return [(len(names), names)]


def scope_lines(scope: Scope | None, organisation: Subject) -> Iterator[Line]:
    """Yield the populations and memberships that the settings declare."""
    if scope is None:
        return
    if scope.repositories is not None:
        named = () if isinstance(scope.repositories, int) else scope.repositories
        count = scope.repositories if isinstance(scope.repositories, int) else len(set(named))
        yield _population(organisation, SubjectKind.REPO, count, named)
    for name, team in sorted(scope.teams.items()):
        about = Subject(SubjectKind.TEAM, name)
        for kind, members in (
            (SubjectKind.REPO, team.repositories),
            (SubjectKind.COMPONENT, team.components),
        ):
            if members:
                yield _population(about, kind, len(set(members)), members)
            for member in members:
                membership = Membership(Subject(kind, member), about)
                yield MEMBERSHIPS, record(membership_to_json(membership))
    if scope.teams:
        yield _population(organisation, SubjectKind.TEAM, len(scope.teams), sorted(scope.teams))


def _population(within: Subject, kind: SubjectKind, count: int, names: Sequence[str]) -> Line:
    members = tuple(Subject(kind, name) for name in sorted(set(names)))
    population = Population(within, kind, count, members, "scope")
    return POPULATIONS, record(population_to_json(population))


def catalogue_members(files: Mapping[str, bytes], specs: Iterable[SignalSpec]) -> dict[str, Content]:
    """Return the members that seal the catalogue and every signal declaration it can be judged by."""
    members = {f"{RULES}/{name}": held(raw) for name, raw in files.items() if not name.endswith(".test.yaml")}
    members.update((f"{REGISTRY}/{name}", held(raw)) for name, raw in registry.files().items())
    foreign = foreign_specs(specs)
    if foreign:
        declared = {"signals": [spec_to_json(spec) for spec in foreign]}
        members[f"{REGISTRY}/plugins.yaml"] = held(document(declared))
    return members


def foreign_specs(specs: Iterable[SignalSpec]) -> list[SignalSpec]:
    """Return the declarations that are not in the registry, sorted; raises PluginFault for a clash."""
    known: dict[str, SignalSpec] = dict(registry.load())
    foreign: dict[str, SignalSpec] = {}
    for spec in specs:
        if known.setdefault(spec.id, spec) != spec:
            raise PluginFault(f"signal {spec.id} is declared twice, in different ways")
        if spec.id not in registry.load():
            foreign[spec.id] = spec
    return [foreign[key] for key in sorted(foreign)]


def spec_to_json(spec: SignalSpec) -> dict[str, Any]:
    """Return a declaration as the registry's files spell it."""
    return {
        "id": spec.id,
        "title": spec.title,
        "definition": spec.definition,
        "unit": spec.unit.value,
        "subject": spec.subject.value,
        "rollup": spec.rollup.value,
        "absent": spec.absent.value,
        "disclosure": spec.disclosure.value,
        "sources": [
            {"name": one.name, "rank": one.rank, "basis": one.basis.value, "permission": one.permission}
            | ({"adds": True} if one.adds else {})
            for one in spec.sources
        ],
        "low": fraction_to_json(spec.low),
        "high": "unbounded" if spec.high is None else fraction_to_json(Fraction(spec.high)),
        "parameters": [
            {"name": one.name, "values": list(one.values), "pattern": one.pattern} for one in spec.parameters
        ],
        "window_days": spec.window_days,
        "unknown_when": spec.unknown_when,
    }
