"""The catalogue collector: entity files to signals about components, teams and the organisation."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from cnmm_collectors import placement, radar, registry, takeup
from cnmm_collectors.backstage.entities import Entity, EntityFault, parse
from cnmm_collectors.backstage.judgements import UNUSED, Catalogue, Verdict
from cnmm_collectors.backstage.radar import is_radar, moves, read_radar
from cnmm_collectors.evidence import Evidence
from cnmm_collectors.filestate import contents, glance
from cnmm_collectors.placement import Place
from cnmm_collectors.plugin import LedgerRow, Membership, Population, Probe, Reader, Target, WorkItem, Yield
from cnmm_collectors.reader import FileFault
from cnmm_collectors.signals import Absent, Gap, Observed, Reading, Signal, SignalSpec, Unknown
from cnmm_collectors.subjects import Subject, SubjectKind

_SOURCE = "catalog"
_LIMIT = 17 * 1024 * 1024
_LARGE_ENOUGH = 3
_ENDINGS = ("*.yaml", "*.yml", "*.json")


class CatalogueSettings(BaseModel):
    """The `backstage:` part of the configuration: nothing can be set."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BackstageCollector:
    """Reads catalogue files; implements `plugin.Collector`."""

    name: ClassVar[str] = "backstage"
    version: ClassVar[str] = "1"
    signals: ClassVar[tuple[SignalSpec, ...]] = tuple(
        spec for spec in registry.declared(("catalog",)) if any(one.name == _SOURCE for one in spec.sources)
    )
    Settings: ClassVar[type[BaseModel]] = CatalogueSettings
    answers: ClassVar[Mapping[str, tuple[str, ...]]] = {_SOURCE: tuple(spec.id for spec in signals)}

    def accepts(self, target: Target) -> bool:
        """True for the catalogue files of `sources:`."""
        return target.kind == "catalog"

    def plan(self, target: Target, settings: CatalogueSettings, reader: Reader) -> Iterator[WorkItem | Yield]:
        """Yield one item for all files together: teams of one file own components of another."""
        org = target.subject or Subject(SubjectKind.ORG, "given-targets")
        files = [
            path for name, place in target.facts if name == "catalog" for path in _expand(Path(place), reader)
        ]
        payload = (("files", tuple(str(path) for path in files)),)
        seen = tuple(glance(path) for path in files)
        key = f"catalogue of {org.name}"
        yield WorkItem(self.name, key, target, (org,), "local", payload=payload, seen=seen)

    def probe(self, target: Target, settings: CatalogueSettings, reader: Reader) -> Iterator[Probe]:
        """Yield for each place how many entities its files hold, or why they cannot be read."""
        for kind, locator in target.facts:
            if kind == _SOURCE:
                place = Path(locator)
                group, every = f"{_SOURCE}: {place.name}", self.answers[_SOURCE]
                try:
                    found = [_count(path, reader) for path in _expand(place, reader)]
                except (FileFault, EntityFault) as fault:
                    gap = fault.gap if isinstance(fault, FileFault) else Gap.MALFORMED
                    yield Probe(group, every, False, str(fault), gap=gap)
                    continue
                if found:
                    yield Probe(group, every, True, f"entities: {sum(found)}, files: {len(found)}")
                else:
                    yield Probe(group, every, False, "no catalogue file in it", gap=Gap.NOT_VISIBLE)

    def state(self, item: WorkItem, settings: CatalogueSettings, reader: Reader) -> str:
        """Return a digest of all files, which decide the whole reading."""
        return contents(Path(name) for name in dict(item.payload)["files"])

    def collect(self, item: WorkItem, settings: CatalogueSettings, reader: Reader) -> Iterable[Yield]:
        """Yield what the catalogue says of each component, each team and the organisation."""
        entities: list[Entity] = []
        lost = 0
        files = dict(item.payload)["files"]
        if not files:
            about = str(item.subjects[0])
            yield LedgerRow(
                _SOURCE, "file", about, 1, 0, 1, 0, "empty", "no catalogue file where one was named"
            )
        for name in files:
            path = Path(name)
            if is_radar(path.name):
                yield from _radar(path, item.subjects[0], reader)
                continue
            try:
                raw = reader.files.read(path, _LIMIT)
                digest = "sha256:" + hashlib.sha256(raw).hexdigest()
                found = list(parse(raw, path.name, digest))
            except (FileFault, EntityFault) as fault:
                gap = fault.gap if isinstance(fault, FileFault) else Gap.MALFORMED
                yield LedgerRow(_SOURCE, "file", path.name, 1, 0, 0, 1, gap.value, str(fault))
                lost += 1
                continue
            good = [one for one in found if one is not None]
            bad = len(found) - len(good)
            yield LedgerRow(
                _SOURCE, "entity", path.name, len(found), len(good), 0, bad,
                "malformed" if bad else "", "without kind or name" if bad else "",
            )  # fmt: skip
            entities += good
            lost += bad
        whole = bool(files) and not lost
        yield placement.of_catalogue(item.subjects[0], whole)
        yield takeup.of_catalogue(item.subjects[0], whole)
        yield from _Findings(Catalogue(entities, reader.as_of), item.subjects[0], reader, self.signals).all()


