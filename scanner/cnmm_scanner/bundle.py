"""The bundle: a sealed, portable record of a scan, from which the assessment is derived again."""

from __future__ import annotations

import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from cnmm_collectors.registry import RegistryError, parse
from cnmm_collectors.signals import SignalError, SignalSpec
from cnmm_collectors.subjects import Subject, SubjectError
from cnmm_rules.catalogue.loader import load as load_catalogue
from cnmm_rules.catalogue.overlay import apply as apply_overlay
from cnmm_rules.catalogue.positions import CatalogueError
from cnmm_rules.criteria import Catalogue
from cnmm_rules.facts import NAMED_LOSSES, Facts, LedgerLine, Loss, PopulationFact
from cnmm_scanner.baseline import BASELINE, baseline_of
from cnmm_scanner.canonical import digest
from cnmm_scanner.container import Container, ContainerFault, Content, held, write
from cnmm_scanner.faults import ROOM, Fault
from cnmm_scanner.manifest import (
    ASSESSMENT,
    MANIFEST,
    OUTSIDE,
    SIGNATURE,
    Manifest,
    make_manifest,
    read_manifest,
)
from cnmm_scanner.observations import Observations
from cnmm_scanner.records import EVIDENCE, LEDGER, MEMBERSHIPS, POPULATIONS, SIGNALS, loss_from_json
from cnmm_scanner.shelf import Shelf
from cnmm_scanner.signature import Signer
from cnmm_scanner.statements import adjudications_of, claims_of, waivers_of

RULES, REGISTRY = "catalogue/rules", "catalogue/signals"
_MAX_ASSESSMENT = 2 << 30
RUN, OVERLAY = "inputs/run.json", "inputs/overlay.yaml"
_ODD = (KeyError, TypeError, ValueError, AttributeError, SignalError, SubjectError, ValidationError)


class Memberships(Iterable[tuple[Subject, Subject]]):
    """Child and parent of every sealed membership, read from the bundle each time they are iterated."""

    def __init__(self, records: Callable[[str], Iterator[dict[str, Any]]]) -> None:
        self._records = records

    def __iter__(self) -> Iterator[tuple[Subject, Subject]]:
        for row in self._records(MEMBERSHIPS):
            yield Subject.parse(row["child"]), Subject.parse(row["parent"])


class BundleFault(Fault):
    """The bundle's content cannot be used; the message names the member."""


def write_bundle(
    path: Path, members: Mapping[str, Content], about: Mapping[str, Any], signer: Signer | None = None
) -> str:
    """Write a bundle in place of what is there, all or nothing; return the digest of its manifest.

    Raises BundleFault where it cannot be written.
    """
    manifest = make_manifest(members, about)
    whole = {**members, MANIFEST: held(manifest)}
    whole.pop(SIGNATURE, None)
    if signer is not None:
        whole[SIGNATURE] = held(signer.sign(manifest))
    try:
        _replace(path, whole)
    except OSError as error:
        raise BundleFault(f"{path}: cannot be written: {error.strerror}", ROOM) from error
    return digest(manifest)


def _replace(path: Path, members: Mapping[str, Content]) -> None:
    descriptor, part = tempfile.mkstemp(prefix=".bundle-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w+b") as sink:
            write(members, sink)
            sink.flush()
            os.fsync(sink.fileno())
        Path(part).chmod(0o644)
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)


class Bundle:
    """A bundle opened for reading: manifest and members agree on names and sizes."""

    def __init__(self, path: Path) -> None:
        self.container = Container(path)
        try:
            if MANIFEST not in self.container.names:
                raise ContainerFault(f"{path}: not a bundle: it holds no manifest.json")
            self.manifest_bytes = self.container.read(MANIFEST)
            self.manifest: Manifest = read_manifest(self.manifest_bytes)
            self._check_listing()
        except Fault:
            self.container.__exit__()
            raise
        self._shelf: Shelf | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shelf is not None:
            self._shelf.__exit__()
        self.container.__exit__()

    @property
    def path(self) -> Path:
        """Where the bundle lies."""
        return self.container.path

    def _check_listing(self) -> None:
        listed, there = set(self.manifest.members), set(self.container.names) - OUTSIDE
        for name in sorted(listed ^ there):
            why = "is missing" if name in listed else "is not listed in the manifest"
            raise ContainerFault(f"{self.path}: member {name[:200]} {why}")
        for name, member in self.manifest.members.items():
            if self.container.size(name) != member.bytes:
                raise ContainerFault(f"{self.path}: member {name} has another size than the manifest says")

    @property
    def signature(self) -> bytes | None:
        """The signature member, or None."""
        return self.container.read(SIGNATURE) if SIGNATURE in self.container.names else None

    def members(self) -> dict[str, Content]:
        """Return everything but manifest and signature, to be written into another bundle."""
        return {name: self.container.content(name) for name in self.manifest.members}

    def below(self, folder: str) -> list[str]:
        """Return the members of a folder, sorted."""
        return [name for name in self.container.names if name.startswith(f"{folder}/")]

    def document(self, name: str, default: Any = None) -> Any:
        """Return a JSON member, or the default where there is none; raises BundleFault."""
        if name not in self.container.names and default is not None:
            return default
        with self._used(name):
            return json.loads(self.container.read(name))

    @contextmanager
    def _used(self, name: str) -> Iterator[None]:
        try:
            yield
        except _ODD as error:
            raise BundleFault(f"{self.path}: {name}: {type(error).__name__} in its content") from error

    def _records(self, name: str) -> Iterator[dict[str, Any]]:
        if name in self.container.names:
            with self._used(name):
                for line in self.container.lines(name):
                    yield json.loads(line)

    def assessment(self) -> bytes:
        """Return the sealed assessment; raises ContainerFault where there is none.

        It grows with the number of teams: at 120 KB each, 2,000 of them make 240 MB.
        """
        return self.container.read(ASSESSMENT, limit=_MAX_ASSESSMENT)

    def assessed(self) -> dict[str, Any]:
        """Return the sealed assessment as a document; raises ContainerFault or BundleFault."""
        with self._used(ASSESSMENT):
            found: dict[str, Any] = json.loads(self.assessment())
        return found

    def observations(self) -> Observations:
        """Return all observations, read from the bundle each time they are iterated."""
        return Observations(self.container, self.below(SIGNALS))

    def evidence(self) -> Shelf:
        """Return the bundle's evidence by id."""
        if self._shelf is None:
            regions = [self.container.region(name) for name in self.below(EVIDENCE)]
            self._shelf = Shelf(self.path, regions)
        return self._shelf

    def ledger(self) -> tuple[LedgerLine, ...]:
        """Return the sums of the ledger by source and unit, sorted."""
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for name in self.below(LEDGER):
            for row in self._records(name):
                cell = sums[row["source"], row["unit"]]
                for place, field in enumerate(("requested", "received", "skipped", "failed")):
                    cell[place] += row[field]
        return tuple(LedgerLine(*key, *cell) for key, cell in sorted(sums.items()))

    def losses(self) -> tuple[tuple[Loss, ...], int]:
        """Return the first entries of each source and unit that failed, and how many failed in all."""
        found: dict[tuple[str, str], list[Loss]] = defaultdict(list)
        total = 0
        for name in self.below(LEDGER):
            for row in self._records(name):
                if row["failed"]:
                    total += 1
                    first = found[row["source"], row.get("unit", "")]
                    first.append(loss_from_json(row))
                    if len(first) >= 10 * NAMED_LOSSES:
                        first[:] = sorted(first)[:NAMED_LOSSES]
        return tuple(sorted(loss for first in found.values() for loss in first)), total

    def facts(self) -> Facts:
        """Return what the engine sees; observations and evidence are read when they are needed."""
        run = self.document(RUN)
        losses, lost = self.losses()
        with self._used("inputs"):
            return Facts(
                organisation=run["organisation"],
                as_of=date.fromisoformat(run["as_of"]),
                period=(
                    date.fromisoformat(run["period"]["from"]),
                    date.fromisoformat(run["period"]["to"]),
                ),
                observations=self.observations(),
                populations=tuple(PopulationFact.from_json(row) for row in self._records(POPULATIONS)),
                memberships=Memberships(self._records),
                evidence=self.evidence(),
                claims=claims_of(self.document("inputs/attestations.json", [])),
                waivers=waivers_of(self.document("inputs/waivers.json", [])),
                adjudications=adjudications_of(self.document("inputs/adjudications.json", [])),
                baseline=baseline_of(self.document(BASELINE, [])),
                ledger=self.ledger(),
                losses=losses,
                lost=lost,
                complete=run["complete"],
                oldest=self.evidence().oldest(),
            )

    def signals(self) -> dict[str, SignalSpec]:
        """Return the signal declarations the bundle seals, by id; raises BundleFault."""
        try:
            specs = [spec for name in self.below(REGISTRY) for spec in parse(self.container.read(name), name)]
        except RegistryError as error:
            raise BundleFault(f"{self.path}: {error}") from error
        return {spec.id: spec for spec in specs}

    def catalogue(self, *, tailored: bool = True) -> Catalogue:
        """Return the catalogue the bundle seals, with its overlay where `tailored`; raises BundleFault."""
        files = {name.removeprefix(f"{RULES}/"): self.container.read(name) for name in self.below(RULES)}
        try:
            catalogue = load_catalogue(files, self.signals())
            if tailored and OVERLAY in self.container.names:
                return apply_overlay(catalogue, OVERLAY, self.container.read(OVERLAY))
            return catalogue
        except CatalogueError as error:
            raise BundleFault(f"{self.path}: the sealed catalogue cannot be read: {error}") from error

    def about(self) -> dict[str, Any]:
        """Return what a bundle made from this one says of itself; the parent is this one."""
        kept = self.manifest.model_dump(mode="json", by_alias=True)
        names = ("organisation", "as_of", "complete", "catalogue", "plugins")
        return {**{name: kept[name] for name in names}, "parent": digest(self.manifest_bytes)}