@dataclass(frozen=True, slots=True)
class _Findings:
    catalogue: Catalogue
    org: Subject
    reader: Reader
    specs: tuple[SignalSpec, ...]

    def all(self) -> Iterator[Yield]:
        if not self.catalogue.components and not self.catalogue.teams:
            yield from self._nothing()
            return
        yield from self._components()
        yield from self._teams()
        yield from self._organisation()

    def _nothing(self) -> Iterator[Signal]:
        for spec in self.specs:
            if spec.subject is SubjectKind.ORG and not spec.parameters:
                yield self._signal(
                    spec.id, self.org, Unknown(Gap.NOT_COLLECTED, "no catalogue that can be read")
                )

    def _cite(self, one: Entity, asked: str) -> tuple[Evidence, ...]:
        return (
            self.reader.cite(
                locator=f"file:{one.file}",
                query=f"{one.kind} {one.name}: {asked}",
                payload=f"{one.digest}\n{one.kind}\n{one.name}\n{asked}".encode(),
                path=one.file,
                native_id=one.digest,
            ),
        )

    def _signal(self, key: str, subject: Subject, reading: Reading) -> Signal:
        return Signal(key, subject, _SOURCE, reading)

    def _components(self) -> Iterator[Yield]:
        shared = Counter(one.slug for one in self.catalogue.components)
        asked = [
            spec.id for spec in self.specs if spec.subject is SubjectKind.COMPONENT and not spec.parameters
        ]
        for one in self.catalogue.components:
            subject = self._subject(one, shared[one.slug] == 1)
            if one.slug:
                repo = Subject.safe(SubjectKind.REPO, *one.slug.split("/"))
                yield Membership(subject, repo, self._cite(one, "repository"))
            if one.owner in self.catalogue.teams:
                yield Membership(subject, self._team(one.owner), self._cite(one, "owner"))
            if self.catalogue.is_shared(one):
                kinds = one.note("claim-kind", "claim-kinds").replace(",", " ").split()
                yield takeup.of_service(subject, one.name, kinds)
            else:
                yield takeup.of_other(subject)
            for key in asked:
                yield self._signal(key, subject, self._reading(self.catalogue.judge(key, one), one, key))

    def _reading(self, verdict: Verdict, one: Entity, key: str) -> Reading:
        if verdict == UNUSED and isinstance(verdict, str):
            return Unknown(Gap.NOT_COLLECTED, f"the catalogue does not record it: {key.partition('.')[2]}")
        if verdict is None:
            return Absent(self._cite(one, key))
        return Observed(bool(verdict), self._cite(one, key))

    def _subject(self, one: Entity, alone: bool) -> Subject:
        """Return a component by its repository, as Git names it, else by the organisation."""
        if one.slug:
            parts = one.slug.split("/")
            inside = one.place.split("/") if one.place else [one.name]
            return Subject.safe(SubjectKind.COMPONENT, *parts, *([] if alone else inside))
        return Subject.safe(SubjectKind.COMPONENT, self.org.name, one.name)

    def _team(self, name: str) -> Subject:
        return Subject.safe(SubjectKind.TEAM, self.org.name, "-".join(name.split()))

    def _teams(self) -> Iterator[Yield]:
        teams = self.catalogue.teams
        if not teams:
            return
        first = next(iter(teams.values()))
        subjects = tuple(sorted(self._team(name) for name in teams))
        evidence = self._cite(first, "teams")
        yield Population(self.org, SubjectKind.TEAM, len(subjects), subjects, "enumeration", evidence)
        for name, team in teams.items():
            typed = Observed(bool(team.team_type), self._cite(team, "type"))
            yield self._signal("catalog.team_type_ratio", self._team(name), typed)
            yield self._signal("catalog.domains_per_team_p50", self._team(name), self._domains(name, team))
            yield from placement.of_team(self._team(name), self._places(name))
            role = {"": "untold", "stream-aligned": "product"}.get(team.team_type, "other")
            yield takeup.of_team(self._team(name), role, team.members)

    def _places(self, name: str) -> list[Place]:
        """Return where the production components of a team run."""
        components = self.catalogue.components
        owned = [one for one in components if one.owner == name and self.catalogue.in_production(one)]
        return [self.catalogue.place(one) for one in owned]

    def _domains(self, name: str, team: Entity) -> Reading:
        if not team.team_type:
            return Unknown(Gap.NOT_COLLECTED, "the team's type is not recorded")
        if team.team_type != "stream-aligned":
            return Absent(self._cite(team, "domains"))
        owned = [one for one in self.catalogue.components if one.owner == name]
        if not any(one.system or one.domain for one in self.catalogue.components):
            return Unknown(Gap.NOT_COLLECTED, "domains are not recorded")
        return Observed(len({one.system or one.domain for one in owned} - {""}), self._cite(team, "domains"))

    def _organisation(self) -> Iterator[Signal]:
        teams = list(self.catalogue.teams.values())
        typed = [one for one in teams if one.team_type]
        platform = [one for one in typed if one.team_type == "platform"]
        key = "catalog.platform_team_named"
        if not typed:
            yield self._signal(key, self.org, Unknown(Gap.NOT_COLLECTED, "team types are not recorded"))
        else:
            large = [one for one in platform if one.members >= _LARGE_ENOUGH]
            cited = (large or platform or typed)[0]
            yield self._signal(key, self.org, Observed(bool(large), self._cite(cited, "platform team")))
        named = [
            one
            for one in (*platform, *self.catalogue.components)
            if one.note("product-owner", "product-owner-role")
        ]
        reading: Reading = Unknown(Gap.NOT_COLLECTED, "no product owner is recorded")
        if named:
            reading = Observed(True, self._cite(named[0], "product owner"))
        yield self._signal("catalog.platform_product_owner", self.org, reading)
        yield self._newest("catalog.platform_roadmap_date", "roadmap-date", "roadmap-reviewed")
        yield self._newest("catalog.radar_date", "radar-date", "tech-radar-date")
        for key in ("catalog.portal_plugin_count", "catalog.portal_active_ratio"):
            yield self._signal(
                key, self.org, Unknown(Gap.NOT_COLLECTED, "entity files do not tell; needs a usage export")
            )

    def _newest(self, key: str, *names: str) -> Signal:
        today = self.reader.as_of
        dated = [(day, one) for one in self.catalogue.entities if (day := one.day(*names)) and day <= today]
        if not dated:
            return self._signal(key, self.org, Unknown(Gap.NOT_COLLECTED, f"no {names[0]} on any entity"))
        day, one = max(dated, key=lambda found: (found[0], found[1].name))
        return self._signal(key, self.org, Observed(day.isoformat(), self._cite(one, names[0])))


def _radar(path: Path, org: Subject, reader: Reader) -> Iterator[Yield]:
    """Yield the moves of a technology radar, as facts for a join."""
    try:
        entries = read_radar(reader.files.read(path, _LIMIT))
    except (FileFault, EntityFault) as fault:
        gap = fault.gap if isinstance(fault, FileFault) else Gap.MALFORMED
        yield LedgerRow(_SOURCE, "file", path.name, 1, 0, 0, 1, gap.value, str(fault))
        return
    yield LedgerRow(_SOURCE, "radar entry", path.name, len(entries), len(entries), 0, 0, "", "")
    yield from (radar.of_move(org, move) for move in moves(entries, reader.as_of))


def _count(path: Path, reader: Reader) -> int:
    """Return how many entities a file holds, or entries of a radar; raises FileFault, EntityFault."""
    if is_radar(path.name):
        return len(read_radar(reader.files.read(path, _LIMIT)))
    return sum(one is not None for one in parse(reader.files.read(path, _LIMIT), path.name, ""))


def _expand(place: Path, reader: Reader) -> list[Path]:
    if place.is_file():
        return [place]
    try:
        return [path for ending in _ENDINGS for path in reader.files.list(place, ending)]
    except FileFault:
        return [place]
